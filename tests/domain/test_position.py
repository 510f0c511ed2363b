"""Positions are opened by approved employers, refined by filters, and closed once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.command import Command
from domain.contacting import SendMessage
from domain.event import Event
from domain.filters import Filters
from domain.money import SalaryRange
from domain.position import (
    CloseDuePosition,
    ClosePosition,
    ClosingDateSet,
    DescriptionSet,
    FiltersSet,
    OpenPosition,
    PositionClosed,
    PositionOpened,
    SalarySet,
    SetClosingDate,
    SetDetails,
    SetFilters,
    TitleSet,
    WorkplaceSet,
)
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    GLOBEX_ENGINEER,
    NOW,
    Fact,
    acmes_recruiter,
    another_approved_employer,
    another_employers_position,
    approved_employer,
    by,
    closed_position,
    days,
    fact,
    given,
    globexs_recruiter,
    in_the_beta,
    open_position,
    opened,
    passive_candidate,
    registered_employer,
    suspended_employer,
    the_system,
    then,
    then_refused,
    when,
)

PYTHON = Filters(required_skills=("Python",))
BUDGET = SalaryRange(minimum=80_000, maximum=100_000, currency="EUR")


def test_an_approved_employer_opens_a_position_with_its_filters() -> None:
    given(approved_employer)
    when(
        OpenPosition(
            position_id=BACKEND_ENGINEER,
            employer_id=ACME,
            title="Backend engineer",
            description="Queues.",
            location="Berlin",
            remote=True,
            salary=BUDGET,
            filters=PYTHON,
            **by(acmes_recruiter),
        )
    )
    then(
        fact(
            PositionOpened,
            BACKEND_ENGINEER,
            employer_id=ACME,
            title="Backend engineer",
            description="Queues.",
            location="Berlin",
            remote=True,
            salary=BUDGET,
            filters=PYTHON,
        )
    )


def open_it(by_whom: dict[str, object] | None = None) -> OpenPosition:
    asked = by_whom or by(acmes_recruiter)
    return OpenPosition(
        position_id=BACKEND_ENGINEER, employer_id=ACME, title="Backend engineer", **asked
    )


def test_an_employer_that_is_not_approved_opens_no_position() -> None:
    given(registered_employer)
    when(open_it())
    then_refused("employer_not_approved")


def test_a_suspended_employer_opens_no_position() -> None:
    given(suspended_employer)
    when(open_it())
    then_refused("employer_is_suspended")


def test_a_position_is_opened_once() -> None:
    given(approved_employer, open_position)
    when(open_it())
    then_refused("position_already_opened")


def test_opening_is_refused_for_every_reason_at_once() -> None:
    given(suspended_employer, open_position)
    when(open_it())
    then_refused("employer_is_suspended", "position_already_opened")


def test_nobody_opens_a_position_for_an_employer_that_does_not_exist() -> None:
    given()
    when(open_it())
    then_refused("unknown")


def test_a_recruiter_opens_no_position_for_another_employer() -> None:
    given(approved_employer, another_approved_employer)
    when(open_it(by(globexs_recruiter)))
    then_refused("unknown")


def test_a_position_needs_a_title() -> None:
    with pytest.raises(ValidationError, match="title"):
        OpenPosition(
            position_id=BACKEND_ENGINEER, employer_id=ACME, title=" ", **by(acmes_recruiter)
        )


def test_filters_are_set() -> None:
    given(approved_employer, open_position)
    when(SetFilters(position_id=BACKEND_ENGINEER, filters=PYTHON, **by(acmes_recruiter)))
    then(fact(FiltersSet, BACKEND_ENGINEER, employer_id=ACME, filters=PYTHON))


def test_the_filters_a_position_has_already_are_not_set_again() -> None:
    given(approved_employer, opened(BACKEND_ENGINEER, ACME, PYTHON))
    when(SetFilters(position_id=BACKEND_ENGINEER, filters=PYTHON, **by(acmes_recruiter)))
    then_refused("filters_unchanged")


def test_filters_are_compared_with_the_ones_set_last() -> None:
    given(approved_employer, open_position)
    when(SetFilters(position_id=BACKEND_ENGINEER, filters=PYTHON, **by(acmes_recruiter)))
    when(SetFilters(position_id=BACKEND_ENGINEER, filters=Filters(), **by(acmes_recruiter)))
    then(fact(FiltersSet, BACKEND_ENGINEER, filters=Filters()))


def test_a_closed_position_keeps_its_filters() -> None:
    given(approved_employer, closed_position)
    when(SetFilters(position_id=BACKEND_ENGINEER, filters=PYTHON, **by(acmes_recruiter)))
    then_refused("position_is_closed")


def test_setting_filters_is_refused_for_every_reason_at_once() -> None:
    given(approved_employer, closed_position)
    when(SetFilters(position_id=BACKEND_ENGINEER, filters=Filters(), **by(acmes_recruiter)))
    then_refused("position_is_closed", "filters_unchanged")


def test_a_position_is_closed_for_a_reason() -> None:
    given(approved_employer, open_position)
    when(ClosePosition(position_id=BACKEND_ENGINEER, reason="no budget", **by(acmes_recruiter)))
    then(fact(PositionClosed, BACKEND_ENGINEER, employer_id=ACME, reason="no budget"))


def test_a_position_is_closed_once() -> None:
    given(approved_employer, closed_position)
    when(ClosePosition(position_id=BACKEND_ENGINEER, **by(acmes_recruiter)))
    then_refused("position_is_closed")


def test_a_suspended_employer_may_still_close_its_positions() -> None:
    given(suspended_employer, open_position)
    when(ClosePosition(position_id=BACKEND_ENGINEER, **by(acmes_recruiter)))
    then(fact(PositionClosed, BACKEND_ENGINEER, reason="filled"))


# --- What it says


AS_OPENED: dict[str, Any] = {
    "title": "Backend engineer",
    "description": "Queues.",
    "location": "Berlin",
    "remote": True,
    "salary": BUDGET,
}

described_position = fact(
    PositionOpened,
    BACKEND_ENGINEER,
    employer_id=ACME,
    filters=PYTHON,
    **AS_OPENED,
)


def set_details(**other: Any) -> SetDetails:
    asked = AS_OPENED | by(acmes_recruiter) | other
    return SetDetails(position_id=BACKEND_ENGINEER, **asked)


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (TitleSet, {"title": "Senior backend engineer"}),
        (DescriptionSet, {"description": "Queues.\n\nAnd more of them."}),
        (DescriptionSet, {"description": ""}),
        (WorkplaceSet, {"location": "Lyon", "remote": True}),
        (WorkplaceSet, {"location": "Berlin", "remote": False}),
        (SalarySet, {"salary": BUDGET.model_copy(update={"maximum": 110_000})}),
        (SalarySet, {"salary": None}),
    ],
)
def test_each_part_of_a_position_that_is_changed_is_an_event(
    event: type[Event], changes: dict[str, Any]
) -> None:
    given(approved_employer, described_position)
    when(set_details(**changes))
    then(fact(event, BACKEND_ENGINEER, employer_id=ACME, **changes))


def test_several_parts_of_a_position_are_changed_at_once() -> None:
    given(approved_employer, described_position)
    when(set_details(title="Engineer", salary=None))
    then(
        fact(TitleSet, BACKEND_ENGINEER, title="Engineer"),
        fact(SalarySet, BACKEND_ENGINEER, salary=None),
    )


def test_details_are_compared_with_the_ones_set_last() -> None:
    given(approved_employer, described_position)
    when(set_details(title="Engineer"))
    when(set_details())
    then(fact(TitleSet, BACKEND_ENGINEER, title="Backend engineer"))


def test_the_details_a_position_has_already_are_not_set_again() -> None:
    given(approved_employer, described_position)
    when(set_details())
    then_refused("details_unchanged")


def test_a_closed_position_keeps_its_details() -> None:
    given(approved_employer, closed_position)
    when(set_details())
    then_refused("position_is_closed")


def test_a_recruiter_changes_no_position_of_another_employer() -> None:
    given(approved_employer, another_approved_employer, described_position)
    when(set_details(title="Ours", **by(globexs_recruiter)))
    then_refused("unknown")


# --- The closing date


IN_A_MONTH = NOW + days(30)


def closing(at: datetime | None) -> Fact:
    return fact(ClosingDateSet, BACKEND_ENGINEER, employer_id=ACME, closes_at=at)


def set_closing_date(closes_at: datetime | None) -> SetClosingDate:
    return SetClosingDate(position_id=BACKEND_ENGINEER, closes_at=closes_at, **by(acmes_recruiter))


close_when_due = CloseDuePosition(position_id=BACKEND_ENGINEER, **by(the_system))


def test_a_position_is_opened_with_a_closing_date() -> None:
    given(approved_employer)
    asked = {"position_id": BACKEND_ENGINEER, "employer_id": ACME, "title": "Engineer"}
    when(OpenPosition.model_validate({**asked, "closes_at": IN_A_MONTH, **by(acmes_recruiter)}))
    then(fact(PositionOpened, BACKEND_ENGINEER, closes_at=IN_A_MONTH))


def test_a_position_is_not_opened_with_a_closing_date_in_the_past() -> None:
    given(approved_employer)
    asked = {"position_id": BACKEND_ENGINEER, "employer_id": ACME, "title": "Engineer"}
    when(OpenPosition.model_validate({**asked, "closes_at": NOW, **by(acmes_recruiter)}))
    then_refused("closing_date_in_past")


@pytest.mark.parametrize("closes_at", [IN_A_MONTH, None])
def test_a_closing_date_is_changed_or_taken_away(closes_at: datetime | None) -> None:
    given(approved_employer, open_position, closing(NOW + days(60)))
    when(set_closing_date(closes_at))
    then(fact(ClosingDateSet, BACKEND_ENGINEER, closes_at=closes_at))


def test_the_same_closing_date_again_changes_nothing() -> None:
    given(approved_employer, open_position, closing(IN_A_MONTH))
    when(set_closing_date(IN_A_MONTH))
    then_refused("closing_date_unchanged")


def test_a_closed_position_gets_no_closing_date() -> None:
    given(approved_employer, closed_position)
    when(set_closing_date(IN_A_MONTH))
    then_refused("position_is_closed")


def test_a_position_closes_by_itself_once_its_closing_date_has_come() -> None:
    given(approved_employer, open_position, closing(NOW))
    when(close_when_due)
    then(fact(PositionClosed, BACKEND_ENGINEER, reason="closing date"))


def test_a_position_does_not_close_before_its_closing_date() -> None:
    given(approved_employer, open_position, closing(NOW + days(1)))
    when(close_when_due)
    then_refused("closing_date_not_reached")


def test_nobody_is_contacted_about_a_position_whose_closing_date_has_come() -> None:
    given(approved_employer, in_the_beta, open_position, closing(NOW), passive_candidate)
    when(
        SendMessage(
            position_id=BACKEND_ENGINEER,
            candidate_id=CASEY,
            message=A_LETTER,
            **by(acmes_recruiter),
        )
    )
    then_refused("position_is_closed")


@pytest.mark.parametrize(
    "command",
    [
        SetFilters(position_id=GLOBEX_ENGINEER, filters=PYTHON, **by(acmes_recruiter)),
        ClosePosition(position_id=GLOBEX_ENGINEER, **by(acmes_recruiter)),
        SetClosingDate(
            position_id=GLOBEX_ENGINEER, closes_at=NOW + timedelta(days=1), **by(acmes_recruiter)
        ),
    ],
    ids=lambda command: type(command).__name__,
)
def test_to_a_recruiter_another_employers_position_does_not_exist(
    command: Command,
) -> None:
    given(approved_employer, another_approved_employer, another_employers_position)
    when(command)
    assert then_refused("unknown") == [f"There is no position {GLOBEX_ENGINEER}; check the id."]


def test_nobody_changes_a_position_that_does_not_exist() -> None:
    given(approved_employer)
    when(ClosePosition(position_id=BACKEND_ENGINEER, **by(acmes_recruiter)))
    then_refused("unknown")

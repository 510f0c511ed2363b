"""Positions are opened by approved employers, refined by filters, and closed once."""

import pytest
from pydantic import ValidationError

from domain.filters import Filters
from domain.money import SalaryRange
from domain.position import (
    ClosePosition,
    FiltersSet,
    OpenPosition,
    PositionClosed,
    PositionOpened,
    SetFilters,
)
from tests.support.given import (
    ACME,
    BACKEND_ENGINEER,
    GLOBEX_ENGINEER,
    acmes_recruiter,
    another_approved_employer,
    another_employers_position,
    approved_employer,
    by,
    closed_position,
    fact,
    given,
    globexs_recruiter,
    open_position,
    opened,
    registered_employer,
    suspended_employer,
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


@pytest.mark.parametrize(
    "command",
    [
        SetFilters(position_id=GLOBEX_ENGINEER, filters=PYTHON, **by(acmes_recruiter)),
        ClosePosition(position_id=GLOBEX_ENGINEER, **by(acmes_recruiter)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_to_a_recruiter_another_employers_position_does_not_exist(
    command: SetFilters | ClosePosition,
) -> None:
    given(approved_employer, another_approved_employer, another_employers_position)
    when(command)
    assert then_refused("unknown") == [f"There is no position {GLOBEX_ENGINEER}; check the id."]


def test_nobody_changes_a_position_that_does_not_exist() -> None:
    given(approved_employer)
    when(ClosePosition(position_id=BACKEND_ENGINEER, **by(acmes_recruiter)))
    then_refused("unknown")

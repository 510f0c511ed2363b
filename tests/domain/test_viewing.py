"""What a recruiter was shown is a fact, stated once."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.viewing import (
    CandidatesShown,
    Feed,
    ListExported,
    NoteCandidatesShown,
    NoteListExported,
    NoteProfileExported,
    NoteProfileOpened,
    ProfileExported,
    ProfileOpened,
    Slot,
    Sort,
    TakenList,
)
from tests.support.given import (
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    ROBIN,
    TO_CASEY,
    acmes_recruiter,
    another_employers_position,
    approved_employer,
    by,
    closed_position,
    fact,
    given,
    globexs_recruiter,
    named,
    open_position,
    then,
    then_refused,
    when,
)

A_PAGE, A_LOOK = named("a page"), named("a look")
SLOTS = (
    Slot(candidate_id=CASEY, rank=1, probability=0.2),
    Slot(candidate_id=ROBIN, rank=2, probability=0.05, explored=True, propensity=0.03),
)
SHOWN: dict[str, Any] = {
    "position_id": BACKEND_ENGINEER,
    "feed": Feed.PASSIVE,
    "sort": Sort.LIKELIHOOD,
    "slots": SLOTS,
    "model_position": 7,
}
OPENED: dict[str, Any] = {
    "position_id": BACKEND_ENGINEER,
    "candidate_id": CASEY,
    "passive": True,
    "probability": 0.2,
}
page_shown = fact(CandidatesShown, A_PAGE, employer_id=ACME, **SHOWN)
profile_opened = fact(ProfileOpened, A_LOOK, employer_id=ACME, **OPENED)


def note_page(**by_whom: Any) -> NoteCandidatesShown:
    return NoteCandidatesShown(viewing_id=A_PAGE, **SHOWN, **(by_whom or by(acmes_recruiter)))


def note_look(**by_whom: Any) -> NoteProfileOpened:
    return NoteProfileOpened(viewing_id=A_LOOK, **OPENED, **(by_whom or by(acmes_recruiter)))


def test_a_shown_page_is_noted_with_who_stood_where_and_why() -> None:
    given(approved_employer, open_position)
    when(note_page())
    then(page_shown)


def test_an_opened_profile_is_noted() -> None:
    given(approved_employer, open_position)
    when(note_look())
    then(profile_opened)


def test_a_list_that_is_taken_away_is_noted_with_whom_it_names() -> None:
    taken: dict[str, Any] = {
        "position_id": BACKEND_ENGINEER,
        "taken": TakenList.SHORTLIST,
        "file_type": "xlsx",
        "candidate_ids": (CASEY, ROBIN),
    }
    given(approved_employer, open_position)
    when(NoteListExported(viewing_id=A_PAGE, **taken, **by(acmes_recruiter)))
    then(fact(ListExported, A_PAGE, employer_id=ACME, **taken))


def test_a_profile_that_is_taken_away_is_noted() -> None:
    about = {"position_id": BACKEND_ENGINEER, "candidate_id": CASEY}
    taken: dict[str, Any] = {**about, "outreach_id": TO_CASEY}
    given(approved_employer, open_position)
    when(NoteProfileExported(viewing_id=A_LOOK, **taken, **by(acmes_recruiter)))
    then(fact(ProfileExported, A_LOOK, employer_id=ACME, **taken))


def test_a_page_is_noted_once() -> None:
    given(approved_employer, open_position, page_shown)
    when(note_page())
    then_refused("already_noted")


def test_a_look_at_a_profile_is_noted_once() -> None:
    given(approved_employer, open_position, profile_opened)
    when(note_look())
    then_refused("already_noted")


def test_what_was_seen_of_a_position_that_closed_meanwhile_is_noted() -> None:
    given(approved_employer, closed_position)
    when(note_page())
    then(page_shown)


def test_another_employers_position_does_not_exist() -> None:
    given(approved_employer, open_position, another_employers_position)
    when(note_page(**by(globexs_recruiter)))
    then_refused("unknown")


def test_a_page_that_showed_nobody_is_not_noted() -> None:
    with pytest.raises(ValidationError, match="slots"):
        NoteCandidatesShown(viewing_id=A_PAGE, **{**SHOWN, "slots": ()}, **by(acmes_recruiter))


@pytest.mark.parametrize("wrong", [{"rank": 0}, {"probability": 1.1}, {"propensity": -0.1}])
def test_a_place_has_a_rank_and_shares(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Slot.model_validate({"candidate_id": CASEY, "rank": 1, **wrong})

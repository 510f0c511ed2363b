"""A recruiter writes notes about a candidate, and changes or removes their own."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.candidate_events import CandidateErased
from domain.note import (
    NOTE_MOST,
    EditNote,
    NoteEdited,
    NoteRemoved,
    NoteWritten,
    RemoveNote,
    WriteNote,
)
from tests.support.given import (
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    Fact,
    acmes_recruiter,
    another_approved_employer,
    approved_employer,
    by,
    closed_position,
    erased,
    fact,
    given,
    globexs_recruiter,
    named,
    open_position,
    opted_out,
    passive_candidate,
    the_admin,
    then,
    then_refused,
    told,
    when,
)

NOTE = named("a note")
ABOUT: dict[str, Any] = {"employer_id": ACME, "candidate_id": CASEY}
a_colleague = acmes_recruiter.model_copy(update={"id": "recruiter-9"})
able_to_note = (approved_employer, open_position, passive_candidate)


def write(text: str = "Met at a fair.", **more: Any) -> WriteNote:
    who = {"position_id": BACKEND_ENGINEER, "candidate_id": CASEY, "note_id": NOTE}
    return WriteNote(**{**who, **by(acmes_recruiter), **more}, text=text)


def edit(text: str = "Met in May.", **more: Any) -> EditNote:
    return EditNote(**{"note_id": NOTE, **by(acmes_recruiter), **more}, text=text)


def remove(**more: Any) -> RemoveNote:
    return RemoveNote(**{"note_id": NOTE, **by(acmes_recruiter), **more})


written: Fact = fact(NoteWritten, NOTE, by=acmes_recruiter, **ABOUT, text="Met at a fair.")


def test_a_note_is_written_changed_and_removed_by_its_author() -> None:
    given(able_to_note)
    when(write())
    then(fact(NoteWritten, NOTE, **ABOUT, text="Met at a fair."))
    when(edit())
    then(fact(NoteEdited, NOTE, **ABOUT, text="Met in May."))
    when(remove())
    then(fact(NoteRemoved, NOTE, **ABOUT))
    when(remove())
    then()


@pytest.mark.parametrize("command", [edit(**by(a_colleague)), remove(**by(a_colleague))])
def test_a_colleague_changes_no_note_of_another(command: Any) -> None:
    given(able_to_note, written)
    when(command)
    then_refused("note_of_somebody_else")


def test_an_administrator_removes_any_note_but_changes_none() -> None:
    given(able_to_note, written)
    when(edit(**by(the_admin)))
    then_refused("note_of_somebody_else")
    when(remove(**by(the_admin)))
    then(fact(NoteRemoved, NOTE, **ABOUT))


def test_a_removed_note_is_not_changed() -> None:
    given(able_to_note, written, fact(NoteRemoved, NOTE, **ABOUT))
    when(edit())
    then_refused("unknown")


@pytest.mark.parametrize(
    "command",
    [
        write(**by(globexs_recruiter)),
        edit(**by(globexs_recruiter)),
        remove(**by(globexs_recruiter)),
    ],
)
def test_to_another_employer_there_is_neither_position_nor_note(command: Any) -> None:
    given(able_to_note, another_approved_employer, written)
    when(command)
    then_refused("unknown")


def test_nothing_is_noted_about_an_erased_candidate() -> None:
    given(able_to_note, erased)
    when(write())
    then_refused("candidate_is_erased")


def test_the_note_of_an_erased_candidate_is_gone() -> None:
    given(able_to_note, written, erased)
    when(edit())
    then_refused("unknown")


def test_notes_may_be_written_once_the_position_is_closed_or_the_candidate_opted_out() -> None:
    given(approved_employer, closed_position, passive_candidate, opted_out)
    when(write())
    then(fact(NoteWritten, NOTE, **ABOUT))


def test_a_note_says_something_of_bounded_length() -> None:
    for text in ("", " ", "x" * (NOTE_MOST + 1)):
        with pytest.raises(ValidationError):
            write(text)
    assert write("x" * NOTE_MOST).text


def test_what_a_note_says_is_erased_with_the_candidate() -> None:
    given(able_to_note)
    when(write())
    when(edit())
    assert [event.text for event in told().read() if isinstance(event, NoteWritten)] == [
        "Met at a fair."
    ]
    told().given(fact(CandidateErased, CASEY))
    said = [event.text for event in told().read() if isinstance(event, NoteWritten | NoteEdited)]
    assert said == ["[erased]", "[erased]"]

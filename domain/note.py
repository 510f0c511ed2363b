"""What a company's recruiters write down about a candidate, for each other.

A note is a stream of its own. What it says is the candidate's personal data: it is sealed under
their key, and erased with them.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.actor import Actor, Cause, Role
from domain.aggregate import Aggregate, Refusal, refuse
from domain.candidate import Candidate
from domain.candidate_events import CandidateErased
from domain.command import Command, NotFound, Work
from domain.event import Event, Personal
from domain.handlers import on
from domain.position import own_position
from domain.values import StorableText

NOTE_MOST = 4_000
NoteText = Annotated[StorableText, Field(min_length=1, max_length=NOTE_MOST)]


class NoteWritten(Event, name="note.written", version=1, person="candidate_id"):
    """A recruiter wrote a note about a candidate."""

    employer_id: UUID
    candidate_id: UUID
    text: Personal[str]


class NoteEdited(Event, name="note.edited", version=1, person="candidate_id"):
    """Its author changed what a note says."""

    employer_id: UUID
    candidate_id: UUID
    text: Personal[str]


class NoteRemoved(Event, name="note.removed", version=1):
    """A note was removed."""

    employer_id: UUID
    candidate_id: UUID


class NoteOfSomebodyElse(Refusal):
    """Only its author can change this note."""


class Note(Aggregate, kind="note"):
    """What one recruiter wrote about a candidate, until they remove it."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.employer_id = UUID(int=0)
        self.candidate_id = UUID(int=0)
        self.author = ""
        self.removed = False

    # Decisions: check the rule, then state the fact. Never run on replay.

    def write(self, cause: Cause, *, employer_id: UUID, candidate_id: UUID, text: str) -> None:
        """Write the note."""
        self.record(
            NoteWritten, cause, employer_id=employer_id, candidate_id=candidate_id, text=text
        )

    def edit(self, cause: Cause, *, text: str) -> None:
        """Say something else from now on."""
        refuse(self._reasons_against_changing(cause.by))
        self.record(
            NoteEdited,
            cause,
            employer_id=self.employer_id,
            candidate_id=self.candidate_id,
            text=text,
        )

    def remove(self, cause: Cause) -> None:
        """Remove the note, as its author or as an administrator. Repeating it records nothing."""
        if cause.by.role is not Role.ADMIN:
            refuse(self._reasons_against_changing(cause.by))
        if not self.removed:
            self.record(
                NoteRemoved, cause, employer_id=self.employer_id, candidate_id=self.candidate_id
            )

    def _reasons_against_changing(self, by: Actor) -> list[Refusal]:
        return [] if by.id == self.author else [NoteOfSomebodyElse()]

    # Facts: fold into state. Never raise, never decide.

    @on(NoteWritten)
    def on_note_written(self, event: NoteWritten) -> None:
        self.employer_id = event.employer_id
        self.candidate_id = event.candidate_id
        self.author = event.actor.id

    @on(NoteRemoved)
    def on_note_removed(self, _: NoteRemoved) -> None:
        self.removed = True


class WriteNote(Command):
    """Write a note about a candidate of a position's lists, for everybody of the employer."""

    position_id: UUID
    candidate_id: UUID
    note_id: UUID
    text: NoteText

    def execute(self, work: Work) -> Note:
        position = own_position(work, self, self.position_id)
        check_may_be_noted(work, self.candidate_id)
        note = work.find(Note, self.note_id)
        if note.exists:
            raise NotFound(Note, self.note_id)
        note.write(
            self,
            employer_id=position.employer_id,
            candidate_id=self.candidate_id,
            text=self.text,
        )
        return note


class EditNote(Command):
    """Change what one's own note says."""

    note_id: UUID
    text: NoteText

    def execute(self, work: Work) -> Note:
        note = own_note(work, self, self.note_id)
        candidate = work.get(Candidate, note.candidate_id, needed=[CandidateErased])
        if note.removed or candidate.erased:
            raise NotFound(Note, self.note_id)
        note.edit(self, text=self.text)
        return note


class RemoveNote(Command):
    """Remove one's own note."""

    note_id: UUID

    def execute(self, work: Work) -> Note:
        note = own_note(work, self, self.note_id)
        note.remove(self)
        return note


def own_note(work: Work, cause: Cause, note_id: UUID) -> Note:
    """The note, if it is the caller's employer's. Raises `NotFound` otherwise."""
    note = work.get(Note, note_id)
    if not cause.by.acts_for(note.employer_id):
        raise NotFound(Note, note_id)
    return note


def check_may_be_noted(work: Work, candidate_id: UUID) -> None:
    """Load a candidate, so that they are not erased meanwhile. Raises `Refused` if they are."""
    candidate = work.get(Candidate, candidate_id, needed=[CandidateErased])
    refuse(candidate.reasons_against_anything())

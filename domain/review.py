"""What an employer decided about a candidate of a position's lists: shortlisted, or set aside.

A review is a stream of its own, under an id that is derived from the position and the candidate. So
two recruiters who decide at the same moment conflict over it, and the contact gate finds it by what
it knows of a candidate, also under the ids of merged duplicates.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, refuse
from domain.candidate import Candidate
from domain.candidate_events import DECIDES_CONTACT
from domain.command import Command, NotFound, Work
from domain.contact_gate import AlreadyContacted
from domain.event import Event, Personal
from domain.handlers import on
from domain.position import Position, own_position
from domain.values import IN_ONE_LINE, StorableText

REVIEWS = UUID("6d1f3c52-93f5-5a37-9a0e-2f6b8f4a7c11")

Note = Annotated[StorableText, Field(min_length=1, max_length=500), IN_ONE_LINE]


class SetAsideReason(StrEnum):
    """Why an employer is not interested in a candidate for a position."""

    SKILLS = "skills"
    SENIORITY = "seniority"
    LOCATION = "location"
    SALARY = "salary"
    IN_CONTACT = "in_contact"
    OTHER = "other"


class Shortlisted(Event, name="review.shortlisted", version=1):
    """An employer put a candidate on a position's shortlist."""

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID


class Unshortlisted(Event, name="review.unshortlisted", version=1):
    """An employer took a candidate off a position's shortlist."""

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID


class SetAside(Event, name="review.set_aside", version=1, person="candidate_id"):
    """An employer is not interested in a candidate for a position.

    The reason is an opinion about the candidate, and so their personal data.
    """

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID
    reason: Personal[SetAsideReason | None] = None
    note: Personal[str | None] = None


class TakenBack(Event, name="review.taken_back", version=1):
    """An employer took back that it is not interested in a candidate for a position."""

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID


class SetAsideByEmployer(Refusal):
    """Your company is not interested in the candidate for this position; take that back first."""


class Review(Aggregate, kind="review"):
    """What an employer decided about a candidate for a position.

    A candidate on the shortlist who is set aside is on it again once that is taken back.
    """

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.shortlisted = False
        self.is_set_aside = False
        self.about: dict[str, Any] = {}

    # Decisions: check the rule, then state the fact. Never run on replay.

    def shortlist(self, cause: Cause, **about: Any) -> None:
        """Put the candidate on the shortlist. Repeating it records nothing."""
        if not self.shortlisted:
            self.record(Shortlisted, cause, **about)

    def unshortlist(self, cause: Cause) -> None:
        """Take the candidate off the shortlist. Repeating it records nothing."""
        if self.shortlisted:
            self.record(Unshortlisted, cause, **self.about)

    def set_aside(self, cause: Cause, **facts: Any) -> None:
        """Leave the candidate out. Repeating it records nothing: the first reason stays."""
        if not self.is_set_aside:
            self.record(SetAside, cause, **facts)

    def take_back(self, cause: Cause) -> None:
        """Take back that the candidate is set aside. Repeating it records nothing."""
        if self.is_set_aside:
            self.record(TakenBack, cause, **self.about)

    # Facts: fold into state. Never raise, never decide.

    @on(Shortlisted)
    def on_shortlisted(self, event: Shortlisted) -> None:
        self.shortlisted = True
        self.about = _about(event)

    @on(Unshortlisted)
    def on_unshortlisted(self, _: Unshortlisted) -> None:
        self.shortlisted = False

    @on(SetAside)
    def on_set_aside(self, event: SetAside) -> None:
        self.is_set_aside = True
        self.about = _about(event)

    @on(TakenBack)
    def on_taken_back(self, _: TakenBack) -> None:
        self.is_set_aside = False


class ShortlistCandidate(Command):
    """Put a candidate on a position's shortlist."""

    position_id: UUID
    candidate_id: UUID

    def execute(self, work: Work) -> Review:
        position, candidate = _reviewable(work, self, self.position_id, self.candidate_id)
        refuse(against_contact(work, position.id, candidate))
        found = reviews(work, position.id, candidate)
        listed = next((one for one in found if one.shortlisted), found[0])
        listed.shortlist(self, employer_id=position.employer_id, **self.asked(without=""))
        return listed


class UnshortlistCandidate(Command):
    """Take a candidate off a position's shortlist."""

    position_id: UUID
    candidate_id: UUID

    def execute(self, work: Work) -> Review:
        return _undo(work, self, self.position_id, self.candidate_id, Review.unshortlist)


class SetCandidateAside(Command):
    """Leave a candidate out of a position's lists, because the employer is not interested."""

    position_id: UUID
    candidate_id: UUID
    reason: SetAsideReason
    note: Note | None = None

    def execute(self, work: Work) -> Review:
        position, candidate = _reviewable(work, self, self.position_id, self.candidate_id)
        found = reviews(work, position.id, candidate)
        aside = next((one for one in found if one.is_set_aside), found[0])
        aside.set_aside(self, employer_id=position.employer_id, **self.asked(without=""))
        return aside


class TakeCandidateBack(Command):
    """Take back that the employer is not interested in a candidate for a position."""

    position_id: UUID
    candidate_id: UUID

    def execute(self, work: Work) -> Review:
        return _undo(work, self, self.position_id, self.candidate_id, Review.take_back)


def review_id(position_id: UUID, candidate_id: UUID) -> UUID:
    """The id of the only review of this candidate for this position."""
    return uuid5(REVIEWS, f"{position_id}/{candidate_id}")


def reviews(work: Work, position_id: UUID, candidate: Candidate) -> Sequence[Review]:
    """What was decided about a person, their own review first. Loaded, so that it must not change.

    The others are of the profiles that the person had before they were merged.
    """
    known_by = candidate.standing().identifiers
    ids = dict.fromkeys((candidate.id, *known_by))
    return [work.find(Review, review_id(position_id, id)) for id in ids]


def against_contact(work: Work, position_id: UUID, candidate: Candidate) -> list[Refusal]:
    """Why the employer does not contact a person about a position: it is not interested."""
    set_aside = any(one.is_set_aside for one in reviews(work, position_id, candidate))
    return [SetAsideByEmployer()] if set_aside else []


def _about(event: Shortlisted | SetAside) -> dict[str, UUID]:
    ids = ("employer_id", "position_id", "candidate_id")
    return {name: getattr(event, name) for name in ids}


def _reviewable(
    work: Work, cause: Cause, position_id: UUID, candidate_id: UUID
) -> tuple[Position, Candidate]:
    """A position that is open, and a candidate who has not been contacted about it."""
    position = own_position(work, cause, position_id)
    candidate = work.get(Candidate, candidate_id, needed=DECIDES_CONTACT)
    against = candidate.reasons_against_contact()
    contacted = not against and position.id in candidate.standing().positions
    too_late = [AlreadyContacted()] if contacted else []
    refuse([*position.reasons_against_filling(cause.at), *against, *too_late])
    return position, candidate


def _undo(
    work: Work,
    cause: Cause,
    position_id: UUID,
    candidate_id: UUID,
    undo: Callable[[Review, Cause], None],
) -> Review:
    """Undo what was decided about a person, under whichever of their ids."""
    position = own_position(work, cause, position_id)
    candidate = work.get(Candidate, candidate_id, needed=DECIDES_CONTACT)
    refuse(candidate.reasons_against_contact())
    made = [one for one in reviews(work, position.id, candidate) if one.exists]
    if not made:
        raise NotFound(Review, review_id(position_id, candidate_id))
    for review in made:
        undo(review, cause)
    return made[0]

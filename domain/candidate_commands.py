"""What members do about themselves: consent, activity, blocked employers, attributes, erasure."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.actor import Cause
from domain.attributes import Attributes
from domain.candidate import Candidate
from domain.candidate_events import (
    MERGES,
    AttributesCleared,
    AttributesReported,
    CandidateErased,
    CandidateSignedUp,
    ConsentExpired,
    OptedIn,
    OptedOut,
)
from domain.command import Command, Work
from domain.contact_gate import MOST_CONTACTS
from domain.identifier import Identifier
from domain.merging import person
from domain.sources import Activity
from domain.values import Moment

DECIDES_CONSENT = (OptedIn, OptedOut, ConsentExpired, CandidateErased, *MERGES)


class OptIn(Command):
    """Agree to receive communications, before a moment or without an end."""

    candidate_id: UUID
    until: Moment | None = None

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=DECIDES_CONSENT)
        candidate.opt_in(self, until=self.until)
        return candidate


class ExpireConsent(Command):
    """Record that a candidate's agreement to receive communications has ended."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id, needed=DECIDES_CONSENT)
        candidate.expire_consent(self)
        return candidate


class OptOut(Command):
    """Withdraw consent to communications."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=())
        candidate.opt_out(self)
        return candidate


class NoteActivity(Command):
    """Record that a member did something."""

    activity: Activity

    def execute(self, work: Work) -> Candidate:
        candidate = person(
            work, self.activity.candidate_id, needed=(CandidateSignedUp, CandidateErased, *MERGES)
        )
        candidate.note_activity(self, self.activity)
        return candidate


class BlockEmployer(Command):
    """Stop an employer from contacting a candidate."""

    candidate_id: UUID
    employer_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=())
        candidate.block_employer(self, employer_id=self.employer_id)
        return candidate


class SetContactBudget(Command):
    """Say how many contacts a candidate wants within 30 days, from all employers together."""

    candidate_id: UUID
    contacts: Annotated[int, Field(ge=0, le=MOST_CONTACTS)]

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=(CandidateErased, *MERGES))
        candidate.set_contact_budget(self, contacts=self.contacts)
        return candidate


class NoteContactKeys(Command):
    """Record the keyed hashes of what an earlier version stored of a candidate without them."""

    candidate_id: UUID
    addresses: tuple[UUID, ...]
    domain: UUID | None
    employers: tuple[UUID, ...]

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id, needed=())
        candidate.note_contact_keys(self, **self.asked(without="candidate_id"))
        return candidate


class ReportAttributes(Command):
    """Report a candidate's protected attributes, which replace those reported before."""

    candidate_id: UUID
    attributes: Attributes

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=(CandidateErased, *MERGES))
        candidate.report_attributes(self, self.attributes)
        return candidate


class ClearAttributes(Command):
    """Withdraw a candidate's protected attributes."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(
            work,
            self.candidate_id,
            needed=(AttributesReported, AttributesCleared, CandidateErased, *MERGES),
        )
        candidate.clear_attributes(self)
        return candidate


class EraseCandidate(Command):
    """Erase a candidate's personal data, for ever."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=())
        _erase(work, self, candidate)
        return candidate


def _erase(work: Work, cause: Cause, candidate: Candidate) -> None:
    candidate.erase(cause)
    for address in sorted(candidate.addresses):
        work.find(Identifier, address).erase(cause)
    for duplicate_id in candidate.duplicates:
        _erase(work, cause, work.get(Candidate, duplicate_id, needed=()))

"""Commands by which letters to candidates are delivered."""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain import contact_gate, do_not_contact
from domain.aggregate import Refusal
from domain.candidate import Candidate
from domain.candidate_events import DECIDES_CONTACT
from domain.command import Command, Work
from domain.contact_gate import Contact
from domain.employer import Employer
from domain.outreach import Outreach, retract_contact
from domain.outreach_events import Channel, Status
from domain.position import Position
from domain.values import StorableText

Letter = Annotated[int, Field(ge=1)]


class ReleaseLetter(Command):
    """Send a letter on its way, or stop it if by now the candidate must not be contacted.

    It is asked before each attempt, so that nobody hears from us after they have opted out.
    """

    outreach_id: UUID
    letter: Letter

    def execute(self, work: Work) -> Outreach:
        outreach = work.get(Outreach, self.outreach_id)
        outreach.release_letter(self, self.letter, [*self._reasons(work, outreach)])
        if outreach.status is Status.UNDELIVERED:
            retract_contact(work, self, outreach)
        return outreach

    def _reasons(self, work: Work, outreach: Outreach) -> Iterable[Refusal]:
        candidate = work.get(Candidate, outreach.about["candidate_id"], needed=DECIDES_CONTACT)
        employer = work.get(Employer, outreach.about["employer_id"])
        listed = do_not_contact.entries(work, employer.id, candidate.standing())
        now: dict[str, Any] = {"entries": listed, "at": self.at}
        contact = outreach.contact_of(self.letter)
        if contact is None:
            return contact_gate.against_reply(employer, candidate, **now)
        position = work.get(Position, outreach.about["position_id"])
        now["bulk"] = outreach.bulk and contact is Contact.MESSAGE
        return contact_gate.against_letter(contact, employer, position, candidate, **now)


class NoteDelivery(Command):
    """Record that a letter was delivered."""

    outreach_id: UUID
    letter: Letter
    message_id: Annotated[StorableText, Field(min_length=1, max_length=300)]
    channel: Channel

    def execute(self, work: Work) -> Outreach:
        outreach = work.get(Outreach, self.outreach_id)
        outreach.note_delivery(self, self.letter, message_id=self.message_id, channel=self.channel)
        return outreach


class NoteFailure(Command):
    """Record that a letter cannot be delivered, perhaps because there is no such address."""

    outreach_id: UUID
    letter: Letter
    code: Annotated[StorableText, Field(min_length=1, max_length=100)]
    bad_address: bool

    def execute(self, work: Work) -> Outreach:
        outreach = work.get(Outreach, self.outreach_id)
        before = outreach.version
        outreach.note_failure(self, self.letter, code=self.code, bad_address=self.bad_address)
        if outreach.version == before:
            return outreach
        candidate = work.get(Candidate, outreach.about["candidate_id"], needed=())
        if outreach.status is Status.UNDELIVERED:
            retract_contact(work, self, outreach)
        if self.bad_address and not candidate.erased:
            candidate.note_bounce(self)
        return outreach

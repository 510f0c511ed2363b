"""Commands by which a candidate answers an outreach."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.command import Command, Work
from domain.outreach import Outreach, answerable
from domain.outreach_events import Channel, DeclineReason, Understood
from domain.values import Day, Email, FreeText, Name, StorableText, Value

Note = Annotated[StorableText, Field(max_length=5_000)]


class Contact(Value):
    """What a candidate wants an employer to know, to reach them."""

    name: Name | None = None
    email: Email | None = None
    phone: Annotated[StorableText, Field(min_length=3, max_length=50)] | None = None


class AcceptOutreach(Command):
    """Accept an outreach on the candidate's behalf, and perhaps say how to reach them."""

    outreach_id: UUID
    note: Note | None = None
    contact: Contact = Contact()

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, work.get(Outreach, self.outreach_id))
        outreach.accept(self, note=self.note)
        outreach.disclose_contact(self, **dict(self.contact))
        return outreach


class DeclineOutreach(Command):
    """Decline an outreach on the candidate's behalf."""

    outreach_id: UUID
    reason: DeclineReason
    note: Note | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, work.get(Outreach, self.outreach_id))
        outreach.decline(self, reason=self.reason, note=self.note)
        return outreach


class PostponeOutreach(Command):
    """Ask on the candidate's behalf to be written to later."""

    outreach_id: UUID
    until: Day
    note: Note | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, work.get(Outreach, self.outreach_id))
        outreach.postpone(self, until=self.until, note=self.note)
        return outreach


class EndPostponement(Command):
    """Record that the day has come that the candidate named."""

    outreach_id: UUID

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, work.get(Outreach, self.outreach_id))
        outreach.end_postponement(self)
        return outreach


class ReceiveReply(Command):
    """Take what a candidate wrote back, as it was understood. `mail` names a mail, taken once."""

    outreach_id: UUID
    text: FreeText
    channel: Channel
    understood: Understood = Understood.UNCLEAR
    mail: UUID | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, work.get(Outreach, self.outreach_id))
        outreach.receive_reply(
            self,
            text=self.text,
            channel=self.channel,
            understood=self.understood,
            mail=self.mail,
        )
        return outreach


class ExpireOutreach(Command):
    """Record that the answer window of an outreach has passed without an answer."""

    outreach_id: UUID

    def execute(self, work: Work) -> Outreach:
        outreach = work.get(Outreach, self.outreach_id)
        outreach.expire(self)
        return outreach

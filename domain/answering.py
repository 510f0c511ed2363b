"""Commands by which a candidate answers an outreach."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.command import Command, Work
from domain.outreach import Outreach, answerable
from domain.outreach_events import DeclineReason
from domain.values import StorableText

Note = Annotated[StorableText, Field(max_length=5_000)]


class AcceptOutreach(Command):
    """Accept an outreach on the candidate's behalf."""

    outreach_id: UUID
    note: Note | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, work.get(Outreach, self.outreach_id))
        outreach.accept(self, note=self.note)
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

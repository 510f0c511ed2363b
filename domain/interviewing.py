"""Commands by which an employer and a candidate agree on an interview."""

from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from domain.answering import Note
from domain.command import Command, Work
from domain.outreach import Outreach, answerable, own_outreach
from domain.values import NUMBER, Email, Moment, Name, StorableText, Value

MOST_TIMES = 5


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("name a time zone, such as Europe/Berlin")
    return name


Zone = Annotated[StorableText, AfterValidator(_zone), Field(examples=["Europe/Berlin"])]
"""A time zone of the IANA database."""


class Meeting(Value):
    """How long an interview takes, where it is, and who invites to it."""

    minutes: Annotated[int, NUMBER, Field(ge=5, le=480)] = 60
    zone: Zone = "UTC"
    place: Annotated[StorableText, Field(max_length=500)] | None = None
    organizer_name: Name | None = None
    organizer_email: Email | None = None


class OfferTimes(Command):
    """Offer up to five times for an interview, of which the candidate picks one."""

    outreach_id: UUID
    times: Annotated[tuple[Moment, ...], Field(min_length=1, max_length=MOST_TIMES)]
    meeting: Meeting = Meeting()

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, own_outreach(work, self, self.outreach_id))
        times = tuple(dict.fromkeys(self.times))
        outreach.offer_times(self, times=times, **dict(self.meeting))
        return outreach


class PickTime(Command):
    """Take one of the times that were offered, on the candidate's behalf."""

    outreach_id: UUID
    starts_at: Moment

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, work.get(Outreach, self.outreach_id))
        outreach.pick_time(self, starts_at=self.starts_at)
        return outreach


class ScheduleInterview(Command):
    """Schedule an interview, or move it to another time. `meeting` sends invitations to both."""

    outreach_id: UUID
    starts_at: Moment
    meeting: Meeting | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, own_outreach(work, self, self.outreach_id))
        details = dict(self.meeting or Meeting())
        invite = self.meeting is not None
        outreach.schedule_interview(self, starts_at=self.starts_at, invite=invite, **details)
        return outreach


class CancelInterview(Command):
    """Cancel an interview, by the employer or on the candidate's behalf."""

    outreach_id: UUID
    note: Note | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = answerable(work, own_outreach(work, self, self.outreach_id))
        outreach.cancel_interview(self, note=self.note)
        return outreach

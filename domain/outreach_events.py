"""What happens in an outreach: its events, and the types of their fields."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from domain.event import Event, Personal
from domain.likelihood import Likelihood
from domain.money import SalaryRange
from domain.values import Moment


class Status(StrEnum):
    """The state of an outreach."""

    AWAITING_ANSWER = "awaiting_answer"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INTERVIEW_SCHEDULED = "interview_scheduled"


class DeclineReason(StrEnum):
    """Why a candidate declined."""

    NOT_LOOKING = "not_looking"
    SALARY = "salary"
    LOCATION = "location"
    ROLE = "role"
    COMPANY = "company"
    OTHER = "other"


class OutreachFact(BaseModel):
    """What every event of an outreach carries."""

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID


class OutreachSent(OutreachFact):
    """What the first event of an outreach carries: the message and the estimated likelihood."""

    subject: Personal[str]
    text: Personal[str]
    salary: SalaryRange
    location: str | None
    remote: bool
    sender_name: Personal[str]
    sender_role: Personal[str]
    likelihood: Likelihood | None


class InterviewRequested(
    OutreachSent, Event, name="outreach.interview_requested", version=1, person="candidate_id"
):
    """An employer asked an active candidate for an interview."""


class MessageSent(
    OutreachSent, Event, name="outreach.message_sent", version=1, person="candidate_id"
):
    """An employer sent a message to a passive candidate."""


class OutreachWithdrawn(OutreachFact, Event, name="outreach.withdrawn", version=1):
    """The employer withdrew the outreach before the candidate answered."""


class OutreachAccepted(
    OutreachFact, Event, name="outreach.accepted", version=1, person="candidate_id"
):
    """The candidate accepted."""

    note: Personal[str | None] = None


class OutreachDeclined(
    OutreachFact, Event, name="outreach.declined", version=1, person="candidate_id"
):
    """The candidate declined."""

    reason: DeclineReason
    note: Personal[str | None] = None


class OutreachExpired(OutreachFact, Event, name="outreach.expired", version=1):
    """The candidate did not answer within the answer window."""


class InterviewScheduled(OutreachFact, Event, name="outreach.interview_scheduled", version=1):
    """An interview was scheduled, or moved to another time."""

    starts_at: Moment

"""What happens in an outreach: its events, and the types of their fields."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from domain.event import Event, Personal
from domain.likelihood import Likelihood
from domain.money import SalaryRange
from domain.sender_standing import SenderStanding
from domain.values import Moment, Value


class Status(StrEnum):
    """The state of an outreach."""

    AWAITING_ANSWER = "awaiting_answer"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INTERVIEW_SCHEDULED = "interview_scheduled"
    WROTE_BACK = "wrote_back"
    POSTPONED = "postponed"
    UNDONE = "undone"
    UNDELIVERED = "undelivered"


class DeclineReason(StrEnum):
    """Why a candidate declined."""

    NOT_LOOKING = "not_looking"
    SALARY = "salary"
    LOCATION = "location"
    ROLE = "role"
    COMPANY = "company"
    OTHER = "other"


class Channel(StrEnum):
    """The way that a letter or an answer takes."""

    MAIL = "mail"
    PAGE = "page"
    API = "api"


class Understood(StrEnum):
    """What a written reply says, as far as the rules can tell."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    POSTPONED = "postponed"
    UNCLEAR = "unclear"


class Grounds(Value):
    """What the contact gate looked at when it allowed a message."""

    last_active_at: Moment
    contacts: int
    """How many contacts the candidate had had within the window."""
    contacts_allowed: int
    sender: SenderStanding | None = None
    """The employer's standing as a sender; None from before there was one."""


class OutreachFact(BaseModel):
    """What every event of an outreach carries."""

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID


class MessageContent(BaseModel):
    """What an employer writes to a candidate."""

    subject: Personal[str]
    text: Personal[str]
    salary: SalaryRange
    location: str | None
    remote: bool
    sender_name: Personal[str]
    sender_role: Personal[str]


class OutreachSent(OutreachFact, MessageContent):
    """What the first event of an outreach carries: the message and the estimated likelihood.

    The letter leaves at `deliver_at`, the end of the undo window; None if others delivered it.
    """

    likelihood: Likelihood | None
    deliver_at: Moment | None = None
    grounds: Grounds | None = None


class InterviewRequested(
    OutreachSent, Event, name="outreach.interview_requested", version=3, person="candidate_id"
):
    """An employer asked an active candidate for an interview."""

    @staticmethod
    def upcast_v1_v2(_: dict[str, Any]) -> None:
        """Version 1 was delivered by others; the defaults say so."""

    @staticmethod
    def upcast_v2_v3(_: dict[str, Any]) -> None:
        """Version 2 is from before senders had a standing; the default says so."""


class MessageSent(
    OutreachSent, Event, name="outreach.message_sent", version=3, person="candidate_id"
):
    """An employer sent a message to a passive candidate; `bulk` if it is one of many."""

    bulk: bool = False

    @staticmethod
    def upcast_v1_v2(_: dict[str, Any]) -> None:
        """Version 1 was delivered by others; the defaults say so."""

    @staticmethod
    def upcast_v2_v3(_: dict[str, Any]) -> None:
        """Version 2 is from before senders had a standing, and does not say that it is bulk."""


class MessageEdited(
    OutreachFact,
    MessageContent,
    Event,
    name="outreach.message_edited",
    version=1,
    person="candidate_id",
):
    """The employer changed the message before it left."""


class OutreachUndone(OutreachFact, Event, name="outreach.undone", version=1):
    """The employer took the message back before it left."""


class FollowUpSent(
    OutreachFact, Event, name="outreach.follow_up_sent", version=1, person="candidate_id"
):
    """The employer wrote once more, because there was no answer."""

    text: Personal[str]
    sender_name: Personal[str]
    deliver_at: Moment


class ReplySent(OutreachFact, Event, name="outreach.reply_sent", version=2, person="candidate_id"):
    """The employer wrote to a candidate who had answered.

    `mail` is a hash of the id of the mail that it came by, which is taken once.
    """

    text: Personal[str]
    sender_name: Personal[str]
    deliver_at: Moment
    mail: UUID | None = None

    @staticmethod
    def upcast_v1_v2(_: dict[str, Any]) -> None:
        """Version 1 never came by mail; the default says so."""


class LetterFact(OutreachFact):
    """What the delivery of a letter carries: `letter` is the version of the event in it."""

    letter: int


class LetterReleased(LetterFact, Event, name="outreach.letter_released", version=1):
    """A letter is on its way: the undo window has ended, and the contact gate allowed it."""


class LetterDelivered(LetterFact, Event, name="outreach.letter_delivered", version=1):
    """A mail server, or the platform that delivers itself, has taken a letter."""

    message_id: str
    channel: Channel


class LetterFailed(LetterFact, Event, name="outreach.letter_failed", version=1):
    """A letter could not be delivered, by this reply code; perhaps there is no such address."""

    code: str
    bad_address: bool


class LetterStopped(LetterFact, Event, name="outreach.letter_stopped", version=1):
    """The contact gate stopped a letter before it left, for these reasons."""

    reasons: tuple[str, ...]


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


class OutreachPostponed(
    OutreachFact, Event, name="outreach.postponed", version=1, person="candidate_id"
):
    """The candidate does not want to talk now, but from this day on."""

    until: date
    note: Personal[str | None] = None


class PostponementEnded(OutreachFact, Event, name="outreach.postponement_ended", version=1):
    """The day has come that the candidate named."""


class ContactDisclosed(
    OutreachFact, Event, name="outreach.contact_disclosed", version=1, person="candidate_id"
):
    """The candidate, who accepted, told the employer how to reach them."""

    name: Personal[str | None] = None
    email: Personal[str | None] = None
    phone: Personal[str | None] = None


class ReplyReceived(
    OutreachFact, Event, name="outreach.reply_received", version=1, person="candidate_id"
):
    """The candidate wrote back. `mail` is a hash of the id of the mail, which is taken once."""

    text: Personal[str]
    channel: Channel
    understood: Understood
    mail: UUID | None = None


class AnswerCorrected(OutreachFact, Event, name="outreach.answer_corrected", version=1):
    """The employer read a written reply in another way than the rules."""

    status: Status


class ThreadRead(OutreachFact, Event, name="outreach.thread_read", version=1):
    """A recruiter read the thread up to this event."""

    up_to: int


class OutreachExpired(OutreachFact, Event, name="outreach.expired", version=1):
    """The candidate did not answer within the answer window."""


class InterviewDetails(OutreachFact):
    """How long an interview takes, in whose time zone it was planned, and where it is."""

    minutes: int = 60
    zone: str = "UTC"
    place: Personal[str | None] = None
    organizer_name: Personal[str | None] = None
    organizer_email: Personal[str | None] = None
    """Where the employer's invitation goes."""


class TimesOffered(
    InterviewDetails, Event, name="outreach.times_offered", version=1, person="candidate_id"
):
    """The employer offered times for an interview, in the order of its preference."""

    times: tuple[Moment, ...]
    deliver_at: Moment


class InterviewScheduled(
    InterviewDetails, Event, name="outreach.interview_scheduled", version=2, person="candidate_id"
):
    """An interview was scheduled, or moved to another time. Invitations leave at `deliver_at`."""

    starts_at: Moment
    deliver_at: Moment | None = None

    @staticmethod
    def upcast_v1_v2(_: dict[str, Any]) -> None:
        """Version 1 has a time alone, and nobody was invited; the defaults say so."""


class InterviewCancelled(
    OutreachFact, Event, name="outreach.interview_cancelled", version=1, person="candidate_id"
):
    """The interview will not be; the two may agree on another."""

    note: Personal[str | None] = None
    deliver_at: Moment

"""An employer's outreach to one candidate about one position.

The module is long because the whole aggregate is here, to be read from top to bottom: its events,
its refusals, its decisions, its facts, and the commands that lead to them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from domain import contact_gate
from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, refuse
from domain.candidate import Candidate
from domain.candidate_events import DECIDES_CONTACT, CandidateErased
from domain.command import Command, NotFound, Work
from domain.employer import Employer
from domain.event import Event, Personal
from domain.handlers import on
from domain.money import SalaryRange
from domain.position import own_position
from domain.values import IN_ONE_LINE, Flag, Moment, StorableText, Value

ANSWER_WINDOW = timedelta(days=14)
"""How long a candidate can answer before the outreach expires."""

OUTREACHES = UUID("6f2f5f0e-8a5c-5d0b-9b57-2a4a0d4e7c11")


def outreach_id(position_id: UUID, candidate_id: UUID) -> UUID:
    """The id of the only outreach to this candidate about this position."""
    return uuid5(OUTREACHES, f"{position_id}/{candidate_id}")


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


class Likelihood(Value):
    """The likelihood to respond that the sender saw, and the model that estimated it.

    `model_position` is the log position up to which that model had learned, `model_hash` the
    SHA-256 of its state, `as_of_position` the log position of the newest event about the candidate
    that it used, and `estimator_version` the arithmetic: another version gives other bits.
    """

    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    logit: Annotated[float, Field(allow_inf_nan=False)]
    model_position: Annotated[int, Field(ge=0)]
    feature_version: Annotated[int, Field(ge=1)]
    model_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    as_of_position: Annotated[int, Field(ge=0)] | None = None
    estimator_version: Annotated[int, Field(ge=1)] | None = None


class Band(StrEnum):
    """A likelihood in one word."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


BAND_FROM = {Band.HIGH: 0.25, Band.MEDIUM: 0.1, Band.LOW: 0.0}
"""The lowest probability of each band, from the highest to the lowest."""


def band(probability: float) -> Band:
    """The word for a probability.

    >>> band(0.3), band(0.15), band(0.02)
    (<Band.HIGH: 'high'>, <Band.MEDIUM: 'medium'>, <Band.LOW: 'low'>)
    """
    return next(word for word, lowest in BAND_FROM.items() if probability >= lowest)


class _OutreachFact(BaseModel):
    """What every event of an outreach carries."""

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID


class _OutreachSent(_OutreachFact):
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
    _OutreachSent, Event, name="outreach.interview_requested", version=1, person="candidate_id"
):
    """An employer asked an active candidate for an interview."""


class MessageSent(
    _OutreachSent, Event, name="outreach.message_sent", version=1, person="candidate_id"
):
    """An employer sent a message to a passive candidate."""


class OutreachWithdrawn(_OutreachFact, Event, name="outreach.withdrawn", version=1):
    """The employer withdrew the outreach before the candidate answered."""


class OutreachAccepted(
    _OutreachFact, Event, name="outreach.accepted", version=1, person="candidate_id"
):
    """The candidate accepted."""

    note: Personal[str | None] = None


class OutreachDeclined(
    _OutreachFact, Event, name="outreach.declined", version=1, person="candidate_id"
):
    """The candidate declined."""

    reason: DeclineReason
    note: Personal[str | None] = None


class OutreachExpired(_OutreachFact, Event, name="outreach.expired", version=1):
    """The candidate did not answer within the answer window."""


class InterviewScheduled(_OutreachFact, Event, name="outreach.interview_scheduled", version=1):
    """An interview was scheduled, or moved to another time."""

    starts_at: Moment


class AlreadyAnswered(Refusal):
    """The candidate has answered already ({status}); see the outreach's timeline."""


class AlreadyWithdrawn(Refusal):
    """The employer has withdrawn this outreach already."""


class OutreachHasExpired(Refusal):
    """This outreach expired on {expired_at:%d %B %Y}, {days} days after it was sent."""


class NotDueYet(Refusal):
    """The candidate may still answer until {until:%d %B %Y, %H:%M} UTC."""


class NotAccepted(Refusal):
    """Only an accepted outreach can have an interview; this one is {status}."""


class InterviewUnchanged(Refusal):
    """The interview is scheduled for this time already; choose another to move it."""


class InterviewInPast(Refusal):
    """The interview would start in the past ({starts_at}); choose a later time."""


class Outreach(Aggregate, kind="outreach"):
    """Sent once, then accepted, declined, withdrawn or expired."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.status = Status.AWAITING_ANSWER
        self.sent_at: datetime | None = None
        self.about: dict[str, Any] = {}
        self.interview_at: datetime | None = None

    # Decisions: check the rule, then state the fact. Never run on replay.

    @property
    def answer_until(self) -> datetime | None:
        """The end of the answer window."""
        return self.sent_at and self.sent_at + ANSWER_WINDOW

    def send_message(self, cause: Cause, **facts: Any) -> None:
        """Send a message, which the contact gate has allowed."""
        self.record(MessageSent, cause, **facts)

    def request_interview(self, cause: Cause, **facts: Any) -> None:
        """Ask for an interview, which the contact gate has allowed."""
        self.record(InterviewRequested, cause, **facts)

    def withdraw(self, cause: Cause) -> None:
        """Withdraw before an answer."""
        refuse(self._reasons_against_change(cause.at))
        self.record(OutreachWithdrawn, cause, **self.about)

    def accept(self, cause: Cause, *, note: str | None) -> None:
        """Accept on the candidate's behalf."""
        refuse(self._reasons_against_change(cause.at))
        self.record(OutreachAccepted, cause, note=note, **self.about)

    def decline(self, cause: Cause, *, reason: DeclineReason, note: str | None) -> None:
        """Decline on the candidate's behalf."""
        refuse(self._reasons_against_change(cause.at))
        self.record(OutreachDeclined, cause, reason=reason, note=note, **self.about)

    def expire(self, cause: Cause) -> None:
        """Record that the answer window has passed without an answer."""
        reasons = self._reasons_against_change(None)
        if not reasons and self.answer_until and cause.at < self.answer_until:
            reasons = [NotDueYet(until=self.answer_until)]
        refuse(reasons)
        self.record(OutreachExpired, cause, **self.about)

    def schedule_interview(self, cause: Cause, *, starts_at: datetime) -> None:
        """Schedule the interview, or move it."""
        reasons: list[Refusal] = []
        if self.status not in (Status.ACCEPTED, Status.INTERVIEW_SCHEDULED):
            reasons.append(NotAccepted(status=self.status.replace("_", " ")))
        if starts_at == self.interview_at:
            reasons.append(InterviewUnchanged())
        elif starts_at <= cause.at:
            reasons.append(InterviewInPast(starts_at=starts_at))
        refuse(reasons)
        self.record(InterviewScheduled, cause, starts_at=starts_at, **self.about)

    def _reasons_against_change(self, at: datetime | None) -> list[Refusal]:
        until = self.answer_until
        expired = self.status is Status.AWAITING_ANSWER and at and until and at >= until
        if self.status is Status.EXPIRED or expired:
            return [OutreachHasExpired(expired_at=until, days=ANSWER_WINDOW.days)]
        if self.status is Status.WITHDRAWN:
            return [AlreadyWithdrawn()]
        if self.status is not Status.AWAITING_ANSWER:
            return [AlreadyAnswered(status=self.status.replace("_", " "))]
        return []

    # Facts: fold into state. Never raise, never decide.

    @on(InterviewRequested, MessageSent)
    def on_sent(self, event: InterviewRequested | MessageSent) -> None:
        self.sent_at = event.timestamp
        self.about = {name: getattr(event, name) for name in _OutreachFact.model_fields}

    @on(OutreachWithdrawn)
    def on_outreach_withdrawn(self, _: OutreachWithdrawn) -> None:
        self.status = Status.WITHDRAWN

    @on(OutreachAccepted)
    def on_outreach_accepted(self, _: OutreachAccepted) -> None:
        self.status = Status.ACCEPTED

    @on(OutreachDeclined)
    def on_outreach_declined(self, _: OutreachDeclined) -> None:
        self.status = Status.DECLINED

    @on(OutreachExpired)
    def on_outreach_expired(self, _: OutreachExpired) -> None:
        self.status = Status.EXPIRED

    @on(InterviewScheduled)
    def on_interview_scheduled(self, event: InterviewScheduled) -> None:
        self.status = Status.INTERVIEW_SCHEDULED
        self.interview_at = event.starts_at


Line = Annotated[StorableText, Field(min_length=1, max_length=200), IN_ONE_LINE]


def _needed_on_site(location: str | None, others: ValidationInfo) -> str | None:
    if location is None and not others.data.get("remote", True):
        raise ValueError("give a location or mark the work as remote")
    return location


class Message(Value):
    """What an employer writes. Every field is required; `location` only if not `remote`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "Queues at Acme",
                    "text": "Would you like to talk about our queues?",
                    "salary": {"minimum": 90_000, "maximum": 120_000, "currency": "EUR"},
                    "location": "Berlin",
                    "sender_name": "Robin Doe",
                    "sender_role": "Head of Engineering",
                }
            ]
        }
    )

    subject: Line
    text: Annotated[StorableText, Field(min_length=1, max_length=10_000)]
    salary: SalaryRange
    remote: Flag = False
    location: Annotated[
        Line | None, AfterValidator(_needed_on_site), Field(validate_default=True)
    ] = None
    sender_name: Line
    sender_role: Line


class SendMessage(Command):
    """Send a passive candidate a message about a position."""

    position_id: UUID
    candidate_id: UUID
    message: Message
    likelihood: Likelihood | None = None

    def execute(self, work: Work) -> Outreach:
        return _contact(work, self, Outreach.send_message, contact_gate.against_message)


class RequestInterview(Command):
    """Ask an active candidate for an interview about a position."""

    position_id: UUID
    candidate_id: UUID
    message: Message
    likelihood: Likelihood | None = None

    def execute(self, work: Work) -> Outreach:
        return _contact(
            work, self, Outreach.request_interview, contact_gate.against_interview_request
        )


def _contact(
    work: Work,
    command: SendMessage | RequestInterview,
    decide: Callable[..., None],
    reasons_against: Callable[..., Iterable[Refusal]],
) -> Outreach:
    position = own_position(work, command, command.position_id)
    employer = work.get(Employer, position.employer_id)
    candidate = work.get(Candidate, command.candidate_id, needed=DECIDES_CONTACT)
    outreach = work.find(Outreach, outreach_id(position.id, candidate.id))
    refuse(reasons_against(employer, position, candidate, contacted=outreach.exists, at=command.at))
    about = {"employer_id": employer.id, "position_id": position.id}
    decide(
        outreach,
        command,
        **about,
        candidate_id=candidate.id,
        likelihood=command.likelihood,
        **dict(command.message),
    )
    candidate.be_contacted(command, **about, outreach_id=outreach.id)
    return outreach


class WithdrawOutreach(Command):
    """Withdraw an outreach before the candidate answers."""

    outreach_id: UUID

    def execute(self, work: Work) -> Outreach:
        outreach = own_outreach(work, self, self.outreach_id)
        outreach.withdraw(self)
        return outreach


Note = Annotated[StorableText, Field(max_length=5_000)]


class AcceptOutreach(Command):
    """Accept an outreach on the candidate's behalf."""

    outreach_id: UUID
    note: Note | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = _answerable(work, work.get(Outreach, self.outreach_id))
        outreach.accept(self, note=self.note)
        return outreach


class DeclineOutreach(Command):
    """Decline an outreach on the candidate's behalf."""

    outreach_id: UUID
    reason: DeclineReason
    note: Note | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = _answerable(work, work.get(Outreach, self.outreach_id))
        outreach.decline(self, reason=self.reason, note=self.note)
        return outreach


class ExpireOutreach(Command):
    """Record that the answer window of an outreach has passed without an answer."""

    outreach_id: UUID

    def execute(self, work: Work) -> Outreach:
        outreach = work.get(Outreach, self.outreach_id)
        outreach.expire(self)
        return outreach


class ScheduleInterview(Command):
    """Schedule an interview, or move it to another time."""

    outreach_id: UUID
    starts_at: Moment

    def execute(self, work: Work) -> Outreach:
        outreach = _answerable(work, own_outreach(work, self, self.outreach_id))
        outreach.schedule_interview(self, starts_at=self.starts_at)
        return outreach


def _answerable(work: Work, outreach: Outreach) -> Outreach:
    candidate = work.get(Candidate, outreach.about["candidate_id"], needed=(CandidateErased,))
    refuse(candidate.reasons_against_anything())
    return outreach


def own_outreach(work: Work, cause: Cause, id: UUID) -> Outreach:
    """The outreach, if the caller may act for its employer. Raises `NotFound` otherwise."""
    outreach = work.get(Outreach, id)
    if not cause.by.acts_for(outreach.about["employer_id"]):
        raise NotFound(Outreach, id)
    return outreach

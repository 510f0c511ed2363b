"""An employer's outreach to one candidate about one position."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, refuse
from domain.candidate import Candidate
from domain.candidate_events import CandidateErased
from domain.command import Command, NotFound, Work
from domain.handlers import on
from domain.outreach_events import (
    DeclineReason,
    InterviewRequested,
    InterviewScheduled,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachFact,
    OutreachWithdrawn,
    Status,
)
from domain.values import Moment

ANSWER_WINDOW = timedelta(days=14)
"""How long a candidate can answer before the outreach expires."""

OUTREACHES = UUID("6f2f5f0e-8a5c-5d0b-9b57-2a4a0d4e7c11")


def outreach_id(position_id: UUID, candidate_id: UUID) -> UUID:
    """The id of the only outreach to this candidate about this position."""
    return uuid5(OUTREACHES, f"{position_id}/{candidate_id}")


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
        self.about = {name: getattr(event, name) for name in OutreachFact.model_fields}

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


class WithdrawOutreach(Command):
    """Withdraw an outreach before the candidate answers."""

    outreach_id: UUID

    def execute(self, work: Work) -> Outreach:
        outreach = own_outreach(work, self, self.outreach_id)
        outreach.withdraw(self)
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
        outreach = answerable(work, own_outreach(work, self, self.outreach_id))
        outreach.schedule_interview(self, starts_at=self.starts_at)
        return outreach


def answerable(work: Work, outreach: Outreach) -> Outreach:
    """The outreach. Raises `Refused` if its candidate is erased."""
    candidate = work.get(Candidate, outreach.about["candidate_id"], needed=(CandidateErased,))
    refuse(candidate.reasons_against_anything())
    return outreach


def own_outreach(work: Work, cause: Cause, id: UUID) -> Outreach:
    """The outreach, if the caller may act for its employer. Raises `NotFound` otherwise."""
    outreach = work.get(Outreach, id)
    if not cause.by.acts_for(outreach.about["employer_id"]):
        raise NotFound(Outreach, id)
    return outreach

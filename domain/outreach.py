"""An employer's outreach to one candidate about one position: from the message to an answer.

The module is long because all that is decided about one outreach is here, with its facts.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, Refused, refuse
from domain.candidate import Candidate
from domain.candidate_events import CandidateErased
from domain.command import NotFound, Work
from domain.contact_gate import Contact
from domain.handlers import on
from domain.outreach_events import (
    AnswerCorrected,
    Channel,
    ContactDisclosed,
    DeclineReason,
    FollowUpSent,
    InterviewCancelled,
    InterviewRequested,
    InterviewScheduled,
    LetterDelivered,
    LetterFailed,
    LetterReleased,
    LetterStopped,
    MessageEdited,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachFact,
    OutreachPostponed,
    OutreachUndone,
    OutreachWithdrawn,
    PostponementEnded,
    ReplyReceived,
    ReplySent,
    Status,
    ThreadRead,
    TimesOffered,
    Understood,
)
from domain.outreach_refusals import (
    AlreadyAnswered,
    AlreadyWithdrawn,
    DayInPast,
    FollowedUpAlready,
    InterviewInPast,
    InterviewUnchanged,
    LetterNotDue,
    NoInterview,
    NoReplyYet,
    NoSuchLetter,
    NotAccepted,
    NotDelivered,
    NotDueYet,
    NothingToCorrect,
    NotPostponed,
    OutreachHasExpired,
    TimeNotOffered,
    TooEarlyToFollowUp,
    TooLateToEdit,
)

ANSWER_WINDOW = timedelta(days=14)
"""How long a candidate can answer before the outreach expires."""

FOLLOW_UP_AFTER = timedelta(days=5)
"""How long an employer waits for an answer before the one follow-up."""

OUTREACHES = UUID("6f2f5f0e-8a5c-5d0b-9b57-2a4a0d4e7c11")

ANSWERABLE = (Status.AWAITING_ANSWER, Status.WROTE_BACK, Status.POSTPONED)
CORRECTABLE = (Status.WROTE_BACK, Status.ACCEPTED, Status.DECLINED)
"""The states among which an employer may correct what a written reply was taken for."""


def outreach_id(position_id: UUID, candidate_id: UUID, retracted: int = 0) -> UUID:
    """The id of the only outreach to this candidate about this position.

    Those that did not reach the candidate before, `retracted` in number, have ids of their own.
    """
    again = f"/{retracted}" if retracted else ""
    return uuid5(OUTREACHES, f"{position_id}/{candidate_id}{again}")


class Letter(StrEnum):
    """The state of a letter."""

    WAITING = "waiting"
    RELEASED = "released"
    DELIVERED = "delivered"
    FAILED = "failed"
    STOPPED = "stopped"


class Outreach(Aggregate, kind="outreach"):
    """Sent once, then undone, or delivered and accepted, declined, postponed, withdrawn, expired.

    A letter is known by the version of the event that it delivers.
    """

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.status = Status.AWAITING_ANSWER
        self.sent_at: datetime | None = None
        self.waiting_since: datetime | None = None
        self.about: dict[str, Any] = {}
        self.bulk = False
        self.interview_at: datetime | None = None
        self.offered: tuple[datetime, ...] = ()
        self.meeting: dict[str, Any] = {}
        self.contacts: dict[int, Contact] = {}
        self.letters: dict[int, Letter] = {}
        self.due: dict[int, datetime] = {}
        self.postponed_until: date | None = None
        self.has_written = False
        self.mails: set[UUID] = set()

    # Decisions: check the rule, then state the fact. Never run on replay.

    @property
    def answer_until(self) -> datetime | None:
        """The end of the answer window."""
        return self.waiting_since and self.waiting_since + ANSWER_WINDOW

    @property
    def has_left(self) -> bool:
        """Whether the first letter has left, so that the message can be undone no more."""
        return self.letters.get(1) is not Letter.WAITING

    def contact_of(self, letter: int) -> Contact | None:
        """The way of contact that a letter is; None if it belongs to a conversation."""
        return self.contacts.get(letter)

    def send_message(self, cause: Cause, **facts: Any) -> None:
        """Send a message, which the contact gate has allowed."""
        self.record(MessageSent, cause, **facts)

    def request_interview(self, cause: Cause, **facts: Any) -> None:
        """Ask for an interview, which the contact gate has allowed."""
        self.record(InterviewRequested, cause, **facts)

    def edit_message(self, cause: Cause, **content: Any) -> None:
        """Change the message before it leaves."""
        late = [TooLateToEdit()] if self.has_left else []
        refuse(self._reasons_against_answer(cause.at) or late)
        self.record(MessageEdited, cause, **content, **self.about)

    def withdraw(self, cause: Cause) -> None:
        """Take the outreach back before an answer: undo it, if it has not left yet."""
        refuse(self._reasons_against_answer(cause.at))
        self.record(OutreachWithdrawn if self.has_left else OutreachUndone, cause, **self.about)

    def follow_up(self, cause: Cause, **content: Any) -> None:
        """Write once more after some days without an answer, which the contact gate has allowed."""
        refuse(self._reasons_against_follow_up(cause.at))
        self.record(FollowUpSent, cause, **content, **self.about)

    def reply(self, cause: Cause, **content: Any) -> None:
        """Write to the candidate, who has answered."""
        is_open = self.status in (*ANSWERABLE, Status.ACCEPTED, Status.INTERVIEW_SCHEDULED)
        accepted = self.status not in ANSWERABLE
        if not is_open:
            refuse(self._reasons_against_answer(cause.at))
        refuse([] if self.has_written or accepted else [NoReplyYet()])
        self.record(ReplySent, cause, **content, **self.about)

    def mark_read(self, cause: Cause, *, up_to: int) -> None:
        """Note that a recruiter read the thread."""
        self.record(ThreadRead, cause, up_to=up_to, **self.about)

    def accept(self, cause: Cause, *, note: str | None) -> None:
        """Accept on the candidate's behalf."""
        refuse(self._reasons_against_answer(cause.at))
        self.record(OutreachAccepted, cause, note=note, **self.about)

    def disclose_contact(self, cause: Cause, **contact: Any) -> None:
        """Tell the employer how to reach the candidate, who accepted."""
        if any(contact.values()):
            self.record(ContactDisclosed, cause, **contact, **self.about)

    def decline(self, cause: Cause, *, reason: DeclineReason, note: str | None) -> None:
        """Decline on the candidate's behalf."""
        refuse(self._reasons_against_answer(cause.at))
        self.record(OutreachDeclined, cause, reason=reason, note=note, **self.about)

    def postpone(self, cause: Cause, *, until: date, note: str | None) -> None:
        """Ask to be written to later."""
        past = [DayInPast(until=until)] if until <= cause.at.date() else []
        refuse([*self._reasons_against_answer(cause.at), *past])
        self.record(OutreachPostponed, cause, until=until, note=note, **self.about)

    def end_postponement(self, cause: Cause) -> None:
        """Record that the day has come that the candidate named."""
        if self.status is not Status.POSTPONED or self.postponed_until is None:
            raise Refused(NotPostponed())
        if cause.at.date() < self.postponed_until:
            raise Refused(DayInPast(until=self.postponed_until))
        self.record(PostponementEnded, cause, **self.about)

    def receive_reply(
        self,
        cause: Cause,
        *,
        text: str,
        channel: Channel,
        understood: Understood,
        mail: UUID | None,
    ) -> None:
        """Take what the candidate wrote, and answer as it was understood; a mail is taken once."""
        if mail in self.mails:
            return
        reply: dict[str, Any] = {"text": text, "channel": channel, "mail": mail}
        self.record(ReplyReceived, cause, understood=understood, **reply, **self.about)
        if self._reasons_against_answer(cause.at):
            return
        if understood is Understood.ACCEPTED:
            self.accept(cause, note=None)
        elif understood is Understood.DECLINED:
            self.decline(cause, reason=DeclineReason.OTHER, note=None)

    def correct_answer(self, cause: Cause, *, status: Status) -> None:
        """Take a written reply for something else than the rules did."""
        correctable = self.has_written and {status, self.status} <= {*CORRECTABLE}
        refuse([] if correctable and status is not self.status else [NothingToCorrect()])
        self.record(AnswerCorrected, cause, status=status, **self.about)

    def expire(self, cause: Cause) -> None:
        """Record that the answer window has passed without an answer."""
        reasons = self._reasons_against_answer(None)
        if self.status in (Status.WROTE_BACK, Status.POSTPONED):
            reasons = [AlreadyAnswered(status=self.status.replace("_", " "))]
        if not reasons and self.answer_until and cause.at < self.answer_until:
            reasons = [NotDueYet(until=self.answer_until)]
        refuse(reasons)
        self.record(OutreachExpired, cause, **self.about)

    def offer_times(self, cause: Cause, *, times: tuple[datetime, ...], **details: Any) -> None:
        """Offer times for an interview, of which the candidate picks one."""
        past = [InterviewInPast(starts_at=time) for time in times if time <= cause.at]
        refuse([*self._reasons_against_interview(), *past])
        about = {**details, **self.about}
        self.record(TimesOffered, cause, times=times, deliver_at=cause.at, **about)

    def pick_time(self, cause: Cause, *, starts_at: datetime) -> None:
        """Take one of the times that were offered, on the candidate's behalf."""
        offered = [] if starts_at in self.offered else [TimeNotOffered()]
        refuse([*self._reasons_against_interview(), *offered])
        self.schedule_interview(cause, starts_at=starts_at, invite=True, **self.meeting)

    def schedule_interview(
        self, cause: Cause, *, starts_at: datetime, invite: bool = False, **details: Any
    ) -> None:
        """Schedule the interview, or move it. `invite` sends invitations to both."""
        reasons = self._reasons_against_interview()
        if starts_at == self.interview_at:
            reasons.append(InterviewUnchanged())
        elif starts_at <= cause.at:
            reasons.append(InterviewInPast(starts_at=starts_at))
        refuse(reasons)
        leaves = {"starts_at": starts_at, "deliver_at": cause.at if invite else None}
        self.record(InterviewScheduled, cause, **leaves, **details, **self.about)

    def cancel_interview(self, cause: Cause, *, note: str | None) -> None:
        """Cancel the interview; another may be agreed on."""
        refuse([] if self.interview_at else [NoInterview()])
        self.record(InterviewCancelled, cause, note=note, deliver_at=cause.at, **self.about)

    def _reasons_against_interview(self) -> list[Refusal]:
        if self.status in (Status.ACCEPTED, Status.INTERVIEW_SCHEDULED):
            return []
        return [NotAccepted(status=self.status.replace("_", " "))]

    def release_letter(self, cause: Cause, letter: int, reasons: list[Refusal]) -> None:
        """Send a letter on its way when it is due, unless there are reasons against it.

        A letter that is on its way already, and is tried again, may still be stopped. A letter that
        nobody could answer any more does not leave.
        """
        self._refuse_unless(letter, Letter.WAITING, Letter.RELEASED)
        if cause.at < self.due[letter]:
            raise Refused(LetterNotDue(at=self.due[letter]))
        about = {"letter": letter, **self.about}
        over = (OutreachHasExpired, AlreadyWithdrawn)
        reasons += [r for r in self._reasons_against_answer(cause.at) if isinstance(r, over)]
        if reasons:
            self.record(LetterStopped, cause, reasons=[r.code for r in reasons], **about)
        elif self.letters[letter] is Letter.WAITING:
            self.record(LetterReleased, cause, **about)

    def note_delivery(
        self, cause: Cause, letter: int, *, message_id: str, channel: Channel
    ) -> None:
        """Record that a letter was delivered; repeating it records nothing."""
        if self.letters.get(letter) is not Letter.DELIVERED:
            self._refuse_unless(letter, Letter.RELEASED)
            way: dict[str, Any] = {"message_id": message_id, "channel": channel}
            self.record(LetterDelivered, cause, letter=letter, **way, **self.about)

    def note_failure(self, cause: Cause, letter: int, *, code: str, bad_address: bool) -> None:
        """Record that a letter cannot be delivered, although a server may have taken it at first.

        Repeating it records nothing.
        """
        if self.letters.get(letter) is not Letter.FAILED:
            self._refuse_unless(letter, Letter.RELEASED, Letter.DELIVERED)
            why: dict[str, Any] = {"code": code, "bad_address": bad_address}
            self.record(LetterFailed, cause, letter=letter, **why, **self.about)

    def _refuse_unless(self, letter: int, *states: Letter) -> None:
        refuse([] if self.letters.get(letter) in states else [NoSuchLetter(letter=letter)])

    def _reasons_against_follow_up(self, at: datetime) -> list[Refusal]:
        if reasons := self._reasons_against_answer(at):
            return reasons
        if Contact.FOLLOW_UP in self.contacts.values():
            return [FollowedUpAlready()]
        until = self.sent_at and self.sent_at + FOLLOW_UP_AFTER
        if until and at < until:
            return [TooEarlyToFollowUp(until=until)]
        if self.status is not Status.AWAITING_ANSWER or self.has_written:
            return [AlreadyAnswered(status=self.status.replace("_", " "))]
        return []

    def _reasons_against_answer(self, at: datetime | None) -> list[Refusal]:
        until = self.answer_until
        expired = self.status is Status.AWAITING_ANSWER and at and until and at >= until
        if self.status is Status.EXPIRED or expired:
            return [OutreachHasExpired(expired_at=until, days=ANSWER_WINDOW.days)]
        if self.status in (Status.WITHDRAWN, Status.UNDONE):
            return [AlreadyWithdrawn()]
        if self.status is Status.UNDELIVERED:
            return [NotDelivered()]
        if self.status not in ANSWERABLE:
            return [AlreadyAnswered(status=self.status.replace("_", " "))]
        return []

    # Facts: fold into state. Never raise, never decide.

    @on(InterviewRequested, MessageSent)
    def on_sent(self, event: InterviewRequested | MessageSent) -> None:
        self.sent_at = self.waiting_since = event.timestamp
        self.about = {name: getattr(event, name) for name in OutreachFact.model_fields}
        is_message = isinstance(event, MessageSent)
        self.contacts[1] = Contact.MESSAGE if is_message else Contact.INTERVIEW_REQUEST
        self.bulk = isinstance(event, MessageSent) and event.bulk
        if event.deliver_at:
            self.letters[1], self.due[1] = Letter.WAITING, event.deliver_at

    @on(FollowUpSent, ReplySent, TimesOffered)
    def on_written_again(self, event: FollowUpSent | ReplySent | TimesOffered) -> None:
        letter = event.originator_version
        self.letters[letter], self.due[letter] = Letter.WAITING, event.deliver_at
        if isinstance(event, FollowUpSent):
            self.contacts[letter] = Contact.FOLLOW_UP
        elif isinstance(event, ReplySent):
            self.mails |= {event.mail} if event.mail else set()
        elif isinstance(event, TimesOffered):
            self.offered = event.times
            self.meeting = {"minutes": event.minutes, "zone": event.zone}

    @on(LetterReleased)
    def on_letter_released(self, event: LetterReleased) -> None:
        self.letters[event.letter] = Letter.RELEASED

    @on(LetterDelivered)
    def on_letter_delivered(self, event: LetterDelivered) -> None:
        self.letters[event.letter] = Letter.DELIVERED

    @on(LetterFailed, LetterStopped)
    def on_letter_given_up(self, event: LetterFailed | LetterStopped) -> None:
        failed = isinstance(event, LetterFailed)
        self.letters[event.letter] = Letter.FAILED if failed else Letter.STOPPED
        if event.letter == 1 and self.status is Status.AWAITING_ANSWER:
            self.status = Status.UNDELIVERED

    @on(OutreachUndone)
    def on_outreach_undone(self, _: OutreachUndone) -> None:
        self.status = Status.UNDONE
        self.letters[1] = Letter.STOPPED

    @on(OutreachWithdrawn)
    def on_outreach_withdrawn(self, _: OutreachWithdrawn) -> None:
        self.status = Status.WITHDRAWN

    @on(OutreachAccepted)
    def on_outreach_accepted(self, _: OutreachAccepted) -> None:
        self.status = Status.ACCEPTED

    @on(OutreachDeclined)
    def on_outreach_declined(self, _: OutreachDeclined) -> None:
        self.status = Status.DECLINED

    @on(OutreachPostponed)
    def on_outreach_postponed(self, event: OutreachPostponed) -> None:
        self.status = Status.POSTPONED
        self.postponed_until = event.until

    @on(PostponementEnded)
    def on_postponement_ended(self, event: PostponementEnded) -> None:
        self.status = Status.AWAITING_ANSWER
        self.postponed_until = None
        self.waiting_since = event.timestamp

    @on(ReplyReceived)
    def on_reply_received(self, event: ReplyReceived) -> None:
        self.has_written = True
        if self.status in ANSWERABLE:
            self.status = Status.WROTE_BACK
        self.mails |= {event.mail} if event.mail else set()

    @on(AnswerCorrected)
    def on_answer_corrected(self, event: AnswerCorrected) -> None:
        self.status = event.status

    @on(OutreachExpired)
    def on_outreach_expired(self, _: OutreachExpired) -> None:
        self.status = Status.EXPIRED

    @on(InterviewScheduled)
    def on_interview_scheduled(self, event: InterviewScheduled) -> None:
        self.status = Status.INTERVIEW_SCHEDULED
        self.interview_at = event.starts_at
        self.offered = ()
        if event.deliver_at:
            letter = event.originator_version
            self.letters[letter], self.due[letter] = Letter.WAITING, event.deliver_at

    @on(InterviewCancelled)
    def on_interview_cancelled(self, event: InterviewCancelled) -> None:
        self.status = Status.ACCEPTED
        self.interview_at = None
        letter = event.originator_version
        self.letters[letter], self.due[letter] = Letter.WAITING, event.deliver_at


def retract_contact(work: Work, cause: Cause, outreach: Outreach) -> Candidate:
    """Take back the contact of an outreach that did not reach its candidate."""
    about = dict(outreach.about)
    candidate = work.get(Candidate, about.pop("candidate_id"), needed=())
    if outreach.sent_at and not candidate.erased:
        candidate.retract_contact(
            cause, **about, outreach_id=outreach.id, contacted_at=outreach.sent_at
        )
    return candidate


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

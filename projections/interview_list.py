"""Everyone an employer has approached for a position, as the Interviews tab shows them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import BaseModel, Field

from domain.actor import Role
from domain.event import Event
from domain.handlers import on
from domain.likelihood import Likelihood
from domain.money import SalaryRange
from domain.outreach import ANSWERABLE
from domain.outreach_events import (
    AnswerCorrected,
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
    OutreachPostponed,
    OutreachUndone,
    OutreachWithdrawn,
    PostponementEnded,
    ReplyReceived,
    ReplySent,
    Status,
    ThreadRead,
    TimesOffered,
)
from infrastructure.projecting.projection import Change, Projection
from projections.candidate_pool import CandidatePool
from projections.employers import Employers

PASSIVE_CANDIDATE: Literal["Passive Candidate"] = "Passive Candidate"
"""The badge of who was passive when the message was sent, whatever they do later."""

STATUS_AFTER: dict[type[Event], Status] = {
    OutreachUndone: Status.UNDONE,
    OutreachPostponed: Status.POSTPONED,
    PostponementEnded: Status.AWAITING_ANSWER,
    OutreachAccepted: Status.ACCEPTED,
    OutreachDeclined: Status.DECLINED,
    OutreachWithdrawn: Status.WITHDRAWN,
    OutreachExpired: Status.EXPIRED,
    InterviewScheduled: Status.INTERVIEW_SCHEDULED,
    InterviewCancelled: Status.ACCEPTED,
}


HEARD = (OutreachAccepted, OutreachDeclined, OutreachPostponed, PostponementEnded)
"""What a recruiter wants to hear of."""


class InterviewList(Projection, name="interview_list", version=5, key="id"):
    """Both kinds of approach, how far each has come, and when it was last heard of."""

    READS = (CandidatePool, Employers)

    TABLES = """
        CREATE TABLE interview_list (
            employer_id   uuid,
            outreach_id   uuid,
            position_id   uuid NOT NULL,
            candidate_id  uuid NOT NULL,
            badge         text,
            status        text NOT NULL,
            decline_reason text,
            salary        jsonb NOT NULL,
            likelihood    jsonb,
            sent_at       timestamptz NOT NULL,
            sent_by       text NOT NULL,
            changed_at    timestamptz NOT NULL,
            interview_at  timestamptz,
            deliver_at    timestamptz,  -- when the first letter leaves, or left
            left_at       timestamptz,
            waiting_since timestamptz NOT NULL,
            postponed_until date,
            followed_up   boolean NOT NULL,
            heard_step    bigint NOT NULL,  -- the last thing the candidate said
            read_step     bigint NOT NULL,
            said_step     bigint NOT NULL,  -- the last thing the employer said
            version       bigint NOT NULL,
            PRIMARY KEY (employer_id, outreach_id)
        );
        CREATE INDEX interview_list_by_id ON interview_list (outreach_id);
        CREATE INDEX interview_list_by_position
            ON interview_list (employer_id, position_id, sent_at DESC, outreach_id);
        CREATE INDEX interview_list_by_candidate ON interview_list (candidate_id, position_id);
        CREATE INDEX interview_list_heard ON interview_list (employer_id, changed_at)
            WHERE heard_step > said_step OR heard_step > read_step;
        CREATE INDEX interview_list_postponed ON interview_list (postponed_until)
            WHERE status = 'postponed';
        CREATE INDEX interview_list_by_age ON interview_list (sent_at DESC, outreach_id);
        CREATE INDEX interview_list_unanswered ON interview_list (waiting_since)
            WHERE status = 'awaiting_answer'"""

    ADD = """
        INSERT INTO interview_list (
            employer_id, outreach_id, position_id, candidate_id, badge, status, salary, likelihood,
            sent_at, sent_by, changed_at, deliver_at, left_at, waiting_since, followed_up,
            heard_step, read_step, said_step, version)
        VALUES (
            %(employer_id)s, %(id)s, %(position_id)s, %(candidate_id)s, %(badge)s,
            'awaiting_answer', %(salary)s, %(likelihood)s, %(at)s, %(by)s, %(at)s, %(deliver_at)s,
            CASE WHEN %(deliver_at)s::timestamptz IS NULL THEN %(at)s::timestamptz END, %(at)s,
            false, 0, 0, %(version)s, %(version)s)"""

    SET_STATUS = """
        UPDATE interview_list
        SET status = %(status)s, decline_reason = %(reason)s, changed_at = %(at)s,
            interview_at = %(interview_at)s, postponed_until = %(until)s,
            waiting_since = CASE WHEN %(waits_anew)s THEN %(at)s ELSE waiting_since END,
            heard_step = CASE WHEN %(heard)s THEN %(version)s ELSE heard_step END,
            said_step = CASE WHEN %(said)s THEN %(version)s ELSE said_step END,
            version = %(version)s
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    # What is written does not undo an answer that was given.
    HEAR = """
        UPDATE interview_list
        SET status = CASE WHEN status = ANY(%(answerable)s::text[]) THEN %(wrote_back)s
                          ELSE status END,
            changed_at = %(at)s, heard_step = %(version)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    READ = """
        UPDATE interview_list
        SET read_step = greatest(read_step, %(up_to)s), version = %(version)s
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    OFFER = """
        UPDATE interview_list
        SET salary = %(salary)s, changed_at = %(at)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    SAY = """
        UPDATE interview_list
        SET followed_up = followed_up OR %(is_follow_up)s, said_step = %(version)s,
            changed_at = %(at)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    LEAVE = """
        UPDATE interview_list
        SET left_at = coalesce(left_at, %(at)s), version = %(version)s
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    # A letter of the conversation that is lost leaves the outreach as it is; recruiters look at it.
    GIVE_UP = """
        UPDATE interview_list
        SET status = CASE WHEN %(letter)s = 1 AND status = 'awaiting_answer' THEN 'undelivered'
                          ELSE status END,
            heard_step = %(version)s, changed_at = %(at)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    NOTE = """
        UPDATE interview_list SET version = %(version)s
        WHERE employer_id = %(employer_id)s AND outreach_id = %(id)s"""

    @on(MessageSent, InterviewRequested)
    def on_sent(self, event: MessageSent | InterviewRequested) -> Change:
        return self.ADD, {
            "badge": PASSIVE_CANDIDATE if isinstance(event, MessageSent) else None,
            "salary": Jsonb(event.salary.model_dump()),
            "likelihood": event.likelihood and Jsonb(event.likelihood.model_dump()),
        }

    @on(*STATUS_AFTER)
    def on_changed(self, event: Event) -> Change:
        is_about_interview = isinstance(event, InterviewScheduled | InterviewCancelled)
        by_employer = event.actor.role in (Role.RECRUITER, Role.ADMIN)
        return self.SET_STATUS, {
            "status": STATUS_AFTER[type(event)],
            "reason": event.reason if isinstance(event, OutreachDeclined) else None,
            "interview_at": event.starts_at if isinstance(event, InterviewScheduled) else None,
            "until": event.until if isinstance(event, OutreachPostponed) else None,
            "waits_anew": isinstance(event, PostponementEnded),
            "heard": isinstance(event, HEARD) or (is_about_interview and not by_employer),
            "said": is_about_interview and by_employer,
        }

    @on(AnswerCorrected)
    def on_answer_corrected(self, _event: AnswerCorrected) -> Change:
        nothing = dict.fromkeys(("reason", "interview_at", "until"))
        return self.SET_STATUS, {**nothing, "waits_anew": False, "heard": False, "said": False}

    @on(ReplyReceived)
    def on_reply_received(self, _event: ReplyReceived) -> Change:
        return self.HEAR, {"answerable": [*ANSWERABLE], "wrote_back": Status.WROTE_BACK}

    @on(ThreadRead)
    def on_thread_read(self, _event: ThreadRead) -> Change:
        return self.READ, {}

    @on(MessageEdited)
    def on_message_edited(self, event: MessageEdited) -> Change:
        return self.OFFER, {"salary": Jsonb(event.salary.model_dump())}

    @on(FollowUpSent, ReplySent, TimesOffered)
    def on_said(self, event: FollowUpSent | ReplySent | TimesOffered) -> Change:
        return self.SAY, {"is_follow_up": isinstance(event, FollowUpSent)}

    @on(LetterReleased)
    def on_letter_released(self, _event: LetterReleased) -> Change:
        return self.LEAVE, {}

    @on(LetterFailed, LetterStopped)
    def on_letter_given_up(self, _event: LetterFailed | LetterStopped) -> Change:
        return self.GIVE_UP, {}

    @on(LetterDelivered, ContactDisclosed)
    def on_noted(self, _event: Event) -> Change:
        return self.NOTE, {}


WAITS = """
    (heard_step > read_step OR status IN ('accepted', 'wrote_back') AND heard_step > said_step)"""
"""Whether it waits for the employer: it said something unread, or needs a word; see `waits`."""


class Interview(BaseModel):
    """One approach as the Interviews tab shows it."""

    employer_id: UUID
    outreach_id: UUID
    position_id: UUID
    candidate_id: UUID
    badge: Literal["Passive Candidate"] | None
    status: Status
    decline_reason: DeclineReason | None
    salary: SalaryRange
    likelihood: Likelihood | None
    sent_at: datetime
    sent_by: str = Field(description="the id that they act under")
    changed_at: datetime
    interview_at: datetime | None
    deliver_at: datetime | None
    left_at: datetime | None
    waiting_since: datetime
    postponed_until: date | None
    followed_up: bool
    heard_step: int
    read_step: int
    said_step: int
    version: int

    @property
    def waits(self) -> bool:
        """Whether it waits for a word of the employer."""
        needs_a_word = self.status in (Status.ACCEPTED, Status.WROTE_BACK)
        unread = self.heard_step > self.read_step
        return unread or (needs_a_word and self.heard_step > self.said_step)

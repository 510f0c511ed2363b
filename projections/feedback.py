"""Feedback of recruiters to Customer Success Managers, and what became of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.actor import Actor
from domain.employer_events import FeedbackShared
from domain.feedback import (
    FeedbackAnswered,
    FeedbackAnswerRead,
    FeedbackMarkedDone,
    FeedbackReopened,
)
from domain.handlers import on
from domain.terms import search_key
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.employers import Employers
from projections.paging import Listed, WholeNumber, after, page


class FeedbackList(Projection, name="feedback", version=1, key="employer_id", personal=True):
    """All feedback with its answers, and whether something is left to do."""

    READS = (Employers,)

    TABLES = """
        CREATE TABLE employer_feedback (
            employer_id   uuid,
            number        bigint,
            position      bigint NOT NULL,
            shared_at     timestamptz NOT NULL,
            shared_by     text NOT NULL,
            shared_role   text NOT NULL,
            text          text NOT NULL,
            page          text NOT NULL,
            done_at       timestamptz,
            answered_at   timestamptz,
            answered_step bigint NOT NULL,  -- of the latest answer
            read_step     bigint NOT NULL,
            PRIMARY KEY (employer_id, number)
        );
        CREATE INDEX employer_feedback_by_age ON employer_feedback (position DESC);
        CREATE TABLE feedback_answers (
            employer_id uuid,
            number      bigint,
            step        bigint,
            at          timestamptz NOT NULL,
            signed_by   text NOT NULL,
            text        text NOT NULL,
            PRIMARY KEY (employer_id, number, step)
        )"""

    ADD = """
        INSERT INTO employer_feedback (
            employer_id, number, position, shared_at, shared_by, shared_role, text, page,
            answered_step, read_step)
        VALUES (
            %(employer_id)s, %(version)s, %(log_position)s, %(at)s, %(by)s, %(role)s, %(text)s,
            %(page)s, 0, 0)"""

    ADD_ANSWER = """
        INSERT INTO feedback_answers (employer_id, number, step, at, signed_by, text)
        VALUES (
            %(employer_id)s, %(number)s, %(version)s, %(at)s, %(signed_by)s, %(text)s)"""

    ANSWERED = """
        UPDATE employer_feedback SET answered_at = %(at)s, answered_step = %(version)s
        WHERE employer_id = %(employer_id)s AND number = %(number)s"""

    READ = """
        UPDATE employer_feedback SET read_step = %(up_to)s
        WHERE employer_id = %(employer_id)s AND number = %(number)s"""

    SET_DONE = """
        UPDATE employer_feedback SET done_at = %(done_at)s
        WHERE employer_id = %(employer_id)s AND number = %(number)s"""

    @on(FeedbackShared)
    def on_feedback_shared(self, event: FeedbackShared) -> Change:
        return self.ADD, {"employer_id": event.originator_id, "role": event.actor.role}

    @on(FeedbackAnswered)
    def on_feedback_answered(self, _event: FeedbackAnswered) -> list[Change]:
        return [(self.ADD_ANSWER, {}), (self.ANSWERED, {})]

    @on(FeedbackAnswerRead)
    def on_feedback_answer_read(self, _event: FeedbackAnswerRead) -> Change:
        return self.READ, {}

    @on(FeedbackMarkedDone)
    def on_feedback_marked_done(self, event: FeedbackMarkedDone) -> Change:
        return self.SET_DONE, {"done_at": event.timestamp}

    @on(FeedbackReopened)
    def on_feedback_reopened(self, _event: FeedbackReopened) -> Change:
        return self.SET_DONE, {"done_at": None}


class FeedbackAnswer(BaseModel):
    """What a Customer Success Manager answered."""

    step: int = Field(description="to say that it was read")
    at: datetime
    signed_by: str
    text: str


class Feedback(BaseModel):
    """Feedback from a recruiter to the employer's Customer Success Manager."""

    employer_id: UUID
    number: int = Field(description="which of the employer's feedback it is")
    company: str
    manager_name: str
    manager_email: str
    position: int
    shared_at: datetime
    shared_by: str
    text: str
    page: str
    done_at: datetime | None = Field(description="null while something is left to do")
    answered_step: int = Field(description="the step of the latest answer; 0 if there is none")
    read_step: int = Field(description="up to which step its sender has read")
    answers: list[FeedbackAnswer] = []


LISTED = """
    SELECT employer_feedback.*, company, manager_name, manager_email
    FROM employer_feedback JOIN employers USING (employer_id)
    WHERE (%(before)s::bigint IS NULL OR position < %(before)s)
      AND (%(employer)s::uuid IS NULL OR employer_id = %(employer)s)
      AND (%(company)s::text IS NULL OR strpos(company_key, %(company)s) > 0)
      AND (%(manager)s::text IS NULL OR lower(manager_email) = lower(%(manager)s))
      AND (%(done)s::boolean IS NULL OR (done_at IS NOT NULL) = %(done)s)
      AND (%(person)s::text IS NULL OR shared_by = %(person)s AND shared_role = %(role)s)
      AND (%(page)s::text IS NULL OR page = %(page)s)
    ORDER BY position DESC LIMIT %(limit)s"""

ASKED = ("employer", "company", "manager", "done", "person", "role", "page")


def listed(
    db: Connection,
    limit: int,
    cursor: str | None,
    employer_id: UUID | None = None,
    *,
    company: str | None = None,
    manager_email: str | None = None,
    done: bool | None = None,
) -> Listed[Feedback]:
    """Feedback, the newest first; perhaps only of some employers, or what is left to do.

    They have `company` in their name, and the Customer Success Manager with this address.
    """
    asked = {"company": company and search_key(company), "manager": manager_email, "done": done}
    return _page(db, limit, cursor, asked | {"employer": employer_id})


def shared_by(
    db: Connection, limit: int, cursor: str | None, sender: Actor, about: str | None = None
) -> Listed[Feedback]:
    """What a recruiter shared, the newest first; perhaps only from one page."""
    asked = {"employer": sender.employer_id, "person": sender.id, "role": sender.role}
    return _page(db, limit, cursor, asked | {"page": about})


def _page(
    db: Connection, limit: int, cursor: str | None, asked: Mapping[str, object]
) -> Listed[Feedback]:
    _, before = after(cursor, tuple[Literal["feedback"], WholeNumber]) or (None, None)
    asked = dict.fromkeys(ASKED) | dict(asked) | {"before": before, "limit": limit + 1}
    rows = with_answers(db, fetch_all(db, Feedback, LISTED, asked))
    return page(rows, limit, lambda row: ["feedback", row.position])


def one(db: Connection, employer_id: UUID, number: int) -> Feedback | None:
    """This feedback, with its answers."""
    found = fetch_one(
        db,
        Feedback,
        """
        SELECT employer_feedback.*, company, manager_name, manager_email
        FROM employer_feedback JOIN employers USING (employer_id)
        WHERE employer_id = %s AND number = %s""",
        [employer_id, number],
    )
    return with_answers(db, [found])[0] if found else None


class _Answer(FeedbackAnswer):
    employer_id: UUID
    number: int


def with_answers(db: Connection, found: Iterable[Feedback]) -> list[Feedback]:
    """The feedback with the answers to it, the oldest first."""
    found = list(found)
    answered = [one for one in found if one.answered_step]
    if not answered:
        return found
    answers = fetch_all(
        db,
        _Answer,
        """
        SELECT feedback_answers.* FROM feedback_answers
        JOIN unnest(%(employers)s::uuid[], %(numbers)s::bigint[]) AS asked (employer_id, number)
            USING (employer_id, number)
        ORDER BY step""",
        {
            "employers": [one.employer_id for one in answered],
            "numbers": [one.number for one in answered],
        },
    )
    for one in answered:
        about = (one.employer_id, one.number)
        one.answers = [
            FeedbackAnswer(**answer.model_dump(include={*FeedbackAnswer.model_fields}))
            for answer in answers
            if (answer.employer_id, answer.number) == about
        ]
    return found


UNREAD = """
    SELECT employer_feedback.*, company, manager_name, manager_email
    FROM employer_feedback JOIN employers USING (employer_id)
    WHERE employer_id = %(employer)s AND shared_by = %(person)s AND shared_role = %(role)s
      AND answered_step > read_step AND (%(since)s::timestamptz IS NULL OR answered_at > %(since)s)
    ORDER BY position"""


def unread(db: Connection, sender: Actor, since: datetime | None = None) -> list[Feedback]:
    """A recruiter's feedback with an answer that they have not read, perhaps a new one."""
    asked = {
        "employer": sender.employer_id,
        "person": sender.id,
        "role": sender.role,
        "since": since,
    }
    return fetch_all(db, Feedback, UNREAD, asked)

"""Everyone an employer has approached for a position, as the Interviews tab shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain.event import Event
from domain.handlers import on
from domain.likelihood import Likelihood
from domain.money import SalaryRange
from domain.outreach import ANSWER_WINDOW
from domain.outreach_events import (
    DeclineReason,
    InterviewRequested,
    InterviewScheduled,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachWithdrawn,
    Status,
)
from domain.terms import search_key
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.paging import Listed, after, page

PASSIVE_CANDIDATE: Literal["Passive Candidate"] = "Passive Candidate"
"""The badge of who was passive when the message was sent, whatever they do later."""

STATUS_AFTER: dict[type[Event], Status] = {
    OutreachAccepted: Status.ACCEPTED,
    OutreachDeclined: Status.DECLINED,
    OutreachWithdrawn: Status.WITHDRAWN,
    OutreachExpired: Status.EXPIRED,
    InterviewScheduled: Status.INTERVIEW_SCHEDULED,
}


class InterviewList(Projection, name="interview_list", version=2, key="id"):
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
            changed_at    timestamptz NOT NULL,
            interview_at  timestamptz,
            version       bigint NOT NULL,
            PRIMARY KEY (employer_id, outreach_id)
        );
        CREATE INDEX interview_list_by_id ON interview_list (outreach_id);
        CREATE INDEX interview_list_by_position
            ON interview_list (employer_id, position_id, sent_at DESC, outreach_id);
        CREATE INDEX interview_list_by_age ON interview_list (sent_at DESC, outreach_id);
        CREATE INDEX interview_list_unanswered ON interview_list (sent_at)
            WHERE status = 'awaiting_answer'"""

    ADD = """
        INSERT INTO interview_list (
            employer_id, outreach_id, position_id, candidate_id, badge, status, salary, likelihood,
            sent_at, changed_at, version)
        VALUES (
            %(employer_id)s, %(id)s, %(position_id)s, %(candidate_id)s, %(badge)s,
            'awaiting_answer', %(salary)s, %(likelihood)s, %(at)s, %(at)s, %(version)s)"""

    SET_STATUS = """
        UPDATE interview_list
        SET status = %(status)s, decline_reason = %(reason)s, changed_at = %(at)s,
            interview_at = %(interview_at)s, version = %(version)s
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
        return self.SET_STATUS, {
            "status": STATUS_AFTER[type(event)],
            "reason": event.reason if isinstance(event, OutreachDeclined) else None,
            "interview_at": event.starts_at if isinstance(event, InterviewScheduled) else None,
        }


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
    changed_at: datetime
    interview_at: datetime | None
    version: int


def one(db: Connection, outreach_id: UUID) -> Interview | None:
    """This approach."""
    return fetch_one(
        db, Interview, "SELECT * FROM interview_list WHERE outreach_id = %s", [outreach_id]
    )


def of_position(
    db: Connection,
    employer_id: UUID,
    position_id: UUID,
    limit: int,
    cursor: str | None,
    *,
    status: Status | None = None,
    passive: bool | None = None,
) -> Listed[Interview]:
    """Everyone approached for a position, the latest first; perhaps only some of them."""
    key = after(cursor, tuple[Literal["interviews"], datetime, UUID])
    _, sent_at, id = key or (None, None, None)
    asked = {"employer": employer_id, "position": position_id, "status": status, "passive": passive}
    rows = fetch_all(
        db,
        Interview,
        """
        SELECT * FROM interview_list
        WHERE employer_id = %(employer)s AND position_id = %(position)s
          AND (%(status)s::text IS NULL OR status = %(status)s)
          AND (%(passive)s::boolean IS NULL OR (badge IS NOT NULL) = %(passive)s)
          AND (%(sent_at)s::timestamptz IS NULL OR sent_at < %(sent_at)s
               OR (sent_at = %(sent_at)s AND outreach_id > %(id)s::uuid))
        ORDER BY sent_at DESC, outreach_id LIMIT %(limit)s""",
        {**asked, "sent_at": sent_at, "id": id, "limit": limit + 1},
    )
    return page(rows, limit, lambda row: ["interviews", row.sent_at, row.outreach_id])


def found(
    db: Connection,
    limit: int,
    cursor: str | None,
    *,
    ids: Sequence[UUID] = (),
    name: str | None = None,
    company: str | None = None,
) -> Listed[Interview]:
    """The approaches of all employers, the latest first; perhaps only some of them.

    Each of the `ids` is an outreach, a candidate, a position or an employer that it is about;
    `name` is part of the candidate's name, `company` of the employer's: case and accents are
    ignored.
    """
    key = after(cursor, tuple[Literal["outreach"], datetime, UUID])
    _, sent_at, id = key or (None, None, None)
    asked = {
        "ids": [*ids],
        "name": name and search_key(name),
        "company": company and search_key(company),
    }
    rows = fetch_all(
        db,
        Interview,
        """
        SELECT * FROM interview_list
        WHERE %(ids)s::uuid[] <@ ARRAY[outreach_id, candidate_id, position_id, employer_id]
          AND (%(name)s::text IS NULL OR candidate_id IN (
              SELECT candidate_id FROM candidate_pool
              WHERE strpos(name_key, %(name)s) > 0))
          AND (%(company)s::text IS NULL OR employer_id IN (
              SELECT employer_id FROM employers
              WHERE strpos(company_key, %(company)s) > 0))
          AND (%(sent_at)s::timestamptz IS NULL OR sent_at < %(sent_at)s
               OR (sent_at = %(sent_at)s AND outreach_id > %(id)s::uuid))
        ORDER BY sent_at DESC, outreach_id LIMIT %(limit)s""",
        {**asked, "sent_at": sent_at, "id": id, "limit": limit + 1},
    )
    return page(rows, limit, lambda row: ["outreach", row.sent_at, row.outreach_id])


def count(db: Connection, employer_id: UUID, position_id: UUID) -> int:
    """How many were approached for a position."""
    row = db.execute(
        "SELECT count(*) FROM interview_list WHERE employer_id = %s AND position_id = %s",
        [employer_id, position_id],
    ).fetchone()
    return int(row[0]) if row else 0


def overdue(db: Connection, at: datetime, limit: int) -> list[UUID]:
    """Approaches whose answer window has closed without an answer, the oldest first."""
    rows = db.execute(
        "SELECT outreach_id FROM interview_list"
        " WHERE status = 'awaiting_answer' AND sent_at <= %s ORDER BY sent_at LIMIT %s",
        [at - ANSWER_WINDOW, limit],
    ).fetchall()
    return [id for (id,) in rows]

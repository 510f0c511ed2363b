"""Queries of the interview list: of a position, of everybody, of one candidate, and what is due."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection

from domain.outreach import ANSWER_WINDOW
from domain.outreach_events import Status
from domain.sender_standing import COUNTED_FOR, FEWEST_MESSAGES, TIME_TO_ANSWER, AnswerRate
from domain.terms import search_key
from infrastructure.database.postgres import fetch_all, fetch_one
from projections.interview_list import WAITS, Interview
from projections.paging import Listed, after, page


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
    sent_by: str | None = None,
) -> Listed[Interview]:
    """Everyone approached for a position: those that wait for a word first, then the latest."""
    key = after(cursor, tuple[Literal["interviews"], bool, datetime, UUID])
    _, rests, sent_at, id = key or (None, None, None, None)
    about = {"employer": employer_id, "position": position_id}
    asked = {"status": status, "passive": passive, "sent_by": sent_by}
    rows = fetch_all(
        db,
        Interview,
        f"""
        SELECT * FROM interview_list
        WHERE employer_id = %(employer)s AND position_id = %(position)s
          AND (%(status)s::text IS NULL AND status <> 'undone' OR status = %(status)s)
          AND (%(passive)s::boolean IS NULL OR (badge IS NOT NULL) = %(passive)s)
          AND (%(sent_by)s::text IS NULL OR sent_by = %(sent_by)s)
          AND (%(sent_at)s::timestamptz IS NULL
               OR (NOT {WAITS}, %(sent_at)s - sent_at, outreach_id)
                  > (%(rests)s, interval '0', %(id)s::uuid))
        ORDER BY NOT {WAITS}, sent_at DESC, outreach_id LIMIT %(limit)s""",  # noqa: S608 - our own text
        {**about, **asked, "rests": rests, "sent_at": sent_at, "id": id, "limit": limit + 1},
    )
    return page(
        rows,
        limit,
        lambda row: ["interviews", not row.waits, row.sent_at, row.outreach_id],
    )


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
        "SELECT count(*) FROM interview_list"
        " WHERE employer_id = %s AND position_id = %s AND status <> 'undone'",
        [employer_id, position_id],
    ).fetchone()
    return int(row[0]) if row else 0


def overdue(db: Connection, at: datetime, limit: int) -> list[UUID]:
    """Approaches whose answer window has closed without an answer, the oldest first."""
    rows = db.execute(
        "SELECT outreach_id FROM interview_list"
        " WHERE status = 'awaiting_answer' AND waiting_since <= %s"
        " ORDER BY waiting_since LIMIT %s",
        [at - ANSWER_WINDOW, limit],
    ).fetchall()
    return [id for (id,) in rows]


def answer_rates(db: Connection, at: datetime, also: Sequence[UUID]) -> dict[UUID, AnswerRate]:
    """How many messages of employers are answered: of those with enough of them, and `also` these.

    Those that came to nothing do not count. Where a candidate's day has come, they had answered.
    """
    rows = db.execute(
        """
        SELECT employer_id, count(*), count(*) FILTER (
            WHERE status NOT IN ('awaiting_answer', 'expired') OR waiting_since > sent_at)
        FROM interview_list
        WHERE sent_at > %(after)s AND sent_at <= %(until)s
          AND badge IS NOT NULL AND left_at IS NOT NULL
          AND status NOT IN ('undone', 'withdrawn', 'undelivered')
        GROUP BY employer_id
        HAVING count(*) >= %(fewest)s OR employer_id = ANY(%(also)s::uuid[])""",
        {
            "after": at - COUNTED_FOR,
            "until": at - TIME_TO_ANSWER,
            "fewest": FEWEST_MESSAGES,
            "also": [*also],
        },
    ).fetchall()
    counted = {id: AnswerRate(messages=sent, answered=answered) for id, sent, answered in rows}
    return {id: AnswerRate(messages=0, answered=0) for id in also} | counted


def latest(db: Connection, position_id: UUID, candidate_id: UUID) -> Interview | None:
    """The last outreach about a position that reached a candidate or a duplicate of theirs."""
    return fetch_one(
        db,
        Interview,
        """
        SELECT * FROM interview_list
        WHERE position_id = %(position)s AND status NOT IN ('undone', 'undelivered')
          AND candidate_id IN (
              SELECT %(candidate)s::uuid
              UNION SELECT candidate_id FROM candidate_pool WHERE merged_into = %(candidate)s)
        ORDER BY sent_at DESC LIMIT 1""",
        {"position": position_id, "candidate": candidate_id},
    )


def postponed_until(db: Connection, day: date, limit: int) -> list[UUID]:
    """Outreach that was postponed until this day or one before, the earliest first."""
    rows = db.execute(
        "SELECT outreach_id FROM interview_list"
        " WHERE status = 'postponed' AND postponed_until <= %s ORDER BY postponed_until LIMIT %s",
        [day, limit],
    ).fetchall()
    return [id for (id,) in rows]

"""The outreach that waits for an employer: answers to read, questions, interviews to agree on."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from psycopg import Connection

from domain.outreach import ANSWER_WINDOW
from infrastructure.database.postgres import fetch_all
from projections.interview_list import Interview

EXPIRES_WITHIN = timedelta(days=2)
"""How long before its end an unanswered outreach is called to mind, if it can be followed up."""

MOST = 100
"""More than these are not listed at once: the list is for what to do today."""


class Need(StrEnum):
    """Why an outreach waits for the employer, the most urgent first."""

    QUESTION = "question"
    INTERVIEW = "interview"
    ANSWER = "answer"
    ASK_AGAIN = "ask_again"
    UNDELIVERED = "undelivered"
    EXPIRES = "expires"


class Needed(Interview):
    """An outreach that waits for the employer, and why."""

    need: Need


# What was answered stays until the employer has said something, or has read what needs no word.
NEED = """
    CASE
        WHEN status = 'wrote_back' AND heard_step > said_step THEN 'question'
        WHEN status = 'accepted' AND heard_step > said_step THEN 'interview'
        WHEN heard_step <= read_step OR heard_step = 0 THEN NULL
        WHEN status = 'awaiting_answer' THEN 'ask_again'
        WHEN status = 'undelivered' THEN 'undelivered'
        ELSE 'answer'
    END"""

EXPIRES = """
    status = 'awaiting_answer' AND NOT followed_up AND heard_step = 0
    AND waiting_since BETWEEN %(expired)s AND %(expires)s"""

LISTED = f"""
    SELECT found.* FROM (
        SELECT *, {NEED} AS need FROM interview_list
        WHERE employer_id = %(employer)s AND (heard_step > said_step OR heard_step > read_step)
        UNION ALL
        SELECT *, 'expires' AS need FROM interview_list
        WHERE employer_id = %(employer)s AND {EXPIRES}
    ) AS found
    WHERE need IS NOT NULL
    ORDER BY array_position(%(order)s::text[], need), changed_at DESC, outreach_id
    LIMIT %(limit)s"""  # noqa: S608 - our own text

COUNT = f"""
    SELECT count(*) FROM (
        SELECT FROM interview_list
        WHERE employer_id = %(employer)s AND (heard_step > said_step OR heard_step > read_step)
          AND {NEED} IS NOT NULL
        LIMIT %(limit)s) AS found"""  # noqa: S608 - our own text

NEW_ANSWERS = """
    SELECT position_id, count(*) FROM interview_list
    WHERE employer_id = %s AND heard_step > read_step
      AND (heard_step > said_step OR heard_step > read_step)
    GROUP BY position_id"""


def listed(db: Connection, employer_id: UUID, at: datetime) -> list[Needed]:
    """What waits for an employer, the most urgent first, at most `MOST`."""
    asked = {
        "employer": employer_id,
        "expired": at - ANSWER_WINDOW,
        "expires": at - ANSWER_WINDOW + EXPIRES_WITHIN,
        "order": [*Need],
        "limit": MOST,
    }
    return fetch_all(db, Needed, LISTED, asked)


def count(db: Connection, employer_id: UUID) -> int:
    """How much of it came from candidates, at most `MOST`."""
    row = db.execute(COUNT, {"employer": employer_id, "limit": MOST}).fetchone()
    return int(row[0]) if row else 0


# Where the employer has written since, there is nothing new to be told.
HEARD_SINCE = """
    SELECT interview_list.*, title FROM interview_list
    JOIN positions USING (employer_id, position_id)
    WHERE employer_id = %s AND heard_step > greatest(read_step, said_step) AND changed_at > %s
      AND (heard_step > said_step OR heard_step > read_step)
    ORDER BY title, changed_at, outreach_id"""


class Heard(Interview):
    """An outreach in which something was heard, and the title of its position."""

    title: str


def heard_since(db: Connection, employer_id: UUID, moment: datetime) -> list[Heard]:
    """What was heard since a moment, is unread, and was not answered."""
    return fetch_all(db, Heard, HEARD_SINCE, [employer_id, moment])


def new_answers(db: Connection, employer_id: UUID) -> dict[UUID, int]:
    """How many conversations of each position have something unread."""
    return dict(db.execute(NEW_ANSWERS, [employer_id]).fetchall())

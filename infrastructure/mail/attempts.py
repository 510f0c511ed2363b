"""Who is trying to deliver which letter: a lease that ends by itself, so a crash loses none."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from infrastructure.database.postgres import Database

Key = tuple[UUID, UUID, int]
"""The person, the outreach and the letter."""


class Attempt(NamedTuple):
    """A letter that is ours to deliver until the lease ends."""

    person_id: UUID
    outreach_id: UUID
    letter: int
    number: int
    """1 at first."""


LEASE = """
    INSERT INTO delivery_attempts (candidate_id, outreach_id, letter, attempts, next_at)
    SELECT person, outreach, letter, 1, %(until)s
    FROM unnest(%(persons)s::uuid[], %(outreaches)s::uuid[], %(letters)s::bigint[])
        AS wanted (person, outreach, letter)
    ORDER BY person, outreach, letter
    ON CONFLICT (candidate_id, outreach_id, letter) DO UPDATE
    SET attempts = delivery_attempts.attempts + 1, next_at = excluded.next_at
    WHERE delivery_attempts.next_at <= %(at)s
    RETURNING candidate_id, outreach_id, letter, attempts"""

RESCHEDULE = """
    UPDATE delivery_attempts SET next_at = %s, last_code = %s
    WHERE candidate_id = %s AND outreach_id = %s AND letter = %s"""

FORGET = "DELETE FROM delivery_attempts WHERE next_at < %s"


def lease(db: Database, letters: Sequence[Key], at: datetime, until: datetime) -> list[Attempt]:
    """Those of the letters that nobody else is trying to deliver, ours until the lease ends."""
    if not letters:
        return []
    persons, outreaches, numbers = map(list, zip(*letters, strict=True))
    asked = {"persons": persons, "outreaches": outreaches, "letters": numbers}
    rows = db.execute(LEASE, {**asked, "at": at, "until": until}).fetchall()
    return [Attempt(*row) for row in rows]


def reschedule(db: Database, attempt: Attempt, next_at: datetime, code: str) -> None:
    """Try again later."""
    db.execute(RESCHEDULE, [next_at, code, *attempt[:3]])


def forget_old(db: Database, before: datetime) -> None:
    """Delete the leases of letters that are settled, which ended before this moment."""
    db.execute(FORGET, [before])

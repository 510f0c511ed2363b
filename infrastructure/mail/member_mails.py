"""Who is trying to send which mail to a member: a lease, so that a crash loses none."""

import random
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from infrastructure.database.postgres import Database
from infrastructure.mail.outcomes import Outcome, next_attempt

LEASE = timedelta(minutes=2)
REMEMBERED = timedelta(days=60)
"""For how long a mail that was sent is not sent again; what mails tell of is over by then."""

TAKE = """
    INSERT INTO member_mails (mail_id, attempts, next_at)
    SELECT id, 1, %(until)s FROM unnest(%(ids)s::uuid[]) AS wanted (id) ORDER BY id
    ON CONFLICT (mail_id) DO UPDATE
    SET attempts = member_mails.attempts + 1, next_at = excluded.next_at
    WHERE member_mails.next_at <= %(at)s
    RETURNING mail_id, attempts"""

SETTLE = "UPDATE member_mails SET next_at = %s WHERE mail_id = %s"

FORGET = "DELETE FROM member_mails WHERE next_at < %s"


def take(db: Database, mail_ids: Collection[UUID], at: datetime) -> dict[UUID, int]:
    """Those mails that are neither sent nor being sent, ours until the lease ends.

    Each with the number of this attempt, 1 at first.
    """
    if not mail_ids:
        return {}
    asked = {"ids": [*mail_ids], "at": at, "until": at + LEASE}
    return dict(db.execute(TAKE, asked).fetchall())


def settle(db: Database, mail_id: UUID, number: int, outcome: Outcome, at: datetime) -> None:
    """Note what became of an attempt: whether and when it is tried again."""
    again = None
    if outcome.kind == "retry":
        again = next_attempt(number, at, random.random())  # noqa: S311 - it spreads retries
    db.execute(SETTLE, [again or at + REMEMBERED, mail_id])


def forget_old(db: Database, at: datetime) -> None:
    """Delete what was sent long ago."""
    db.execute(FORGET, [at - timedelta(days=1)])

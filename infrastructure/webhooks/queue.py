"""The deliveries of webhooks: queued, claimed by one worker at a time, delivered or dead letters.

A claim is a lease. A worker that is killed leaves its deliveries to the next one, so each is sent
at least once, always under the same id.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel

from infrastructure.database.postgres import Database, fetch_all

LEASE = timedelta(seconds=60)
"""Longer than an attempt ever takes."""

KEPT_FOR = timedelta(days=30)

AT_ONCE = 10
"""Deliveries of one webhook on their way."""

MOST_CLAIMED = 200

CLAIM = """
    WITH due AS (
        SELECT next.webhook_id, next.log_position
        FROM webhook_subscriptions AS subscription, LATERAL (
            SELECT webhook_id, log_position FROM webhook_deliveries
            WHERE webhook_id = subscription.webhook_id AND status = 'queued' AND due_at <= %(at)s
            ORDER BY due_at, log_position LIMIT %(at_once)s FOR UPDATE SKIP LOCKED
        ) AS next
        WHERE enabled AND subscription.webhook_id <> ALL(%(busy)s::uuid[])
        LIMIT %(most)s
    )
    UPDATE webhook_deliveries AS delivery
    SET due_at = %(until)s, attempts = attempts + 1, attempted_at = %(at)s,
        response_status = NULL, failure = NULL
    FROM due
    WHERE delivery.webhook_id = due.webhook_id AND delivery.log_position = due.log_position
    RETURNING delivery.webhook_id, delivery.log_position, delivery.attempts, delivery.queued_at"""

# Only by the attempt that it is the outcome of: after its lease another one counts.
FINISH = """
    UPDATE webhook_deliveries
    SET status = %(status)s, due_at = coalesce(%(due_at)s::timestamptz, due_at),
        response_status = %(response_status)s, failure = %(failure)s
    WHERE webhook_id = %(webhook_id)s AND log_position = %(log_position)s
      AND status = 'queued' AND attempts = %(attempts)s"""

PAUSE = """
    UPDATE webhook_deliveries SET due_at = %(until)s
    WHERE webhook_id = %(webhook_id)s AND status = 'queued' AND due_at < %(until)s"""

LISTED = """
    SELECT log_position, kind, status, attempts, queued_at,
        CASE WHEN status = 'queued' THEN due_at END AS next_attempt_at, attempted_at,
        response_status, failure
    FROM webhook_deliveries
    WHERE webhook_id = %(webhook_id)s
      AND (%(before)s::bigint IS NULL OR log_position < %(before)s)
      AND (%(status)s::text IS NULL OR status = %(status)s)
    ORDER BY log_position DESC LIMIT %(limit)s"""

COUNTS = """
    SELECT count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'dead'),
        min(queued_at) FILTER (WHERE status = 'queued')
    FROM webhook_deliveries WHERE status <> 'delivered'"""

FORGET = "DELETE FROM webhook_deliveries WHERE status <> 'queued' AND queued_at < %s"


class DeliveryStatus(StrEnum):
    """How far a delivery has come."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    DEAD = "dead"


class Claimed(NamedTuple):
    """A delivery to attempt now."""

    webhook_id: UUID
    log_position: int
    attempts: int
    queued_at: datetime


class Outcome(NamedTuple):
    """What came of an attempt; `due_at` is when to try again."""

    status: DeliveryStatus
    response_status: int | None = None
    failure: str | None = None
    due_at: datetime | None = None


class Counts(NamedTuple):
    """How many deliveries wait, and how many were given up."""

    queued: int
    dead: int
    oldest: datetime | None


class Delivery(BaseModel):
    """An event that a webhook is told of, and how far that has come."""

    log_position: int
    kind: str
    status: DeliveryStatus
    attempts: int
    queued_at: datetime
    next_attempt_at: datetime | None
    attempted_at: datetime | None
    response_status: int | None
    failure: str | None


def claim(
    db: Database, at: datetime, busy: Collection[UUID], lease: timedelta = LEASE
) -> list[Claimed]:
    """Some deliveries of each webhook that are due, but for those of the `busy` webhooks."""
    parameters = {
        "at": at,
        "until": at + lease,
        "busy": [*busy],
        "at_once": AT_ONCE,
        "most": MOST_CLAIMED,
    }
    return [Claimed(*row) for row in db.execute(CLAIM, parameters)]


def finish(db: Database, delivery: Claimed, outcome: Outcome) -> None:
    """Note what came of an attempt."""
    db.execute(FINISH, delivery._asdict() | outcome._asdict())


def pause(db: Database, webhook_id: UUID, until: datetime) -> None:
    """Send nothing to a webhook before this moment."""
    db.execute(PAUSE, {"webhook_id": webhook_id, "until": until})


def listed(
    db: Database,
    webhook_id: UUID,
    limit: int,
    before: int | None = None,
    status: DeliveryStatus | None = None,
) -> list[Delivery]:
    """The deliveries of a webhook, the latest events first."""
    asked = {"webhook_id": webhook_id, "limit": limit, "before": before, "status": status}
    return fetch_all(db, Delivery, LISTED, asked)


def counts(db: Database) -> Counts:
    """How many deliveries wait, and how many were given up."""
    ((queued, dead, oldest),) = db.execute(COUNTS).fetchall()
    return Counts(queued, dead, oldest)


def forget_old(db: Database, at: datetime) -> None:
    """Delete what was delivered or given up long ago."""
    db.execute(FORGET, [at - KEPT_FOR])

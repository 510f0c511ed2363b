"""Where projections stand in the log: read, locked, and moved on with the rows that they change."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from infrastructure.event_log.log_head import LOG_ID
from infrastructure.projecting.parking import Checkpoint

RATE_SECONDS = 10.0
"""Over about how long the rate of a projection is taken."""

STANDINGS = """
    SELECT projection, live, log_position, coalesce((
        SELECT log_head.log_position FROM log_head
        WHERE log_head.log_id = projection_checkpoints.log_id), 0),
        greatest(moved_at, '2000-01-01'::timestamptz), events_per_second
    FROM projection_checkpoints
    WHERE (projection, version, live)
            IN (SELECT * FROM unnest(%s::text[], %s::int[], %s::boolean[]))
        AND log_id = %s"""

LOCK = f"{STANDINGS} ORDER BY projection, live FOR UPDATE SKIP LOCKED"

MOVE = """
    UPDATE projection_checkpoints AS checkpoint
    SET log_position = %s, moved_at = %s, failure = NULL,
        changed_log_position = coalesce(moved.changed, checkpoint.changed_log_position),
        events_per_second = moved.events_per_second
    FROM unnest(%s::text[], %s::int[], %s::boolean[], %s::bigint[], %s::double precision[])
        AS moved (projection, version, live, changed, events_per_second)
    WHERE checkpoint.projection = moved.projection AND checkpoint.version = moved.version
        AND checkpoint.live = moved.live AND checkpoint.log_id = %s"""

Copy = tuple[str, bool]
"""A projection's name, and whether it is the live read model or one that is being built."""


class Standing(NamedTuple):
    """Where a projection stands in the log, where the log ends, and how fast it moved lately."""

    log_position: int
    end: int
    moved_at: datetime
    events_per_second: float


class Move(NamedTuple):
    """A projection that moves on: the last event that it follows, if there was one, and how fast.

    The rate is in events a second.
    """

    checkpoint: Checkpoint
    changed: int | None
    events_per_second: float


def standings(db: Connection, checkpoints: Iterable[Checkpoint]) -> dict[Copy, Standing]:
    """Where these stand; those that there are not are left out."""
    return _read(db, STANDINGS, checkpoints)


def locked(db: Connection, checkpoints: Iterable[Checkpoint]) -> dict[Copy, Standing]:
    """Where these stand, locked until the transaction ends, without those that others have."""
    return _read(db, LOCK, checkpoints)


def move(db: Connection, moves: Sequence[Move], log_position: int, at: datetime) -> None:
    """Move locked projections on to a log position."""
    checkpoints = [one.checkpoint for one in moves]
    columns = (
        *_columns(checkpoints),
        [one.changed for one in moves],
        [one.events_per_second for one in moves],
    )
    changed = db.execute(MOVE, (log_position, at, *columns, LOG_ID)).rowcount
    assert changed == len(moves), "the checkpoints were locked"


def rate(before: float, events: int, seconds: float) -> float:
    """Events a second after some more of them: an average in which the latest seconds count most.

    >>> round(rate(0.0, 1000, 100.0)), round(rate(10.0, 1000, 1.0)), round(rate(100.0, 0, 60.0))
    (10, 104, 0)
    """
    seconds = max(seconds, 0.001)  # the clocks of two workers may differ
    if not before:  # the first of them: nothing else is known yet
        return events / seconds
    kept = math.exp(-seconds / RATE_SECONDS)
    return before * kept + (1 - kept) * events / seconds


def _read(
    db: Connection, statement: str, checkpoints: Iterable[Checkpoint]
) -> dict[Copy, Standing]:
    rows = db.execute(statement, (*_columns(checkpoints), LOG_ID)).fetchall()
    return {(name, live): Standing(*rest) for name, live, *rest in rows}


def _columns(checkpoints: Iterable[Checkpoint]) -> tuple[list[str], list[int], list[bool]]:
    asked = [*checkpoints]
    return [c.projection for c in asked], [c.version for c in asked], [c.live for c in asked]

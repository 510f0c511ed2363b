"""Which projections stand still, in whatever process they run."""

from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg.rows import class_row

from infrastructure.database.postgres import Database
from infrastructure.projecting.parking import Checkpoint

STANDS_STILL_AFTER = timedelta(seconds=30)
"""How long a projection may leave the next event waiting before it is said to stand still."""

# A row that another worker has locked is moving on, which clears it.
NOTE = """
    UPDATE projection_checkpoints SET failure = %s
    WHERE (projection, version, log_id) IN (
        SELECT projection, version, log_id FROM projection_checkpoints
        WHERE projection = %s AND version = %s AND log_id = %s AND failure IS DISTINCT FROM %s
        FOR UPDATE SKIP LOCKED)"""

STANDING_STILL = """
    SELECT checkpoint.projection, checkpoint.log_position, log_head.log_position AS of,
        next.recorded_at AS since, checkpoint.failure
    FROM projection_checkpoints AS checkpoint JOIN log_head USING (log_id)
    LEFT JOIN events AS next ON next.log_id = checkpoint.log_id
        AND next.log_position = checkpoint.log_position + 1
    WHERE checkpoint.failure IS NOT NULL OR (
        checkpoint.moved_at < %(moment)s::timestamptz
        AND next.recorded_at < %(moment)s::timestamptz)
    ORDER BY checkpoint.projection, checkpoint.version"""


class Standstill(NamedTuple):
    """A projection that does not move on: where it is, since when, and why if that is known."""

    projection: str
    log_position: int
    of: int
    since: datetime | None
    failure: str | None


def note_failure(db: Database, checkpoint: Checkpoint, failure: str | None) -> None:
    """Keep why a projection cannot go on, for other processes; None if it can."""
    db.execute(NOTE, (failure, *checkpoint, failure))


def standing_still(db: Database, at: datetime) -> list[Standstill]:
    """The projections that do not move on although there are events."""
    cursor = db.cursor(row_factory=class_row(Standstill))
    return cursor.execute(STANDING_STILL, {"moment": at - STANDS_STILL_AFTER}).fetchall()

"""How far each read model has come, how fast it moves, and what holds it up."""

from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg.rows import class_row

from infrastructure.database.postgres import Database
from infrastructure.projecting import standings
from infrastructure.projecting.parking import Checkpoint

STANDS_STILL_AFTER = timedelta(seconds=30)
"""How long a projection may leave the next event waiting before it is said to stand still."""

PROGRESS = """
    SELECT checkpoint.projection, checkpoint.version, checkpoint.live, checkpoint.log_position,
        log_head.log_position AS of, next.recorded_at AS waiting_since, checkpoint.failure,
        greatest(checkpoint.moved_at, '2000-01-01'::timestamptz) AS moved_at,
        checkpoint.events_per_second AS rate_then,
        (SELECT count(*) FROM parked_events AS parked
         WHERE (parked.projection, parked.version, parked.log_id, parked.live)
             = (checkpoint.projection, checkpoint.version, checkpoint.log_id, checkpoint.live))
            AS parked
    FROM projection_checkpoints AS checkpoint JOIN log_head USING (log_id)
    LEFT JOIN events AS next ON next.log_id = checkpoint.log_id
        AND next.log_position = checkpoint.log_position + 1
    ORDER BY checkpoint.projection, checkpoint.live DESC, checkpoint.version"""


# A row that another worker has locked is moving on, which clears it.
NOTE_FAILURE = """
    UPDATE projection_checkpoints SET failure = %s
    WHERE (projection, version, log_id, live) IN (
        SELECT projection, version, log_id, live FROM projection_checkpoints
        WHERE projection = %s AND version = %s AND log_id = %s AND live = %s
            AND failure IS DISTINCT FROM %s
        FOR UPDATE SKIP LOCKED)"""


class Progress(NamedTuple):
    """How far a version of a read model has come in the log, live or still being built."""

    projection: str
    version: int
    live: bool
    log_position: int
    of: int
    """The last log position."""
    waiting_since: datetime | None
    """When the next event was recorded; None if there is none."""
    failure: str | None
    """Why it cannot go on, if that is known."""
    moved_at: datetime
    rate_then: float
    """Events a second, as of `moved_at`."""
    parked: int
    """Events that it could not handle, and those that wait behind them."""

    @property
    def lag_events(self) -> int:
        """Events that it has not looked at yet."""
        return max(self.of - self.log_position, 0)

    def lag_seconds(self, at: datetime) -> float:
        """How long the next event has waited."""
        return max((at - self.waiting_since).total_seconds(), 0.0) if self.waiting_since else 0.0

    def events_per_second(self, at: datetime) -> float:
        """How fast it has moved on in the last seconds."""
        return standings.rate(self.rate_then, 0, (at - self.moved_at).total_seconds())

    def seconds_left(self, at: datetime) -> float | None:
        """Until it has caught up, if it goes on as fast; None if that cannot be told."""
        rate = self.events_per_second(at)
        if not self.lag_events:
            return 0.0
        return self.lag_events / rate if rate >= 1 else None

    def stands_still(self, at: datetime) -> bool:
        """Whether it does not move on although there are events."""
        moment = at - STANDS_STILL_AFTER
        waits = self.waiting_since is not None and self.waiting_since < moment
        return self.failure is not None or (waits and self.moved_at < moment)


def progress(db: Database) -> list[Progress]:
    """Of every read model: the live version, and behind it what is being built."""
    return db.cursor(row_factory=class_row(Progress)).execute(PROGRESS).fetchall()


def standing_still(db: Database, at: datetime) -> list[Progress]:
    """The projections that do not move on although there are events, in whatever process."""
    return [one for one in progress(db) if one.stands_still(at)]


def note_failure(db: Database, checkpoint: Checkpoint, failure: str | None) -> None:
    """Keep why a projection cannot go on, for other processes; None if it can."""
    db.execute(NOTE_FAILURE, (failure, *checkpoint, failure))

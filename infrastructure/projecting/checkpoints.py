"""How far each projection has come in the log, and waiting for it."""

import time
from collections.abc import Iterable, Sequence

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from infrastructure.event_log.log_head import LOG_ID, head
from infrastructure.projecting.projection import Projection

LOG_POSITIONS = """
    SELECT projection, version, log_position FROM projection_checkpoints
    WHERE projection = ANY(%s) AND log_id = %s ORDER BY live"""

CHANGED = """
    SELECT coalesce(max(changed_log_position), 0) FROM projection_checkpoints
    WHERE projection = ANY(%s) AND live"""

AnyProjection = Projection | type[Projection]
"""Of which the name and the version say enough."""


class NotCaughtUp(Exception):
    """A query cannot show what was asked for, because read models are behind."""

    retry_after = 1
    """Seconds after which asking again is worth it."""


class LogEndsBefore(NotCaughtUp):
    """What was asked for is a log position that no event has."""


def log_positions(
    projections: Iterable[AnyProjection], pool: ConnectionPool, timeout: float | None = None
) -> dict[str, int]:
    """How far each projection has come in its version; 0 if there is none of it.

    A live read model that is also being rebuilt counts by how far the live one is.
    """
    versions = {projection.name: projection.version for projection in projections}
    with pool.connection(timeout) as db:
        rows = db.execute(LOG_POSITIONS, ([*versions], LOG_ID)).fetchall()
    reached = {(name, version): log_position for name, version, log_position in rows}
    return {name: reached.get((name, version), 0) for name, version in versions.items()}


def changed_log_position(projections: Iterable[AnyProjection], db: Connection[TupleRow]) -> int:
    """The log position of the last event that any of these read models follows.

    While it stays the same, so do their rows, whatever else happens in the log.
    """
    row = db.execute(CHANGED, [[projection.name for projection in projections]]).fetchone()
    return row[0] if row else 0


def wait_for(
    log_position: int, projections: Sequence[AnyProjection], pool: ConnectionPool, timeout: float
) -> None:
    """Wait until these projections have reached a position of the log.

    Raises:
        LogEndsBefore: the log does not go so far.
        NotCaughtUp: they have not within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    pause = 0.002
    while True:
        reached = log_positions(projections, pool)
        behind = {name: at for name, at in reached.items() if at < log_position}
        if not behind:
            return
        with pool.connection() as db:
            check_within_log(log_position, head(db))
        if time.monotonic() > deadline:
            names = ", ".join(f"{name} is at {at}" for name, at in behind.items())
            raise NotCaughtUp(
                f"Not up to event position {log_position} yet: {names}. Try again in a moment."
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def check_within_log(log_position: int, end: int) -> None:
    """Raise `LogEndsBefore` if the log, which ends there, does not have this log position."""
    if end < log_position:
        raise LogEndsBefore(
            f"There is no event {log_position:,}: the log ends at {end:,}. Give a log position that"
            " a command answered with."
        )

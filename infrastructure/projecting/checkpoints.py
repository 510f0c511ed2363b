"""How far each projection has come: their tables and checkpoints, and waiting for them."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence

from psycopg import Connection, sql
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from infrastructure.database.migrations import MigrationError, schema_lock
from infrastructure.event_log.log_head import LOG_ID, head
from infrastructure.projecting import parking
from infrastructure.projecting.projection import Projection

CHANGED = """
    SELECT coalesce(max(changed_log_position), 0) FROM projection_checkpoints
    WHERE projection = ANY(%s) AND live"""


class NotCaughtUp(Exception):
    """A query gave up waiting for its projections to reach a position."""

    def __init__(self, behind: Mapping[str, int], position: int) -> None:
        names = ", ".join(f"{name} is at {at}" for name, at in behind.items())
        super().__init__(
            f"Not up to event position {position} yet: {names}. Try again in a moment."
        )
        self.position = position


class OlderProjection(MigrationError):
    """The read models are of an older version, which an older program may be keeping."""


class NewerProjection(MigrationError):
    """The database was used by a newer program, whose read models this one does not know."""


def create_tables(
    projections: Iterable[Projection], pool: ConnectionPool, *, rebuild: bool = True
) -> None:
    """Make the tables and checkpoints of projections that have none of this version yet.

    Those of an older version are dropped: the new one is made anew from the events. Processes of
    the older program must have stopped by then; whoever cannot know that does not `rebuild`.

    Raises:
        OlderProjection: there are tables of an older version, and they are not to be rebuilt.
        NewerProjection: the tables are of a later version than this program knows.
    """
    with pool.connection() as db, schema_lock(db):
        for projection in projections:
            rows = db.execute(
                "SELECT version FROM projection_checkpoints WHERE projection = %s",
                (projection.name,),
            ).fetchall()
            known = [version for (version,) in rows]
            if projection.version in known:
                continue
            if known:
                _check_not_newer(projection, max(known))
                if not rebuild:
                    raise OlderProjection(
                        f"The read model {projection.name} is of version {max(known)}, and this"
                        f" program makes {projection.version}. Stop the older program, then start"
                        " this one's `serve` or `worker`, which makes it anew."
                    )
                _drop(projection, db)
            db.execute(projection.TABLES)
            db.execute(
                "INSERT INTO projection_checkpoints (projection, version, log_id, log_position)"
                " VALUES (%s, %s, %s, 0)",
                (projection.name, projection.version, LOG_ID),
            )


def _check_not_newer(projection: Projection, version: int) -> None:
    if version > projection.version:
        raise NewerProjection(
            f"The read model {projection.name} is of version {version}, and this program knows"
            f" {projection.version}: run the newer program."
        )


def _drop(projection: Projection, db: Connection) -> None:
    tables = re.findall(r"CREATE TABLE (\w+)", projection.TABLES)
    for table in (*tables, *projection.FORMER_TABLES):
        db.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table)))
    db.execute("DELETE FROM projection_checkpoints WHERE projection = %s", (projection.name,))
    parking.forget(db, projection.name)


def log_positions(
    projections: Iterable[Projection], pool: ConnectionPool, timeout: float | None = None
) -> dict[str, int]:
    """How far each projection has come, asked within so many seconds."""
    names = {projection.name: projection.version for projection in projections}
    with pool.connection(timeout) as db:
        rows = db.execute(
            "SELECT projection, version, min(log_position) FROM projection_checkpoints"
            " WHERE projection = ANY(%s) GROUP BY projection, version",
            [[*names]],
        ).fetchall()
    return {name: position for name, version, position in rows if names[name] == version}


def changed_log_position(projections: Iterable[type[Projection]], db: Connection[TupleRow]) -> int:
    """The log position of the last event that any of these read models follows.

    While it stays the same, so do their rows, whatever else happens in the log.
    """
    row = db.execute(CHANGED, [[projection.name for projection in projections]]).fetchone()
    return row[0] if row else 0


def wait_for(
    position: int, projections: Sequence[Projection], pool: ConnectionPool, timeout: float
) -> None:
    """Wait until these projections have reached a position of the log.

    Raises:
        NotCaughtUp: they have not within `timeout` seconds, or the log does not go so far.
    """
    deadline = time.monotonic() + timeout
    nap = 0.002
    while behind := {n: at for n, at in log_positions(projections, pool).items() if at < position}:
        with pool.connection() as db:
            end = head(db)
        if time.monotonic() > deadline or end < position:
            raise NotCaughtUp(behind, position)
        time.sleep(nap)
        nap = min(nap * 1.5, 0.05)

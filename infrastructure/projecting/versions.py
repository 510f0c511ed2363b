"""Versions of a read model: queries read the live one; a newer one is built beside it.

A version that is not live has its tables in a PostgreSQL schema of its own, which the projector
puts first in its search path: no statement differs. When it has caught up it takes over in one
transaction, which drops the live tables and moves its own into their place. On request the live
version itself is built again in the same way.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from infrastructure.database.migrations import MigrationError, schema_lock
from infrastructure.event_log.log_head import LOG_ID, head
from infrastructure.projecting import parking
from infrastructure.projecting.parking import Checkpoint
from infrastructure.projecting.projection import Projection


class OlderProjection(MigrationError):
    """The read models are of an older version, which an older program may be keeping."""


class NewerProjection(MigrationError):
    """The database was used by a newer program, whose read models this one does not know."""


class CannotRebuild(Exception):
    """Why a read model is not rebuilt, in a sentence."""


VERSIONS = """
    SELECT version, live FROM projection_checkpoints WHERE projection = %s AND log_id = %s"""

ADD = """
    INSERT INTO projection_checkpoints
        (projection, version, log_id, log_position, live, moved_at)
    VALUES (%s, %s, %s, 0, false, %s)"""

LOCK_LIVE = """
    SELECT log_position, tables FROM projection_checkpoints
    WHERE projection = %s AND log_id = %s AND live FOR UPDATE"""

TABLES_OF_SCHEMA = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename"

DELETE_REPLACED = """
    DELETE FROM projection_checkpoints
    WHERE projection = %s AND log_id = %s AND (version < %s OR version = %s AND live)
    RETURNING projection, version, log_id, live"""

DELETE_BUILDING = """
    DELETE FROM projection_checkpoints
    WHERE projection = %s AND version = %s AND log_id = %s AND NOT live"""

GO_LIVE = """
    UPDATE projection_checkpoints SET live = true, tables = %s
    WHERE projection = %s AND version = %s AND log_id = %s AND NOT live"""


def create_tables(
    projections: Iterable[Projection], pool: ConnectionPool, *, rebuild: bool = True
) -> None:
    """Create the tables and checkpoints of projections that have none of this version yet.

    Over an empty log they are live at once. Otherwise they are built beside what is live.

    Raises:
        OlderProjection: an older version is live, and this must not `rebuild`.
        NewerProjection: there are tables of a later version than this program knows.
    """
    with pool.connection() as db, schema_lock(db):
        is_empty = head(db) == 0
        for projection in projections:
            rows = db.execute(VERSIONS, (projection.name, LOG_ID)).fetchall()
            versions = [version for version, _ in rows]
            if projection.version in versions:
                continue
            if versions:
                _check_may_rebuild(projection, max(versions), rebuild=rebuild)
            _begin_building(db, projection)
            if is_empty:
                take_over(db, projection)


def rebuild(projection: Projection, pool: ConnectionPool) -> bool:
    """Have a live read model built again, beside itself, from all events.

    Workers do it. Returns whether this began it: not if it is being rebuilt already.

    Raises:
        CannotRebuild: another version is live.
    """
    with pool.connection() as db, schema_lock(db):
        rows = db.execute(VERSIONS, (projection.name, LOG_ID)).fetchall()
        if (projection.version, True) not in rows:
            raise CannotRebuild(
                f"Version {projection.version} of the read model {projection.name} is not live: it"
                " is being built for the first time, or a newer program is running."
            )
        if (projection.version, False) in rows:
            return False
        _begin_building(db, projection)
        return True


def cancel_rebuild(projection: Projection, pool: ConnectionPool) -> bool:
    """Stop a rebuild of a live read model, and delete what it has built.

    Returns whether there was one.
    """
    with pool.connection() as db, schema_lock(db):
        rows = db.execute(VERSIONS, (projection.name, LOG_ID)).fetchall()
        if not {(projection.version, True), (projection.version, False)}.issubset(rows):
            return False
        building = Checkpoint(projection.name, projection.version, LOG_ID, live=False)
        # A worker may take over until this has its lock; then there is nothing left to delete.
        if not db.execute(DELETE_BUILDING, building[:3]).rowcount:
            return False
        parking.forget(db, building)
        _drop_schema(db, building_schema(projection.name, projection.version), "CASCADE")
        return True


def _begin_building(db: Connection, projection: Projection) -> None:
    schema = building_schema(projection.name, projection.version)
    db.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    use_building_schema(db, projection)
    db.execute(projection.TABLES)
    use_live_schema(db)
    db.execute(ADD, (projection.name, projection.version, LOG_ID, datetime.now(UTC)))


def _check_may_rebuild(projection: Projection, version: int, *, rebuild: bool) -> None:
    if version > projection.version:
        raise NewerProjection(
            f"The read model {projection.name} is of version {version}, and this program knows"
            f" {projection.version}: run the newer program."
        )
    if not rebuild:
        raise OlderProjection(
            f"The read model {projection.name} is of version {version}, and this program makes"
            f" {projection.version}. Start this program's `serve` or `worker`, which builds it."
        )


def building_schema(name: str, version: int) -> str:
    """The schema of a version's tables until it is live."""
    return f"building_{name}_{version}"


def use_building_schema(db: Connection, projection: Projection) -> None:
    """For the rest of the transaction, find this version's tables before the live ones."""
    schema = building_schema(projection.name, projection.version)
    db.execute(
        "SELECT set_config('search_path', %s || ', ' || current_setting('search_path'), true)",
        [schema],
    )


@contextmanager
def tables_of(db: Connection, projection: Projection, *, live: bool) -> Iterator[None]:
    """Find a version's own tables for a while."""
    if live:
        yield
        return
    use_building_schema(db, projection)
    try:
        yield
    finally:
        use_live_schema(db)


def use_live_schema(db: Connection) -> None:
    """For the rest of the transaction, find live tables again."""
    db.execute("SET LOCAL search_path TO DEFAULT")


def lock_live(db: Connection, projection: Projection) -> int:
    """Keep the live version from moving on, and say its log position; 0 if there is none."""
    row = db.execute(LOCK_LIVE, (projection.name, LOG_ID)).fetchone()
    return int(row[0]) if row else 0


def take_over(db: Connection, projection: Projection) -> None:
    """Make what is built live instead of what was, within the caller's transaction.

    Raises:
        LockNotAvailable: a query reads the live tables for longer than `lock_timeout`.
    """
    use_live_schema(db)
    live = db.execute(LOCK_LIVE, (projection.name, LOG_ID)).fetchone()
    for table in live[1] if live else []:
        db.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table)))
    version = projection.version
    replaced = db.execute(DELETE_REPLACED, (projection.name, LOG_ID, version, version)).fetchall()
    for row in replaced:
        checkpoint = Checkpoint(*row)
        parking.forget(db, checkpoint)
        if not checkpoint.live:  # built, but overtaken by this one
            _drop_schema(db, building_schema(projection.name, checkpoint.version), "CASCADE")
    parking.go_live(db, projection.name, version, LOG_ID)
    schema = building_schema(projection.name, projection.version)
    tables = [table for (table,) in db.execute(TABLES_OF_SCHEMA, [schema])]
    ((home,),) = db.execute("SELECT current_schema()").fetchall()
    for table in tables:
        move = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
        db.execute(move.format(sql.Identifier(schema, table), sql.Identifier(home)))
    _drop_schema(db, schema, "RESTRICT")
    db.execute(GO_LIVE, (tables, projection.name, version, LOG_ID))


def _drop_schema(db: Connection, schema: str, behaviour: str) -> None:
    db.execute(sql.SQL("DROP SCHEMA {} {}").format(sql.Identifier(schema), sql.SQL(behaviour)))

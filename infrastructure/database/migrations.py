"""Brings a database's schema up to date, in numbered steps that never change once applied.

A migration is a file `NNNN_name.sql` beside this module. Each is applied in a transaction of its
own, together with its row in `schema_migrations`; processes that start at once take turns.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import Connection
from psycopg.errors import DuplicateObject, DuplicateTable, UniqueViolation
from psycopg.pq import TransactionStatus

MIGRATIONS = Path(__file__).parent / "sql"
FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")

TABLES = """
CREATE TABLE IF NOT EXISTS schema_lock (id int PRIMARY KEY);
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL
);
INSERT INTO schema_lock (id) VALUES (1) ON CONFLICT DO NOTHING;
"""
LOCK = "SELECT id FROM schema_lock WHERE id = 1 FOR UPDATE"
APPLIED = "SELECT name, checksum FROM schema_migrations ORDER BY name"
RECORD = "INSERT INTO schema_migrations (name, checksum, applied_at) VALUES (%s, %s, %s)"


class MigrationError(Exception):
    """Why the schema is not brought up to date, in a sentence."""


class Migration(NamedTuple):
    """One step of the schema."""

    name: str
    sql: bytes

    @property
    def checksum(self) -> str:
        """Detects an edit after the step was applied."""
        return hashlib.sha256(self.sql).hexdigest()


def migrate(
    database: Connection[Any] | str, *, at: datetime, directory: Path = MIGRATIONS
) -> list[str]:
    """Apply the missing migrations in order, and return their names.

    A connection must be outside a transaction. Safe when several processes do this at once: each
    migration is applied by one of them.

    Raises:
        MigrationError: an applied migration was edited, is unknown to this code or was overtaken by
            a later one, or a file is not named as it should be. Nothing was applied.
    """
    if isinstance(database, str):
        with psycopg.connect(database, autocommit=True) as connection:
            return migrate(connection, at=at, directory=directory)
    migrations = _read(directory)
    done: list[str] = []
    while True:
        with schema_lock(database):
            missing = _missing(database, migrations)
            if not missing:
                return done
            migration = missing[0]
            try:
                database.execute(migration.sql)
            except psycopg.Error as error:
                raise MigrationError(f"The migration {migration.name} failed: {error}") from error
            database.execute(RECORD, (migration.name, migration.checksum, at))
            done.append(migration.name)


@contextmanager
def schema_lock(connection: Connection[Any]) -> Iterator[None]:
    """A transaction in which no other process changes the schema.

    The connection must be outside a transaction: the lock ends with the outermost one, and what it
    protects must be committed by then.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise RuntimeError("schema_lock needs a connection outside a transaction")
    _ensure_tables(connection)
    with connection.transaction():
        if connection.execute(LOCK).fetchone() is None:
            raise MigrationError("The table schema_lock has lost its row: insert it again (id 1).")
        yield


def _ensure_tables(connection: Connection[Any]) -> None:
    while True:
        try:
            with connection.transaction():
                connection.execute(TABLES)
        except (UniqueViolation, DuplicateTable, DuplicateObject):
            # IF NOT EXISTS does not see a table that another transaction is about to commit.
            continue
        return


def _read(directory: Path) -> list[Migration]:
    paths = sorted(directory.glob("*.sql"))
    for path in paths:
        if not FILE_NAME.fullmatch(path.name):
            raise MigrationError(f"{path.name} is not a migration's name: call it NNNN_name.sql.")
    for one, next_one in pairwise(paths):
        if one.name[:4] == next_one.name[:4]:
            raise MigrationError(
                f"{one.name} and {next_one.name} have the same number: give one a later number."
            )
    return [Migration(path.stem, path.read_bytes()) for path in paths]


def _missing(connection: Connection[Any], migrations: list[Migration]) -> list[Migration]:
    """The migrations still to be applied. Raises `MigrationError` if the applied ones differ."""
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        applied: dict[str, str] = dict(cursor.execute(APPLIED).fetchall())
    known = {migration.name: migration for migration in migrations}
    for name, checksum in applied.items():
        if name not in known:
            raise MigrationError(
                f"The database has the migration {name}, which this version of the program does "
                "not know: run a newer version."
            )
        if known[name].checksum != checksum:
            raise MigrationError(
                f"The migration {name} was edited after it was applied: restore it, and put the "
                "change into a new migration."
            )
    missing = [migration for migration in migrations if migration.name not in applied]
    latest = max(applied, default="")
    if missing and missing[0].name < latest:
        raise MigrationError(
            f"The migration {missing[0].name} comes before {latest}, which is already applied: "
            "give it a later number."
        )
    return missing

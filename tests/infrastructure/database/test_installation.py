"""What an installation makes for itself when it is first opened, and keeps."""

from datetime import UTC, datetime
from pathlib import Path
from shutil import copy
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.database.installation import address_key, candidate_namespace
from infrastructure.database.migrations import MIGRATIONS, migrate
from infrastructure.database.postgres import Pool
from infrastructure.event_log.keys import Keyring, WrongSecret
from tests.support.databases import SECRET

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
PUBLIC = UUID("3b7c6c86-53f0-5f0e-9f3d-0c7d8b1b7c55")


def before_it(folder: Path) -> Path:
    """The migrations of the version before there were namespaces."""
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        if migration.name < "0009":
            copy(migration, folder)
    return folder


def test_a_new_installation_takes_the_namespace_that_is_made_first(
    connection: Connection[TupleRow],
) -> None:
    migrate(connection, at=NOW)
    first, second = uuid4(), uuid4()
    assert candidate_namespace(connection, first) == first
    assert candidate_namespace(connection, second) == first


def test_an_installation_with_a_log_keeps_the_namespace_that_its_people_have(
    connection: Connection[TupleRow], tmp_path: Path
) -> None:
    migrate(connection, at=NOW, directory=before_it(tmp_path))
    connection.execute("UPDATE log_head SET log_position = 1")
    migrate(connection, at=NOW)
    assert candidate_namespace(connection, uuid4()) == PUBLIC


def opened(pool: Pool, secret: str) -> bytes:
    with pool.connection() as db:
        candidate_namespace(db, uuid4())
        return address_key(db, Keyring(pool, secret))


def test_every_process_has_the_address_key_that_was_made_first(pool: Pool) -> None:
    first = opened(pool, SECRET)
    assert len(first) == 32
    assert opened(pool, SECRET) == first


def test_the_address_key_does_not_lie_in_the_database_as_it_is(pool: Pool) -> None:
    key = opened(pool, SECRET)
    with pool.connection() as db:
        ((stored,),) = db.execute("SELECT address_key FROM installation").fetchall()
    assert key not in stored


def test_another_secret_is_refused_on_a_database_without_events_or_persons(pool: Pool) -> None:
    opened(pool, SECRET)
    with pytest.raises(WrongSecret, match="SOURCING_SECRET"):
        opened(pool, "another secret, which is just as long as the first")


def test_another_secret_makes_no_address_key_where_persons_have_keys_already(pool: Pool) -> None:
    Keyring(pool, SECRET).encryption_keys([uuid4()])
    with pytest.raises(WrongSecret):
        opened(pool, "another secret, which is just as long as the first")
    assert opened(pool, SECRET)

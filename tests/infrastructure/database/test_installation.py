"""The namespace of imported people's ids is an installation's own, and stays."""

from datetime import UTC, datetime
from pathlib import Path
from shutil import copy
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.database.installation import candidate_namespace
from infrastructure.database.migrations import MIGRATIONS, migrate

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

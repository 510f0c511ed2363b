"""How a database's schema is brought up to the code's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Event, Thread

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.database.migrations import MigrationError, migrate, schema_lock

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    (tmp_path / "0001_cups.sql").write_text(
        "CREATE TABLE cups (id int); CREATE TABLE lids (id int)"
    )
    (tmp_path / "0002_handles.sql").write_text("ALTER TABLE cups ADD handle text DEFAULT '100%'")
    return tmp_path


def refusal(connection: Connection[TupleRow], migrations: Path) -> str:
    with pytest.raises(MigrationError) as refused:
        migrate(connection, at=NOW, directory=migrations)
    return str(refused.value)


def tables(connection: Connection[TupleRow]) -> set[str]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {name for (name,) in rows}


def test_migrations_are_applied_in_order_and_named(
    connection: Connection[TupleRow], migrations: Path
) -> None:
    assert migrate(connection, at=NOW, directory=migrations) == ["0001_cups", "0002_handles"]
    assert {"cups", "lids"} < tables(connection)


def test_an_address_will_do_in_place_of_a_connection(database_url: str, migrations: Path) -> None:
    assert migrate(database_url, at=NOW, directory=migrations) == ["0001_cups", "0002_handles"]


def test_a_connection_without_autocommit_will_do(database_url: str, migrations: Path) -> None:
    with psycopg.connect(database_url) as connection:
        migrate(connection, at=NOW, directory=migrations)
    with psycopg.connect(database_url) as connection:
        assert "cups" in tables(connection)


def test_a_migration_is_recorded_with_the_time_it_was_given(
    connection: Connection[TupleRow], migrations: Path
) -> None:
    migrate(connection, at=NOW, directory=migrations)
    rows = connection.execute("SELECT DISTINCT applied_at FROM schema_migrations").fetchall()
    assert rows == [(NOW,)]


def test_what_was_applied_is_not_applied_again(
    connection: Connection[TupleRow], migrations: Path
) -> None:
    migrate(connection, at=NOW, directory=migrations)
    assert migrate(connection, at=NOW, directory=migrations) == []


def test_a_later_migration_is_applied_alone(
    connection: Connection[TupleRow], migrations: Path
) -> None:
    migrate(connection, at=NOW, directory=migrations)
    (migrations / "0003_saucers.sql").write_text("CREATE TABLE saucers (id int)")
    assert migrate(connection, at=NOW, directory=migrations) == ["0003_saucers"]


def test_a_failing_migration_leaves_nothing_behind_and_keeps_those_before_it(
    connection: Connection[TupleRow], migrations: Path
) -> None:
    (migrations / "0003_broken.sql").write_text("CREATE TABLE half (id int); CREATE TABLE cups ()")
    assert refusal(connection, migrations).startswith("The migration 0003_broken failed: ")
    assert "half" not in tables(connection)
    assert "cups" in tables(connection)


def test_an_edited_migration_is_refused(connection: Connection[TupleRow], migrations: Path) -> None:
    migrate(connection, at=NOW, directory=migrations)
    (migrations / "0001_cups.sql").write_text("CREATE TABLE mugs (id int)")
    assert refusal(connection, migrations) == (
        "The migration 0001_cups was edited after it was applied: restore it, and put the change "
        "into a new migration."
    )


def test_a_database_newer_than_the_code_is_refused(
    connection: Connection[TupleRow], migrations: Path
) -> None:
    migrate(connection, at=NOW, directory=migrations)
    (migrations / "0002_handles.sql").unlink()
    assert refusal(connection, migrations) == (
        "The database has the migration 0002_handles, which this version of the program does not "
        "know: run a newer version."
    )


def test_a_migration_that_was_overtaken_is_refused(
    connection: Connection[TupleRow], migrations: Path
) -> None:
    (migrations / "0004_plates.sql").write_text("CREATE TABLE plates (id int)")
    migrate(connection, at=NOW, directory=migrations)
    (migrations / "0003_saucers.sql").write_text("CREATE TABLE saucers (id int)")
    assert "0003_saucers comes before 0004_plates" in refusal(connection, migrations)


@pytest.mark.parametrize("name", ["cups.sql", "1_cups.sql", "0003-cups.sql", "0003_Cups.sql"])
def test_a_file_with_another_kind_of_name_is_refused(
    connection: Connection[TupleRow], migrations: Path, name: str
) -> None:
    (migrations / name).touch()
    assert refusal(connection, migrations) == (
        f"{name} is not a migration's name: call it NNNN_name.sql."
    )


def test_two_migrations_of_one_number_are_refused(
    connection: Connection[TupleRow], migrations: Path
) -> None:
    (migrations / "0002_lids.sql").touch()
    assert "have the same number" in refusal(connection, migrations)


def test_of_processes_that_start_at_once_one_applies_each_migration(
    database_url: str, migrations: Path
) -> None:
    processes = 12
    barrier = Barrier(processes)

    def start() -> list[str]:
        with psycopg.connect(database_url, autocommit=True) as connection:
            barrier.wait()
            return migrate(connection, at=NOW, directory=migrations)

    with ThreadPoolExecutor(processes) as pool:
        futures = [pool.submit(start) for _ in range(processes)]
        applied = [name for future in futures for name in future.result()]
    assert sorted(applied) == ["0001_cups", "0002_handles"]


def test_who_holds_the_schema_lock_keeps_others_waiting(database_url: str) -> None:
    entered = Event()

    def wait_for_it() -> None:
        with psycopg.connect(database_url) as connection, schema_lock(connection):
            entered.set()

    other = Thread(target=wait_for_it)
    with psycopg.connect(database_url) as connection:
        with schema_lock(connection):
            other.start()
            assert not entered.wait(0.2)
        assert entered.wait(5)
    other.join()


def test_the_schema_lock_refuses_a_connection_inside_a_transaction(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(RuntimeError, match="outside a transaction"), schema_lock(connection):
            pass

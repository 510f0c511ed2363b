"""The address of the database, and connections that are lent and replaced."""

from pathlib import Path

from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import SecretStr

from infrastructure.database.postgres import database, open_pool
from infrastructure.settings import Settings


def test_a_given_database_is_used_as_it_is(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "untouched",
        database_url=SecretStr("postgresql://somewhere/sourcing"),
        secret=SecretStr("s" * 32),
    )
    with database(settings) as url:
        assert url == "postgresql://somewhere/sourcing"
    assert not settings.data_dir.exists()


def test_a_pool_lends_autocommit_connections_that_say_whose_they_are(database_url: str) -> None:
    with open_pool(database_url, name="sourcing test") as pool, pool.connection() as connection:
        assert connection.autocommit
        name = connection.execute("SHOW application_name").fetchone()
        assert name == ("sourcing test",)


def test_a_pool_replaces_a_connection_that_the_server_closed(
    database_url: str, connection: Connection[TupleRow]
) -> None:
    with open_pool(database_url, name="sourcing test", max_size=1) as pool:
        with pool.connection() as lent:
            pid = lent.info.backend_pid
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pool.connection() as lent:
            assert lent.execute("SELECT 1").fetchone() == (1,)

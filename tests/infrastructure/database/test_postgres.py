"""The address of the database, and connections that are lent and replaced."""

import os
import signal
from pathlib import Path

import pytest
from psycopg import Connection, OperationalError
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import QueryCanceled
from psycopg.rows import TupleRow
from pydantic import SecretStr

from infrastructure.database.postgres import Answered, database, open_pool
from infrastructure.settings import Settings


def test_a_given_database_is_used_and_one_that_vanishes_is_noticed(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "untouched",
        database_url=SecretStr("postgresql://somewhere/sourcing?connect_timeout=60"),
        secret=SecretStr("s" * 32),
    )
    with database(settings) as url:
        parts = conninfo_to_dict(url)
        assert (parts["host"], parts["dbname"]) == ("somewhere", "sourcing")
        assert parts["connect_timeout"] == "60"  # the address has the last word
        assert int(str(parts["tcp_user_timeout"])) <= 15_000
        assert int(str(parts["keepalives_idle"])) <= 10
    assert not settings.data_dir.exists()


def test_a_statement_that_takes_longer_than_it_may_is_ended(database_url: str) -> None:
    with (
        open_pool(database_url, name="sourcing test", statement_seconds=0.1) as pool,
        pool.connection() as lent,
    ):
        with pytest.raises(QueryCanceled):
            lent.execute("SELECT pg_sleep(60)")
        assert lent.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_hangs_is_given_up(database_url: str) -> None:
    with (
        open_pool(database_url, name="sourcing test", statement_seconds=0.1, max_size=1) as pool,
        pool.connection() as lent,
    ):
        assert isinstance(lent, Answered)
        lent.answer_within = 0.2
        backend = lent.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        try:
            with pytest.raises(OperationalError):
                lent.execute("SELECT 1")
        finally:
            os.kill(backend, signal.SIGCONT)
        assert lent.closed


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

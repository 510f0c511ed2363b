"""The PostgreSQL that tests run on: one embedded server a session, a fresh database a test."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from infrastructure.embedded import OPTIONS, embedded_server
from infrastructure.event_store import EventStore
from infrastructure.migrations import migrate
from infrastructure.postgres import Pool, open_pool
from tests.api.survey import survey_profiles

# The data of a test is worth nothing after it: do not wait for the disk.
FAST = {
    **OPTIONS,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


def pytest_report_header() -> str:
    """Say which profiles the tests on real input used."""
    documents, are_real = survey_profiles()
    if are_real:
        return f"profiles: {len(documents)} real ones of ../shared/data"
    return f"profiles: ../shared is not there, so {len(documents)} documents of our own are used"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server: `TEST_DATABASE_URL`, or an embedded one for this session."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="sourcing-test-") as folder,
        embedded_server(_opened(folder) / "postgres", FAST) as url,
    ):
        yield url


def _opened(folder: str) -> Path:
    """Let the server's account in, so that root's tests keep no data under /var/lib."""
    path = Path(folder)
    path.chmod(0o755)
    return path


@pytest.fixture(scope="session")
def administration(postgres: str) -> Iterator[Connection[TupleRow]]:
    """A connection that creates and drops databases."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


@pytest.fixture
def database_url(postgres: str, administration: Connection[TupleRow]) -> Iterator[str]:
    """The address of a database of the test's own, empty, and gone after it."""
    name = f"test_{uuid4().hex}"
    database = sql.Identifier(name)
    # Copying files takes a third of the time that logging their pages takes.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 STRATEGY file_copy")
    administration.execute(create.format(database))
    yield make_conninfo(postgres, dbname=name)
    administration.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[TupleRow]]:
    """An autocommit connection to the test's own database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


SECRET = "a secret that only the tests know, long enough"


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    """Connections to the test's own database, its schema up to date."""
    migrate(database_url, at=datetime.now(UTC))
    with open_pool(database_url, name="test") as pool:
        yield pool


@pytest.fixture
def store(database_url: str, pool: Pool) -> Iterator[EventStore]:
    """An event store on the test's own database."""
    with EventStore(database_url, pool, SECRET) as store:
        yield store

"""The PostgreSQL that tests run on: one embedded server a session, a fresh database a test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from infrastructure.database.embedded import OPTIONS, embedded_server
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.checkpoints import create_tables
from projections.read_models import read_models
from tests.support.survey import survey_profiles

# The data of a test is worth nothing after it: do not wait for the disk.
FAST = {
    **OPTIONS,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def pytest_report_header() -> list[str]:
    """Say which profiles the tests on real input use, and whether there is a browser."""
    documents, are_real = survey_profiles()
    profiles = f"profiles: {len(documents)} real ones of ../shared/data"
    if not are_real:
        profiles = (
            f"profiles: ../shared is not there, so {len(documents)} documents of our own are used"
        )
    if CHROMIUM is None:
        return [
            profiles,
            "NO CHROMIUM, SO NO BROWSER TESTS OF THE CONSOLE: install Debian's package chromium",
        ]
    return [profiles, f"browser: {CHROMIUM}"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server: `TEST_DATABASE_URL`, or an embedded one for this session."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="sourcing-test-", dir=_memory()) as folder,
        embedded_server(_opened(folder) / "postgres", FAST) as url,
    ):
        yield url


MEMORY, ROOM = Path("/dev/shm"), 2**30


def _memory() -> Path | None:
    """A file system in memory with room for the tests' databases, where there is one.

    Every new database is some 300 files, and the disk takes longer over them than the tests do.
    """
    try:
        has_room = shutil.disk_usage(MEMORY).free > ROOM and os.access(MEMORY, os.W_OK)
    except OSError:
        return None
    return MEMORY if has_room else None


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


@contextmanager
def new_database(
    postgres: str, administration: Connection[TupleRow], template: str = "template0"
) -> Iterator[str]:
    """The address of a copy of the template, gone afterwards."""
    name = f"test_{uuid4().hex}"
    # Copying files takes a third of the time that logging their pages takes.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    administration.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield make_conninfo(postgres, dbname=name)
    finally:
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        administration.execute(drop.format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def template(postgres: str, administration: Connection[TupleRow]) -> Iterator[str]:
    """The name of a database with the schema and the empty read models, to be copied."""
    with new_database(postgres, administration) as url:
        migrate(url, at=datetime.now(UTC))
        with open_pool(url, name="template") as pool:
            create_tables(read_models(), pool)
        yield str(conninfo_to_dict(url)["dbname"])


NEED_THE_SCHEMA = {"pool", "marketplace"}
"""Fixtures for which a test's database has its tables from the start."""


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, postgres: str, administration: Connection[TupleRow]
) -> Iterator[str]:
    """The address of a database of the test's own, gone after it.

    It is empty, unless the test uses a pool or a marketplace, which need the schema: a copy of a
    database that has it is there sooner than the migrations are applied.
    """
    chosen = "template0"
    if not NEED_THE_SCHEMA.isdisjoint(request.fixturenames):
        chosen = request.getfixturevalue("template")
    with new_database(postgres, administration, chosen) as url:
        yield url


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[TupleRow]]:
    """An autocommit connection to the test's own database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


SECRET = "a secret that only the tests know, long enough"


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    """Connections to the test's own database, its schema up to date."""
    with open_pool(database_url, name="test") as pool:
        yield pool


@pytest.fixture
def store(database_url: str, pool: Pool) -> Iterator[EventStore]:
    """An event store on the test's own database."""
    with EventStore(database_url, pool, SECRET) as store:
        yield store

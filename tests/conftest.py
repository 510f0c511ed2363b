"""The PostgreSQL that tests run on: one embedded server a session, a fresh database a test."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from tests.support.browser import CHROMIUM
from tests.support.databases import SECRET, Databases, a_server
from tests.support.survey import survey_profiles

# An example may take as long as a busy machine needs for it.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


gc.disable()  # while tests are collected, nothing is garbage


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what was made until now, which stays to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests in a real browser as slow: `make check` runs them, `make test` does not."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@contextmanager
def no_running_loop(item: pytest.Item) -> Iterator[None]:
    """Outside of browser tests no event loop runs, although the browser's goes on until the end."""
    if "browser" in getattr(item, "fixturenames", ()):
        yield
        return
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(running)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Set up fixtures, those of a module too, as if the browser's loop did not run."""
    with no_running_loop(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run a test as if the browser's loop did not run."""
    with no_running_loop(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Tear fixtures down in the same way; after the last test the browser's loop ends, too."""
    if nextitem is None:
        yield
        return
    with no_running_loop(item):
        yield


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
    """The address of a server for this session."""
    with a_server() as url:
        yield url


@pytest.fixture(scope="session")
def databases(postgres: str) -> Iterator[Databases]:
    """Makes databases on the session's server."""
    with Databases(postgres) as databases:
        yield databases


NEED_THE_SCHEMA = {"pool", "marketplace", "event_log_url"}
"""Fixtures for which a test's database has its tables from the start."""


@pytest.fixture
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a database of the test's own, gone after it.

    It is empty, unless the test uses a fixture that needs the schema.
    """
    needs_it = not NEED_THE_SCHEMA.isdisjoint(request.fixturenames)
    with databases.prepared() if needs_it else databases.empty() as url:
        yield url


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[TupleRow]]:
    """An autocommit connection to the test's own database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


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

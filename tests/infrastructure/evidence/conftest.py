"""A signed log, and a transaction in which to change it."""

from collections.abc import Iterator

import psycopg
import pytest

from infrastructure.database.postgres import Database, Pool, open_pool
from tests.support.databases import Databases
from tests.support.signed_logs import signed_log


@pytest.fixture(scope="module")
def signed(databases: Databases) -> Iterator[str]:
    with signed_log(databases) as url:
        yield url


@pytest.fixture
def db(signed: str) -> Iterator[Database]:
    """Whatever a test changes is undone after it."""
    with psycopg.connect(signed) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def own_pool(databases: Databases) -> Iterator[Pool]:
    """Of a log that a test may go on with."""
    with signed_log(databases) as url, open_pool(url, name="evidence", max_size=3) as pool:
        yield pool

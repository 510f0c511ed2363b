"""A log on the test's own database, with a table beside it for what commits with events."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.event_log.recorder import GroupCommitRecorder
from tests.support.event_logs import event_log


@pytest.fixture
def event_log_url(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE keys (key text PRIMARY KEY)")
    return database_url


@pytest.fixture
def log(event_log_url: str) -> Iterator[GroupCommitRecorder]:
    with event_log(event_log_url) as recorder:
        yield recorder


@pytest.fixture
def another_session(event_log_url: str) -> Iterator[Connection[TupleRow]]:
    with psycopg.connect(event_log_url, autocommit=True) as connection:
        yield connection

"""An event log to test, and what its tests say often."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.persistence import PersistenceError, StoredEvent
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.event_log.connections import connect
from infrastructure.event_log.group_commit import GroupCommit, Statement
from infrastructure.event_log.recorder import Factory, GroupCommitRecorder, event_log_environment


@contextmanager
def event_log(url: str, **settings: Any) -> Iterator[GroupCommitRecorder]:
    with (
        Factory(event_log_environment(url)) as factory,
        closing(GroupCommitRecorder(factory.datastore, **settings)) as recorder,
    ):
        yield recorder


def writer(log: GroupCommitRecorder) -> GroupCommit:
    """Its writer, to look inside."""
    return log._writer


def happened(stream: UUID, *versions: int, topic: str = "it.happened") -> list[StoredEvent]:
    return [StoredEvent(stream, version, topic, b"%d" % version) for version in versions]


def taking(key: str) -> Statement:
    return "INSERT INTO keys (key) VALUES (%s)", [key]


def keys(connection: Connection[TupleRow]) -> list[str]:
    return [row[0] for row in connection.execute("SELECT key FROM keys ORDER BY key")]


def whole_log(log: GroupCommitRecorder) -> list[tuple[int, UUID | str, int]]:
    events = log.select_notifications(1, 1_000_000)
    return [(event.id, event.originator_id, event.originator_version) for event in events]


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def outcome_of(save: Callable[[], object]) -> object:
    try:
        return save()
    except PersistenceError as error:
        return error


def save_together(log: GroupCommitRecorder, *saves: Callable[[], object]) -> list[object]:
    """What becomes of saves that are written as one group, in this order."""
    with held_head(log), ThreadPoolExecutor(len(saves) + 1) as threads:
        # The first waits for the lock, so the others queue behind it.
        first = threads.submit(log.insert_events, happened(uuid4(), 1))
        wait_until(lambda: writer(log)._is_led and not writer(log)._queue)
        futures = []
        for number, save in enumerate(saves, start=1):
            futures.append(threads.submit(outcome_of, save))
            wait_until(lambda number=number: len(writer(log)._queue) == number)  # type: ignore[misc]
        release_head(log)
        first.result()
        return [future.result() for future in futures]


_holders: dict[int, Connection[Any]] = {}


@contextmanager
def held_head(log: GroupCommitRecorder) -> Iterator[None]:
    """While another session holds the log's row."""
    with connect(log.datastore) as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.execute("BEGIN")
        connection.execute("SELECT FROM log_head FOR UPDATE")
        _holders[id(log)] = connection
        yield
        del _holders[id(log)]


def release_head(log: GroupCommitRecorder) -> None:
    _holders[id(log)].execute("COMMIT")

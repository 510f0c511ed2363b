"""An event log to test, and what its tests often need."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import PersistenceError, StoredEvent
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.database.postgres import open_pool
from infrastructure.event_log.batch_writer import BatchWriter
from infrastructure.event_log.group_commit import GroupCommit
from infrastructure.event_log.recorder import GroupCommitRecorder
from infrastructure.event_log.statements import Statement
from tests.support.concurrency import wait_until


@contextmanager
def event_log(url: str, **settings: Any) -> Iterator[GroupCommitRecorder]:
    with (
        open_pool(url, name="test readers", max_size=2) as pool,
        closing(GroupCommitRecorder(url, pool, **settings)) as recorder,
    ):
        yield recorder


def queue(log: GroupCommitRecorder) -> GroupCommit:
    """Its queue of saves, to look inside."""
    return log._group_commit


def writer(log: GroupCommitRecorder) -> BatchWriter:
    """Its writer, to look inside."""
    return queue(log)._writer


def is_led(log: GroupCommitRecorder) -> bool:
    """Whether a thread is writing."""
    return queue(log)._is_led


def waiting(log: GroupCommitRecorder) -> int:
    """How many saves are queued behind those that are being written."""
    return len(queue(log)._queue)


def happened(stream: UUID, *versions: int, topic: str = "it.happened") -> list[StoredEvent]:
    return [StoredEvent(stream, version, topic, b"%d" % version) for version in versions]


def taking(key: str) -> Statement:
    return "INSERT INTO keys (key) VALUES (%s)", [key]


def keys(connection: Connection[TupleRow]) -> list[str]:
    return [row[0] for row in connection.execute("SELECT key FROM keys ORDER BY key")]


def whole_log(log: GroupCommitRecorder) -> list[tuple[int, UUID | str, int]]:
    events = log.select_notifications(1, 1_000_000)
    return [(event.id, event.originator_id, event.originator_version) for event in events]


def outcome_of(save: Callable[[], object]) -> object:
    try:
        return save()
    except (PersistenceError, psycopg.Error) as error:
        return error


def save_together(url: str, log: GroupCommitRecorder, *saves: Callable[[], object]) -> list[object]:
    """The outcomes of saves that are written as one batch, in this order."""
    with held_head(url) as release, ThreadPoolExecutor(len(saves) + 1) as threads:
        # The first waits for the lock, so the others queue behind it.
        first = threads.submit(log.insert_events, happened(uuid4(), 1))
        wait_until(lambda: is_led(log) and not waiting(log))
        futures = []
        for number, save in enumerate(saves, start=1):
            futures.append(threads.submit(outcome_of, save))
            wait_until(lambda number=number: waiting(log) == number)  # type: ignore[misc] # a default binds it now
        release()
        first.result()
        return [future.result() for future in futures]


@contextmanager
def held_head(url: str) -> Iterator[Callable[[], None]]:
    """While another session holds the log's row, until it is released."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT FROM log_head FOR UPDATE")
        yield connection.commit

"""A worker keeps read models up to date and runs periodic tasks."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from domain.employer_events import EmployerRegistered
from domain.handlers import on
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import projector
from infrastructure.projecting.checkpoints import log_positions, wait_for
from infrastructure.projecting.projection import Change, Projection
from infrastructure.projecting.versions import create_tables
from infrastructure.projecting.worker import PeriodicTask, Worker
from tests.support.concurrency import SECONDS, wait_until
from tests.support.stored import employer

NOW = datetime.now(UTC)


class Nothing(Projection, name="nothing", version=1):
    """Changes nothing."""

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
        return []


class Unlucky(Projection, name="unlucky", version=1):
    """Fails until it is told not to."""

    failing = True

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
        if self.failing:
            raise ConnectionError("bad luck")
        return []


@pytest.fixture
def start(database_url: str, store: EventStore, pool: Pool) -> Iterator[Callable[..., Worker]]:
    """Starts workers, and stops them after the test."""
    started: list[Worker] = []

    def start(*projections: Projection, tasks: tuple[PeriodicTask, ...] = ()) -> Worker:
        worker = Worker(database_url, store, pool, projections, tasks)
        started.append(worker.__enter__())
        return worker

    yield start
    for worker in started:
        worker.__exit__(None, None, None)


def test_what_happens_is_seen_at_once(
    start: Any, store: EventStore, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "POLL_INTERVAL", 3600)
    create_tables([Nothing()], pool)
    start(Nothing())
    wait_until(lambda: is_listening(pool))
    wait_for(head_after(store), [Nothing()], pool, timeout=SECONDS)


def is_listening(pool: Pool) -> bool:
    listening = "SELECT FROM pg_stat_activity WHERE state = 'idle' AND query LIKE 'LISTEN %'"
    with pool.connection() as db:
        return db.execute(f"{listening} AND datname = current_database()").fetchone() is not None


def head_after(store: EventStore) -> int:
    employer(store)
    return store.recorder.max_notification_id() or 0


def test_a_worker_whose_connections_are_cut_goes_on(
    start: Any, store: EventStore, pool: Pool, postgres: str, database_url: str
) -> None:
    create_tables([Nothing()], pool)
    start(Nothing())
    wait_for(head_after(store), [Nothing()], pool, timeout=SECONDS)
    with psycopg.connect(postgres, autocommit=True) as administration:
        # Each is waited for: a connection that has not ended yet may still be lent.
        administration.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
            [conninfo_to_dict(database_url)["dbname"]],
        )
    wait_for(head_after(store), [Nothing()], pool, timeout=SECONDS)


def test_what_fails_is_reported_and_the_others_go_on(
    start: Any, store: EventStore, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    unlucky = Unlucky()
    create_tables([unlucky, Nothing()], pool)
    worker = start(unlucky, Nothing())
    position = head_after(store)
    wait_until(lambda: worker.failures == {"unlucky": "ConnectionError"})
    wait_for(position, [Nothing()], pool, timeout=SECONDS)
    assert log_positions([unlucky], pool) == {"unlucky": 0}
    unlucky.failing = False
    wait_for(position, [unlucky], pool, timeout=SECONDS)
    wait_until(lambda: worker.failures == {})
    assert "bad luck" in caplog.text


def test_a_task_runs_again_and_again_and_one_that_fails_stops_no_other(start: Any) -> None:
    runs: list[str] = []

    def fail() -> None:
        runs.append("fails")
        raise ValueError("bad luck")

    start(
        tasks=(
            PeriodicTask("fails", 0.01, fail),
            PeriodicTask("works", 0.01, lambda: runs.append("works")),
        )
    )
    wait_until(lambda: runs.count("works") >= 5 and runs.count("fails") >= 5)


def test_a_worker_stops_at_once(database_url: str, store: EventStore, pool: Pool) -> None:
    create_tables([Nothing()], pool)
    task = PeriodicTask("rests", 3600, lambda: None)
    worker = Worker(database_url, store, pool, [Nothing()], [task])
    with worker:
        began = time.monotonic()
    assert time.monotonic() - began < SECONDS
    assert not any(thread.name.startswith("projection nothing") for thread in threading.enumerate())

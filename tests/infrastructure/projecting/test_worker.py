"""A worker keeps read models up to date and does what comes round; many may run at once."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from api.periodic_tasks import expire_overdue
from domain.employer import EmployerRegistered
from domain.event import Event
from domain.handlers import on
from domain.outreach import AcceptOutreach
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.checkpoints import create_tables, log_positions, wait_for
from infrastructure.projecting.projection import Change, Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.worker import PeriodicTask, Worker
from projections.read_models import read_models
from tests.support.concurrency import SECONDS, wait_until
from tests.support.stored import ADMIN, a_message, employer

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
            raise ValueError("bad luck")
        return []


@pytest.fixture
def every(pool: Pool) -> list[Projection]:
    every = read_models()
    create_tables(every, pool)
    return every


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


def test_what_happens_is_seen_at_once(start: Any, store: EventStore, pool: Pool) -> None:
    create_tables([Nothing()], pool)
    start(Nothing())
    wait_for(head_after(store), [Nothing()], pool, timeout=SECONDS)
    began = time.monotonic()
    wait_for(head_after(store), [Nothing()], pool, timeout=SECONDS)
    assert time.monotonic() - began < 1


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
        administration.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [conninfo_to_dict(database_url)["dbname"]],
        )
    wait_for(head_after(store), [Nothing()], pool, timeout=SECONDS)


def test_what_fails_is_told_and_the_others_go_on(
    start: Any, store: EventStore, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    unlucky = Unlucky()
    create_tables([unlucky, Nothing()], pool)
    worker = start(unlucky, Nothing())
    position = head_after(store)
    wait_until(lambda: worker.failures == {"unlucky": "ValueError"})
    wait_for(position, [Nothing()], pool, timeout=SECONDS)
    assert log_positions([unlucky], pool) == {"unlucky": 0}
    unlucky.failing = False
    wait_for(position, [unlucky], pool, timeout=SECONDS)
    wait_until(lambda: worker.failures == {})
    assert "bad luck" in caplog.text


def test_however_long_it_fails_it_goes_on_trying(store: EventStore, pool: Pool) -> None:
    class Patient(threading.Event):
        """A stop that lets nobody wait, and comes after many failures."""

        waited: list[float] = []  # noqa: RUF012

        def wait(self, timeout: float | None = None) -> bool:
            self.waited.append(timeout or 0)
            if len(self.waited) == 1_100:
                self.set()
            return self.is_set()

    projector = Projector(Nothing(), store, pool)  # never prepared, so it always fails
    projector.catch_up = lambda: 1 // 0  # type: ignore[method-assign, assignment, return-value]
    stop, news = Patient(), threading.Event()
    news.wait = lambda timeout=None: True  # type: ignore[method-assign]
    projector.run(stop, news)
    assert len(stop.waited) == 1_100
    assert max(stop.waited) == 30


def test_a_chore_comes_round_and_one_that_fails_stops_no_other(start: Any) -> None:
    done, failed = count(), count()
    seen: list[int] = []

    def fail() -> None:
        next(failed)
        raise ValueError("bad luck")

    start(
        tasks=(
            PeriodicTask("fails", 0.01, fail),
            PeriodicTask("works", 0.01, lambda: seen.append(next(done))),
        )
    )
    wait_until(lambda: len(seen) >= 5)
    assert next(failed) >= 4


def test_a_worker_stops_at_once(database_url: str, store: EventStore, pool: Pool) -> None:
    create_tables([Nothing()], pool)
    chore = PeriodicTask("rests", 3600, lambda: None)
    worker = Worker(database_url, store, pool, [Nothing()], [chore])
    with worker:
        began = time.monotonic()
    assert time.monotonic() - began < SECONDS  # not when the task comes round
    assert not any(thread.name.startswith("projection nothing") for thread in threading.enumerate())


# Expiry, which is a chore of the marketplace.


def sent(store: EventStore, days_ago: float) -> UUID:
    """A message that was sent so long ago."""
    at = NOW - timedelta(days=days_ago)
    message = a_message(store)
    return store.execute(message.model_copy(update={"at": at})).id


def expired(store: EventStore) -> set[UUID]:
    notifications, _ = store.read(0, 10_000, ["outreach.expired"])
    ids = [event.originator_id for event in notifications]
    assert len(ids) == len(set(ids)), "expired twice"
    return set(ids)  # type: ignore[arg-type]


def caught_up(every: list[Projection], store: EventStore, pool: Pool) -> None:
    for projection in every:
        while Projector(projection, store, pool).catch_up():
            pass


def test_an_outreach_expires_when_fourteen_days_have_passed(
    every: list[Projection], store: EventStore, pool: Pool
) -> None:
    due, long_due = sent(store, 14), sent(store, 30)
    sent(store, 13.99)
    answered = sent(store, 20)
    store.execute(
        AcceptOutreach(by=ADMIN, at=NOW - timedelta(days=19), request_id="x", outreach_id=answered)
    )
    caught_up(every, store, pool)
    assert expire_overdue(store, pool, NOW) == 2
    assert expired(store) == {due, long_due}
    caught_up(every, store, pool)
    assert expire_overdue(store, pool, NOW) == 0


def test_what_the_list_does_not_know_yet_is_not_expired_again(
    every: list[Projection], store: EventStore, pool: Pool
) -> None:
    outreach = sent(store, 15)
    caught_up(every, store, pool)
    assert expire_overdue(store, pool, NOW) == 1
    assert expire_overdue(store, pool, NOW) == 0  # the list still shows it
    assert expired(store) == {outreach}


def test_several_workers_at_once_expire_once(
    every: list[Projection], store: EventStore, pool: Pool, start: Any
) -> None:
    overdue = {sent(store, 15) for _ in range(10)}
    caught_up(every, store, pool)
    rounds = count()

    def expire() -> None:
        expire_overdue(store, pool, NOW)
        next(rounds)

    chore = PeriodicTask("expire", 0.01, expire)
    for _ in range(3):
        start(*every, tasks=(chore,))
    wait_until(lambda: len(expired(store)) == 10)
    enough = next(rounds) + 10
    wait_until(lambda: next(rounds) > enough)
    assert expired(store) == overdue
    wait_for(store.recorder.max_notification_id() or 0, every, pool, timeout=SECONDS)
    with pool.connection() as db:
        statuses = db.execute("SELECT DISTINCT status FROM interview_list").fetchall()
    assert statuses == [("expired",)]


def test_the_events_of_a_worker_say_who_and_why(
    every: list[Projection], store: EventStore, pool: Pool
) -> None:
    sent(store, 15)
    caught_up(every, store, pool)
    expire_overdue(store, pool, NOW)
    notifications, _ = store.read(0, 100, ["outreach.expired"])
    event: Event = store.mapper.to_domain_event(notifications[0])
    assert (event.actor.id, event.actor.role) == ("expiry", "system")
    assert UUID(event.request_id).version == 4

"""Projections apply each event exactly once, in order, whatever happens in between."""

import random
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.actor import Actor, Role
from domain.employer import (
    ApproveEmployer,
    BetaJoined,
    EmployerApproved,
    EmployerRegistered,
    Manager,
    RegisterEmployer,
)
from domain.event import Event
from domain.handlers import on
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore, Recorded
from infrastructure.projecting.checkpoints import (
    NewerProjection,
    NotCaughtUp,
    OlderProjection,
    changed_log_position,
    create_tables,
    log_positions,
    wait_for,
)
from infrastructure.projecting.projection import Change, LoggedEvent, Projection
from infrastructure.projecting.projector import Projector
from tests.support.concurrency import SECONDS, wait_until
from tests.support.databases import SECRET
from tests.support.killed import forks

BY_ADMIN: dict[str, Any] = {
    "by": Actor(id="ada", role=Role.ADMIN),
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "request_id": "test",
}


class Ledger(Projection, name="ledger", version=1):
    """One row for each registration, and a counter of them all."""

    TABLES = """
        CREATE TABLE ledger (position bigint, company text);
        CREATE TABLE ledger_total (id int PRIMARY KEY, total int NOT NULL);
        INSERT INTO ledger_total VALUES (1, 0)"""

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
        return [
            (
                "INSERT INTO ledger VALUES (%(log_position)s, %(company)s)",
                {"company": event.company},
            ),
            ("UPDATE ledger_total SET total = total + 1 WHERE id = 1", {}),
        ]

    @on(EmployerApproved, BetaJoined)
    def on_employer_approved_or_beta_joined(self, event: Event) -> list[Change]:
        return []


class Unlucky(Ledger, name="unlucky", version=1):
    """Fails at a certain event for as long as it is told to."""

    TABLES = Ledger.TABLES
    failing = True

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
        if self.failing and event.company == "company 5":
            raise ValueError("bad luck")
        return super().on_employer_registered(event)


def register(store: EventStore, number: int) -> int:
    """Register this many employers, and say the log position of the last event."""
    log_position = 0
    for n in range(number):
        log_position = register_one(store, f"company {n}").log_position
    return log_position


def register_one(store: EventStore, company: str = "Globex") -> Recorded:
    command = RegisterEmployer(
        **BY_ADMIN,
        employer_id=uuid4(),
        company=company,
        manager=Manager(name="Casey", email="casey@example.com"),
    )
    return store.execute(command)


def approve(store: EventStore, registered: Recorded) -> int:
    return store.execute(ApproveEmployer(**BY_ADMIN, employer_id=registered.id)).log_position


def ledger(pool: Pool) -> tuple[list[str], int]:
    with pool.connection() as db:
        companies = [c for (c,) in db.execute("SELECT company FROM ledger ORDER BY position")]
        total = db.execute("SELECT total FROM ledger_total").fetchone()
    assert total is not None
    return companies, total[0]


def companies(number: int) -> tuple[list[str], int]:
    """What the ledger must show after this many registrations."""
    return [f"company {n}" for n in range(number)], number


def drain(projector: Projector) -> None:
    while projector.catch_up():
        pass


@pytest.mark.parametrize("batch_size", [1, 3, 1000])
def test_every_event_is_applied_once_whatever_the_batch(
    store: EventStore, pool: Pool, batch_size: int
) -> None:
    create_tables([Ledger()], pool)
    register(store, 10)
    drain(Projector(Ledger(), store, pool, batch_size))
    assert ledger(pool) == companies(10)


def test_its_topics_are_those_it_has_handlers_for() -> None:
    assert Ledger().topics == [
        "employer.approved",
        "employer.beta_joined",
        "employer.registered",
    ]


def test_it_moves_on_over_events_that_it_does_not_follow(store: EventStore, pool: Pool) -> None:
    class Deaf(Projection, name="deaf", version=1):
        """Follows nothing that happens here."""

        @on(BetaJoined)
        def on_beta_joined(self, event: BetaJoined) -> list[Change]:
            return []

    create_tables([Deaf()], pool)
    position = register(store, 5)
    drain(Projector(Deaf(), store, pool))
    assert log_positions([Deaf()], pool) == {"deaf": position}


def test_only_events_that_it_follows_move_the_log_position_of_its_last_change(
    store: EventStore, pool: Pool
) -> None:
    class Approvals(Projection, name="approvals", version=1):
        """Follows one of two events."""

        @on(EmployerApproved)
        def on_employer_approved(self, event: EmployerApproved) -> list[Change]:
            return []

    def last_change() -> int:
        drain(Projector(Approvals(), store, pool))
        with pool.connection() as db:
            return changed_log_position([Approvals], db)

    create_tables([Approvals()], pool)
    register(store, 3)
    assert last_change() == 0
    approved = approve(store, register_one(store))
    assert last_change() == approved
    log_position = register(store, 2)
    assert last_change() == approved
    assert log_positions([Approvals()], pool) == {"approvals": log_position}


def test_a_failing_event_changes_nothing_and_is_tried_again(store: EventStore, pool: Pool) -> None:
    unlucky = Unlucky()
    create_tables([unlucky], pool)
    register(store, 10)
    projector = Projector(unlucky, store, pool, batch_size=4)
    with pytest.raises(ValueError, match="bad luck"):
        drain(projector)
    assert ledger(pool) == companies(4)
    unlucky.failing = False
    drain(projector)
    assert ledger(pool) == companies(10)


def test_a_running_projector_tells_what_it_fails_on(store: EventStore, pool: Pool) -> None:
    unlucky = Unlucky()
    create_tables([unlucky], pool)
    register(store, 10)
    projector = Projector(unlucky, store, pool)
    stop, news = threading.Event(), threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop, news))
    thread.start()
    try:
        wait_until(lambda: projector.failure is not None)
        assert projector.failure == "ValueError"
        unlucky.failing = False
        wait_until(lambda: projector.failure is None)
    finally:
        stop.set()
        news.set()
        thread.join()
    assert ledger(pool) == companies(10)


def test_what_it_fails_on_is_told_without_the_data(
    store: EventStore, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    class Strict(Projection, name="strict", version=1):
        """Has no room for anybody."""

        TABLES = "CREATE TABLE strict (company text CHECK (company = ''))"

        @on(EmployerRegistered)
        def on_employer_registered(self, event: EmployerRegistered) -> Change:
            return "INSERT INTO strict VALUES (%(company)s)", {"company": event.company}

    create_tables([Strict()], pool)
    register(store, 1)
    projector = Projector(Strict(), store, pool)
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop, threading.Event()))
    thread.start()
    wait_until(lambda: projector.failure is not None)
    stop.set()
    thread.join()
    assert projector.failure == "CheckViolation (23514)"
    assert "company 0" not in caplog.text


def test_while_one_worker_has_a_projection_another_leaves_it_alone(
    store: EventStore, pool: Pool
) -> None:
    class Slow(Ledger, name="ledger_slow", version=1):
        """Takes its time over a batch."""

        TABLES = Ledger.TABLES

        def apply(self, db: Connection[TupleRow], events: Sequence[LoggedEvent[Event]]) -> None:
            holding.set()
            release.wait(SECONDS)
            super().apply(db, events)

        @on(EmployerRegistered)
        def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
            return super().on_employer_registered(event)

    holding, release = threading.Event(), threading.Event()
    create_tables([Slow()], pool)
    register(store, 3)
    first, second = Projector(Slow(), store, pool), Projector(Slow(), store, pool)
    thread = threading.Thread(target=first.catch_up)
    thread.start()
    holding.wait(SECONDS)
    assert second.catch_up() is False
    release.set()
    thread.join()
    drain(second)
    assert ledger(pool) == companies(3)


def test_many_workers_at_once_apply_each_event_once(store: EventStore, pool: Pool) -> None:
    create_tables([Ledger()], pool)
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=Projector(Ledger(), store, pool, 3).run, args=(stop, threading.Event())
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    wait_for(register(store, 60), [Ledger()], pool, timeout=SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    assert ledger(pool) == companies(60)


def work_until_killed(url: str) -> None:
    """What a worker's process does."""
    with open_pool(url, name="worker") as pool, EventStore(url, pool, SECRET) as store:
        Projector(Ledger(), store, pool, 2).run(threading.Event(), threading.Event())


@pytest.mark.slow
def test_workers_killed_again_and_again_apply_each_event_once(
    store: EventStore, pool: Pool, database_url: str
) -> None:
    create_tables([Ledger()], pool)
    stop = threading.Event()
    reached = [0]  # and what each of the killed added

    def be_killed_and_replaced() -> None:
        while not stop.is_set():
            worker = forks.Process(target=work_until_killed, args=(database_url,), daemon=True)
            worker.start()
            while log_positions([Ledger()], pool)["ledger"] == reached[-1] and not stop.is_set():
                time.sleep(0.005)
            time.sleep(random.uniform(0, 0.1))
            worker.kill()
            worker.join()
            reached.append(log_positions([Ledger()], pool)["ledger"])

    killer = threading.Thread(target=be_killed_and_replaced)
    killer.start()
    registered, deadline = 0, time.monotonic() + 2 * SECONDS
    try:
        while registered < 400 or len(reached) <= 8:
            assert time.monotonic() < deadline, "the workers do not get on"
            register_from = register(store, 20)
            registered += 20
    finally:
        stop.set()
        killer.join()
    # The server may take a moment to see that the last worker, who held the checkpoint, is dead.
    while log_positions([Ledger()], pool)["ledger"] < register_from:
        assert time.monotonic() < deadline + SECONDS, "the last worker does not get on"
        drain(Projector(Ledger(), store, pool))
    applied, total = ledger(pool)
    assert len(applied) == total == registered
    assert log_positions([Ledger()], pool) == {"ledger": register_from}


def test_waiting_ends_when_the_position_is_reached(store: EventStore, pool: Pool) -> None:
    create_tables([Ledger()], pool)
    position = register(store, 3)
    later = threading.Timer(0.1, lambda: drain(Projector(Ledger(), store, pool)))
    later.start()
    wait_for(position, [Ledger()], pool, timeout=SECONDS)
    later.join()
    assert ledger(pool) == companies(3)


def test_waiting_too_long_says_who_is_behind(store: EventStore, pool: Pool) -> None:
    create_tables([Ledger()], pool)
    position = register(store, 1)
    with pytest.raises(NotCaughtUp, match=f"Not up to event position {position} yet: ledger is"):
        wait_for(position, [Ledger()], pool, timeout=0.05)


def test_preparing_twice_at_once_makes_the_tables_once(pool: Pool, database_url: str) -> None:
    errors: list[BaseException] = []

    def prepare_it() -> None:
        try:
            create_tables([Ledger()], pool)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            errors.append(error)

    threads = [threading.Thread(target=prepare_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert ledger(pool) == ([], 0)


class LedgerOfTwo(Projection, name="ledger", version=2):
    """The next version of the ledger, in a table of another form."""

    TABLES = "CREATE TABLE ledger (position bigint, company text, length int)"
    FORMER_TABLES = ("ledger_total",)

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> Change:
        return "INSERT INTO ledger VALUES (%(log_position)s, %(company)s, %(length)s)", {
            "company": event.company,
            "length": len(event.company),
        }


def test_a_new_version_is_made_anew_from_the_events(store: EventStore, pool: Pool) -> None:
    create_tables([Ledger()], pool)
    register(store, 3)
    drain(Projector(Ledger(), store, pool))
    create_tables([LedgerOfTwo()], pool)
    drain(Projector(LedgerOfTwo(), store, pool))
    with pool.connection() as db:
        assert db.execute("SELECT length FROM ledger").fetchall() == [(9,)] * 3
        assert db.execute("SELECT to_regclass('ledger_total')").fetchone() == (None,)


def test_who_is_not_to_renew_leaves_an_older_version_to_its_program(
    store: EventStore, pool: Pool
) -> None:
    create_tables([Ledger()], pool)
    register(store, 3)
    drain(Projector(Ledger(), store, pool))
    with pytest.raises(OlderProjection, match="ledger is of version 1, and this program makes 2"):
        create_tables([LedgerOfTwo()], pool, rebuild=False)
    assert ledger(pool)[1] == 3


def test_an_older_program_leaves_a_newer_version_alone(pool: Pool) -> None:
    create_tables([LedgerOfTwo()], pool)
    with pytest.raises(NewerProjection, match="ledger is of version 2, and this program knows 1"):
        create_tables([Ledger()], pool)

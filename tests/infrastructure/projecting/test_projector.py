"""Projections apply each event exactly once, in order, whatever happens in between."""

import random
import threading
import time
from collections.abc import Sequence

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.employer_events import BetaJoined, EmployerApproved, EmployerRegistered
from domain.handlers import on
from infrastructure.database.postgres import Pool
from infrastructure.event_log.keys import WrongSecret
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking
from infrastructure.projecting.checkpoints import (
    NotCaughtUp,
    changed_log_position,
    log_positions,
    wait_for,
)
from infrastructure.projecting.projection import Change, LoggedEvent, Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from tests.support.concurrency import SECONDS, wait_until
from tests.support.databases import SECRET
from tests.support.killed import forks
from tests.support.ledger import (
    Ledger,
    NewLedger,
    approve,
    companies,
    drain,
    ledger,
    register,
    register_one,
    run_until_killed,
)


class Unlucky(Ledger, name="unlucky", version=1):
    """Fails at a certain event for as long as it is told to."""

    TABLES = Ledger.TABLES
    failing = True

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
        if self.failing and event.company == "company 5":
            raise ConnectionError("bad luck")
        return super().on_employer_registered(event)


@pytest.mark.parametrize("batch_size", [1, 3, 1000])
def test_every_event_is_applied_once_whatever_the_batch(
    store: EventStore, pool: Pool, batch_size: int
) -> None:
    create_tables([Ledger()], pool)
    register(store, 10)
    drain(Projector([Ledger()], store, pool, batch_size))
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
    drain(Projector([Deaf()], store, pool))
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
        drain(Projector([Approvals()], store, pool))
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
    projector = Projector([unlucky], store, pool, batch_size=4)
    with pytest.raises(ConnectionError, match="bad luck"):
        drain(projector)
    assert ledger(pool) == companies(4)
    unlucky.failing = False
    drain(projector)
    assert ledger(pool) == companies(10)


def test_a_running_projector_tells_what_it_fails_on(store: EventStore, pool: Pool) -> None:
    unlucky = Unlucky()
    create_tables([unlucky], pool)
    register(store, 10)
    projector = Projector([unlucky], store, pool)
    stop, news = threading.Event(), threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop, news))
    thread.start()
    try:
        wait_until(lambda: projector.failures)
        assert projector.failures == {"unlucky": "ConnectionError"}
        unlucky.failing = False
        wait_until(lambda: not projector.failures)
    finally:
        stop.set()
        news.set()
        thread.join()
    assert ledger(pool) == companies(10)


def test_what_it_fails_on_is_reported_without_the_data(
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
    drain(Projector([Strict()], store, pool))
    with pool.connection() as db:
        (parked,) = parking.listed(db)
    assert parked.error == "CheckViolation (23514): strict, strict_company_check"
    assert "CheckViolation (23514)" in caplog.text
    assert "company 0" not in caplog.text


class Anonymous(Ledger, name="ledger", version=1):
    """The ledger of a projection that has no use for personal fields, and keeps what it gets."""

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
        return [(self.ADD, {"company": event.manager_name})]


class Named(Anonymous, name="ledger", version=1, personal=True):
    """The same, of one that asks for personal fields."""


@pytest.mark.parametrize(("kind", "seen"), [(Anonymous, "[erased]"), (Named, "Casey")])
def test_only_a_projection_that_asks_for_personal_fields_gets_them(
    store: EventStore, pool: Pool, kind: type[Ledger], seen: str
) -> None:
    create_tables([kind()], pool)
    register(store, 1)
    drain(Projector([kind()], store, pool))
    assert ledger(pool)[0] == [seen]


def test_no_key_is_opened_for_a_projection_that_does_not_ask_for_personal_fields(
    store: EventStore, pool: Pool, database_url: str
) -> None:
    create_tables([Anonymous()], pool)
    register(store, 1)
    with EventStore(database_url, pool, f"not {SECRET}") as without_the_secret:
        drain(Projector([Anonymous()], without_the_secret, pool))
        register(store, 1)
        with pytest.raises(WrongSecret):
            drain(Projector([Named()], without_the_secret, pool))
    assert ledger(pool)[0] == ["[erased]"]


def test_while_one_worker_has_a_projection_another_leaves_it_alone(
    store: EventStore, pool: Pool
) -> None:
    class Slow(Ledger, name="ledger_slow", version=1):
        """Takes its time over a batch."""

        TABLES = Ledger.TABLES

        def apply(self, db: Connection[TupleRow], events: Sequence[LoggedEvent]) -> None:
            holding.set()
            release.wait(SECONDS)
            super().apply(db, events)

        @on(EmployerRegistered)
        def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
            return super().on_employer_registered(event)

    holding, release = threading.Event(), threading.Event()
    create_tables([Slow()], pool)
    register(store, 3)
    first, second = Projector([Slow()], store, pool), Projector([Slow()], store, pool)
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
            target=Projector([Ledger()], store, pool, 3).run, args=(stop, threading.Event())
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


@pytest.mark.slow
def test_workers_killed_again_and_again_apply_each_event_once(
    store: EventStore, pool: Pool, database_url: str
) -> None:
    create_tables([Ledger()], pool)
    stop = threading.Event()
    reached = [0]  # and what each of the killed added

    def be_killed_and_replaced() -> None:
        while not stop.is_set():
            worker = forks.Process(
                target=run_until_killed, args=(database_url, Ledger()), daemon=True
            )
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
        drain(Projector([Ledger()], store, pool))
    applied, total = ledger(pool)
    assert len(applied) == total == registered
    assert log_positions([Ledger()], pool) == {"ledger": register_from}


def test_waiting_ends_when_the_position_is_reached(store: EventStore, pool: Pool) -> None:
    create_tables([Ledger()], pool)
    position = register(store, 3)
    later = threading.Timer(0.1, lambda: drain(Projector([Ledger()], store, pool)))
    later.start()
    wait_for(position, [Ledger()], pool, timeout=SECONDS)
    later.join()
    assert ledger(pool) == companies(3)


def test_waiting_for_a_version_that_there_is_none_of_is_waiting_too_long(
    store: EventStore, pool: Pool
) -> None:
    create_tables([Ledger()], pool)
    log_position = register(store, 1)
    drain(Projector([Ledger()], store, pool))
    assert log_positions([NewLedger], pool) == {"ledger": 0}
    with pytest.raises(NotCaughtUp, match="ledger is at 0"):
        wait_for(log_position, [NewLedger], pool, timeout=0.05)


def test_waiting_too_long_says_who_is_behind(store: EventStore, pool: Pool) -> None:
    create_tables([Ledger()], pool)
    position = register(store, 1)
    with pytest.raises(NotCaughtUp, match=f"Not up to event position {position} yet: ledger is"):
        wait_for(position, [Ledger()], pool, timeout=0.05)

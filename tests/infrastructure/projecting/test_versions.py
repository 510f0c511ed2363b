"""A new version of a read model is built beside the live one, and then takes over."""

import random
import threading
import time
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection

from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import versions
from infrastructure.projecting.checkpoints import log_positions, wait_for
from infrastructure.projecting.follower import NoCheckpoint
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.reading import ReadModels, Rebuilding, TakenOver
from infrastructure.projecting.versions import NewerProjection, OlderProjection, create_tables
from tests.support.concurrency import SECONDS, wait_until
from tests.support.killed import forks
from tests.support.ledger import (
    Ledger,
    NewestLedger,
    NewLedger,
    companies,
    drain,
    ledger,
    read_ledger,
    register,
    run_until_killed,
)
from tests.support.reading import read_all_the_time


@pytest.fixture
def old(store: EventStore, pool: Pool) -> ReadModels:
    """An older program, whose ledger has three employers."""
    create_tables([Ledger()], pool)
    register(store, 3)
    drain(Projector([Ledger()], store, pool))
    return ReadModels(pool, timeout=1)


@pytest.fixture
def new(old: ReadModels, pool: Pool) -> ReadModels:
    """A newer program, started beside the older one."""
    create_tables([NewLedger()], pool)
    return ReadModels(pool, timeout=1)


def old_ledger(old: ReadModels) -> tuple[list[str], int]:
    with old.reading(Ledger) as db:
        return read_ledger(db)


def new_ledger(new: ReadModels, version: type[NewLedger] = NewLedger) -> list[tuple[str, int]]:
    with new.reading(version) as db:
        return db.execute("SELECT company, length FROM ledger ORDER BY log_position").fetchall()


def plainly_replayed(store: EventStore, pool: Pool) -> list[tuple[str, int]]:
    """What the new ledger must show: the log applied event by event, in one thread."""
    events, _ = store.read(0, 100_000, NewLedger().topics)
    loaded = store.mapper.with_personal_fields(events)
    with pool.connection() as db, db.transaction(force_rollback=True):
        db.execute("CREATE SCHEMA plain")
        db.execute("SET LOCAL search_path TO plain")
        db.execute(NewLedger.TABLES)
        for stored, event in zip(events, loaded, strict=True):
            for statement, parameters in NewLedger().changes(event):
                db.execute(statement, {**parameters, "log_position": stored.id})
        return db.execute("SELECT company, length FROM ledger ORDER BY log_position").fetchall()


def schemas(pool: Pool) -> list[str]:
    with pool.connection() as db:
        rows = db.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'building%'")
        return [name for (name,) in rows]


# Creating tables ----------------------------------------------------------------------------------


def test_tables_that_several_create_at_once_are_created_once(pool: Pool) -> None:
    errors: list[BaseException] = []

    def create() -> None:
        try:
            create_tables([Ledger()], pool)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            errors.append(error)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert ledger(pool) == ([], 0)


def test_a_first_version_is_live_at_once_where_nothing_has_happened_yet(pool: Pool) -> None:
    create_tables([Ledger()], pool)
    assert old_ledger(ReadModels(pool, timeout=1)) == ([], 0)
    assert schemas(pool) == []


def test_a_first_version_over_a_log_with_events_is_built_before_it_is_read(
    store: EventStore, pool: Pool
) -> None:
    register(store, 3)
    create_tables([Ledger()], pool)
    read_models = ReadModels(pool, timeout=1)
    with pytest.raises(Rebuilding, match="ledger is being rebuilt: it is at event 0 of 3"):
        old_ledger(read_models)
    drain(Projector([Ledger()], store, pool))
    assert old_ledger(read_models) == companies(3)


def test_a_program_that_must_not_rebuild_leaves_an_older_version_alone(
    old: ReadModels, pool: Pool
) -> None:
    with pytest.raises(OlderProjection, match="ledger is of version 1, and this program makes 2"):
        create_tables([NewLedger()], pool, rebuild=False)
    assert old_ledger(old) == companies(3)
    assert schemas(pool) == []


def test_an_older_program_starts_again_while_a_newer_version_is_being_built(
    old: ReadModels, new: ReadModels, pool: Pool
) -> None:
    create_tables([Ledger()], pool)
    assert old_ledger(old) == companies(3)


def test_an_older_program_does_not_start_on_a_newer_version(pool: Pool) -> None:
    create_tables([NewLedger()], pool)
    with pytest.raises(NewerProjection, match="ledger is of version 2, and this program knows 1"):
        create_tables([Ledger()], pool)


# While it is built --------------------------------------------------------------------------------


def test_the_live_version_is_read_and_kept_up_to_date_meanwhile(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool
) -> None:
    register(store, 1)
    drain(Projector([Ledger()], store, pool))
    assert old_ledger(old) == (["company 0", "company 1", "company 2", "company 0"], 4)
    with pytest.raises(Rebuilding, match="ledger is being rebuilt: it is at event 0 of 4"):
        new_ledger(new)


def test_a_read_of_a_version_that_is_being_built_does_not_wait(new: ReadModels, pool: Pool) -> None:
    began = time.monotonic()
    patient = ReadModels(pool, timeout=2 * SECONDS)
    with pytest.raises(Rebuilding), patient.reading(NewLedger, after=3):
        pass
    assert time.monotonic() - began < SECONDS


def test_its_rows_are_those_of_a_plain_replay(
    new: ReadModels, store: EventStore, pool: Pool
) -> None:
    drain(Projector([NewLedger()], store, pool, batch_size=2))
    assert (
        new_ledger(new) == plainly_replayed(store, pool) == [(f"company {n}", 9) for n in (0, 1, 2)]
    )


# Taking over --------------------------------------------------------------------------------------


def test_a_takeover_leaves_nothing_of_the_version_before(
    new: ReadModels, store: EventStore, pool: Pool
) -> None:
    with pool.connection() as db:
        db.execute(
            "INSERT INTO parked_events"
            " (projection, version, log_id, stream, log_position, kind, error, parked_at)"
            " SELECT 'ledger', version, 0, %s, 1, 'kind', 'error', %s FROM unnest(ARRAY[1, 2])"
            " AS version",
            [uuid4(), "2026-01-01"],
        )
    drain(Projector([NewLedger()], store, pool))
    with pool.connection() as db:
        assert db.execute("SELECT to_regclass('ledger_total')").fetchone() == (None,)
        assert db.execute("SELECT version FROM parked_events").fetchall() == [(2,)]
        indexes = db.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'ledger'")
        assert {name for (name,) in indexes} == {"ledger_pkey", "ledger_by_length"}
    assert schemas(pool) == []


def test_an_older_program_stops_reading_and_writing_after_a_takeover(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool
) -> None:
    assert old_ledger(old) == companies(3)
    drain(Projector([NewLedger()], store, pool))
    with pytest.raises(TakenOver, match="A newer program is running and has taken over"):
        old_ledger(old)
    with pytest.raises(NoCheckpoint, match="a newer program has taken over"):
        Projector([Ledger()], store, pool).catch_up()
    stopped = Projector([Ledger()], store, pool)
    stopped.run(threading.Event(), threading.Event())
    assert stopped.failures == {"ledger": "NoCheckpoint"}


def test_an_older_program_that_waits_for_a_position_hears_of_the_takeover(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool
) -> None:
    old_ledger(old)
    drain(Projector([NewLedger()], store, pool))
    log_position = register(store, 1)
    with pytest.raises(TakenOver), old.reading(Ledger, after=log_position):
        pass


def test_what_was_read_on_both_sides_of_a_takeover_does_not_count(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool
) -> None:
    with pytest.raises(TakenOver), old.reading(Ledger):
        drain(Projector([NewLedger()], store, pool))


def test_what_fails_because_of_a_takeover_says_so(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool
) -> None:
    def read_too_late(db: Database) -> None:
        drain(Projector([NewLedger()], store, pool))
        read_ledger(db)

    with pytest.raises(TakenOver), old.reading(Ledger) as db:
        read_too_late(db)


def test_what_fails_otherwise_fails_as_it_did(old: ReadModels) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn), old.reading(Ledger) as db:
        db.execute("SELECT length FROM ledger")


def test_a_long_read_puts_the_takeover_off_and_holds_up_no_other(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool, database_url: str
) -> None:
    building = Projector([NewLedger()], store, pool)
    with psycopg.connect(database_url) as long, read_all_the_time(lambda: old_ledger(old)) as wrong:
        long.execute("SELECT * FROM ledger")
        began = time.monotonic()
        drain(building)
        assert time.monotonic() - began < SECONDS
        assert old_ledger(old) == companies(3)
    assert wrong == []
    drain(Projector([NewLedger()], store, pool))
    assert new_ledger(new) == plainly_replayed(store, pool)


def test_a_takeover_applies_at_least_what_the_version_before_had(
    new: ReadModels, store: EventStore, pool: Pool
) -> None:
    register(store, 30)
    drain(Projector([Ledger()], store, pool))
    building = Projector([NewLedger()], store, pool, batch_size=10)
    while building.catch_up():
        register(store, 1)
        if not schemas(pool):
            break
    assert new_ledger(new) == plainly_replayed(store, pool)[: len(new_ledger(new))]
    assert len(new_ledger(new)) >= 33


def test_a_version_that_was_never_finished_goes_when_the_next_takes_over(
    new: ReadModels, store: EventStore, pool: Pool
) -> None:
    create_tables([NewestLedger()], pool)
    assert schemas(pool) == ["building_ledger_2", "building_ledger_3"]
    drain(Projector([NewestLedger()], store, pool))
    assert schemas(pool) == []
    assert len(new_ledger(ReadModels(pool, timeout=1), NewestLedger)) == 3
    with pytest.raises(TakenOver):
        new_ledger(new)


# At once, and killed ------------------------------------------------------------------------------


def test_many_workers_at_once_build_it_once(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool
) -> None:
    stop = threading.Event()
    workers = [
        threading.Thread(
            target=Projector([version], store, pool, 3).run, args=(stop, threading.Event())
        )
        for version in (Ledger(), Ledger(), NewLedger(), NewLedger(), NewLedger())
    ]
    for worker in workers:
        worker.start()
    log_position = register(store, 60)
    try:
        wait_for(log_position, [NewLedger], pool, timeout=SECONDS)
        wait_until(lambda: schemas(pool) == [])
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert new_ledger(new) == plainly_replayed(store, pool)


def read_either(old: ReadModels, new: ReadModels) -> None:
    """Read with the program whose version is live: one of the two always is."""
    try:
        old_ledger(old)
    except TakenOver:
        new_ledger(new)


@pytest.mark.slow
def test_it_is_built_by_workers_that_are_killed_again_and_again_and_no_read_fails(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool, database_url: str
) -> None:
    register(store, 80)
    stop = threading.Event()
    follower = threading.Thread(
        target=Projector([Ledger()], store, pool).run, args=(stop, threading.Event())
    )
    follower.start()
    killed = 0
    try:
        with read_all_the_time(lambda: read_either(old, new)) as wrong:
            while schemas(pool) or killed < 3:
                worker = forks.Process(
                    target=run_until_killed, args=(database_url, NewLedger()), daemon=True
                )
                worker.start()
                before = log_positions([NewLedger], pool)
                while schemas(pool) and log_positions([NewLedger], pool) == before:
                    time.sleep(0.005)
                time.sleep(random.uniform(0, 0.1))
                worker.kill()
                worker.join()
                killed += 1
                register(store, 2)
    finally:
        stop.set()
        follower.join()
    assert wrong == []
    wait_until(lambda: drained(NewLedger(), store, pool))
    assert new_ledger(new) == plainly_replayed(store, pool)


def drained(projection: Projection, store: EventStore, pool: Pool) -> bool:
    """Apply what is left; the server may take a moment to see that a killed worker is dead."""
    drain(Projector([projection], store, pool))
    head = store.recorder.max_notification_id()
    return log_positions([projection], pool)[projection.name] == head


def take_over_and_wait_to_be_killed(url: str) -> None:
    """Take over up to the commit, say so in a table, and get no further."""
    take_over = versions.take_over

    def interrupted(db: Connection, projection: Projection) -> None:
        take_over(db, projection)
        with psycopg.connect(url, autocommit=True) as another:
            another.execute("INSERT INTO reached (what) VALUES ('takeover')")
        time.sleep(60)

    versions.take_over = interrupted
    run_until_killed(url, NewLedger(), batch_size=1000)


@pytest.mark.slow
def test_a_worker_killed_in_the_midst_of_a_takeover_leaves_the_live_version_live(
    old: ReadModels, new: ReadModels, store: EventStore, pool: Pool, database_url: str
) -> None:
    with pool.connection() as db:
        db.execute("CREATE TABLE reached (what text)")
    worker = forks.Process(
        target=take_over_and_wait_to_be_killed, args=(database_url,), daemon=True
    )
    worker.start()
    with pool.connection() as db:
        wait_until(lambda: db.execute("SELECT FROM reached").fetchone() is not None)
    worker.kill()
    worker.join()
    assert old_ledger(old) == companies(3)
    wait_until(lambda: drained(NewLedger(), store, pool))
    assert new_ledger(new) == plainly_replayed(store, pool)

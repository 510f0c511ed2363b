"""A live read model is built again beside itself on request; readers see the old rows meanwhile."""

import random
import threading
import time

import psycopg
import pytest

from domain.candidate_events import OptedIn
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import progress, versions
from infrastructure.projecting.checkpoints import log_positions, wait_for
from infrastructure.projecting.progress import Progress
from infrastructure.projecting.projector import Part, Projector
from infrastructure.projecting.reading import ReadModels
from infrastructure.projecting.versions import CannotRebuild, create_tables
from tests.support.concurrency import SECONDS, wait_until
from tests.support.history import somebody
from tests.support.killed import forks
from tests.support.ledger import (
    Ledger,
    NewLedger,
    companies,
    drain,
    ledger,
    read_ledger,
    register,
    run_until_killed,
)
from tests.support.reading import read_all_the_time
from tests.support.trail import (
    EventId,
    RecordedHistory,
    Trail,
    event_id,
    parked_streams,
    poisoned,
    trail,
)


@pytest.fixture
def kept(store: EventStore, pool: Pool) -> ReadModels:
    """A program whose ledger has three employers."""
    create_tables([Ledger()], pool)
    register(store, 3)
    drain(Projector([Ledger()], store, pool))
    return ReadModels(pool, timeout=1)


@pytest.fixture
def damaged(kept: ReadModels, pool: Pool) -> ReadModels:
    """The same after its rows were changed by hand."""
    with pool.connection() as db:
        db.execute("DELETE FROM ledger WHERE log_position = 2")
        db.execute("UPDATE ledger_total SET total = 77 WHERE id = 1")
    return kept


def shown(read_models: ReadModels) -> tuple[list[str], int]:
    with read_models.reading(Ledger) as db:
        return read_ledger(db)


def of(pool: Pool, name: str = "ledger") -> list[Progress]:
    with pool.connection() as db:
        return [one for one in progress.progress(db) if one.projection == name]


def schemas(pool: Pool) -> list[str]:
    with pool.connection() as db:
        rows = db.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'building%'")
        return [name for (name,) in rows]


# On request ---------------------------------------------------------------------------------------


def test_a_rebuild_makes_the_rows_that_the_log_gives(
    damaged: ReadModels, store: EventStore, pool: Pool
) -> None:
    assert versions.rebuild(Ledger(), pool)
    drain(Projector([Ledger()], store, pool, batch_size=2))
    assert shown(damaged) == companies(3)
    assert schemas(pool) == []
    (one,) = of(pool)
    assert (one.version, one.live, one.log_position) == (1, True, 3)


def test_until_it_has_caught_up_the_old_rows_are_read_and_kept_up_to_date(
    damaged: ReadModels, store: EventStore, pool: Pool
) -> None:
    versions.rebuild(Ledger(), pool)
    log_position = register(store, 1)
    drain(Projector([Ledger()], store, pool, batch_size=1, part=Part.NEAR))
    with damaged.reading(Ledger, after=log_position) as db:
        assert read_ledger(db) == (["company 0", "company 2", "company 0"], 78)
    live, building = of(pool)
    assert (live.live, live.log_position) == (True, 4)
    assert (building.live, building.log_position, building.lag_events) == (False, 0, 4)


def test_a_rebuild_that_is_asked_for_twice_is_one(
    damaged: ReadModels, store: EventStore, pool: Pool
) -> None:
    assert versions.rebuild(Ledger(), pool)
    assert not versions.rebuild(Ledger(), pool)
    assert schemas(pool) == ["building_ledger_1"]
    drain(Projector([Ledger()], store, pool))
    assert versions.rebuild(Ledger(), pool), "once it is done it may be asked for again"


def test_a_program_that_starts_meanwhile_leaves_it_alone(
    damaged: ReadModels, store: EventStore, pool: Pool
) -> None:
    versions.rebuild(Ledger(), pool)
    create_tables([Ledger()], pool)
    drain(Projector([Ledger()], store, pool))
    assert shown(damaged) == companies(3)


def test_a_version_that_is_not_live_cannot_be_rebuilt(kept: ReadModels, pool: Pool) -> None:
    with pytest.raises(CannotRebuild, match="Version 2 of the read model ledger is not live"):
        versions.rebuild(NewLedger(), pool)
    create_tables([NewLedger()], pool)
    with pytest.raises(CannotRebuild):
        versions.rebuild(NewLedger(), pool)
    assert not versions.cancel_rebuild(NewLedger(), pool), "the new version goes on"
    assert schemas(pool) == ["building_ledger_2"]


def test_a_rebuild_that_is_cancelled_leaves_the_live_rows_and_nothing_else(
    kept: ReadModels, store: EventStore, pool: Pool
) -> None:
    versions.rebuild(Ledger(), pool)
    Projector([Ledger()], store, pool, batch_size=1, part=Part.BEHIND).catch_up()
    assert versions.cancel_rebuild(Ledger(), pool)
    assert not versions.cancel_rebuild(Ledger(), pool)
    assert (schemas(pool), len(of(pool))) == ([], 1)
    drain(Projector([Ledger()], store, pool))
    assert shown(kept) == companies(3)


def test_a_newer_version_that_takes_over_ends_a_rebuild(
    kept: ReadModels, store: EventStore, pool: Pool
) -> None:
    versions.rebuild(Ledger(), pool)
    create_tables([NewLedger()], pool)
    drain(Projector([NewLedger()], store, pool))
    assert schemas(pool) == []
    assert [(one.version, one.live) for one in of(pool)] == [(2, True)]


def test_a_query_that_waits_for_a_position_is_answered_across_a_takeover(
    damaged: ReadModels, store: EventStore, pool: Pool
) -> None:
    versions.rebuild(Ledger(), pool)
    log_position = register(store, 1)
    drain(Projector([Ledger()], store, pool))
    with damaged.reading(Ledger, after=log_position) as db:
        assert read_ledger(db)[1] == 4


def test_what_is_read_on_both_sides_of_a_takeover_counts(
    kept: ReadModels, store: EventStore, pool: Pool
) -> None:
    versions.rebuild(Ledger(), pool)
    with kept.reading(Ledger) as db:
        before = read_ledger(db)
        drain(Projector([Ledger()], store, pool))
        assert of(pool)[0].live
        assert read_ledger(db) == before == companies(3)


def test_a_long_read_puts_the_takeover_off_and_holds_up_no_other(
    damaged: ReadModels, store: EventStore, pool: Pool, database_url: str
) -> None:
    versions.rebuild(Ledger(), pool)
    with (
        psycopg.connect(database_url) as long,
        read_all_the_time(lambda: shown(damaged)) as failures,
    ):
        long.execute("SELECT * FROM ledger")
        drain(Projector([Ledger()], store, pool))
        assert schemas(pool) == ["building_ledger_1"]
    assert failures == []
    drain(Projector([Ledger()], store, pool))
    assert (schemas(pool), shown(damaged)) == ([], companies(3))


# Parked events ------------------------------------------------------------------------------------


@pytest.fixture
def parked(history: RecordedHistory, store: EventStore, pool: Pool) -> dict[EventId, str]:
    """What fails in the trail of Ada, who was parked, for as long as it is in here."""
    history.sign_up("Ada", "Bo")
    history.be_active("Ada")
    log = history.record()
    poison: dict[EventId, str] = {event_id(log, OptedIn, "Ada"): "raises"}
    drain(Projector([poisoned(Trail(), poison)], store, pool))
    assert parked_streams(pool) == {somebody("Ada"): (2, 1)}
    return poison


def test_a_rebuild_applies_what_was_parked_if_that_is_mended(
    parked: dict[EventId, str], store: EventStore, pool: Pool
) -> None:
    versions.rebuild(Trail(), pool)
    drain(Projector([Trail()], store, pool))
    assert parked_streams(pool) == {}
    assert trail(pool) == {somebody("Ada"): [1, 2, 5], somebody("Bo"): [3, 4]}


def test_what_a_rebuild_parks_stays_parked_when_it_goes_live(
    parked: dict[EventId, str], store: EventStore, pool: Pool
) -> None:
    versions.rebuild(Trail(), pool)
    drain(Projector([poisoned(Trail(), parked)], store, pool, 2, Part.BEHIND))
    assert [(one.live, one.parked) for one in of(pool, "trail")] == [(True, 2)]
    assert parked_streams(pool) == {somebody("Ada"): (2, 1)}
    parked.clear()
    assert Projector([Trail()], store, pool).replay_parked() == ([somebody("Ada")], [])
    assert trail(pool)[somebody("Ada")] == [1, 2, 5]


def test_what_a_rebuild_has_parked_is_replayed_in_its_own_tables(
    parked: dict[EventId, str], store: EventStore, pool: Pool, database_url: str
) -> None:
    versions.rebuild(Trail(), pool)
    building = Projector([poisoned(Trail(), parked)], store, pool, part=Part.BEHIND)
    with psycopg.connect(database_url) as long:  # so that it is built, but not live
        long.execute("SELECT * FROM trail")
        drain(building)
        assert [one.parked for one in of(pool, "trail")] == [2, 2]
        parked.clear()
        Projector([Trail()], store, pool).replay_parked()
        assert [one.parked for one in of(pool, "trail")] == [0, 0]
    drain(Projector([Trail()], store, pool))
    assert schemas(pool) == []
    assert trail(pool) == {somebody("Ada"): [1, 2, 5], somebody("Bo"): [3, 4]}


# At once, and killed ------------------------------------------------------------------------------


def test_many_workers_at_once_rebuild_it_once(
    damaged: ReadModels, store: EventStore, pool: Pool
) -> None:
    stop = threading.Event()
    workers = [
        threading.Thread(
            target=Projector([Ledger()], store, pool, 3, part).run, args=(stop, threading.Event())
        )
        for part in (Part.NEAR, Part.BEHIND, Part.NEAR, Part.BEHIND, Part.ALL)
    ]
    for worker in workers:
        worker.start()
    try:
        with read_all_the_time(lambda: shown(damaged)) as failures:
            for _ in range(3):
                versions.rebuild(Ledger(), pool)
                log_position = register(store, 20)
                wait_until(lambda: schemas(pool) == [])
            wait_for(log_position, [Ledger], pool, timeout=SECONDS)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert failures == []
    names, total = ledger(pool)
    assert (len(names), total) == (63, 63)


@pytest.mark.slow
def test_it_is_built_by_workers_that_are_killed_again_and_again_and_no_read_fails(
    damaged: ReadModels, store: EventStore, pool: Pool, database_url: str
) -> None:
    register(store, 80)
    versions.rebuild(Ledger(), pool)
    killed, reached = 0, list[int]()
    with read_all_the_time(lambda: shown(damaged)) as failures:
        while schemas(pool) or killed < 3:
            worker = forks.Process(
                target=run_until_killed, args=(database_url, Ledger()), daemon=True
            )
            worker.start()
            before = of(pool)[-1].log_position
            while schemas(pool) and of(pool)[-1].log_position == before:
                time.sleep(0.005)
            time.sleep(random.uniform(0, 0.1))
            worker.kill()
            worker.join()
            killed += 1
            if schemas(pool):
                reached.append(of(pool)[-1].log_position)
            register(store, 2)
    assert failures == []
    assert reached == sorted(reached), "it resumes where it was"
    wait_until(lambda: drained(store, pool))
    names, total = ledger(pool)
    assert total == len(names) == 83 + 2 * killed
    assert names[:3] == companies(3)[0]


def drained(store: EventStore, pool: Pool) -> bool:
    """Apply what is left; the server may take a moment to see that a killed worker is dead."""
    drain(Projector([Ledger()], store, pool))
    return log_positions([Ledger], pool)["ledger"] == store.head()

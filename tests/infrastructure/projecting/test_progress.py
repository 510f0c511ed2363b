"""How far read models are, how fast they move and what stands still is told by every process."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from domain.candidate_events import OptedIn
from infrastructure.database.postgres import Pool
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import progress
from infrastructure.projecting.parking import Checkpoint
from infrastructure.projecting.progress import Progress, standing_still
from infrastructure.projecting.projector import Projector
from tests.support.concurrency import wait_until
from tests.support.history import somebody
from tests.support.ledger import drain
from tests.support.trail import RecordedHistory, Trail, event_id, poisoned, trail


def told(pool: Pool, *, later: timedelta = timedelta(0)) -> list[Progress]:
    with pool.connection() as db:
        found = standing_still(db, datetime.now(UTC) + later)
    return [one for one in found if one.projection == "trail"]


def test_a_projection_that_nobody_moves_on_stands_still_once_an_event_has_waited(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    drain(Projector([Trail()], store, pool))
    long_after = progress.STANDS_STILL_AFTER * 2
    assert told(pool, later=long_after) == []
    history.sign_up("Ada")
    history.record()
    assert told(pool) == []
    (one,) = told(pool, later=long_after)
    assert (one.log_position, one.of, one.failure) == (0, 2, None)
    assert one.waiting_since
    drain(Projector([Trail()], store, pool))
    assert told(pool, later=long_after) == []


def test_why_a_projection_fails_is_told_until_it_goes_on(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada")
    history.record()
    with pool.connection() as db:
        db.execute("ALTER TABLE trail RENAME TO trial")
    stop, wakeup = threading.Event(), threading.Event()
    worker = threading.Thread(target=Projector([Trail()], store, pool).run, args=(stop, wakeup))
    worker.start()
    wait_until(lambda: [one.failure for one in told(pool)] == ["UndefinedTable (42P01)"])
    with pool.connection() as db:
        db.execute("ALTER TABLE trial RENAME TO trail")
    wait_until(lambda: trail(pool) == {somebody("Ada"): [1, 2]})
    assert told(pool) == []
    stop.set()
    worker.join()


def test_a_failure_that_a_killed_worker_left_is_gone_once_another_goes_on(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada")
    history.record()
    drain(Projector([Trail()], store, pool))
    checkpoint = Checkpoint("trail", 1, LOG_ID, live=True)
    with pool.connection() as db:
        progress.note_failure(db, checkpoint, "DiskFull (53100)")
    assert [one.failure for one in told(pool)] == ["DiskFull (53100)"]
    stop = threading.Event()
    worker = threading.Thread(
        target=Projector([Trail()], store, pool).run, args=(stop, threading.Event())
    )
    worker.start()
    wait_until(lambda: told(pool) == [])
    stop.set()
    worker.join()


# How far, and how fast ----------------------------------------------------------------------------


def progress_of_trail(pool: Pool) -> Progress:
    with pool.connection() as db:
        (one,) = (one for one in progress.progress(db) if one.projection == "trail")
    return one


def test_the_lag_is_told_in_events_and_in_how_long_the_next_one_has_waited(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada")
    history.record()
    one = progress_of_trail(pool)
    assert (one.version, one.live, one.log_position, one.lag_events) == (1, True, 0, 2)
    assert one.waiting_since
    assert one.lag_seconds(one.waiting_since + timedelta(seconds=7)) == 7
    drain(Projector([Trail()], store, pool))
    one = progress_of_trail(pool)
    assert (one.log_position, one.lag_events, one.lag_seconds(datetime.now(UTC))) == (2, 0, 0)


def test_what_waits_for_hours_of_no_event_has_no_lag(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    drain(Projector([Trail()], store, pool))
    later = datetime.now(UTC) + timedelta(hours=3)
    assert progress_of_trail(pool).lag_seconds(later) == 0
    assert progress_of_trail(pool).seconds_left(later) == 0


def test_the_rate_falls_after_the_last_event(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    for number in range(50):
        history.sign_up(number)
    history.record()
    drain(Projector([Trail()], store, pool))
    one = progress_of_trail(pool)
    assert one.events_per_second(one.moved_at) > 1
    assert one.events_per_second(one.moved_at + timedelta(minutes=5)) < 0.01


def test_the_time_left_follows_from_the_lag_and_the_rate() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = Progress("trail", 1, False, 400, 1000, at, None, at, 20.0, 0)
    assert one.seconds_left(at) == pytest.approx(30, abs=0.1)
    assert one.seconds_left(at + timedelta(hours=1)) is None


def test_parked_events_are_counted(history: RecordedHistory, store: EventStore, pool: Pool) -> None:
    history.sign_up("Ada")
    history.be_active("Ada")
    log = history.record()
    drain(Projector([poisoned(Trail(), {event_id(log, OptedIn, "Ada"): "raises"})], store, pool))
    assert progress_of_trail(pool).parked == 2

"""What stands still is told by every process, in whichever it runs."""

import threading
from datetime import UTC, datetime, timedelta

from infrastructure.database.postgres import Pool
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import standstill
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.standstill import Standstill, standing_still
from tests.support.concurrency import wait_until
from tests.support.history import somebody
from tests.support.ledger import drain
from tests.support.trail import RecordedHistory, Trail, trail


def told(pool: Pool, *, later: timedelta = timedelta(0)) -> list[Standstill]:
    with pool.connection() as db:
        found = standing_still(db, datetime.now(UTC) + later)
    return [one for one in found if one.projection == "trail"]


def test_a_projection_that_nobody_moves_on_stands_still_once_an_event_has_waited(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    drain(Projector([Trail()], store, pool))
    long_after = standstill.STANDS_STILL_AFTER * 2
    assert told(pool, later=long_after) == []
    history.sign_up("Ada")
    history.record()
    assert told(pool) == []
    (one,) = told(pool, later=long_after)
    assert (one.log_position, one.of, one.failure) == (0, 2, None)
    assert one.since
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
    with pool.connection() as db:
        standstill.note_failure(db, ("trail", 1, LOG_ID), "DiskFull (53100)")
    assert [one.failure for one in told(pool)] == ["DiskFull (53100)"]
    stop = threading.Event()
    worker = threading.Thread(
        target=Projector([Trail()], store, pool).run, args=(stop, threading.Event())
    )
    worker.start()
    wait_until(lambda: told(pool) == [])
    stop.set()
    worker.join()

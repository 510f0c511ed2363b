"""Workers and replays of parked events run at once, and are killed, and apply each event once."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from domain.event import Event
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.checkpoints import log_positions, wait_for
from infrastructure.projecting.projector import Projector
from tests.support.concurrency import SECONDS
from tests.support.databases import SECRET
from tests.support.killed import forks
from tests.support.ledger import drain
from tests.support.trail import (
    FaultyTrail,
    RecordedHistory,
    Trail,
    parked_streams,
    plain_trail,
    trail,
)


def test_many_workers_and_replays_at_once_apply_each_event_once(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    stop = threading.Event()
    errors: list[BaseException] = []

    def replay_again_and_again() -> None:
        try:
            while not stop.is_set():
                Projector([Trail()], store, pool, 3).replay_parked()
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            errors.append(error)

    threads = [
        threading.Thread(
            target=Projector([FaultyTrail()], store, pool, 3).run, args=(stop, threading.Event())
        )
        for _ in range(2)
    ] + [threading.Thread(target=replay_again_and_again) for _ in range(2)]
    for thread in threads:
        thread.start()
    log: list[tuple[int, Event]] = []
    for _ in range(15):
        for name in range(4):
            history.step("be active", name)
        log += history.record()
    wait_for(log[-1][0], [Trail()], pool, timeout=SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    Projector([Trail()], store, pool).replay_parked()
    assert errors == []
    assert (trail(pool), parked_streams(pool)) == (plain_trail(log), {})


def work_until_killed(url: str) -> None:
    """What the process of a worker with a fault does."""
    with open_pool(url, name="worker") as pool, EventStore(url, pool, SECRET) as store:
        Projector([FaultyTrail()], store, pool, 3).run(threading.Event(), threading.Event())


def replay_until_killed(url: str) -> None:
    """What one does who replays with the mended program."""
    with open_pool(url, name="replay") as pool, EventStore(url, pool, SECRET) as store:
        while True:
            Projector([Trail()], store, pool, 3).replay_parked()


@pytest.mark.slow
def test_workers_and_replays_killed_again_and_again_apply_each_event_once(
    history: RecordedHistory, store: EventStore, pool: Pool, database_url: str
) -> None:
    stop, killed = threading.Event(), Counter[str]()

    def be_killed_and_replaced(work: Callable[[str], None]) -> None:
        while not stop.is_set():
            process = forks.Process(target=work, args=(database_url,), daemon=True)
            process.start()
            stop.wait(random.uniform(0.3, 0.6))
            process.kill()
            process.join()
            killed[work.__name__] += 1

    killers = [
        threading.Thread(target=be_killed_and_replaced, args=[work])
        for work in (work_until_killed, replay_until_killed)
    ]
    for killer in killers:
        killer.start()
    log: list[tuple[int, Event]] = []
    deadline = time.monotonic() + 2 * SECONDS
    try:
        while len(log) < 200 or min(killed.values(), default=0) < 5 or len(killed) < 2:
            assert time.monotonic() < deadline, "the workers do not get on"
            for name in range(4):
                history.step("be active", name)
            log += history.record()
            time.sleep(0.02)
    finally:
        stop.set()
        for killer in killers:
            killer.join()
    # The server may take a moment to see that the holder of the checkpoint is dead.
    while log_positions([Trail()], pool)["trail"] < log[-1][0]:
        assert time.monotonic() < deadline + SECONDS, "the last worker does not get on"
        drain(Projector([FaultyTrail()], store, pool))
    Projector([Trail()], store, pool).replay_parked()
    assert (trail(pool), parked_streams(pool)) == (plain_trail(log), {})

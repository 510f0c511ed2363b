"""Lag of the read models while 1 % of events cannot be handled, beside a run without such events.

    python -m benchmarks poison --rate 200 --seconds 20

Events of many candidates are recorded at a steady rate while a projector follows with every read
model. Half of the rounds have read models that fail on one event in a hundred, and park its stream.
The lag is the time from recording until every read model has passed an event. Beside it, how fast
the same read models catch up with a demo marketplace's whole log.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from benchmarks.figures import Figure, show
from domain.event import Event
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.checkpoints import log_positions
from infrastructure.projecting.projection import Change, Projection
from infrastructure.projecting.projector import Projector
from projections.read_models import read_models
from tests.support.trail import RecordedHistory, restart_at

ONE_IN = 100
TARGET = "1.10 x"
EVENTS_AT_ONCE = 5
CANDIDATES = 1_000


class Poison(ValueError):
    """What a read model fails with."""


def is_poison(originator_id: UUID, version: int) -> bool:
    """Whether a poisoned read model fails on this event: one in a hundred, whatever it is."""
    return (originator_id.int + version * 7_919) % ONE_IN == 0


def poisoned(projection: Projection) -> Projection:
    """A projection that fails on one event in a hundred."""
    sound = projection.changes

    def changes(event: Event) -> Iterable[Change]:
        if is_poison(event.originator_id, event.originator_version):
            raise Poison
        return sound(event)

    projection.changes = changes  # type: ignore[method-assign]  # of this one alone
    return projection


def keyed(*, with_poison: bool) -> list[Projection]:
    """The read models that have streams, which is all but the likelihood."""
    sound = [projection for projection in read_models() if projection.key]
    return [poisoned(projection) for projection in sound] if with_poison else sound


class Lags(NamedTuple):
    """Milliseconds from recording to the moment at which every read model was past an event."""

    p50: float
    p99: float


def lags(store: EventStore, pool: Pool, rate: int, seconds: float, *, with_poison: bool) -> Lags:
    """The lag while so many events a second are recorded."""
    projections = keyed(with_poison=with_poison)
    history = RecordedHistory(store)
    names = [f"{time.monotonic_ns()} {number}" for number in range(CANDIDATES)]
    history.sign_up(*names)
    history.record()
    projector = Projector(projections, store, pool)
    while projector.catch_up():
        pass
    stop, wakeup = threading.Event(), threading.Event()
    worker = threading.Thread(target=projector.run, args=(stop, wakeup))
    worker.start()
    waiting: list[tuple[int, float]] = []
    found: list[float] = []
    watcher = threading.Thread(target=_watch, args=(projections, pool, waiting, found, stop))
    watcher.start()
    try:
        begun, ticks = time.monotonic(), round(rate * seconds / EVENTS_AT_ONCE)
        for tick in range(ticks):
            for number in range(EVENTS_AT_ONCE):
                history.be_active(names[(tick * EVENTS_AT_ONCE + number) % CANDIDATES])
            recorded = history.record()
            waiting.append((recorded[-1][0], time.monotonic()))
            wakeup.set()
            due = begun + (tick + 1) * EVENTS_AT_ONCE / rate
            time.sleep(max(0, due - time.monotonic()))  # the rate is steady
        until = time.monotonic() + 60
        while len(found) < ticks and time.monotonic() < until:
            time.sleep(0.01)  # the last ones are still followed
    finally:
        stop.set()
        wakeup.set()
        worker.join()
        watcher.join()
    if len(found) < ticks:
        raise SystemExit("the read models did not follow")
    found.sort()
    return Lags(statistics.median(found), found[len(found) * 99 // 100])


def _watch(
    projections: Sequence[Projection],
    pool: Pool,
    waiting: list[tuple[int, float]],
    found: list[float],
    stop: threading.Event,
) -> None:
    seen = 0
    while not stop.is_set():
        reached, now = min(log_positions(projections, pool).values()), time.monotonic()
        while seen < len(waiting) and waiting[seen][0] <= reached:
            found.append((now - waiting[seen][1]) * 1_000)
            seen += 1
        time.sleep(0.005)  # a fine enough measure


def catching_up(store: EventStore, pool: Pool, *, with_poison: bool) -> float:
    """Events a second of the whole log into all these read models."""
    projections = keyed(with_poison=with_poison)
    for projection in projections:
        restart_at(0, projection, pool)
    projector = Projector(projections, store, pool)
    begun = time.perf_counter()
    while projector.catch_up():
        pass
    return store.head() / (time.perf_counter() - begun)


def figures(candidates: int, rate: int, seconds: float, rounds: int) -> Iterator[Figure]:
    """Both kinds of rounds turn by turn, and their medians side by side."""
    from benchmarks.projector import marketplace  # whose library warns where tests import this
    from benchmarks.recorder import server

    lag: dict[bool, list[Lags]] = {False: [], True: []}
    rates: dict[bool, list[float]] = {False: [], True: []}
    turns = [kind for n in range(rounds) for kind in ((False, True) if n % 2 else (True, False))]
    with (
        server() as url,
        marketplace(url, "poison", candidates) as (database, store),
        open_pool(database, name="poison") as pool,
    ):
        catching_up(store, pool, with_poison=True)  # the first time is slower
        for kind in turns:
            rates[kind].append(catching_up(store, pool, with_poison=kind))
        for kind in turns:
            lag[kind].append(lags(store, pool, rate, seconds, with_poison=kind))
    without = "the same without poison events"
    for name in Lags._fields:
        ours, theirs = (
            statistics.median(getattr(one, name) for one in lag[kind]) for kind in (True, False)
        )
        what = f"lag with 1 % poison events, {name}"
        yield Figure("read models", what, "ms", ours, without, theirs, TARGET)
    ours, theirs = (statistics.median(rates[kind]) for kind in (True, False))
    what = "catching up with 1 % poison events"
    yield Figure("read models", what, "events/s", ours, without, theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--rate", type=int, default=200, help="events a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    options, _ = parser.parse_known_args()
    show(figures(options.candidates, options.rate, options.seconds, options.rounds))


if __name__ == "__main__":
    main()

"""What grows with the log: the same questions over a hundred thousand events and over many more.

    python -m benchmarks growth --events 100000 1000000 10000000

The events are rows of real ones, inserted in bulk into one log that grows from size to size. Each
figure is compared with that of the first size.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.conninfo import make_conninfo

from benchmarks.figures import Figure, show
from benchmarks.recorder import STATE, rate, server
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import Database, open_pool
from infrastructure.event_log.recorder import GroupCommitRecorder

CALLERS = 16
LONG = UUID(int=20_000)
"""A stream of so many events."""

GROW = """
    INSERT INTO events (
        log_id, log_position, originator_id, originator_version, topic, state, recorded_at)
    SELECT 0, n, md5((n / 10)::text)::uuid, n %% 10 + 1,
        (ARRAY['candidate.was_active', 'candidate.signed_up', 'outreach.message_sent'])[n %% 3 + 1],
        %(state)s, %(at)s
    FROM generate_series(%(first)s, %(last)s) AS n"""

LONG_STREAM = """
    INSERT INTO events (
        log_id, log_position, originator_id, originator_version, topic, state, recorded_at)
    SELECT 0, n, %(id)s, n, 'candidate.was_active', %(state)s, %(at)s
    FROM generate_series(1, 20000) AS n"""

SIZES = """
    SELECT pg_total_relation_size('events')::float8 / count(*) FROM events"""


def figures(sizes: Sequence[int], seconds: float) -> Iterator[Figure]:
    """Each question at each size, beside the first."""
    with server() as server_url:
        with psycopg.connect(server_url, autocommit=True) as administration:
            administration.execute("CREATE DATABASE growth")
        url = make_conninfo(server_url, dbname="growth")
        migrate(url, at=datetime.now(UTC))
        with (
            open_pool(url, name="growth") as pool,
            closing(GroupCommitRecorder(url, pool)) as recorder,
            psycopg.connect(url, autocommit=True) as db,
        ):
            now = {"state": STATE, "at": datetime.now(UTC)}
            db.execute(LONG_STREAM, {"id": LONG, **now})
            first: dict[str, float] = {}
            for size in sizes:
                _grow(db, size, now)
                for what, unit, measure in _questions(recorder, db, seconds):
                    value = measure()
                    at_first = first.setdefault(what, value)
                    anchor = f"{sizes[0]:,} events" if size != sizes[0] else ""
                    theirs = at_first if anchor else None
                    yield Figure(f"{size:,} events", what, unit, value, anchor, theirs)


def _grow(db: Database, size: int, now: dict[str, object]) -> None:
    (last,) = db.execute("SELECT max(log_position) FROM events").fetchone() or (0,)
    for begun in range(last + 1, size + 1, 500_000):
        db.execute(GROW, {"first": begun, "last": min(begun + 499_999, size), **now})
    db.execute("UPDATE log_head SET log_position = %s", [max(size, last)])
    db.execute("VACUUM ANALYZE events")
    db.execute("CHECKPOINT")


Question = tuple[str, str, Callable[[], float]]


def _questions(recorder: GroupCommitRecorder, db: Database, seconds: float) -> list[Question]:
    def append() -> None:
        recorder.insert_events([StoredEvent(uuid4(), 1, "outreach.message_sent", STATE)])

    def appending() -> float:
        return rate(append, CALLERS, seconds)

    def long_stream() -> None:
        recorder.select_events(LONG)

    def short_stream() -> None:
        recorder.select_events(UUID(int=0))

    def page() -> None:
        recorder.select_notifications(1_000, 100)

    return [
        (
            f"append, {CALLERS} callers",
            "events/s",
            lambda: _median(partial(rate, append, CALLERS, seconds)),
        ),
        (
            "load of a stream of 20,000",
            "ms",
            partial(_milliseconds, lambda: recorder.select_events(LONG)),
        ),
        ("load of an unknown stream", "ms", partial(_milliseconds, short_stream)),
        ("page of a hundred events", "ms", partial(_milliseconds, page)),
        ("size of an event with its indexes", "bytes", lambda: _size(db)),
    ]


def _median(measure: Callable[[], float], rounds: int = 3) -> float:
    return statistics.median(measure() for _ in range(rounds))


def _milliseconds(ask: Callable[[], object]) -> float:
    def once() -> float:
        start = time.perf_counter()
        ask()
        return (time.perf_counter() - start) * 1_000

    return _median(once, 9)


def _size(db: Database) -> float:
    ((size,),) = db.execute(SIZES).fetchall()
    return float(size)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round of appends")
    options, _ = parser.parse_known_args()
    show(figures(options.events, options.seconds))


if __name__ == "__main__":
    main()

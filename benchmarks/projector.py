"""How many events a second the real projections take, beside the library's `ProjectionRunner`.

    python -m benchmarks projector --candidates 200

Both go through the same log of a demo marketplace with the same handlers, one projection after the
other, into databases of their own on one server with `fsync` on; ours also all together. The
library's runner makes one transaction an event. The rates are of the events that a projection
follows.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection as StockProjection
from eventsourcing.projection import ProjectionRunner
from psycopg.conninfo import make_conninfo
from psycopg.rows import tuple_row

from api import demo
from benchmarks.figures import Figure, show
from benchmarks.recorder import server, stock_environment
from domain.event import Event
from domain.profile import Facts
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import LoggedEvent, Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from infrastructure.projecting.worker import lanes
from projections.canonical import compared_facts
from projections.read_models import read_models

SECRET = "a secret of the benchmark's own, long enough"
UNTIL = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def marketplace(server_url: str, name: str, candidates: int) -> Iterator[tuple[str, EventStore]]:
    """A database with a demo marketplace's events and empty read models."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    url = make_conninfo(server_url, dbname=name)
    migrate(url, at=UNTIL)
    with open_pool(url, name=name) as pool, EventStore(url, pool, SECRET) as store:
        create_tables(read_models(), pool)
        demo.fill(store, candidates=candidates, seed=1, until=UNTIL, progress=lambda *_: None)
        yield url, store


def ours(url: str, store: EventStore, batch_size: int) -> dict[str, float]:
    """Seconds that each projection takes for the whole log, one after the other."""
    with open_pool(url, name="projector") as pool:
        return {
            projection.name: catch_up([projection], store, pool, batch_size)
            for projection in read_models()
        }


def together(url: str, store: EventStore, batch_size: int) -> float:
    """Seconds that all projections take for the whole log, as a worker runs them."""
    start = time.perf_counter()
    with open_pool(url, name="projector") as pool, ThreadPoolExecutor() as threads:
        for done in [
            threads.submit(catch_up, lane, store, pool, batch_size) for lane in lanes(read_models())
        ]:
            done.result()
    return time.perf_counter() - start


def catch_up(
    projections: Sequence[Projection], store: EventStore, pool: Pool, batch_size: int
) -> float:
    """Seconds that projections take together."""
    projector = Projector(projections, store, pool, batch_size)
    start = time.perf_counter()
    while projector.catch_up():
        pass
    return time.perf_counter() - start


COPY_THE_LOG = """
    INSERT INTO marketplace_events
        (notification_id, originator_id, originator_version, topic, state)
    SELECT log_position, originator_id, originator_version, topic, state FROM events
    ON CONFLICT DO NOTHING"""


class View(PostgresTrackingRecorder):
    """Applies one event and its position in one transaction."""

    def apply(self, projection: Projection, event: Event, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking=tracking)
            connection: Any = cursor.connection
            rows, connection.row_factory = connection.row_factory, tuple_row
            projection.apply(connection, [LoggedEvent(tracking.notification_id, event)])
            connection.row_factory = rows


def stock(url: str, projection: Projection, last: int) -> float:
    """Seconds that the library's runner takes for a projection up to a position."""

    class Log(Application[UUID]):
        name = "marketplace"

        def construct_mapper(self) -> Any:
            return store.mapper

    class Stock(StockProjection[View]):
        name = f"stock_{projection.name}"
        topics = tuple(projection.topics)

        def process_event(
            self, domain_event: DomainEventProtocol[UUID], tracking: Tracking
        ) -> None:
            assert isinstance(domain_event, Event)
            self.view.apply(projection, domain_event, tracking)

    with open_pool(url, name="stock") as pool, EventStore(url, pool, SECRET) as store:
        with Log(stock_environment(url)), psycopg.connect(url) as connection:
            connection.execute(COPY_THE_LOG)
        start = time.perf_counter()
        with ProjectionRunner(
            application_class=Log,
            projection_class=Stock,
            view_class=View,
            env=stock_environment(url),
        ) as runner:
            runner.wait(last, timeout=600)
            return time.perf_counter() - start


def bare(store: EventStore, batch_size: int) -> float:
    """Seconds to read and decode the whole log, and do nothing with it."""
    start, last = time.perf_counter(), 0
    while batch := store.recorder.select_notifications(last + 1, batch_size):
        for _ in store.mapper.read(batch, personal=True):
            pass
        last = batch[-1].id
    return time.perf_counter() - start


def figures(candidates: int, batch_size: int = 2_000) -> Iterator[Figure]:
    """Each read model beside the library's runner, then all of them."""
    compared_facts(Facts(country="Germany", skills=("SQL",)))  # names are read once in a process
    with server() as url:
        with marketplace(url, "projector_ours", candidates) as (database, store):
            total = store.head()
            our_seconds = ours(database, store, batch_size)
            bare_seconds = bare(store, batch_size)
        with marketplace(url, "projector_together", candidates) as (database, store):
            our_time = together(database, store, batch_size)
        with marketplace(url, "projector_stock", candidates) as (database, store):
            stock_seconds = 0.0
            for projection in read_models():
                followed = store.recorder.select_notifications(1, total, total, projection.topics)
                if not followed:  # the simulated world has no such events
                    continue
                taken = stock(database, projection, followed[-1].id)
                stock_seconds += taken
                count, mine = len(followed), our_seconds[projection.name]
                yield _rates(projection.name, count, mine, "ProjectionRunner", taken)
    one_by_one = sum(our_seconds.values())
    yield _rates("all, one by one", total, one_by_one, "ProjectionRunner", stock_seconds)
    yield _rates(
        "all, together", total, our_time, "ProjectionRunner", stock_seconds, "40 x, 20,000/s"
    )
    yield _rates("all, together", total, our_time, "read and decode alone", bare_seconds)


def _rates(
    what: str, events: int, ours: float, anchor: str, theirs: float, target: str = ""
) -> Figure:
    rates = events / ours, events / theirs
    return Figure("read models", what, "events/s", rates[0], anchor, rates[1], target)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=2000)
    options, _ = parser.parse_known_args()
    show(figures(options.candidates, options.batch_size))


if __name__ == "__main__":
    main()

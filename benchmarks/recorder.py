"""How many events a second the event log takes, beside the library's own recorder.

    python -m benchmarks.recorder --seconds 2

Both run on the same server with `fsync` on, turn by turn, and each figure is a median of rounds.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent
from psycopg import sql
from psycopg.conninfo import make_conninfo

from infrastructure.embedded import embedded_server
from infrastructure.migrations import migrate
from infrastructure.recorder import event_log_environment

CALLERS = (1, 16, 128)
STATE = b"x" * 400
Save = Callable[[], object]


class Message(Aggregate):
    """What is saved; to be replaced by the aggregates of the domain, here and in `save_one`."""

    @event("Sent")
    def __init__(self, subject: str, text: str) -> None:
        self.subject = subject
        self.text = text


def save_one(app: Application[UUID]) -> None:
    """One event through `Application.save`."""
    app.save(Message(subject="An opening for you", text="x" * 200))


def insert_one(app: Application[UUID]) -> None:
    """One event through the recorder alone."""
    app.recorder.insert_events([StoredEvent(uuid4(), 1, "outreach.message_sent", STATE)])


PATHS: dict[str, Callable[[Application[UUID]], None]] = {
    "recorder": insert_one,
    "Application.save": save_one,
}


def rate(save: Save, callers: int, seconds: float) -> float:
    """Saves a second by so many threads that each save again as soon as they are answered."""
    start = threading.Barrier(callers + 1)
    stop = threading.Event()
    counts = [0] * callers

    def run(caller: int) -> None:
        start.wait()
        while not stop.is_set():
            save()
            counts[caller] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(callers)]
    for thread in threads:
        thread.start()
    start.wait()
    began, before = time.perf_counter(), sum(counts)
    time.sleep(seconds)
    count, took = sum(counts) - before, time.perf_counter() - began
    stop.set()
    for thread in threads:
        thread.join()
    return count / took


@contextmanager
def server() -> Iterator[str]:
    """A server of the benchmark's own, as durable as a real one, gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="sourcing-benchmark-") as folder,
        embedded_server(Path(folder) / "postgres") as url,
    ):
        yield url


@contextmanager
def application(server_url: str, *, stock: bool) -> Iterator[Application[UUID]]:
    """An application on a database of its own, with our recorder or the library's."""
    name = f"benchmark_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = make_conninfo(server_url, dbname=name)
        environment = event_log_environment(url)
        if stock:
            environment |= {"PERSISTENCE_MODULE": "eventsourcing.postgres", "CREATE_TABLE": "yes"}
        else:
            migrate(url, at=datetime.now(UTC))
        with Application[UUID](environment) as app:
            yield app
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def measure(server_url: str, seconds: float, rounds: int) -> None:
    with application(server_url, stock=True) as stock, application(server_url, stock=False) as ours:
        durability = ours.factory.datastore  # type: ignore[attr-defined]
        with durability.get_connection() as connection:
            row = connection.execute(
                "SELECT version() AS version, current_setting('fsync') AS fsync, "
                "current_setting('synchronous_commit') AS commit"
            ).fetchone()
            print(f"{row['version'].split(' on ')[0]}, fsync {row['fsync']}, ", end="")
            print(f"synchronous_commit {row['commit']}, {os.cpu_count()} cores")
        for app in (stock, ours):
            rate(lambda app=app: save_one(app), 4, 0.3)  # type: ignore[misc]
        print(f"{'through':18}{'callers':>8}{'stock/s':>10}{'ours/s':>10}{'ratio':>8}")
        for path, save in PATHS.items():
            for callers in CALLERS:
                figures: dict[bool, list[float]] = {True: [], False: []}
                for _ in range(rounds):
                    for is_stock, app in ((True, stock), (False, ours)):
                        once: Save = lambda save=save, app=app: save(app)  # type: ignore[misc]  # noqa: E731
                        figures[is_stock].append(rate(once, callers, seconds))
                theirs, mine = (statistics.median(figures[kind]) for kind in (True, False))
                print(
                    f"{path:18}{callers:8}{theirs:10,.0f}{mine:10,.0f}{mine / theirs:8.1f}",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds for each figure")
    parser.add_argument("--database-url", help="a server to use instead of an embedded one")
    options = parser.parse_args()
    if options.database_url:
        measure(options.database_url, options.seconds, options.rounds)
        return
    with server() as url:
        measure(url, options.seconds, options.rounds)


if __name__ == "__main__":
    main()

"""How many events a second the event log takes, beside the library's own recorder.

    python -m benchmarks.recorder --seconds 2

Both run on the same server with `fsync` on, turn by turn, and each figure is a median of rounds.
Through `Application.save` each save opens another position of the domain, decided by its aggregate
and written down by our codec on either side.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

from domain.actor import Actor, Cause, Role
from domain.filters import Filters
from domain.money import SalaryRange
from domain.position import Position
from infrastructure.database.embedded import embedded_server
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import open_pool
from infrastructure.event_log.codec import EventMapper
from infrastructure.event_log.keys import Keyring
from infrastructure.event_log.recorder import GroupCommitRecorder

CALLERS = (1, 16, 128)
STATE = b"x" * 400
EMPLOYER = UUID(int=1)
SALARY = SalaryRange(minimum=70_000, maximum=95_000, currency="EUR")
FILTERS = Filters(
    roles=("Backend Engineer", "Platform Engineer"),
    required_skills=("Python", "PostgreSQL"),
    nice_to_have_skills=("Kafka", "Kubernetes", "Go"),
    years_from=4,
    years_to=12,
    locations=("Berlin", "Germany"),
    remote=True,
    salary_budget=SALARY,
    work_authorisation=("Germany",),
    languages=("English", "German"),
)
CAUSE = Cause(
    by=Actor(id="recruiter-1", role=Role.RECRUITER, employer_id=EMPLOYER),
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    request_id="7c5a7f0e-51a4-4b6c-9d11-2f6f6a3f8a11",
)


SECRET = "wraps no key: a position holds nothing personal"


class Stock(Application[UUID]):
    """Writes events down as our event store does, through the library's recorder."""

    def construct_mapper(self) -> EventMapper:
        return EventMapper(Keyring(ConnectionPool(open=False), SECRET))


class Ours(Stock):
    """The same through our recorder."""

    def __init__(self, recorder: GroupCommitRecorder) -> None:
        self._given = recorder
        super().__init__()

    def construct_recorder(self) -> GroupCommitRecorder:
        return self._given


def stock_environment(url: str) -> dict[str, str]:
    """The settings of the library's own recorder on this database."""
    parts = conninfo_to_dict(url)
    address = {
        f"POSTGRES_{name.upper()}": str(parts.get(name) or "")
        for name in ("dbname", "host", "port", "user", "password")
    }
    return {"PERSISTENCE_MODULE": "eventsourcing.postgres", "CREATE_TABLE": "yes", **address}


def save_one(app: Application[UUID]) -> None:
    """One event through `Application.save`."""
    position = Position(uuid4())
    position.open(
        CAUSE,
        employer_id=EMPLOYER,
        title="Senior Backend Engineer",
        description="You will look after the services that pay our customers' invoices. " * 3,
        location="Berlin",
        remote=True,
        salary=SALARY,
        filters=FILTERS,
    )
    app.save(position)


def insert_one(app: Application[UUID]) -> None:
    """One event through the recorder alone."""
    app.recorder.insert_events([StoredEvent(uuid4(), 1, "outreach.message_sent", STATE)])


PATHS: dict[str, Callable[[Application[UUID]], None]] = {
    "recorder": insert_one,
    "Application.save": save_one,
}


def rate(save: Callable[[], None], callers: int, seconds: float) -> float:
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
    time.sleep(seconds)  # the callers save meanwhile
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
        if stock:
            with Stock(stock_environment(url)) as app:
                yield app
        else:
            migrate(url, at=datetime.now(UTC))
            with (
                open_pool(url, name="benchmark") as pool,
                closing(GroupCommitRecorder(url, pool)) as recorder,
                Ours(recorder) as app,
            ):
                yield app
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def describe(server_url: str) -> str:
    """What the figures depend on."""
    settings = "current_setting('fsync'), current_setting('synchronous_commit')"
    with psycopg.connect(server_url) as connection:
        row = connection.execute(f"SELECT current_setting('server_version'), {settings}").fetchone()
    assert row is not None
    version, fsync, commit = row
    return (
        f"PostgreSQL {version}, fsync {fsync}, synchronous_commit {commit}, {os.cpu_count()} cores"
    )


def measure(server_url: str, seconds: float, rounds: int) -> None:
    print(describe(server_url))
    with application(server_url, stock=True) as stock, application(server_url, stock=False) as ours:
        both = {"stock": stock, "ours": ours}
        for app in both.values():
            rate(partial(save_one, app), 4, 0.3)  # connects, and fills the caches
        print(f"{'through':18}{'callers':>8}{'stock/s':>10}{'ours/s':>10}{'ratio':>8}")
        for path, save in PATHS.items():
            for callers in CALLERS:
                figures: dict[str, list[float]] = {"stock": [], "ours": []}
                for _ in range(rounds):
                    for whose, app in both.items():
                        figures[whose].append(rate(partial(save, app), callers, seconds))
                theirs, mine = map(statistics.median, figures.values())
                print(
                    f"{path:18}{callers:8}{theirs:10,.0f}{mine:10,.0f}{mine / theirs:8.1f}",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.7, help="length of a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds for each figure")
    parser.add_argument("--database-url", help="a server to use instead of an embedded one")
    options = parser.parse_args()
    if options.database_url:
        measure(options.database_url, options.seconds, options.rounds)
        return
    with server() as url:
        measure(url, options.seconds, options.rounds)


if __name__ == "__main__":
    main()

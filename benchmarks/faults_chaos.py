"""The processes of a run with faults, and what breaks them."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import UUID

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.faults_books import Books
from tests.support import by_hand
from tests.support.databases import SECRET

PROGRAM = [sys.executable, "-c", "from api.cli import main; main()"]


@dataclass
class Processes:
    """APIs and workers, each started again when it has ended."""

    url: str
    smtp_port: int
    ports: list[int]
    log: Path
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._keep()
        self._keeper = threading.Thread(target=self._keep_all_the_time)
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._keeper.join()
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(90)

    def _keep_all_the_time(self) -> None:
        while not self._stop.wait(0.2):
            self._keep()

    def _keep(self) -> None:
        for name in (*(f"api {port}" for port in self.ports), "worker 1", "worker 2"):
            process = self.running.get(name)
            if process is None or process.poll() is not None:
                self.running[name] = self._start(*name.split())

    def _start(self, command: str, number: str) -> "subprocess.Popen[bytes]":
        environment = os.environ | {
            "DATABASE_URL": self.url,
            "SOURCING_SECRET": SECRET,
            "SOURCING_RATE_LIMIT": "1000000/minute",
            "SOURCING_UNDO_SECONDS": "1",
            "SOURCING_SMTP_HOST": "127.0.0.1",
            "SOURCING_SMTP_PORT": str(self.smtp_port),
            "SOURCING_SMTP_SECURITY": "none",
            "SOURCING_MAIL_FROM": "jobs@example.org",
            "SOURCING_POSTAL_ADDRESS": "1 Example Street",
            "SOURCING_PUBLIC_URL": "https://jobs.example.org",
            "SOURCING_LOG_LEVEL": "error",
        }
        port = ["--port", number] if command == "api" else []
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*PROGRAM, command, *port], env=environment, stdout=log, stderr=log
            )


@dataclass
class Chaos:
    """Breaks something every few seconds."""

    url: str
    processes: Processes
    books: Books
    members: list[str]
    done: Counter[str] = field(default_factory=Counter)

    _next: list[str] = field(default_factory=list)

    def strike(self) -> None:
        """Break one thing; everything that can break comes before anything comes again so often."""
        if not self._next:
            kinds = {"api": 3, "worker": 3, "postgres": 1, "connections": 2, "lock": 1, "poison": 1}
            self._next = [kind for kind, times in kinds.items() for _ in range(times)]
            random.shuffle(self._next)
        kind = self._next.pop()
        with suppress(psycopg.Error, psutil.NoSuchProcess):
            getattr(self, f"_{kind}")()
            self.done[kind] += 1

    def _api(self) -> None:
        self._kill("api")

    def _worker(self) -> None:
        self._kill("worker")

    def _kill(self, command: str) -> None:
        running = self.processes.running
        victim = random.choice([name for name in running if name.startswith(command)])
        running[victim].kill()
        running[victim].wait()

    def _postgres(self) -> None:
        folder = str(conninfo_to_dict(self.url)["host"])
        for process in psutil.process_iter(["cmdline"]):
            if f"{folder}/data" in (process.info["cmdline"] or []):
                process.send_signal(signal.SIGKILL)

    def _connections(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                " AND random() < 0.5"
            )

    def _lock(self) -> None:
        with psycopg.connect(self.url) as db:
            db.execute("SELECT FROM log_head FOR UPDATE")
            time.sleep(random.uniform(0.2, 6))

    def _poison(self) -> None:
        """Take a member from the clients, and break their history."""
        if self.members:
            victim = UUID(self.members.pop(random.randrange(len(self.members))))
            self.books.poisoned.add(victim)
            topic = random.choice(["candidate.was_active", "candidate.teleported"])
            with psycopg.connect(self.url, autocommit=True) as db:
                by_hand.insert(db, victim, topic, b'{"broken": true}')


@contextmanager
def an_open_transaction(url: str) -> Iterator[None]:
    """A transaction that sees the database as it was, opened again whenever it was cut."""
    stop = threading.Event()

    def hold() -> None:
        while not stop.wait(0.5):
            with suppress(psycopg.Error), psycopg.connect(url) as db:
                db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                while not stop.wait(0.5):
                    db.execute("SELECT count(*) FROM log_head")

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

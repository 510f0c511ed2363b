"""How soon letters are at the mail server, and what becomes of them while workers are killed.

    python -m benchmarks letters --rate 50 --seconds 60
    python -m benchmarks letters --letters 1000

With `--rate`: workers of its own (PostgreSQL with `fsync` on) deliver to a mail server in this
process, while so many messages a second are sent and a person a second opts out. A letter is timed
from the end of its undo window to its arrival; an opt-out until a message to the person is refused.
With `--letters`: workers are killed at random moments while the mail server refuses, stalls and
drops connections, until each letter has ended; see `tests.support.killed_deliveries`.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.recorder import server
from domain.actor import Actor, Cause, Role
from domain.aggregate import Refused
from domain.candidate_commands import OptOut
from domain.contacting import SendMessage
from domain.employer import ApproveEmployer, JoinBeta
from domain.identifier import SignUpCandidate
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.mail.server import MailServer
from infrastructure.projecting.checkpoints import wait_for
from infrastructure.projecting.versions import create_tables
from projections.read_models import read_models
from tests.support.databases import SECRET
from tests.support.killed_deliveries import deliver_while_killing
from tests.support.stored import LONG_AGO, MESSAGE, employer, position

MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f-]+)\.", re.MULTILINE | re.IGNORECASE)
UNDO = timedelta(seconds=5)
SENDERS = 8
PLATFORM = Actor(id="platform", role=Role.ADMIN)


def cause() -> dict[str, Any]:
    return dict(Cause(by=PLATFORM, at=datetime.now(UTC), request_id=str(uuid4())))


@dataclass
class Arrivals:
    """A mail server that notes when each letter came, by its outreach, and its recipient."""

    at: dict[UUID, datetime] = field(default_factory=dict)
    copies: int = 0

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        # Not parsed as a mail: that takes as long as making it, on the cores that are measured.
        found = MESSAGE_ID.search(envelope.original_content or b"")
        assert found
        outreach = UUID(found[1].decode())
        self.at.setdefault(outreach, datetime.now(UTC))
        self.copies += 1
        return "250 OK"


@dataclass
class Traffic:
    """Messages to people who have signed up for it, and opt-outs of some of them."""

    store: EventStore
    place: UUID
    persons: Sequence[UUID]
    due_at: dict[UUID, datetime] = field(default_factory=dict)
    """When the undo window of each message that was sent ends."""
    refused_after: list[float] = field(default_factory=list)
    """Seconds from each opt-out to the first message that was refused for it."""
    opted_out_at: dict[UUID, datetime] = field(default_factory=dict)
    """By outreach: of people whose letter was still to leave."""

    def send(self, person: UUID) -> UUID:
        by = cause()
        sent = self.store.execute(
            SendMessage(
                **by,
                position_id=self.place,
                candidate_id=person,
                message=MESSAGE,
                undo_window=UNDO,
            )
        )
        self.due_at[sent.id] = by["at"] + UNDO
        return sent.id

    def opt_out(self, person: UUID, other_place: UUID) -> None:
        """Opt out with a letter on its way, and try to send another until that is refused."""
        outreach = self.send(person)
        time.sleep(UNDO.total_seconds() * np.random.default_rng().uniform(0.9, 1.1))
        started = time.perf_counter()
        self.store.execute(OptOut(**cause(), candidate_id=person))
        self.opted_out_at[outreach] = datetime.now(UTC)
        while True:
            more: dict[str, Any] = {"position_id": other_place, "candidate_id": person}
            try:
                self.store.execute(SendMessage(**cause(), **more, message=MESSAGE))
            except Refused:
                break
        self.refused_after.append(time.perf_counter() - started)


def signed_up(store: EventStore, number: int) -> list[UUID]:
    persons = [uuid4() for _ in range(number)]

    def sign_up(person: UUID) -> None:
        told: dict[str, Any] = {"name": "Ada Lovelace", "email": f"{person}@example.com"}
        more: dict[str, Any] = {"signed_up_at": LONG_AGO, "opted_in": True}
        store.execute(SignUpCandidate(**cause(), candidate_id=person, **told, **more))

    with ThreadPoolExecutor(SENDERS) as threads:
        list(threads.map(sign_up, persons))
    return persons


@contextmanager
def worker(url: str, smtp_port: int) -> Iterator[None]:
    """A process that keeps the read models and delivers letters."""
    environment = os.environ | {
        "DATABASE_URL": url,
        "SOURCING_SECRET": SECRET,
        "SOURCING_SMTP_HOST": "127.0.0.1",
        "SOURCING_SMTP_PORT": str(smtp_port),
        "SOURCING_SMTP_SECURITY": "none",
        "SOURCING_MAIL_FROM": "jobs@example.org",
        "SOURCING_POSTAL_ADDRESS": "1 Example Street",
        "SOURCING_PUBLIC_URL": "https://jobs.example.org",
    }
    command = [sys.executable, "-c", "from api.cli import main; main()", "worker"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def opened(url: str) -> Iterator[tuple[EventStore, Pool]]:
    """An event store with the empty read models."""
    migrate(url, at=datetime.now(UTC))
    with open_pool(url, name="benchmark") as pool, EventStore(url, pool, SECRET) as store:
        create_tables(read_models(), pool)
        yield store, pool


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--letters", type=int, help="deliver so many while workers are killed")
    parser.add_argument("--rate", type=float, default=50, help="letters a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=1)
    options, _ = parser.parse_known_args()
    with server() as url, opened(url) as (store, pool):
        if options.letters:
            kill(url, store, options.letters)
        else:
            measure(url, store, pool, options)


def kill(url: str, store: EventStore, letters: int) -> None:
    ended = deliver_while_killing(url, store, letters=letters, opt_outs=letters // 7, seed=1)
    failures = ", ".join(f"{count} {how}" for how, count in sorted(ended.server.failures.items()))
    print(
        f"{letters:,} letters ended within {ended.seconds:,.0f} s: {len(ended.server.copies):,}"
        f" arrived, {len(ended.lost)} lost, {len(ended.stopped)} stopped by"
        f" {len(ended.correspondence.opted_out_at)} opt-outs, {len(ended.too_late)} left a second"
        f" or more after one"
    )
    print(
        f"{ended.kills} workers killed; the mail server: {failures}; {ended.twice} letters came"
        f" more than once, under one Message-ID each"
    )


def measure(url: str, store: EventStore, pool: Pool, options: argparse.Namespace) -> None:
    acme = employer(store, ApproveEmployer, JoinBeta)
    place, other_place = position(store, acme), position(store, acme)
    letters, opt_outs = int(options.rate * options.seconds), int(options.seconds)
    persons = signed_up(store, letters + opt_outs)
    arrivals, traffic = Arrivals(), Traffic(store, place, persons)
    with ExitStack() as stack:
        listening = stack.enter_context(MailServer(arrivals))
        for _ in range(options.workers):
            stack.enter_context(worker(url, listening.port))
        wait_for(store.head(), read_models(), pool, timeout=300)
        senders = stack.enter_context(ThreadPoolExecutor(SENDERS))
        leaving = stack.enter_context(ThreadPoolExecutor(SENDERS))
        began = time.perf_counter()
        sent: list[Future[Any]] = []
        for number in range(letters):
            time.sleep(max(began + number / options.rate - time.perf_counter(), 0))
            sent.append(senders.submit(traffic.send, persons[number]))
            if number % int(options.rate) == 0 and opt_outs:
                opt_outs -= 1
                sent.append(leaving.submit(traffic.opt_out, persons[-1 - opt_outs], other_place))
        took = time.perf_counter() - began
        for one in sent:
            one.result()
        deadline = time.monotonic() + 60
        wanted = traffic.due_at.keys() - traffic.opted_out_at.keys()
        while wanted.difference([*arrivals.at]) and time.monotonic() < deadline:
            time.sleep(0.1)  # the last ones are on their way
    report(arrivals, traffic, wanted, took)


def report(arrivals: Arrivals, traffic: Traffic, wanted: set[UUID], took: float) -> None:
    after = [(at - traffic.due_at[one]).total_seconds() for one, at in arrivals.at.items()]
    p50, p99 = np.percentile(np.array(after) * 1_000, (50, 99))
    print(
        f"{len(wanted) / took:,.0f} letters/s, load average {os.getloadavg()[0]:.0f}:"
        f" at the mail server {p50:,.0f} ms (median),"
        f" {p99:,.0f} ms (99 %), at most {max(after) * 1_000:,.0f} ms after the undo window;"
        f" {len(wanted - arrivals.at.keys())} lost, {arrivals.copies - len(arrivals.at)} copies"
    )
    late = [arrivals.at[one] - at for one, at in traffic.opted_out_at.items() if one in arrivals.at]
    p99 = np.percentile(np.array(traffic.refused_after) * 1_000, 99)
    print(
        f"{len(traffic.opted_out_at)} opt-outs: the next message refused after {p99:,.0f} ms"
        f" (99 %); the last letter left"
        f" {max(late, default=timedelta()).total_seconds() * 1_000:,.0f} ms after one"
    )


if __name__ == "__main__":
    main()

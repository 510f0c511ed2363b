"""Letters that go to a mail server that fails by chance, while those who deliver them are killed.

The clock of those who deliver runs faster than time, so that nobody waits for leases and retries.
"""

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from multiprocessing.process import BaseProcess
from typing import Any
from uuid import UUID, uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr

from api.delivery.channels import letterhead
from api.delivery.deliver import Delivery
from api.marketplace import open_marketplace
from domain.actor import Actor, Cause, Role
from domain.candidate_commands import OptOut
from domain.contacting import SendMessage
from domain.employer import ApproveEmployer, JoinBeta
from domain.identifier import SignUpCandidate
from infrastructure.event_log.store import EventStore
from infrastructure.mail.server import MailServer
from infrastructure.projecting.worker import PeriodicTask
from infrastructure.settings import Settings
from tests.support.concurrency import SECONDS
from tests.support.databases import SECRET
from tests.support.killed import forks
from tests.support.mail_servers import OK, Answer, at, drops, says, stalls
from tests.support.stored import LONG_AGO, MESSAGE, employer, position

SPEED = 60
"""How much faster than time the clock runs: a lease is two seconds, a first retry half of one."""

TIMEOUT_SECONDS = 0.5
"""How long a server may take."""

UNDO = timedelta(minutes=5)
ENDS = {f"outreach.letter_{how}" for how in ("delivered", "failed", "stopped")}
WORKERS = 2
LATEST = 100
MOST_KILLS = 100
"""About how often workers are killed at most: they take longer to start than to deliver."""
FAILS = 0.07
"""The chance that the server fails, at each step of a letter."""

SUPPORT = Actor(id="ada", role=Role.ADMIN)


@dataclass(frozen=True)
class FastClock:
    """As late as it was when it started, and since then faster than time."""

    started: datetime

    def __call__(self) -> datetime:
        return self.started + SPEED * (datetime.now(UTC) - self.started)


def settings(url: str) -> Settings:
    return Settings(database_url=SecretStr(url), secret=SecretStr(SECRET))


def deliver_until_killed(url: str, port: int, clock: FastClock) -> None:
    """What a worker's process does."""
    chosen = settings(url)
    with open_marketplace(chosen) as market:
        shared = (market.store, market.pool, market.read_models, letterhead(chosen))
        delivery = Delivery(*shared, at(port, timeout=TIMEOUT_SECONDS), None, clock)
        market.tasks.append(PeriodicTask("deliver letters", 0.05, delivery.deliver_due))
        with market.working():
            threading.Event().wait()


@dataclass
class Fickle:
    """A mail server that refuses, stalls and drops connections by chance, and keeps what it took.

    It knows a letter again by its Message-ID.
    """

    chance: random.Random
    fails: float = FAILS
    copies: dict[str, int] = field(default_factory=dict)
    """How often each letter came, by its Message-ID."""
    accepted_at: dict[str, list[datetime]] = field(default_factory=dict)
    """When each recipient of a letter that came was accepted."""
    failures: dict[str, int] = field(default_factory=dict)
    begun: int = 0
    """How many letters were begun."""

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.begun += 1
        answer = await self._by_chance(server, envelope)
        if answer.startswith("2"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._by_chance(server, envelope)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
            session.accepted_at = datetime.now(UTC)  # type: ignore[attr-defined] # ours
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        # Some are refused before they are taken, the others may lose the answer that they were.
        if self.chance.random() < self.fails / 2:
            return await self._counted("refused", says("451 4.3.0 Try later"), server, envelope)
        letter = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        id = str(letter["Message-ID"])
        self.copies[id] = self.copies.get(id, 0) + 1
        for recipient in envelope.rcpt_tos:
            accepted_at: datetime = session.accepted_at  # type: ignore[attr-defined] # ours
            self.accepted_at.setdefault(recipient, []).append(accepted_at)
        return await self._by_chance(server, envelope)

    async def _by_chance(self, server: SMTP, envelope: Envelope) -> str:
        await asyncio.sleep(self.chance.uniform(0, 0.2))  # as a server on a network
        if self.chance.random() >= self.fails:
            return await OK(server, envelope)
        ways = {"refused": says("451 4.3.0 Try later"), "stalled": stalls, "dropped": drops}
        how = self.chance.choice([*ways])
        return await self._counted(how, ways[how], server, envelope)

    async def _counted(self, how: str, answer: Answer, server: SMTP, envelope: Envelope) -> str:
        self.failures[how] = self.failures.get(how, 0) + 1
        return await answer(server, envelope)


@dataclass
class Correspondence:
    """Letters to members; some opt out while the letters leave."""

    store: EventStore
    chance: random.Random
    addresses: dict[UUID, str] = field(default_factory=dict)
    """Of each person by their outreach."""
    opted_out_at: dict[str, datetime] = field(default_factory=dict)
    """By address, when the command was done."""
    _persons: dict[str, UUID] = field(default_factory=dict)

    def write(self, letters: int, clock: FastClock) -> None:
        """Write to as many people, who have just signed up."""
        acme = employer(self.store, ApproveEmployer, JoinBeta)
        place = position(self.store, acme)
        for _ in range(letters):
            person = uuid4()
            address = f"{person}@example.com"
            by = _cause(clock)
            member: dict[str, Any] = {"signed_up_at": LONG_AGO, "opted_in": True, "email": address}
            self.store.execute(SignUpCandidate(**by, **member, candidate_id=person, name="Ada"))
            letter: dict[str, Any] = {"message": MESSAGE, "undo_window": UNDO}
            command = SendMessage(**by, position_id=place, candidate_id=person, **letter)
            sent = self.store.execute(command)
            self.addresses[sent.id] = address
            self._persons[address] = person

    def opt_out(self, clock: FastClock) -> None:
        """Let somebody opt out who has not, and was written to a moment ago."""
        latest = [one for one in [*self._persons] if one not in self.opted_out_at][-LATEST:]
        address = self.chance.choice(latest)
        self.store.execute(OptOut(**_cause(clock), candidate_id=self._persons[address]))
        self.opted_out_at[address] = datetime.now(UTC)

    def settled(self) -> dict[UUID, str]:
        """How each letter ended that has ended."""
        events = self.store.recorder.load(sorted([*self.addresses]), ENDS, set())
        return {UUID(str(e.originator_id)): e.topic for e in events if e.topic in ENDS}


def _cause(clock: FastClock) -> dict[str, Any]:
    return dict(Cause(by=SUPPORT, at=clock(), request_id=str(uuid4())))


@contextmanager
def workers(number: int, *arguments: Any) -> Iterator[list[BaseProcess]]:
    """Processes that deliver, until they are killed."""
    running = [started(*arguments) for _ in range(number)]
    try:
        yield running
    finally:
        for worker in running:
            worker.kill()
            worker.join()


def started(*arguments: Any) -> BaseProcess:
    worker = forks.Process(target=deliver_until_killed, args=arguments, daemon=True)
    worker.start()
    return worker


def killed(running: list[BaseProcess], chance: random.Random, *arguments: Any) -> bool:
    """Kill one of the workers and start another. Whether it had still been alive."""
    victim = chance.randrange(len(running))
    was_alive = running[victim].is_alive()
    running[victim].kill()
    running[victim].join()
    running[victim] = started(*arguments)
    return was_alive


@dataclass(frozen=True)
class Outcome:
    """What became of all letters."""

    correspondence: Correspondence
    server: Fickle
    settled: dict[UUID, str]
    kills: int
    seconds: float

    @property
    def twice(self) -> int:
        """How many letters came more than once, under the same Message-ID."""
        return sum(copies > 1 for copies in self.server.copies.values())

    @property
    def lost(self) -> list[UUID]:
        """Letters that neither came nor were stopped."""
        arrived = {UUID(id.strip("<>").partition(".")[0]) for id in self.server.copies}
        addresses = self.correspondence.addresses
        return [id for id, to in addresses.items() if id not in arrived and to not in self.stopped]

    @property
    def stopped(self) -> set[str]:
        """Who got no letter because the contact gate forbade it."""
        ended = [id for id, how in self.settled.items() if how == "outreach.letter_stopped"]
        return {self.correspondence.addresses[id] for id in ended}

    @property
    def too_late(self) -> list[str]:
        """Who was written to although they had opted out a second before."""
        return [
            address
            for address, opted_out_at in self.correspondence.opted_out_at.items()
            for accepted_at in self.server.accepted_at.get(address, [])
            if accepted_at > opted_out_at + timedelta(seconds=1)
        ]


def deliver_while_killing(
    url: str, store: EventStore, *, letters: int, opt_outs: int, seed: int
) -> Outcome:
    """Write letters, and kill those who deliver them until each letter has ended."""
    chance, clock, began = random.Random(seed), FastClock(datetime.now(UTC)), time.monotonic()
    server, correspondence = Fickle(random.Random(seed)), Correspondence(store, chance)
    deadline = began + SECONDS + 2 * letters
    with (
        MailServer(server) as listening,
        workers(WORKERS, url, listening.port, clock) as running,
        ThreadPoolExecutor(1) as thread,
    ):
        writing = thread.submit(correspondence.write, letters, clock)
        kills = at_last_kill = 0
        while not writing.done() or len(correspondence.settled()) < letters:
            assert time.monotonic() < deadline, "not all letters have ended"
            if server.begun > at_last_kill + letters // MOST_KILLS:
                time.sleep(chance.uniform(0, 1))  # a random moment of their work
                at_last_kill = server.begun
                kills += killed(running, chance, url, listening.port, clock)
                if len(correspondence.opted_out_at) < opt_outs:
                    correspondence.opt_out(clock)
            time.sleep(0.05)  # until they try a letter again
        writing.result()
        settled = correspondence.settled()
    return Outcome(correspondence, server, settled, kills, time.monotonic() - began)

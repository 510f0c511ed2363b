"""Retries of one command by many at once, while the API's processes are killed and started again.

    python -m benchmarks retries --times 1000

Two API processes stand on one database. Every caller sends the same command with the same key to
either until it is answered; the processes are killed (-9) meanwhile, first with the command at
work. There must be one effect in the log, one and the same answer to everybody, and 422 for another
payload under the key. The exit code is 1 otherwise.
"""

import argparse
import asyncio
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx2 as httpx
import psycopg
from pydantic import SecretStr

from api.http.tokens import make_token
from benchmarks.figures import Figure, show
from domain.actor import Actor, Role
from infrastructure.settings import Settings
from tests.support.command_line import PROGRAM, environment
from tests.support.databases import SECRET

WAITING_SECONDS = 0.2
"""Until a caller asks again who was not answered."""

GIVE_UP_SECONDS = 300.0


class Answer(NamedTuple):
    """What a caller was answered with in the end."""

    status: int
    body: str
    entity_tag: str | None
    log_position: str | None


class Outcome(NamedTuple):
    """What became of all the retries."""

    answers: Counter[Answer]
    to_another_payload: Counter[int]
    effects: int
    requests: int
    kills: int
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Whether the command was done once, and everybody got the answer of that."""
        done = [answer.status for answer in self.answers] == [201]
        return done and self.effects == 1 and [*self.to_another_payload] == [422]


class Process:
    """An API process that is killed and started again on the same port."""

    def __init__(self, database_url: str, data_dir: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._env = environment(
            DATABASE_URL=database_url,
            SOURCING_SECRET=SECRET,
            SOURCING_DATA_DIR=data_dir,
            SOURCING_PORT=str(port),
            SOURCING_RATE_LIMIT="1000000/minute",
        )
        self.start()

    def start(self) -> None:
        nowhere = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [*PROGRAM, "api"], env=self._env, stdout=nowhere, stderr=nowhere
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def is_up(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health/live", timeout=5).is_success
        return False


@contextmanager
def processes(database_url: str) -> Iterator[Sequence[Process]]:
    """Two API processes, ready."""
    with tempfile.TemporaryDirectory(prefix="sourcing-retries-") as folder, ExitStack() as stack:
        both = []
        for number in range(2):
            data_dir = Path(folder) / str(number)
            data_dir.mkdir()
            both.append(Process(database_url, str(data_dir)))
            stack.callback(both[-1].kill)
        for each in both:
            wait_until_up(each)
        yield both


def wait_until_up(process: Process) -> None:
    until = time.monotonic() + 120
    while not process.is_up():
        if time.monotonic() > until:
            raise SystemExit("an API process did not start")
        time.sleep(0.1)  # it is starting


def retry(database_url: str, times: int, *, kills: int, age_claim: bool = False) -> Outcome:
    """Have so many callers retry one command while processes are killed at least so often.

    A claim that a killed process leaves may be taken over after a minute; perhaps it is made old.
    """
    with processes(database_url) as both, psycopg.connect(database_url, autocommit=True) as db:
        return _Retries(both, db, times, kills, age_claim).run()


class _Retries:
    def __init__(
        self,
        both: Sequence[Process],
        db: psycopg.Connection[Any],
        times: int,
        kills: int,
        age_claim: bool,
    ) -> None:
        self.both, self.db, self.times = both, db, times
        self.most_kills, self.age_claim = kills, age_claim
        self.key, self.requests, self.kills = str(uuid4()), 0, 0
        self.answered = threading.Event()
        self.employer_id = self._registered()
        self.path = f"/v1/employers/{self.employer_id}/feedback"

    def _headers(self, role: Role, employer_id: UUID | None = None) -> dict[str, str]:
        actor = Actor(id=f"{role}@retries", role=role, employer_id=employer_id)
        settings = Settings(secret=SecretStr(SECRET))
        token = make_token(settings, actor, datetime.now(UTC), timedelta(hours=1))
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": self.key}

    def _registered(self) -> UUID:
        manager = {"name": "Casey", "email": "casey@example.com"}
        body = {"company": f"Company {self.key}", "manager": manager}
        url = f"{self.both[0].url}/v1/employers"
        answer = httpx.post(url, json=body, headers=self._headers(Role.ADMIN), timeout=60)
        return UUID(answer.raise_for_status().json()["id"])

    def run(self) -> Outcome:
        begun = time.monotonic()
        killing = threading.Thread(target=self._kill)
        killing.start()
        try:
            answers = asyncio.run(self._all("Good", self.times))
        finally:
            self.answered.set()
            killing.join()
        others = asyncio.run(self._all("Bad", max(1, self.times // 10)))
        again = asyncio.run(self._all("Good", max(1, self.times // 10)))
        counted = self.db.execute(
            "SELECT count(*) FROM events"
            " WHERE originator_id = %s AND topic = 'employer.feedback_shared'",
            [self.employer_id],
        ).fetchone()
        return Outcome(
            Counter([*answers, *again]),
            Counter(answer.status for answer in others),
            counted[0] if counted else 0,
            self.requests,
            self.kills,
            time.monotonic() - begun,
        )

    def _kill(self) -> None:
        """Kill a process that has the command at work, then either one time and again."""
        with psycopg.connect(self.db.info.dsn, password=self.db.info.password) as holding:
            holding.execute("SELECT FROM log_head FOR UPDATE")
            while not self._is_claimed():
                time.sleep(0.01)  # until the command waits for the log
            for process in self.both:  # one of them has claimed the key
                self._restart(process)
            if self.age_claim:
                self.db.execute(
                    "UPDATE idempotency_claims SET claimed_at = claimed_at - interval '1 hour'"
                    " WHERE key = %s",
                    [self.key],
                )
        while self.kills < self.most_kills or not self.answered.wait(random.uniform(0.2, 2)):
            self._restart(random.choice(self.both))

    def _is_claimed(self) -> bool:
        claims = "SELECT FROM idempotency_claims WHERE key = %s AND caller LIKE 'recruiter/%%'"
        return self.db.execute(claims, [self.key]).rowcount == 1

    def _restart(self, process: Process) -> None:
        process.kill()
        self.kills += 1
        process.start()
        wait_until_up(process)

    async def _all(self, text: str, times: int) -> list[Answer]:
        limits = httpx.Limits(max_connections=None)
        headers = self._headers(Role.RECRUITER, self.employer_id)
        async with httpx.AsyncClient(headers=headers, limits=limits, timeout=30) as client:
            return await asyncio.gather(*(self._one(client, text) for _ in range(times)))

    async def _one(self, client: httpx.AsyncClient, text: str) -> Answer:
        until = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            self.requests += 1
            try:
                url = random.choice(self.both).url + self.path
                answer = await client.post(url, json={"text": text})
            except httpx.TransportError:
                await asyncio.sleep(random.uniform(0, 2) * WAITING_SECONDS)
                continue
            if answer.status_code in (429, 503) or "request-in-flight" in answer.text:
                await asyncio.sleep(random.uniform(1, 5) * WAITING_SECONDS)
                continue
            got = answer.headers.get
            return Answer(answer.status_code, answer.text, got("etag"), got("x-log-position"))
        return Answer(0, "not answered", None, None)


def figures(times: int, kills: int) -> Iterator[Figure]:
    """The retries as rows of the table. Raises `SystemExit` if one is not as it must be."""
    from benchmarks.recorder import server  # whose library warns where tests import this module

    with server() as url:
        found = retry(url, times, kills=kills)
    layer = "HTTP, two processes killed"
    answered = sum(n for answer, n in found.answers.items() if answer.status == 201)
    yield Figure(layer, f"{times:,} retries of one command: answered", "answers", answered)
    yield Figure(layer, "answers that differ", "answers", len(found.answers), target="1")
    yield Figure(layer, "effects in the log", "events", found.effects, target="1")
    refused = found.to_another_payload[422]
    yield Figure(layer, "422 to another payload under the key", "answers", refused)
    yield Figure(layer, "processes killed", "kills", found.kills)
    yield Figure(layer, "requests sent", "requests", found.requests)
    yield Figure(layer, "until all were answered", "s", found.seconds)
    if not found.is_sound:
        raise SystemExit(f"not one effect and one answer: {found}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=8, help="at least")
    options, _ = parser.parse_known_args()
    show(figures(options.times, options.kills))
    sys.exit(0)


if __name__ == "__main__":
    main()

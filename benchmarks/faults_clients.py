"""Clients of a run with faults: each repeats a command under its key until it is answered."""

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2 as httpx
from pydantic import SecretStr

from api.http.tokens import make_token
from benchmarks.faults_books import Books, Entry
from domain.actor import Actor, Role
from infrastructure.settings import Settings
from tests.support.databases import SECRET
from tests.support.stage import MESSAGE

GIVE_UP = 0.05
AGAIN = 0.1
"""The chance that an answered command is sent again: its answer must be the same."""

SOON = (503, 429)


def token(role: Role, employer_id: str | None = None) -> str:
    actor = Actor(id=f"{role}", role=role, employer_id=UUID(employer_id) if employer_id else None)
    settings = Settings(secret=SecretStr(SECRET))
    return make_token(settings, actor, datetime.now(UTC), timedelta(hours=8))


class Client:
    """Makes commands, and repeats each under its key until it is answered."""

    def __init__(self, books: Books, ports: list[int], deadline: Callable[[], float]) -> None:
        self.books = books
        self.ports = ports
        self.deadline = deadline
        self.http = httpx.Client(timeout=20, trust_env=False)
        self.chance = random.Random()

    def __call__(
        self, kind: str, role: Role, path: str, body: Any = None, *, employer: str | None = None
    ) -> Any:
        """What came of a command; None if its client gave up, or it was refused."""
        entry = self.books.open(Entry(kind, gives_up=self.chance.random() < GIVE_UP))
        asked = {"json": body} if body is not None else {}
        answer = self._until_answered(entry, role, employer, path, asked)
        if answer is None:
            return None
        if self.chance.random() < AGAIN:
            again = self._until_answered(entry, role, employer, path, asked)
            if again is not None and (again.status_code, again.text) != (
                answer.status_code,
                answer.text,
            ):
                self.books.wrong.append(f"{kind}: another answer to the same request")
        return entry.answer if entry.is_acknowledged else None

    def tell(self, member: str, number: int) -> None:
        """Upload so many activities of a member."""
        ids = [str(uuid4()) for _ in range(number)]
        at, gives_up = datetime.now(UTC).isoformat(), self.chance.random() < GIVE_UP
        entry = self.books.open(Entry("activity", gives_up, lines=ids))
        common = {"candidate_id": member, "kind": "signed_in", "occurred_at": at, "source": "web"}
        body = "\n".join(json.dumps(common | {"source_id": id}) for id in ids)
        self._until_answered(entry, Role.PLATFORM, None, "/activity", {"content": body})

    def _until_answered(
        self, entry: Entry, role: Role, employer: str | None, path: str, asked: Any
    ) -> httpx.Response | None:
        headers = {
            "Authorization": f"Bearer {token(role, employer)}",
            "Idempotency-Key": entry.request_id,
            "X-Request-ID": entry.request_id,
        }
        while time.monotonic() < self.deadline():
            address = f"http://127.0.0.1:{self.chance.choice(self.ports)}/v1{path}"
            try:
                answer = self.http.post(address, headers=headers, **asked)
            except httpx.TransportError:
                if entry.gives_up:
                    return None
                time.sleep(self.chance.uniform(0.05, 0.5))
                continue
            self.books.heard(answer.status_code, entry.kind)
            if answer.status_code in SOON or "request-in-flight" in answer.text:
                if "retry-after" not in answer.headers:
                    self.books.wrong.append(f"{answer.status_code} without Retry-After")
                if entry.gives_up:
                    return None
                time.sleep(self.chance.uniform(0.1, 1.0))
                continue
            entry.status, entry.answer = answer.status_code, answer.json()
            return answer
        self.books.wrong.append(f"{entry.kind} was never answered")
        return None


def work(client: Client, members: list[str], places: list[tuple[str, str]]) -> None:
    """One step of a client: something that one of the roles does."""
    chance = client.chance
    match chance.choice(["employer", "member", "member", "tell", "tell", "send", "send", "else"]):
        case "employer":
            manager = {"name": "Casey", "email": "casey@example.com"}
            body = {"company": f"Acme {uuid4().hex[:8]}", "manager": manager}
            made = client("register", Role.ADMIN, "/employers", body)
            if made and client("approve", Role.ADMIN, f"/employers/{made['id']}/approval"):
                id, recruiter = made["id"], Role.RECRUITER
                client("join the beta", recruiter, f"/employers/{id}/beta", employer=id)
                path, body = f"/employers/{id}/positions", {"title": "Developer"}
                if place := client("open", recruiter, path, body, employer=id):
                    places.append((id, place["id"]))
        case "member":
            long_ago = (datetime.now(UTC) - timedelta(days=400)).isoformat()
            sourcing = {"opted_in": True, "signed_up_at": long_ago}
            basics = {"name": "Silent", "email": f"{uuid4()}@example.com"}
            body = {"basics": basics, "meta": {"sourcing": sourcing}}
            if made := client("sign up", Role.PLATFORM, "/candidates", body):
                members.append(made["id"])
        case "tell" if members:
            client.tell(chance.choice(members), chance.choice([1, 5, 40]))
        case "send" if members and places:
            employer, place = chance.choice(places)
            body = {"candidate_id": chance.choice(members[-50:]), "message": MESSAGE}
            path = f"/positions/{place}/messages"
            client("send", Role.RECRUITER, path, body, employer=employer)
        case "else" if members:
            member = members.pop(chance.randrange(len(members)))
            client("opt out", Role.PLATFORM, f"/candidates/{member}/opt-out")
        case _:
            pass


def read(books: Books, ports: list[int], places: list[tuple[str, str]]) -> float:
    """Read something, and return how long that took."""
    path, role, employer = "/v1/tickets", Role.SUPPORT, None
    if places and random.random() < 0.5:
        employer, place = random.choice(places)
        path, role = f"/v1/positions/{place}/passive-candidates", Role.RECRUITER
    began = time.monotonic()
    with suppress(httpx.TransportError):
        answer = httpx.get(
            f"http://127.0.0.1:{random.choice(ports)}{path}",
            headers={"Authorization": f"Bearer {token(role, employer)}"},
            timeout=30,
            trust_env=False,
        )
        books.heard(answer.status_code, "a read")
    return time.monotonic() - began

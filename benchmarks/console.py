"""How long the server takes for each page of the console, and with how many SQL statements.

    python -m benchmarks console --candidates 1000 --times 20

Every page that there is, found as the application finds it, is asked for on a demo marketplace
(embedded PostgreSQL, `fsync` on) while the worker keeps its read models. The time is the server's:
from a request's arrival to the last byte of its answer. What is noted after the answer does not
count. A page is seen as the demo's recruiter where that is allowed, else as the admin.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import psycopg
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import make_app
from api.console import pages
from api.console.demo_users import DEMO_USERS
from api.console.session import COOKIE
from api.demo.companies import NORDLICHT
from api.http.tokens import make_token
from api.marketplace import Marketplace, now, open_marketplace
from infrastructure.settings import load_settings

TARGET_MS = 100
WARM_UP = 3
NEEDED = {"/updates": "?reached=0&count=0"}
"""What pages that end so must be asked with."""


@dataclass
class Tally:
    """What one request took."""

    statements: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    seconds: float | None = None


TALLY: ContextVar[Tally | None] = ContextVar("tally", default=None)


class Measured:
    """Keeps the tally of each request until the last byte of its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.latest = Tally()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tally = Tally()

        async def sending(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                tally.seconds = time.perf_counter() - tally.started

        if scope["type"] == "http":
            self.latest = tally
            TALLY.set(tally)
        await self._app(scope, receive, sending)


def counted(run: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with each statement of a request counted."""

    def running(cursor: psycopg.Cursor[Any], query: Any, *arguments: Any, **more: Any) -> Any:
        tally = TALLY.get()
        if tally and tally.seconds is None and query:  # the pool checks connections with nothing
            tally.statements.append(" ".join(str(query).split()))
        return run(cursor, query, *arguments, **more)

    return running


@dataclass
class Row:
    """One page's figures."""

    path: str
    user: str
    status: int
    milliseconds: list[float]
    statements: list[str]
    size: int


class Console:
    """The console on a marketplace, as its users ask for pages."""

    def __init__(self, marketplace: Marketplace, http: TestClient, measured: Measured) -> None:
        self.marketplace = marketplace
        self._http = http
        self._measured = measured

    def measured(self, path: str, times: int) -> Row:
        """A page asked for so many times, as the first who may see it."""
        user = next((u for u in ("recruiter", "admin") if self._get(path, u)[0] != 403), "admin")
        for _ in range(WARM_UP):
            self._get(path, user)
        milliseconds = []
        for _ in range(times):
            status, size = self._get(path, user)
            milliseconds.append((self._measured.latest.seconds or 0.0) * 1000)
        return Row(path, user, status, milliseconds, self._measured.latest.statements, size)

    def api(self, user: str, method: str, path: str, body: Any = None) -> Any:
        """What the API answers."""
        headers = {"Authorization": f"Bearer {self._token(user)}", "Idempotency-Key": str(uuid4())}
        response = self._http.request(method, f"/v1{path}", json=body, headers=headers)
        return response.raise_for_status().json()

    def _get(self, path: str, user: str) -> tuple[int, int]:
        headers = {"Accept": "text/html", "Cookie": f"{COOKIE}={self._token(user)}"}
        response = self._http.get(path, headers=headers, follow_redirects=False)
        return response.status_code, len(response.content)

    def _token(self, user: str) -> str:
        return make_token(self.marketplace.settings, DEMO_USERS[user], now(), timedelta(hours=1))


@contextmanager
def console(data_dir: Path, candidates: int) -> Iterator[Console]:
    """The console of a demo marketplace in this folder, filled if it is empty."""
    settings = {"SOURCING_DATA_DIR": str(data_dir), "SOURCING_RATE_LIMIT": "1000000/minute"}
    demo = ["-c", "from api.cli import main; main()", "demo", "--if-empty"]
    subprocess.run(
        [sys.executable, *demo, "--candidates", str(candidates)],
        env=os.environ | settings,
        check=True,
    )
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, settings))
        for name in ("execute", "executemany"):
            run = getattr(psycopg.Cursor, name)
            stack.enter_context(patch.object(psycopg.Cursor, name, counted(run)))
        marketplace = stack.enter_context(open_marketplace(load_settings()))
        measured = Measured(make_app(marketplace, with_worker=True))
        http = stack.enter_context(TestClient(measured, raise_server_exceptions=False))
        yield Console(marketplace, http, measured)


def things(one: Console) -> dict[str, str]:
    """Something of each kind that pages are about, made where the demo has none."""
    if not one.api("recruiter", "GET", f"/employers/{NORDLICHT}")["in_beta"]:
        one.api("recruiter", "POST", f"/employers/{NORDLICHT}/beta")
    listed = one.api("recruiter", "GET", f"/employers/{NORDLICHT}/positions?status=open")
    position = listed["items"][0]["position_id"]
    ticket = {"subject": "A ticket", "text": "To be measured."}
    made = one.api("recruiter", "POST", "/tickets", ticket)
    feed = f"/positions/{position}/passive-candidates?after={made['log_position']}"
    first, second, *_ = one.api("recruiter", "GET", feed)["items"]
    message = {
        "subject": "A role for you",
        "text": "We would like to talk.",
        "salary": {"minimum": 60_000, "maximum": 80_000, "currency": "EUR"},
        "location": "Hamburg",
        "sender_name": "Kim Larsen",
        "sender_role": "Talent partner",
    }
    approach = {"candidate_id": first["candidate_id"], "message": message}
    sent = one.api("recruiter", "POST", f"/positions/{position}/messages", approach)
    one.api("recruiter", "GET", f"/outreach/{sent['id']}?after={sent['log_position']}")
    return {
        "employer_id": str(NORDLICHT),
        "position_id": position,
        "candidate_id": second["candidate_id"],
        "outreach_id": sent["id"],
        "ticket_id": made["id"],
        "aggregate_id": position,
    }


def addresses(known: dict[str, str]) -> list[str]:
    """The address of every page, about these things."""
    paths = sorted(
        route.path
        for router in pages.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    )
    needed = {p: more for p in paths for end, more in NEEDED.items() if p.endswith(end)}
    return [path.format_map(known) + needed.get(path, "") for path in paths]


def table(rows: list[Row], known: dict[str, str]) -> str:
    """The figures, one page a line."""
    names = {id: name.removesuffix("_id") for name, id in reversed(known.items())}
    head = f"{'page':55} {'as':10} {'status':>6} {'least ms':>8} {'median':>7} {'most':>7}"
    lines = [f"{head} {'SQL':>4} {'kB':>6}"]
    for row in rows:
        path = row.path.partition("?")[0]
        for id, name in names.items():
            path = path.replace(id, f"<{name}>")
        median = statistics.median(row.milliseconds)
        slow = "  over the target" if median > TARGET_MS else ""
        least, most = min(row.milliseconds), max(row.milliseconds)
        times = f"{least:8.1f} {median:7.1f} {most:7.1f}"
        figures = f"{times} {len(row.statements):4} {row.size / 1000:6.1f}"
        lines.append(f"{path:55} {row.user:10} {row.status:6} {figures}{slow}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--times", type=int, default=20, help="how often each page is asked for")
    parser.add_argument("--data-dir", type=Path, help="keep the marketplace here for another run")
    parser.add_argument("--only", default="", help="part of the pages' addresses")
    parser.add_argument("--statements", action="store_true", help="show each statement as well")
    options, _ = parser.parse_known_args()
    with ExitStack() as stack:
        data_dir = options.data_dir or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="sourcing-bench-"))
        )
        one = stack.enter_context(console(data_dir, options.candidates))
        known = things(one)
        paths = [path for path in addresses(known) if options.only in path]
        rows = [one.measured(path, options.times) for path in paths]
    print(table(rows, known))
    if options.statements:
        for row in rows:
            print(f"\n{row.path}", *row.statements, sep="\n  ")


if __name__ == "__main__":
    main()

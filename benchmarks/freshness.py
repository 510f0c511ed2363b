"""How soon an activity shows in a feed, through the whole system while it is busy.

    python -m benchmarks freshness --candidates 2000 --seconds 60

A server of its own (API and worker in one process, embedded PostgreSQL, `fsync` on) with a demo
marketplace. Meanwhile writers post activity, readers read feeds, and a recruiter writes to people,
half of them answer, so that the model learns. Probes of activity are posted one by one: each is
timed from its acceptance over HTTP to the first answer of a feed in which the candidate's score
knows of it, and their last activity too. A probe waits for nothing: it asks again and again.
"""

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import numpy as np

from benchmarks.figures import Figure, show
from benchmarks.ingestion import request_body, send, server

LINES = 25
"""Activities in a writer's request."""

PROBED = 20
POLL_SECONDS = 0.005
MESSAGE = {
    "subject": "A role for you",
    "text": "We would like to talk.",
    "location": "Berlin",
    "salary": {"minimum": 60_000, "maximum": 80_000, "currency": "EUR"},
    "sender_name": "Robin",
    "sender_role": "Head of engineering",
}


class Marketplace:
    """What a platform, and a recruiter in the beta, do over HTTP."""

    def __init__(self, platform: httpx.Client, recruiter: httpx.Client) -> None:
        self.platform = platform
        self.recruiter = recruiter
        self.employer = recruiter.get("/v1/me").raise_for_status().json()["employer_id"]
        self.done: dict[str, int] = {}
        self._lock = threading.Lock()

    def post(self, client: httpx.Client, path: str, body: object = None) -> Any:
        key = {"Idempotency-Key": str(uuid4())}
        return client.post(f"/v1{path}", json=body, headers=key)

    def count(self, what: str, number: int = 1) -> None:
        with self._lock:
            self.done[what] = self.done.get(what, 0) + number

    def member(self, skill: str) -> str:
        document = {
            "basics": {"name": f"Member {uuid4()}", "email": f"{uuid4()}@example.org"},
            "skills": [{"name": skill}],
            "meta": {"sourcing": {"opted_in": True}},
        }
        answer = self.post(self.platform, "/candidates", document).raise_for_status()
        return str(answer.json()["id"])

    def position(self, **filters: Any) -> str:
        body = {"title": "Backend developer", "location": "Berlin", "filters": filters}
        path = f"/employers/{self.employer}/positions"
        return str(self.post(self.recruiter, path, body).raise_for_status().json()["id"])

    def feed(self, position: str, kind: str) -> list[dict[str, Any]]:
        answer = self.recruiter.get(f"/v1/positions/{position}/{kind}", params={"limit": 20})
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    # What goes on meanwhile.

    def write(self, ids: Sequence[str]) -> None:
        self.count("activities", send(self.platform, request_body([*ids], LINES))["accepted"])

    def read(self, position: str) -> None:
        self.feed(position, "passive-candidates")
        self.count("feeds read")

    def reach_out(self, position: str) -> None:
        for card in self.feed(position, "passive-candidates"):
            body = {"candidate_id": card["candidate_id"], "message": MESSAGE}
            sent = self.post(self.recruiter, f"/positions/{position}/messages", body)
            if sent.is_success:
                self.count("messages")
                if self.done["messages"] % 2:
                    path = f"/outreach/{sent.json()['id']}/acceptance"
                    self.post(self.platform, path, {}).raise_for_status()
                return

    def probe(self, position: str, candidate: str) -> float:
        """Seconds from an activity's acceptance to a feed that knows of it."""
        occurred_at = datetime.now(UTC)
        line = {
            "candidate_id": candidate,
            "kind": "searched_jobs",
            "occurred_at": occurred_at.isoformat(),
            "source": "probe",
            "source_id": str(uuid4()),
        }
        accepted = send(self.platform, json.dumps(line).encode())
        start = time.perf_counter()
        while True:
            for card in self.feed(position, "recommendations"):
                seen = datetime.fromisoformat(card["last_active_at"]) >= occurred_at
                as_of = (card["likelihood"] or {}).get("as_of_position") or 0
                if card["candidate_id"] == candidate and seen and as_of >= accepted["log_position"]:
                    return time.perf_counter() - start
            time.sleep(POLL_SECONDS)  # between two looks at the feed


@contextmanager
def going_on(doings: Sequence[tuple[Callable[[], None], float]]) -> Iterator[list[Exception]]:
    """Do each of these so many times a second, as far as the server keeps up."""
    over, errors = threading.Event(), []

    def run(do: Callable[[], None], rate: float) -> None:
        due = time.perf_counter()
        while not over.wait(max(due - time.perf_counter(), 0)):
            due = max(due + 1 / rate, time.perf_counter() - 1)
            try:
                do()
            except Exception as error:  # noqa: BLE001 - told at the end, where it is seen
                errors.append(error)
                return

    threads = [threading.Thread(target=run, args=each) for each in doings]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        over.set()
        for thread in threads:
            thread.join()


def figures(
    candidates: int, seconds: float, load: tuple[float, float, float] = (200.0, 8.0, 1.0)
) -> Iterator[Figure]:
    """From acceptance to a feed, idle and under so many activities, feeds and messages a second."""
    with server(candidates) as (client_in, *_):
        market = Marketplace(client_in("platform"), client_in("recruiter"))
        market.post(market.recruiter, f"/employers/{market.employer}/beta").raise_for_status()
        wide = market.position(nice_to_have_skills=["Python", "Go"])
        probed = market.position(required_skills=["Freshness"])
        members = [market.member("Freshness") for _ in range(PROBED)]
        others = [market.member("Python") for _ in range(100)]
        market.probe(probed, members[0])
        activities, feeds, messages = load
        writers = [(lambda: market.write(others), activities / LINES / 2)] * 2
        readers = [(lambda: market.read(wide), feeds / 4)] * 4
        recruiting = (lambda: market.reach_out(wide), messages)
        busy = [*writers, *readers, recruiting]
        for name, doings, target in (("idle", [], "≤ 100"), ("under load", busy, "≤ 500")):
            with going_on(doings) as wrong:
                took = _probes(market, probed, members, seconds, wrong)
            if wrong:
                raise SystemExit(f"the load failed: {wrong[0]!r}")
            for share in (50, 99):
                at_most = float(np.percentile(took, share)) * 1_000
                what = f"activity to feed, {name}, {share} %"
                yield Figure("freshness", what, "ms", at_most, target=target if share == 99 else "")


def _probes(
    market: Marketplace,
    position: str,
    members: Sequence[str],
    seconds: float,
    wrong: Sequence[Exception],
) -> list[float]:
    took: list[float] = []
    start = time.perf_counter()
    while time.perf_counter() - start < seconds and not wrong:
        took.append(market.probe(position, members[len(took) % PROBED]))
        time.sleep(0.05)  # one probe is not to crowd the next
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--activities", type=float, default=200, help="a second, of two writers")
    parser.add_argument("--feeds", type=float, default=8, help="a second, of four readers")
    parser.add_argument("--messages", type=float, default=1, help="a second")
    options, _ = parser.parse_known_args()
    load = (options.activities, options.feeds, options.messages)
    show(figures(options.candidates, options.seconds, load))


if __name__ == "__main__":
    main()

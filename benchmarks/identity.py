"""People who come in many spellings and four ways at once: one candidate each, nobody too often.

    python -m benchmarks identity --sign-ups 10000 --people 3000

A server of its own with embedded PostgreSQL. Eight threads sign people up over HTTP, import them by
the command line's code, bring documents with another system's id and observe their addresses, each
in a spelling by chance; meanwhile people opt out and are erased, and a recruiter writes to them.
What became of everybody is then read from the event log and compared with what was answered.
"""

import argparse
import json
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import httpx2 as httpx

from api.cli.exit_codes import Exit
from benchmarks.freshness import MESSAGE
from benchmarks.ingestion import server

AT_ONCE = 8
IMPORTED = 40
"""Documents of one imported file."""

BUDGET = 3
SILENT_SINCE = "2020-01-01T00:00:00Z"
SKILL = "Identity bench"
Call = Callable[[str, str, str, Any], Any]


@dataclass
class Marketplace:
    """How a marketplace is reached.

    Args:
        call: makes a request in a role; takes role, method, path and body, gives the response.
        load: imports documents as the command line does.
        positions: of an employer in the beta; their messages go to anybody.
    """

    call: Call
    load: Callable[[Sequence[Any]], None]
    positions: Sequence[str]


@dataclass
class Person:
    """What was answered about one person."""

    number: int
    ids: set[str] = field(default_factory=set)
    opted_out: bool = False
    erased: bool = False
    messages: int = 0
    imported: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Lives:
    """What was done, and what was answered that should not have been."""

    people: list[Person]
    wrong: list[str]
    answers: Counter[str]


def spelled(rng: Random, number: int) -> str:
    """The address of a person in a spelling by chance."""
    local, domain = f"person.{number}+x", rng.choice(["bücher.example", "xn--bcher-kva.example"])
    address = f"{local}@{domain}"
    address = "".join(c.upper() if rng.random() < 0.3 else c for c in address)
    return rng.choice(["{}", " {}", "{} ", "{}\t", "{}."]).format(address)


def document(rng: Random, number: int, **sourcing: Any) -> dict[str, Any]:
    """What is sent of a person: never quite the same."""
    return {
        "basics": {"name": f"Person {number}", "email": spelled(rng, number)},
        "skills": [{"name": SKILL}, {"name": f"Skill {rng.randrange(1000)}"}],
        "meta": {"sourcing": {"opted_in": True, "signed_up_at": SILENT_SINCE, **sourcing}},
    }


def lived(marketplace: Marketplace, *, sign_ups: int, people: int, seed: int) -> Lives:
    """Let this many documents of this many people come in, eight at once."""
    lives = Lives([Person(n) for n in range(people)], [], Counter())
    with ThreadPoolExecutor(AT_ONCE) as threads:
        each = sign_ups // AT_ONCE
        runs = [
            threads.submit(_live, marketplace, lives, Random(f"{seed}/{n}"), each)
            for n in range(AT_ONCE)
        ]
        for run in runs:
            run.result()
    return lives


def _live(marketplace: Marketplace, lives: Lives, rng: Random, documents: int) -> None:
    come = 0
    while come < documents:
        person = rng.choice(lives.people)
        way = "import" if rng.random() < 0.01 else rng.choice(["api", "external", "observation"])
        if way == "import":
            some = rng.choices(lives.people, k=IMPORTED)
            marketplace.load([document(rng, one.number) for one in some])
            for one in some:
                one.imported = True
            come += IMPORTED
        elif way == "observation" and person.ids:
            _observe(marketplace, lives, rng, person)
            come += 1
        else:
            told = {"external_id": f"badge {person.number}"} if way == "external" else {}
            _sign_up(marketplace, lives, person, document(rng, person.number, **told))
            come += 1
        chance = rng.random()
        if person.ids and chance < 0.05:
            _stop(marketplace, lives, person, erase=chance < 0.02)
        elif person.ids:
            _write(marketplace, lives, rng, person)


def _sign_up(marketplace: Marketplace, lives: Lives, person: Person, said: Any) -> None:
    was_erased = person.erased
    answer = marketplace.call("platform", "POST", "/candidates", said)
    codes = _counted(lives, "sign-up", answer)
    if answer.is_success:
        if was_erased:
            lives.wrong.append(f"person {person.number} was signed up after their erasure")
        person.ids.add(answer.json()["id"])
    elif codes != ["candidate_is_erased"]:
        lives.wrong.append(f"person {person.number} was refused: {codes or answer.text}")


def _observe(marketplace: Marketplace, lives: Lives, rng: Random, person: Person) -> None:
    path = f"/candidates/{min(person.ids)}/observations"
    email = spelled(rng, person.number)
    seen = {"source": "web", "observed_on": "2026-01-01", "email": email}
    codes = _counted(lives, "observation", marketplace.call("platform", "POST", path, seen))
    if not {*codes} <= {"candidate_is_erased", "nothing_newer"}:
        lives.wrong.append(f"an observation of person {person.number} was refused: {codes}")


def _stop(marketplace: Marketplace, lives: Lives, person: Person, *, erase: bool) -> None:
    path = f"/candidates/{min(person.ids)}"
    method, path = ("DELETE", path) if erase else ("POST", f"{path}/opt-out")
    answer = marketplace.call("platform", method, path, None)
    _counted(lives, "erasure" if erase else "opt-out", answer)
    if answer.is_success:
        person.erased |= erase
        person.opted_out = True


def _write(marketplace: Marketplace, lives: Lives, rng: Random, person: Person) -> None:
    was_left_alone = person.opted_out
    body = {"candidate_id": min(person.ids), "message": MESSAGE}
    path = f"/positions/{rng.choice(marketplace.positions)}/messages"
    answer = marketplace.call("recruiter", "POST", path, body)
    _counted(lives, "message", answer)
    if answer.is_success:
        if was_left_alone:
            lives.wrong.append(f"person {person.number} was written to after they opted out")
        with person.lock:
            person.messages += 1


def _counted(lives: Lives, what: str, answer: Any) -> list[str]:
    codes = [] if answer.is_success else [r["code"] for r in answer.json().get("reasons", [])]
    lives.answers[f"{what}: {', '.join(codes) or 'taken'}"] += 1
    if answer.status_code >= 500:
        lives.wrong.append(f"{what}: {answer.status_code} {answer.text}")
    return codes


def checked(marketplace: Marketplace, lives: Lives) -> None:
    """Compare what was answered with what is in the log and in the feeds. Exits if it differs."""
    wrong = [*lives.wrong]
    of_person = _candidates(marketplace)
    for person in lives.people:
        ids = person.ids | of_person[person.number]
        if len(ids) != 1 and (person.ids or person.imported):
            wrong.append(f"person {person.number} is {len(ids)} candidates: {sorted(ids)}")
        if person.messages > BUDGET:
            wrong.append(f"person {person.number} was written to {person.messages} times")
    left_alone = {id for person in lives.people if person.opted_out for id in person.ids}
    in_feeds = _listed(marketplace) & left_alone
    wrong += [f"candidate {id} is in a feed and has opted out" for id in in_feeds]
    if wrong:
        raise SystemExit("\n".join(wrong[:20]))


def _candidates(marketplace: Marketplace) -> dict[int, set[str]]:
    """The candidates of each person who was not erased, by the names in the log."""
    found: dict[int, set[str]] = defaultdict(set)
    since, reached = -1, 0
    while since < reached:
        since = reached
        path = f"/events?kind=candidate.signed_up&limit=1000&since={since}"
        page = marketplace.call("auditor", "GET", path, None).json()
        for event in page["events"]:
            kind, _, number = event["data"]["name"].partition(" ")
            if kind == "Person":
                found[int(number)].add(event["subject"])
        reached = page["reached"]
    return found


def _listed(marketplace: Marketplace) -> set[str]:
    """Everybody in the feeds of the positions."""
    listed: set[str] = set()
    for position in marketplace.positions:
        for feed in ("passive-candidates", "recommendations"):
            cursor = ""
            while cursor is not None:
                path = f"/positions/{position}/{feed}?limit=100{cursor}"
                page = marketplace.call("recruiter", "GET", path, None).json()
                listed |= {card["candidate_id"] for card in page["items"]}
                cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    return listed


def main() -> None:
    """Run it, and print what was answered."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sign-ups", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with server(candidates=50) as (client, sourcing, _):
        roles = ("platform", "auditor", "recruiter")
        clients = {role: client(role) for role in roles}

        def call(role: str, method: str, path: str, body: Any) -> httpx.Response:
            keyed = {"Idempotency-Key": str(uuid4())}
            return clients[role].request(method, f"/v1{path}", json=body, headers=keyed)

        def load(documents: Sequence[Any]) -> None:
            lines = "".join(json.dumps(document) + "\n" for document in documents)
            try:
                sourcing("import", "candidates", "-", stdin=lines.encode())
            except subprocess.CalledProcessError as ended:
                if ended.returncode != Exit.BAD_RECORDS:  # of people who were erased
                    raise

        employer = call("recruiter", "GET", "/me", None).json()["employer_id"]
        call("recruiter", "POST", f"/employers/{employer}/beta", None)
        opened = {"title": "Developer", "filters": {"required_skills": [SKILL]}, "location": "Rome"}
        path = f"/employers/{employer}/positions"
        positions = [call("recruiter", "POST", path, opened).json()["id"] for _ in range(5)]
        marketplace = Marketplace(call, load, positions)
        began = time.perf_counter()
        lives = lived(marketplace, sign_ups=asked.sign_ups, people=asked.people, seed=asked.seed)
        seconds = time.perf_counter() - began
        checked(marketplace, lives)
        for answer, times in sorted(lives.answers.items()):
            print(f"{times:7,} {answer}")
        print(
            f"{asked.sign_ups:,} documents of {asked.people:,} people in {seconds:.0f} s: all right"
        )

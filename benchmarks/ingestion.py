"""How many activities a second come in over HTTP, while the read models follow.

    python -m benchmarks ingestion --lines 5000

A server of its own (embedded PostgreSQL, `fsync` on; with a worker in the process or without) takes
requests of NDJSON about members of a demo marketplace, one after the other and two at a time.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

import httpx2 as httpx
import psycopg

from benchmarks.figures import Figure, show


class Server(NamedTuple):
    """A running server: makes a client in a role, runs a command, and has a database."""

    client: Callable[..., httpx.Client]
    sourcing: Callable[..., bytes]
    database_url: str


@contextmanager
def server(
    candidates: int, database_url: str = "", processes: Sequence[str] = ("serve",)
) -> Iterator[Server]:
    """A server of its own, with a demo marketplace or on a database that is filled already."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="sourcing-bench-") as data_dir:
        environment = os.environ | {
            "SOURCING_DATA_DIR": data_dir,
            "SOURCING_PORT": str(port),
            "SOURCING_RATE_LIMIT": "1000000/minute",
        }
        if database_url:
            environment |= {"DATABASE_URL": database_url, "SOURCING_SECRET": "s" * 40}

        command = [sys.executable, "-c", "from api.cli import main; main()"]

        def sourcing(*arguments: str, stdin: bytes = b"") -> bytes:
            return subprocess.run(
                [*command, *arguments],
                env=environment,
                check=True,
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ).stdout

        if not database_url:
            sourcing("demo", "--candidates", str(candidates))
        running = [
            subprocess.Popen(
                [*command, name],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for name in processes
        ]

        def client(role: str, *of: str) -> httpx.Client:
            token = sourcing("token", role, *of).decode().strip()
            headers = {"Authorization": f"Bearer {token}"}
            url = f"http://127.0.0.1:{port}"
            return clients.enter_context(httpx.Client(base_url=url, headers=headers, timeout=120))

        try:
            with ExitStack() as clients:
                wait_until_ready(client("platform"))
                address = database_url or f"host={data_dir}/postgres user=postgres dbname=postgres"
                yield Server(client, sourcing, address)
        finally:
            for process in running:
                process.send_signal(signal.SIGINT)
            for process in running:
                process.wait(60)


def wait_until_ready(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)  # it is starting
    raise SystemExit("the server did not get ready")


def members(client: httpx.Client, lines: int) -> list[str]:
    """Ids of new members, made for this."""
    ids = []
    for n in range(min(lines, 500)):
        document = {"basics": {"name": f"Member {n}"}}
        response = client.post(
            "/v1/candidates", json=document, headers={"Idempotency-Key": str(uuid4())}
        )
        ids.append(response.raise_for_status().json()["id"])
    return ids


def request_body(ids: list[str], lines: int) -> bytes:
    now = datetime.now(UTC).isoformat()
    return b"\n".join(
        json.dumps(
            {
                "candidate_id": ids[n % len(ids)],
                "kind": "viewed_job",
                "occurred_at": now,
                "source": "benchmark",
                "source_id": str(uuid4()),
            }
        ).encode()
        for n in range(lines)
    )


def send(client: httpx.Client, body: bytes) -> dict[str, int]:
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": str(uuid4())}
    response = client.post("/v1/activity", content=body, headers=headers)
    answer: dict[str, int] = response.raise_for_status().json()
    return answer


def figures(candidates: int, lines: int, requests: int) -> Iterator[Figure]:
    """Activities over HTTP, with a worker in the process and without, beside binary COPY."""
    for with_worker in (False, True):
        processes = ["serve" if with_worker else "api"]
        with server(candidates, processes=processes) as (client_in, _, database_url):
            client = client_in("platform")
            ids = members(client, lines)
            send(client, request_body(ids, 1_000))
            for at_once in (1, 2):
                bodies = [request_body(ids, lines) for _ in range(requests)]
                rate = _taken(client, bodies, lines, at_once)
                copied = copy_rate(database_url, lines * requests)
                how = "while all read models follow" if with_worker else "alone"
                target = f"{15_000 if with_worker else 40_000:,}/s" if at_once == 2 else ""
                what = f"activities, {at_once} at a time, {how}"
                yield Figure(
                    "HTTP", what, "/s", rate, "binary COPY of as many events", copied, target
                )


def _taken(client: httpx.Client, bodies: Sequence[bytes], lines: int, at_once: int) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(at_once) as threads:
        answers = list(threads.map(lambda body: send(client, body), bodies))
    seconds = time.perf_counter() - start
    assert sum(answer["accepted"] for answer in answers) == lines * len(bodies)
    return lines * len(bodies) / seconds


LAST = """
    SELECT log_id, log_position, originator_id, originator_version, topic, state, recorded_at
    FROM events ORDER BY log_position DESC LIMIT %s"""

COPIED = """
    COPY copied (log_id, log_position, originator_id, originator_version, topic, state, recorded_at)
    FROM STDIN (FORMAT binary)"""


def copy_rate(database_url: str, rows: int) -> float:
    """Rows a second that COPY takes, of what the last events of the log are like."""
    with psycopg.connect(database_url) as db:
        found = db.execute(LAST, [rows], binary=True)
        events = found.fetchall()
        db.execute("CREATE TABLE copied (LIKE events INCLUDING ALL)")
        start = time.perf_counter()
        with db.cursor().copy(COPIED) as copy:
            copy.set_types([column.type_code for column in found.description or ()])
            for event in events:
                copy.write_row(event)
        db.execute("SELECT 1")
        seconds = time.perf_counter() - start
        db.rollback()
    return len(events) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--lines", type=int, default=5000, help="a request")
    parser.add_argument("--requests", type=int, default=6)
    options, _ = parser.parse_known_args()
    show(figures(options.candidates, options.lines, options.requests))


if __name__ == "__main__":
    main()

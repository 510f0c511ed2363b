"""How many activities a second come in over HTTP, while the read models follow.

    python -m benchmarks.ingestion --candidates 1000 --lines 5000

A server of its own (API and worker in one process, embedded PostgreSQL, `fsync` on) with a demo
marketplace takes requests of NDJSON, one after the other and two at a time.
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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

import httpx2 as httpx


class Server(NamedTuple):
    """A running server with a demo marketplace: makes a client in a role, runs a command."""

    client: Callable[..., httpx.Client]
    sourcing: Callable[..., bytes]


@contextmanager
def server(candidates: int, database_url: str = "") -> Iterator[Server]:
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
        process = subprocess.Popen(
            [*command, "serve"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def client(role: str, *of: str) -> httpx.Client:
            token = sourcing("token", role, *of).decode().strip()
            headers = {"Authorization": f"Bearer {token}"}
            url = f"http://127.0.0.1:{port}"
            return clients.enter_context(httpx.Client(base_url=url, headers=headers, timeout=120))

        try:
            with ExitStack() as clients:
                wait_until_ready(client("platform"))
                yield Server(client, sourcing)
        finally:
            process.send_signal(signal.SIGINT)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=5000, help="a request")
    parser.add_argument("--requests", type=int, default=6)
    options, _ = parser.parse_known_args()
    with server(options.candidates) as (client_in, _):
        client = client_in("platform")
        ids = members(client, options.lines)
        send(client, request_body(ids, 1000))
        for at_once in (1, 2):
            bodies = [request_body(ids, options.lines) for _ in range(options.requests)]
            start = time.perf_counter()
            with ThreadPoolExecutor(at_once) as threads:
                answers = list(threads.map(lambda body: send(client, body), bodies))
            seconds = time.perf_counter() - start
            accepted = sum(answer["accepted"] for answer in answers)
            assert accepted == options.lines * options.requests
            print(f"{at_once} at a time: {accepted / seconds:,.0f} activities/s taken")
        position = max(answer["log_position"] for answer in answers)
        start = time.perf_counter()
        while not caught_up(client, ids[0], position):
            pass
        print(f"the pool shows them {time.perf_counter() - start:.2f} s after the last answer")


def caught_up(client: httpx.Client, candidate_id: str, position: int) -> bool:
    """Whether the candidate pool has got to a position; the server waits for it a while."""
    return client.get(f"/v1/candidates/{candidate_id}", params={"after": position}).is_success


if __name__ == "__main__":
    main()

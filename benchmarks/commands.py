"""How many commands a second the API takes, beside a route that only validates the same body.

    python -m benchmarks commands --seconds 3

The command opens a position: idempotency key, decision, one event, group commit. Both servers are
uvicorn processes with the same loop and protocol, turn by turn.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx2 as httpx
import uvicorn
from fastapi import FastAPI

from api.http.protocol import LimitedProtocol
from api.routes.positions import NewPosition
from benchmarks.figures import Figure, show
from benchmarks.http_load import rate, request
from benchmarks.ingestion import server, wait_until_ready
from benchmarks.recorder import FILTERS, SALARY

CALLERS = (1, 16, 128)
BODY = json.dumps(
    {
        "title": "Senior Backend Engineer",
        "location": "Berlin",
        "salary": SALARY.model_dump(mode="json"),
        "filters": FILTERS.model_dump(mode="json"),
    }
)
TARGET = ".5"

Measure = Callable[[int, float], float]


@contextmanager
def empty_route() -> Iterator[Measure]:
    """Answers a second of a route that validates the body and answers with an id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.commands", "--empty", str(port)])
    url = f"http://127.0.0.1:{port}/positions"
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_until_ready(client)
        asked = request("POST", url, {"Content-Type": "application/json"}, BODY.encode())
        yield lambda callers, seconds: rate(url, lambda: asked, callers, seconds)
    finally:
        process.terminate()
        process.wait(20)


def serve_empty(port: int) -> None:
    """Run that route until the process is ended."""
    app = FastAPI()

    @app.get("/health/ready")
    def ready() -> None:
        return None

    @app.post("/positions", status_code=201)
    def open_position(body: NewPosition) -> dict[str, str]:
        return {"id": str(uuid4()), "title": body.title}

    uvicorn.run(app, port=port, loop="uvloop", http=LimitedProtocol, log_level="error")


@contextmanager
def real_route() -> Iterator[Measure]:
    """Commands a second of the API, each with its own idempotency key."""
    with server(20, processes=("api", "worker")) as (client_in, *_):
        recruiter = client_in("recruiter")
        me = recruiter.get("/v1/me").raise_for_status().json()
        url = f"{recruiter.base_url}/v1/employers/{me['employer_id']}/positions"
        headers = {
            "Content-Type": "application/json",
            "Authorization": recruiter.headers["authorization"],
        }

        def next_request() -> bytes:
            return request("POST", url, headers | {"Idempotency-Key": str(uuid4())}, BODY.encode())

        yield lambda callers, seconds: rate(url, next_request, callers, seconds)


def figures(seconds: float, rounds: int) -> Iterator[Figure]:
    """The API's rate beside the empty route's."""
    with empty_route() as empty, real_route() as real:
        for callers in CALLERS:
            rates = [(real(callers, seconds), empty(callers, seconds)) for _ in range(rounds)]
            ours, theirs = map(statistics.median, zip(*rates, strict=True))
            what = f"commands, {callers} callers"
            yield Figure("HTTP", what, "/s", ours, "a route that only validates", theirs, TARGET)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds for each figure")
    parser.add_argument("--empty", type=int, help=argparse.SUPPRESS)
    options, _ = parser.parse_known_args()
    if options.empty:
        serve_empty(options.empty)
    else:
        show(figures(options.seconds, options.rounds))


if __name__ == "__main__":
    main()

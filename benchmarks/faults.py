"""Mixed load while everything is killed, and whether the books of the clients agree with the log.

    python -m benchmarks faults --minutes 10

Two APIs and two workers on a PostgreSQL of their own (`fsync` on) are killed (-9) at random, and so
is PostgreSQL; connections are cut, the log's row is held, events that cannot be read are inserted,
and a transaction stays open all the while. Clients repeat each command under its key until it is
answered, but for some that give up. Afterwards a checker compares their books with the log: every
acknowledged command once, none by half, no letter under two identities, no stream out of order, and
every read model equal to a plain replay. It exits with 1 if anything is wrong.
"""

import argparse
import logging
import os
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2 as httpx

from benchmarks.faults_books import (
    ENDS,
    Books,
    Letters,
    faults_of_letters,
    faults_of_read_models,
    faults_of_the_log,
    whole_log,
)
from benchmarks.faults_chaos import Chaos, Processes, an_open_transaction
from benchmarks.faults_clients import Client, read, work
from benchmarks.recorder import server
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.mail.server import MailServer
from infrastructure.projecting.checkpoints import wait_for
from projections.read_models import read_models
from tests.support.databases import SECRET

CLIENTS = 24
SECONDS_TO_SETTLE = 200
"""A letter that a killed worker had at hand is another's after two minutes."""

ON_THEIR_WAY = """
    SELECT count(*) FROM events AS sent WHERE topic = 'outreach.message_sent' AND NOT EXISTS (
        SELECT FROM events AS ending
        WHERE ending.log_id = sent.log_id AND ending.originator_id = sent.originator_id
            AND ending.topic = ANY(%s))"""

SECONDS_TO_ANSWER = 180
"""How long after the last fault everything must be answered: an abandoned key is free in 60."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument(
        "--log", type=Path, default=Path(os.devnull), help="a file for what the processes say"
    )
    options, _ = parser.parse_known_args()
    # What is parked is said once more during the replay.
    logging.getLogger("infrastructure.projecting").setLevel(logging.CRITICAL)
    books, letters = Books(), Letters()
    with server() as url, MailServer(letters) as mail:
        processes = Processes(url, mail.port, free_ports(2), options.log)
        chaos = run(url, processes, books, options.minutes * 60)
        wrong = [*books.wrong, *check(url, letters, books)]
    acknowledged = Counter(entry.kind for entry in books.entries if entry.is_acknowledged)
    unknown = sum(entry.status is None for entry in books.entries)
    print(f"faults: {dict(chaos.done)}")
    print(f"answers: {dict(sorted(books.statuses.items()))}")
    print(f"acknowledged: {dict(acknowledged)}; {unknown} given up without an answer")
    copies = sum(sum(each.values()) - 1 for each in letters.copies.values())
    print(f"{len(letters.copies)} letters; {copies} came again under the same Message-ID")
    for one, times in Counter(wrong).most_common(50):
        print(f"WRONG, {times} times: {one}")
    if wrong:
        sys.exit(1)
    print("nothing is wrong")


def run(url: str, processes: Processes, books: Books, seconds: float) -> Chaos:
    """Load and faults for so long; returns once all is answered and every read model is up."""
    members: list[str] = []
    places: list[tuple[str, str]] = []
    chaos = Chaos(url, processes, books, members)
    stop, ends = threading.Event(), time.monotonic() + seconds
    took: list[float] = []

    def client() -> None:
        asking = Client(books, processes.ports, lambda: ends + SECONDS_TO_ANSWER)
        while time.monotonic() < ends:
            work(asking, members, places)

    def reader() -> None:
        while not stop.wait(0.1):
            took.append(read(books, processes.ports, places))

    with processes:
        wait_until_ready(processes.ports)
        clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
        threads = [*clients, threading.Thread(target=reader)]
        for thread in threads:
            thread.start()
        with an_open_transaction(url):
            while time.monotonic() < ends:
                time.sleep(random.uniform(2, 6))
                chaos.strike()
            for thread in clients:
                thread.join()
        with open_pool(url, name="faults") as pool, EventStore(url, pool, SECRET) as store:
            settle(store, pool)
        stop.set()
        threads[-1].join()
    took.sort()
    print(
        f"reads: median {took[len(took) // 2]:.2f} s, slowest {took[-1]:.2f} s, {len(took)} in all"
    )
    return chaos


def settle(store: EventStore, pool: Pool) -> None:
    """Wait until the letters have left and every read model is at the end of the log."""
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    while letters_on_their_way(pool) and time.monotonic() < deadline:
        time.sleep(1)
    wait_for(store.head(), read_models(), pool, timeout=SECONDS_TO_SETTLE)


def letters_on_their_way(pool: Pool) -> int:
    with pool.connection() as db:
        ((number,),) = db.execute(ON_THEIR_WAY, [[*ENDS]]).fetchall()
    return int(number)


def check(url: str, letters: Letters, books: Books) -> Iterator[str]:
    with open_pool(url, name="faults") as pool, EventStore(url, pool, SECRET) as store:
        log = [*whole_log(store)]
        print(f"{len(log):,} events")
        yield from faults_of_the_log(books, log)
        yield from faults_of_letters(books, letters, log)
        yield from faults_of_read_models(store, pool)


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_until_ready(ports: list[int]) -> None:
    for port in ports:
        for _ in range(600):
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).is_success:
                    break
            time.sleep(0.1)


if __name__ == "__main__":
    main()

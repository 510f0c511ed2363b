"""What proofs cost: signing beside appending, and how many events a second are verified.

    python -m benchmarks evidence --events 200000

Events are appended by sixteen callers, turn by turn with and without a thread that signs the log as
a worker does.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent

from benchmarks.figures import Figure, show
from benchmarks.recorder import STATE, rate, server
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.recorder import GroupCommitRecorder
from infrastructure.evidence import sealing
from infrastructure.evidence.checkpoints import Signer
from infrastructure.evidence.verifying import verify

CALLERS = 16
ROUNDS = 5
SIGNER = Signer("benchmark.local/log", "s" * 40)
SECONDS_BETWEEN = 2.0


def figures(events: int, seconds: float) -> Iterator[Figure]:
    """The rates, in one log that grows meanwhile."""
    with server() as url:
        migrate(url, at=datetime.now(UTC))
        with (
            open_pool(url, name="evidence") as pool,
            closing(GroupCommitRecorder(url, pool)) as recorder,
        ):
            append = partial(_append, recorder, 1)
            alone, signed = [], []
            for _ in range(ROUNDS):
                alone.append(rate(append, CALLERS, seconds))
                stop = threading.Event()
                signing = threading.Thread(target=_sign, args=(pool, stop))
                signing.start()
                signed.append(rate(append, CALLERS, seconds))
                stop.set()
                signing.join()
            what = f"append while it is signed, {CALLERS} callers"
            ours, theirs = statistics.median(signed), statistics.median(alone)
            yield Figure("evidence", what, "events/s", ours, "unsigned", theirs, ".95")
            for _ in range(events // 1_000):
                _append(recorder, 1_000)
            begin = time.perf_counter()
            sealing.seal(pool, SIGNER, datetime.now(UTC))
            yield Figure("evidence", "sign", "events/s", events / (time.perf_counter() - begin))
            with psycopg.connect(url) as db:
                begin = time.perf_counter()
                verdict = verify(db, SIGNER.verifier)
                took = time.perf_counter() - begin
            if verdict.finding:
                raise SystemExit(str(verdict.finding))
            yield Figure("evidence", "verify", "events/s", verdict.events / took)


def _append(recorder: GroupCommitRecorder, count: int) -> None:
    recorder.insert_events(
        [StoredEvent(uuid4(), 1, "outreach.message_sent", STATE) for _ in range(count)]
    )


def _sign(pool: Pool, stop: threading.Event) -> None:
    while not stop.wait(SECONDS_BETWEEN):
        sealing.seal(pool, SIGNER, datetime.now(UTC))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000, help="events to sign and verify")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a round")
    options, _ = parser.parse_known_args()
    show(figures(options.events, options.seconds))


if __name__ == "__main__":
    main()

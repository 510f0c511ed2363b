"""Many processes save at once and are killed at random moments, while a reader follows the log."""

import os
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent

from infrastructure.event_log.recorder import GroupCommitRecorder
from tests.support.concurrency import SECONDS
from tests.support.event_logs import event_log
from tests.support.killed import forks

PROCESSES = 8
THREADS = 16
KILLS = 30
SECONDS_BETWEEN_KILLS = (0.02, 0.18)
CONTESTED = [UUID(int=n) for n in range(1, 5)]

Entry = tuple[int, UUID, int]  # position, stream, version


@pytest.fixture
def event_log_url(event_log_url: str) -> str:
    with psycopg.connect(event_log_url) as connection:
        connection.execute("ALTER TABLE keys ADD stream uuid, ADD version bigint")
    return event_log_url


def save_until_killed(url: str, acknowledged: str) -> None:
    """What a writer's process does: each answer is on file before the next save."""
    with event_log(url) as log, Path(acknowledged).open("ab", buffering=0) as file:
        threads = [
            threading.Thread(target=keep_saving, args=(log, file.fileno(), number))
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def keep_saving(log: GroupCommitRecorder, file: int, number: int) -> None:
    stream = uuid4()
    for version in count(1):
        try:
            acknowledge(file, save(log, [(stream, version)], with_key=number % 4 == 0))
        except (PersistenceError, psycopg.Error) as error:  # no other writes to this stream
            os.write(file, f"error {error!r}\n".encode())
            return
        if number % 8 == 1:  # one more, of a stream that many want
            contested = random.choice(CONTESTED)
            at = log.versions([contested]).get(contested, 0)
            try:
                acknowledge(file, save(log, [(contested, at + 1), (contested, at + 2)]))
            except IntegrityError:
                os.write(file, b"conflict\n")


def save(
    log: GroupCommitRecorder, events: list[tuple[UUID, int]], *, with_key: bool = False
) -> list[Entry]:
    also = [
        (
            "INSERT INTO keys (key, stream, version) VALUES (%s, %s, %s)",
            [f"{stream} {version}", stream, version],
        )
        for stream, version in events
        if with_key
    ]
    stored = [
        StoredEvent(stream, version, "it.happened", os.urandom(100)) for stream, version in events
    ]
    positions = log.insert_events(stored, also=also)
    assert positions is not None
    return [(position, *event) for position, event in zip(positions, events, strict=True)]


def acknowledge(file: int, entries: list[Entry]) -> None:
    lines = "".join(f"{position} {stream} {version}\n" for position, stream, version in entries)
    os.write(file, lines.encode())


class Tail(threading.Thread):
    """A reader that follows the log and keeps what it saw, in the order in which it saw it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.saw: list[Entry] = []
        self.upto: int | None = None

    def run(self) -> None:
        after = 0
        with event_log(self.url) as log:
            while self.upto is None or after < self.upto:
                events, after = log.read(after, 500, ["it.happened"])
                self.saw += [
                    (e.id, UUID(str(e.originator_id)), e.originator_version) for e in events
                ]
                if not events:
                    time.sleep(0.001)


@dataclass
class Acknowledged:
    """The outcomes that the writers had received before they were killed."""

    events: set[Entry] = field(default_factory=set)
    conflicts: int = 0
    others: list[str] = field(default_factory=list)

    @classmethod
    def on_file(cls, folder: Path) -> Self:
        received = cls()
        for path in folder.glob("acknowledged-*"):
            for line in path.read_text().splitlines():
                if line == "conflict":
                    received.conflicts += 1
                elif line.startswith("error"):
                    received.others.append(line)
                else:
                    position, stream, version = line.split()
                    received.events.add((int(position), UUID(stream), int(version)))
        return received


def kill_and_replace_writers(url: str, folder: Path) -> int:
    """Run writers and kill them at random moments. Returns the number of kills."""
    files = (str(folder / f"acknowledged-{number}") for number in count())

    def start() -> BaseProcess:
        writer = forks.Process(target=save_until_killed, args=(url, next(files)), daemon=True)
        writer.start()
        return writer

    def kill(writer: BaseProcess) -> None:
        writer.kill()
        writer.join()
        writer.close()

    writers = [start() for _ in range(PROCESSES)]
    kills, deadline = 0, time.monotonic() + 2 * SECONDS
    try:
        while kills < KILLS or not Acknowledged.on_file(folder).conflicts:
            assert time.monotonic() < deadline, "the writers do not get on"
            time.sleep(random.uniform(*SECONDS_BETWEEN_KILLS))
            victim = random.randrange(PROCESSES)
            kills += writers[victim].is_alive()
            kill(writers[victim])
            writers[victim] = start()
    finally:
        for writer in writers:
            kill(writer)
    return kills


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_or_out_of_order_when_writers_are_killed(
    event_log_url: str, tmp_path: Path
) -> None:
    tail = Tail(event_log_url)
    tail.start()
    try:
        kills = kill_and_replace_writers(event_log_url, tmp_path)
    finally:
        with event_log(event_log_url) as log:
            # Recorded after the last transaction of the killed has ended, one way or the other.
            ((tail.upto, *_),) = save(log, [(uuid4(), 1)])
        tail.join(SECONDS)
    assert not tail.is_alive()
    received = Acknowledged.on_file(tmp_path)
    assert kills >= KILLS
    assert received.conflicts > 0
    assert received.others == []

    with psycopg.connect(event_log_url) as connection:
        recorded: list[Entry] = connection.execute(
            "SELECT log_position, originator_id, originator_version FROM events"
            " ORDER BY log_position"
        ).fetchall()
        head = connection.execute("SELECT log_position FROM log_head").fetchone()
        keys = set(connection.execute("SELECT stream, version FROM keys").fetchall())
    assert received.events <= set(recorded), "an acknowledged event was lost"
    assert [position for position, *_ in recorded] == [*range(1, len(recorded) + 1)]
    assert head == (len(recorded),)
    assert tail.saw == recorded, "the reader did not see the log as it is"
    versions: dict[UUID, list[int]] = defaultdict(list)
    for _, stream, version in recorded:
        versions[stream].append(version)
    assert all(of == [*range(1, len(of) + 1)] for of in versions.values())
    assert set(CONTESTED) <= set(versions)
    # What commits with an event is there exactly when the event is.
    keyed = {stream for stream, _ in keys}
    assert {(stream, version) for _, stream, version in recorded if stream in keyed} == keys

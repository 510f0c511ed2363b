import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    InfrastructureFactoryError,
    IntegrityError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from infrastructure import recorder as module
from infrastructure.recorder import (
    Factory,
    GroupCommitRecorder,
    SnapshotRecorder,
    Statement,
    event_log_environment,
)

# The library's test cases want pycryptodome, for ciphers that we do not use.
with patch.dict(sys.modules, {"eventsourcing.cipher": Mock()}):
    from eventsourcing.tests import persistence as contract

SCHEMA = Path(module.__file__).parent / "migrations" / "0001_event_log.sql"
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def event_log_url(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("CREATE TABLE keys (key text PRIMARY KEY)")
    return database_url


@contextmanager
def event_log(url: str, **settings: Any) -> Iterator[GroupCommitRecorder]:
    with (
        Factory(event_log_environment(url)) as factory,
        closing(GroupCommitRecorder(factory.datastore, **settings)) as recorder,
    ):
        yield recorder


@pytest.fixture
def log(event_log_url: str) -> Iterator[GroupCommitRecorder]:
    with event_log(event_log_url) as recorder:
        yield recorder


@pytest.fixture
def another_session(event_log_url: str) -> Iterator[Connection[TupleRow]]:
    with psycopg.connect(event_log_url, autocommit=True) as connection:
        yield connection


def happened(stream: UUID, *versions: int, topic: str = "it.happened") -> list[StoredEvent]:
    return [StoredEvent(stream, version, topic, b"%d" % version) for version in versions]


def taking(key: str) -> Statement:
    return "INSERT INTO keys (key) VALUES (%s)", [key]


def keys(connection: Connection[TupleRow]) -> list[str]:
    return [row[0] for row in connection.execute("SELECT key FROM keys ORDER BY key")]


def whole_log(log: GroupCommitRecorder) -> list[tuple[int, UUID | str, int]]:
    events = log.select_notifications(1, 1_000_000)
    return [(event.id, event.originator_id, event.originator_version) for event in events]


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def outcome_of(save: Callable[[], object]) -> object:
    try:
        return save()
    except PersistenceError as error:
        return error


def save_together(log: GroupCommitRecorder, *saves: Callable[[], object]) -> list[object]:
    """What becomes of saves that are written as one group, in this order."""
    with held_head(log), ThreadPoolExecutor(len(saves) + 1) as threads:
        # The first waits for the lock, so the others queue behind it.
        first = threads.submit(log.insert_events, happened(uuid4(), 1))
        wait_until(lambda: log._is_led and not log._queue)
        futures = []
        for number, save in enumerate(saves, start=1):
            futures.append(threads.submit(outcome_of, save))
            wait_until(lambda number=number: len(log._queue) == number)  # type: ignore[misc]
        release_head(log)
        first.result()
        return [future.result() for future in futures]


_holders: dict[int, Connection[Any]] = {}


@contextmanager
def held_head(log: GroupCommitRecorder) -> Iterator[None]:
    """While another session holds the log's row."""
    with module.connect(log.datastore) as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.execute("BEGIN")
        connection.execute("SELECT FROM log_head FOR UPDATE")
        _holders[id(log)] = connection
        yield
        del _holders[id(log)]


def release_head(log: GroupCommitRecorder) -> None:
    _holders[id(log)].execute("COMMIT")


# The library's own contracts. Their `test_performance` prints figures and asserts nothing:
# benchmarks/recorder.py measures instead.


class TestTheLogKeepsTheLibrarysContract(contract.ApplicationRecorderTestCase[GroupCommitRecorder]):
    test_performance = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _log(self, log: GroupCommitRecorder) -> None:
        self.log = log

    def create_recorder(self) -> GroupCommitRecorder:
        return self.log

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestSavesDoNotInterleave(contract.NonInterleavingNotificationIDsBaseCase):
    @pytest.fixture(autouse=True)
    def _log(self, log: GroupCommitRecorder) -> None:
        self.log = log

    def create_recorder(self) -> GroupCommitRecorder:
        return self.log


class TestSnapshotsKeepTheLibrarysContract(contract.AggregateRecorderTestCase):
    test_performance = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _log(self, log: GroupCommitRecorder) -> None:
        self.log = log

    def create_recorder(self) -> SnapshotRecorder:
        return SnapshotRecorder(self.log.datastore)


# Saving.


def test_positions_are_contiguous_and_start_at_one(log: GroupCommitRecorder) -> None:
    one, other = uuid4(), uuid4()
    assert log.max_notification_id() is None
    assert log.insert_events(happened(one, 1, 2)) == [1, 2]
    assert log.insert_events([*happened(other, 1), *happened(one, 3)]) == [3, 4]
    assert log.max_notification_id() == 4
    assert whole_log(log) == [(1, one, 1), (2, one, 2), (3, other, 1), (4, one, 3)]


def test_a_conflicting_save_records_nothing_and_uses_up_no_position(
    log: GroupCommitRecorder,
) -> None:
    stream = uuid4()
    for version in range(1, 6):
        log.insert_events(happened(stream, version))
        with pytest.raises(IntegrityError):
            log.insert_events([*happened(uuid4(), 1), *happened(stream, version)])
    assert [position for position, *_ in whole_log(log)] == [1, 2, 3, 4, 5]


def test_versions_may_have_gaps_but_nothing_is_put_into_them_later(
    log: GroupCommitRecorder,
) -> None:
    stream = uuid4()
    for _ in range(4):  # so that the following are written without looking first
        log.insert_events(happened(uuid4(), 1))
    log.insert_events(happened(stream, 1, 7))
    with pytest.raises(IntegrityError):
        log.insert_events(happened(stream, 4))
    with pytest.raises(IntegrityError):
        log.insert_events(happened(stream, 9, 8))
    assert log.versions([stream, uuid4()]) == {stream: 7}


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_save_fails_when_a_stream_that_it_only_read_has_changed(
    log: GroupCommitRecorder, is_alone: bool
) -> None:
    read, absent, mine = uuid4(), uuid4(), uuid4()
    log.insert_events(happened(read, 1, 2))
    for _ in range(3):
        log.insert_events(happened(uuid4(), 1))
    assert log._is_alone
    log._is_alone = is_alone
    with pytest.raises(IntegrityError):
        log.insert_events(happened(mine, 1), unchanged={read: 1})
    log._is_alone = is_alone
    with pytest.raises(IntegrityError):
        log.insert_events(happened(mine, 1), unchanged={read: 0})
    log._is_alone = is_alone
    with pytest.raises(IntegrityError):
        log.insert_events(happened(mine, 1), unchanged={absent: 1})
    log._is_alone = is_alone
    with pytest.raises(IntegrityError):
        log.insert_events([], unchanged={read: 3})
    log._is_alone = is_alone
    assert log.insert_events(happened(mine, 1), unchanged={read: 2, absent: 0}) == [6]


def test_a_save_sees_what_another_of_its_group_did_to_a_stream_it_read(
    log: GroupCommitRecorder,
) -> None:
    position = uuid4()
    log.insert_events(happened(position, 1))
    closing_it, sending, reopening = save_together(
        log,
        lambda: log.insert_events(happened(position, 2)),
        lambda: log.insert_events(happened(uuid4(), 1), unchanged={position: 1}),
        lambda: log.insert_events(happened(position, 3), unchanged={position: 2}),
    )
    assert closing_it == [3]
    assert isinstance(sending, IntegrityError)
    assert reopening == [4]


def test_of_two_saves_of_one_version_in_a_group_the_first_wins(log: GroupCommitRecorder) -> None:
    stream = uuid4()
    first, second, bystander = save_together(
        log,
        lambda: log.insert_events(happened(stream, 1)),
        lambda: log.insert_events(happened(stream, 1)),
        lambda: log.insert_events(happened(uuid4(), 1)),
    )
    assert first == [2]
    assert isinstance(second, IntegrityError)
    assert bystander == [3]


@pytest.mark.parametrize("is_alone", [True, False])
def test_statements_are_committed_with_the_events_or_not_at_all(
    log: GroupCommitRecorder, another_session: Connection[TupleRow], is_alone: bool
) -> None:
    stream = uuid4()
    for _ in range(3):
        log.insert_events(happened(uuid4(), 1))
    log._is_alone = is_alone
    assert log.insert_events(happened(stream, 1), also=[taking("a"), taking("b")]) == [4]
    log._is_alone = is_alone
    with pytest.raises(IntegrityError):
        log.insert_events(happened(stream, 2), also=[taking("c"), taking("a")])
    log._is_alone = is_alone
    with pytest.raises(IntegrityError):
        log.insert_events(happened(stream, 1), also=[taking("d")])
    log._is_alone = is_alone
    with pytest.raises(ProgrammingError):
        log.insert_events(happened(stream, 2), also=[("INSERT INTO nowhere VALUES (1)", [])])
    assert log.insert_events([], also=[taking("e")]) == []
    assert keys(another_session) == ["a", "b", "e"]
    assert log.insert_events(happened(stream, 2)) == [5]


def test_a_statement_that_fails_fails_its_own_save_alone(
    log: GroupCommitRecorder, another_session: Connection[TupleRow]
) -> None:
    log.insert_events([], also=[taking("taken")])
    stream = uuid4()
    one, duplicate, two, unreadable, three = save_together(
        log,
        lambda: log.insert_events(happened(stream, 1), also=[taking("one")]),
        lambda: log.insert_events(happened(stream, 2), also=[taking("taken")]),
        lambda: log.insert_events(happened(stream, 2), also=[taking("two")]),
        lambda: log.insert_events(happened(uuid4(), 1), also=[taking("\0")]),
        lambda: log.insert_events([], also=[taking("three")]),
    )
    assert one == [2]
    assert isinstance(duplicate, IntegrityError)
    assert two == [3]
    assert isinstance(unreadable, PersistenceError)
    assert three == []
    assert keys(another_session) == ["one", "taken", "three", "two"]
    assert [position for position, *_ in whole_log(log)] == [1, 2, 3]


def test_a_big_save_does_not_hang(log: GroupCommitRecorder) -> None:
    stream = uuid4()
    state = random.Random(1).randbytes(2_000)
    events = [StoredEvent(stream, version, "it.happened", state) for version in range(1, 5_001)]
    assert log.insert_events(events) == [*range(1, 5_001)]
    assert log.select_events(stream) == events


def test_events_carry_the_moment_that_the_clock_gives(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    with event_log(event_log_url, clock=lambda: MOMENT) as log:
        log.insert_events(happened(uuid4(), 1))
    assert another_session.execute("SELECT recorded_at FROM events").fetchall() == [(MOMENT,)]


def test_a_group_is_no_larger_than_it_may_be_but_one_save_is_never_split(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    ticks = iter(range(60))
    with event_log(
        event_log_url, clock=lambda: MOMENT.replace(second=next(ticks)), largest_group=2
    ) as log:
        streams = [uuid4() for _ in range(4)]
        save_together(
            log,
            lambda: log.insert_events(happened(streams[0], 1)),
            lambda: log.insert_events(happened(streams[1], 1)),
            lambda: log.insert_events(happened(streams[2], 1)),
            lambda: log.insert_events(happened(streams[3], 1, 2, 3)),
        )
    counts = another_session.execute(
        "SELECT count(*) FROM events GROUP BY recorded_at ORDER BY recorded_at"
    ).fetchall()
    assert counts == [(1,), (2,), (1,), (3,)]


def test_a_lone_caller_starts_no_thread(log: GroupCommitRecorder) -> None:
    log.insert_events(happened(uuid4(), 1))
    before = threading.active_count()
    for _ in range(10):
        log.insert_events(happened(uuid4(), 1))
    assert threading.active_count() == before


def test_another_processs_writes_are_noticed(event_log_url: str) -> None:
    with event_log(event_log_url) as one, event_log(event_log_url) as other:
        stream = uuid4()
        for _ in range(5):
            one.insert_events(happened(uuid4(), 1))
        assert one._is_alone
        other.insert_events(happened(stream, 1))
        with pytest.raises(IntegrityError):
            one.insert_events(happened(stream, 1))
        assert one.insert_events(happened(stream, 2)) == [7]
        for version in range(3, 20):
            (one if version % 2 else other).insert_events(happened(stream, version))
        assert [position for position, *_ in whole_log(one)] == [*range(1, 25)]


def test_a_log_that_outgrows_its_statistics_is_still_read_by_index(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    """Statements are planned once, and statistics of a log that is being filled come late."""
    with event_log(event_log_url) as log:
        log.insert_events(happened(uuid4(), 1))
    another_session.execute("VACUUM ANALYZE events")
    with event_log(event_log_url) as log:
        for _ in range(20):
            stream = uuid4()
            log.insert_events(happened(stream, 1), unchanged={uuid4(): 0})
            log.select_events(stream)
            log.versions([stream])
            assert len([*log.select_many([stream])]) == 1
            log.read(5, 10, ["rare"])
    wait_until(lambda: _statistic(another_session, "idx_scan") > 80)
    assert _statistic(another_session, "seq_scan") <= 2  # VACUUM's and ANALYZE's own


def _statistic(connection: Connection[TupleRow], name: str) -> int:
    row = connection.execute(
        f"SELECT {name} FROM pg_stat_user_tables WHERE relname = 'events'"
    ).fetchone()
    assert row is not None
    return int(row[0])


# Interruptions.


class Interrupted(BaseException):
    """What ends a thread from outside, as KeyboardInterrupt does."""


def test_a_leader_that_is_interrupted_strands_nobody(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = GroupCommitRecorder._record_under_lock
    leader = threading.get_ident()

    def interrupted(self: GroupCommitRecorder, *rest: Any) -> Any:
        if threading.get_ident() == leader:
            wait_until(lambda: len(log._queue) == 3)
            raise Interrupted
        return record(self, *rest)

    monkeypatch.setattr(GroupCommitRecorder, "_record_under_lock", interrupted)
    with ThreadPoolExecutor(3) as threads:
        followers: list[Any] = []

        def follow() -> None:
            wait_until(lambda: log._is_led)
            followers.extend(
                threads.submit(log.insert_events, happened(uuid4(), 1)) for _ in range(3)
            )

        starter = threading.Thread(target=follow)
        starter.start()
        with pytest.raises(Interrupted):
            log.insert_events(happened(uuid4(), 1))
        starter.join()
        positions = sorted(position for f in followers for position in f.result(10))
    assert positions == [1, 2, 3]
    assert not log._is_led


def test_followers_of_an_interrupted_leader_are_told(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = GroupCommitRecorder._record
    interruptions = iter([False, True])

    def interrupted(self: GroupCommitRecorder, group: Any) -> Any:
        if next(interruptions, False):
            raise Interrupted
        return record(self, group)

    monkeypatch.setattr(GroupCommitRecorder, "_record", interrupted)

    def save() -> object:
        try:
            return log.insert_events(happened(uuid4(), 1))
        except Interrupted:
            return Interrupted

    leader, follower = save_together(log, save, save)
    assert leader is Interrupted
    assert isinstance(follower, OperationalError)
    assert log.insert_events(happened(uuid4(), 1)) == [2]


def test_a_waiting_caller_that_is_interrupted_leaves_the_queue(event_log_url: str) -> None:
    """Ctrl-C reaches the main thread while it waits for its turn."""
    program = """
import signal, sys, threading, time, uuid
from tests.infrastructure.test_recorder import *
with event_log(sys.argv[1]) as log:
    with held_head(log):
        other = threading.Thread(target=log.insert_events, args=[happened(uuid4(), 1)])
        other.start()
        wait_until(lambda: log._is_led and not log._queue)
        threading.Timer(0.3, signal.pthread_kill, [threading.get_ident(), signal.SIGINT]).start()
        try:
            log.insert_events(happened(uuid4(), 1))
        except KeyboardInterrupt:
            print("interrupted", len(log._queue))
        release_head(log)
        other.join()
    print(log.insert_events(happened(uuid4(), 1)))
"""
    answer = subprocess.run(
        [sys.executable, "-c", program, event_log_url],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout.splitlines() == ["interrupted 0", "[2]"]


# A database that goes away.


@dataclass
class Line:
    """A connection to the server that can be cut at a chosen message.

    Armed, it lets the next message of the client through or not, now or late, and never the reply.
    """

    server: str
    folder: Path
    armed: str | None = None
    cuts: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> str:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._stack.callback(self._listener.close)
        threading.Thread(target=self._accept, daemon=True).start()
        return make_conninfo(self.server, host=str(self.folder), port=5432)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._stack.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._connect()
                for one in (client, server):
                    self._stack.callback(one.close)
                pair = (client, server)
                threading.Thread(target=self._up, args=pair, daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client), daemon=True).start()

    def _connect(self) -> socket.socket:
        parts = conninfo_to_dict(self.server)
        host, port = str(parts.get("host") or "localhost"), int(parts.get("port") or 5432)
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port}")
            return server
        return socket.create_connection((host, port))

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                how, self.armed = self.armed, None
                if how is None:
                    server.sendall(data)
                    continue
                self.cuts += 1
                if how == "request lost":
                    hang_up(client, server)
                elif how == "reply lost":
                    hang_up(client)
                    server.sendall(data)
                elif how == "request late":
                    hang_up(client)
                    time.sleep(0.5)
                    server.sendall(data)
                    time.sleep(0.2)
                    hang_up(server)
                return
            hang_up(server)

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        hang_up(target)


def hang_up(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("how", ["request lost", "reply lost", "request late"])
@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize("with_keys", [True, False])
def test_a_commit_in_doubt_is_recorded_once_and_reported_truly(
    event_log_url: str,
    another_session: Connection[TupleRow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    is_alone: bool,
    with_keys: bool,
) -> None:
    line = Line(event_log_url, tmp_path)
    committing = GroupCommitRecorder._committing
    armed = iter([how])

    @contextmanager
    def cut_while_committing(self: GroupCommitRecorder, *rest: Any) -> Iterator[None]:
        line.armed = next(armed, None)
        with committing(self, *rest):
            yield

    with line as url, event_log(url) as log:
        for _ in range(3):
            log.insert_events(happened(uuid4(), 1))
        log._is_alone = is_alone
        monkeypatch.setattr(GroupCommitRecorder, "_committing", cut_while_committing)
        stream = uuid4()
        also = [taking("a")] if with_keys else []
        assert log.insert_events(happened(stream, 1, 2), also=also) == [4, 5]
        assert line.cuts == 1
        time.sleep(0.8 if how == "request late" else 0)  # until the late one has arrived
        assert [position for position, *_ in whole_log(log)] == [1, 2, 3, 4, 5]
        assert keys(another_session) == (["a"] if with_keys else [])
        assert log.insert_events(happened(stream, 3)) == [6]


def test_a_commit_in_doubt_stays_so_until_the_database_can_tell(
    event_log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first to look for it give up on the lock that it still holds."""
    impatient = make_conninfo(event_log_url, options="-c lock_timeout=50")
    line = Line(impatient, tmp_path)
    commit = GroupCommitRecorder._commit
    armed = iter(["request late"])

    def cut_before_committing(self: GroupCommitRecorder, *rest: Any) -> None:
        line.armed = next(armed, None)
        commit(self, *rest)

    monkeypatch.setattr(GroupCommitRecorder, "_commit", cut_before_committing)
    with line as url, event_log(url) as log:
        assert log.insert_events(happened(uuid4(), 1)) == [1]
        assert line.cuts == 1
        assert len(whole_log(log)) == 1


@pytest.mark.parametrize("how", ["request lost", "reply lost"])
def test_a_commit_in_doubt_without_events_is_made_once(
    event_log_url: str,
    another_session: Connection[TupleRow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    line = Line(event_log_url, tmp_path)
    committing = GroupCommitRecorder._committing
    armed = iter([how])

    @contextmanager
    def cut_while_committing(self: GroupCommitRecorder, *rest: Any) -> Iterator[None]:
        line.armed = next(armed, None)
        with committing(self, *rest):
            yield

    monkeypatch.setattr(GroupCommitRecorder, "_committing", cut_while_committing)
    with line as url, event_log(url) as log:
        assert log.insert_events([], also=[taking("a")]) == []
        assert line.cuts == 1
    assert keys(another_session) == ["a"]


def test_anothers_equal_event_is_not_taken_for_ours(
    event_log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our commit never arrived, and somebody else records the same event before we are back."""
    line = Line(event_log_url, tmp_path)
    committing = GroupCommitRecorder._committing
    armed = iter(["request lost"])
    stream = uuid4()
    with line as url, event_log(url) as log, event_log(event_log_url) as other:

        @contextmanager
        def cut_while_committing(self: GroupCommitRecorder, *rest: Any) -> Iterator[None]:
            line.armed = next(armed, None) if self is log else None
            with committing(self, *rest):
                yield

        hang_up_writer = GroupCommitRecorder._hang_up

        def overtaken(self: GroupCommitRecorder) -> None:
            hang_up_writer(self)
            if self is log and line.cuts == 1 and not log.versions([stream]):
                other.insert_events(happened(stream, 1))

        monkeypatch.setattr(GroupCommitRecorder, "_committing", cut_while_committing)
        monkeypatch.setattr(GroupCommitRecorder, "_hang_up", overtaken)
        with pytest.raises(IntegrityError):
            log.insert_events(happened(stream, 1))
        assert whole_log(log) == [(1, stream, 1)]


def test_a_database_that_stays_away_is_reported_to_the_whole_group(
    event_log_url: str,
) -> None:
    nowhere = make_conninfo(event_log_url, host="/nowhere-at-all")
    recorder = GroupCommitRecorder(Factory(event_log_environment(nowhere)).datastore, patience=0.3)
    with ThreadPoolExecutor(4) as threads:
        save = lambda: outcome_of(lambda: recorder.insert_events(happened(uuid4(), 1)))  # noqa: E731
        outcomes = [future.result(10) for future in [threads.submit(save) for _ in range(4)]]
    assert all(isinstance(outcome, OperationalError) for outcome in outcomes)
    assert "was not recorded" in str(outcomes[0])


def test_saves_survive_the_end_of_their_backends(
    log: GroupCommitRecorder, another_session: Connection[TupleRow]
) -> None:
    """pg_terminate_backend at random moments: every answer is true."""
    stop = threading.Event()
    answers: list[tuple[int, UUID, int]] = []
    errors: list[object] = []

    def keep_saving() -> None:
        stream, version = uuid4(), 0
        while not stop.is_set():
            version += 1
            outcome: Any = outcome_of(lambda: log.insert_events(happened(stream, version)))  # noqa: B023
            if isinstance(outcome, list):
                answers.append((outcome[0], stream, version))
            else:
                errors.append(outcome)

    with ThreadPoolExecutor(8) as threads:
        for _ in range(8):
            threads.submit(keep_saving)
        for _ in range(40):
            time.sleep(random.uniform(0.01, 0.1))
            another_session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND query LIKE ANY (ARRAY['%log_head%', '%COMMIT%', '%recorded%'])"
            )
        stop.set()
    assert not errors
    assert len(answers) > 100
    assert sorted(answers) == whole_log(log)


def test_a_transaction_held_open_elsewhere_delays_saves_and_loses_none(
    log: GroupCommitRecorder,
) -> None:
    with ThreadPoolExecutor(8) as threads:
        with held_head(log):
            futures = [threads.submit(log.insert_events, happened(uuid4(), 1)) for _ in range(8)]
            time.sleep(0.3)
            assert not any(future.done() for future in futures)
            assert log.read(0, 10, ()) == ([], 0)
            release_head(log)
        positions = sorted(p for future in futures for p in future.result(10) or ())
    assert positions == [*range(1, 9)]


def test_a_frozen_writer_is_cut_off_and_the_others_go_on(event_log_url: str) -> None:
    program = """
import sys, os, signal
from uuid import UUID
from tests.infrastructure.test_recorder import *
freeze = GroupCommitRecorder._insert
def frozen(self, *rest):
    print("frozen", flush=True)
    GroupCommitRecorder._insert = freeze
    os.kill(os.getpid(), signal.SIGSTOP)
    return freeze(self, *rest)
GroupCommitRecorder._insert = frozen
environment = event_log_environment(sys.argv[1])
environment["POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT"] = "1"
with Factory(environment) as factory:
    print(factory.application_recorder().insert_events(happened(UUID(int=1), 1)), flush=True)
"""
    with (
        subprocess.Popen(
            [sys.executable, "-c", program, event_log_url],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        ) as child,
        event_log(event_log_url) as log,
    ):
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "frozen\n"
            began = time.monotonic()
            assert log.insert_events(happened(uuid4(), 1)) == [1]
            assert time.monotonic() - began < 5
        finally:
            os.kill(child.pid, signal.SIGCONT)
        assert child.stdout.readline() == "[2]\n"  # thawed, it writes its save anew


# Reading.


def test_a_reader_moves_on_over_topics_that_are_not_its_own(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW", 10)
    stream = uuid4()
    log.insert_events(happened(stream, *range(1, 26)))
    log.insert_events(happened(stream, 26, topic="rare"))
    seen, after, steps = [], 0, []
    while True:
        events, reached = log.read(after, 5, ["rare"])
        seen += [event.id for event in events]
        if reached == after:
            break
        steps.append(reached)
        after = reached
    assert seen == [26]
    assert steps == [10, 20, 26]


def test_a_reader_that_stops_at_its_limit_goes_on_there(log: GroupCommitRecorder) -> None:
    log.insert_events(happened(uuid4(), *range(1, 8)))
    first, reached = log.read(0, 3, ())
    assert ([event.id for event in first], reached) == ([1, 2, 3], 3)
    second, reached = log.read(reached, 10, ["it.happened", "other"])
    assert ([event.id for event in second], reached) == ([4, 5, 6, 7], 7)
    assert log.read(reached, 10, ()) == ([], 7)
    assert log.read(100, 10, ()) == ([], 100)


def test_many_streams_are_read_at_once_in_order(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STREAMS_AT_ONCE", 2)
    ids = [uuid4() for _ in range(5)]
    for version in (1, 2, 3):
        for stream in ids[:4]:
            topic = "rare" if version == 2 else "it.happened"
            log.insert_events(happened(stream, version, topic=topic))

    def keys_of(events: Iterator[StoredEvent]) -> list[tuple[UUID | str, int]]:
        return [(event.originator_id, event.originator_version) for event in events]

    wanted = ids[4:] + ids[:3] + ids[:1]
    assert keys_of(log.select_many(wanted)) == [(i, v) for i in sorted(ids[:3]) for v in (1, 2, 3)]
    assert keys_of(log.select_many(wanted, ["rare"])) == [(i, 2) for i in sorted(ids[:3])]
    assert keys_of(log.select_many(ids[:2], gt={ids[0]: 2, ids[1]: 3})) == [(ids[0], 3)]
    assert keys_of(log.select_many([])) == []


def test_a_subscriber_that_hears_nothing_still_moves_on(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHANNEL", "nobody_speaks_here")
    monkeypatch.setattr(module, "POLL_SECONDS", 0.1)
    with log.subscribe(gt=0) as subscription:
        time.sleep(0.3)
        log.insert_events(happened(uuid4(), 1))
        assert next(subscription).id == 1


def test_a_subscriber_survives_the_end_of_its_listening_backend(
    log: GroupCommitRecorder, another_session: Connection[TupleRow]
) -> None:
    with log.subscribe(gt=0) as subscription:
        for version in range(1, 4):
            log.insert_events(happened(UUID(int=1), version))
            assert next(subscription).id == version
            another_session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            )


# Configuring.


class Dog(Aggregate):
    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


def test_an_application_keeps_its_events_and_snapshots_here(event_log_url: str) -> None:
    environment = event_log_environment(event_log_url, pool_size=2)
    environment["IS_SNAPSHOTTING_ENABLED"] = "y"
    with Application[UUID](environment) as app:
        dog = Dog("Fido")
        dog.add_trick("roll over")
        recordings = app.save(dog)
        assert [recording.notification.id for recording in recordings] == [1, 2]
        app.take_snapshot(dog.id)
        dog.add_trick("fetch")
        app.save(dog, unchanged={uuid4(): 0}, also=[taking("a")])
        copy: Dog = app.repository.get(dog.id)
        assert copy.tricks == ["roll over", "fetch"]
        assert app.snapshots is not None
        assert len([*app.snapshots.get(dog.id)]) == 1


def test_it_refuses_to_start_in_the_mode_that_loses_events(event_log_url: str) -> None:
    environment = event_log_environment(event_log_url) | {"POSTGRES_ENABLE_DB_FUNCTIONS": "y"}
    with pytest.raises(InfrastructureFactoryError, match="lose committed events"):
        Application[UUID](environment)


def test_every_parameter_of_the_address_is_used(event_log_url: str) -> None:
    url = make_conninfo(event_log_url, application_name="the_name", options="-c work_mem=5MB")
    with event_log(url) as log:
        log.insert_events(happened(uuid4(), 1))
        with log.datastore.get_connection() as connection:
            rows: Sequence[Any] = connection.execute(
                "SELECT count(*) AS count FROM pg_stat_activity WHERE application_name = 'the_name'"
            ).fetchall()
            assert rows[0]["count"] >= 2  # readers and the writer
            setting = connection.execute("SHOW work_mem").fetchone()
            assert setting == {"work_mem": "5MB"}


def test_tables_are_not_made_by_the_recorder(database_url: str) -> None:
    with event_log(database_url) as log, pytest.raises(ProgrammingError, match="log_head"):
        log.insert_events(happened(uuid4(), 1))

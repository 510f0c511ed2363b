"""Saves are written in batches, and each gets its true outcome whatever happens to the writer."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import (
    IntegrityError,
    OperationalError,
    StoredEvent,
)
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.errors import DataError, LockNotAvailable, UndefinedTable, UniqueViolation
from psycopg.rows import TupleRow

from infrastructure.database.postgres import Answered, Pool
from infrastructure.event_log.batch_writer import BatchWriter, DatabaseUnavailable, LogIsLocked
from infrastructure.event_log.recorder import GroupCommitRecorder
from tests.support.concurrency import SECONDS, wait_until
from tests.support.event_logs import (
    event_log,
    happened,
    held_head,
    is_led,
    keys,
    outcome_of,
    save_together,
    taking,
    waiting,
    whole_log,
    writer,
)
from tests.support.severed_line import Line

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


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
    for _ in range(4):  # so that the next ones are written without looking first
        log.insert_events(happened(uuid4(), 1))
    log.insert_events(happened(stream, 1, 7))
    with pytest.raises(IntegrityError):
        log.insert_events(happened(stream, 4))
    with pytest.raises(IntegrityError):
        log.insert_events(happened(stream, 9, 8))
    assert log.versions([stream, uuid4()]) == {stream: 7}


@pytest.mark.parametrize("is_sole_writer", [True, False])
def test_a_save_fails_when_a_stream_that_it_only_read_has_changed(
    log: GroupCommitRecorder, is_sole_writer: bool
) -> None:
    read, absent, mine = uuid4(), uuid4(), uuid4()
    log.insert_events(happened(read, 1, 2))
    for _ in range(3):
        log.insert_events(happened(uuid4(), 1))
    assert writer(log)._is_sole_writer
    writer(log)._is_sole_writer = is_sole_writer
    with pytest.raises(IntegrityError):
        log.insert_events(happened(mine, 1), unchanged={read: 1})
    writer(log)._is_sole_writer = is_sole_writer
    with pytest.raises(IntegrityError):
        log.insert_events(happened(mine, 1), unchanged={read: 0})
    writer(log)._is_sole_writer = is_sole_writer
    with pytest.raises(IntegrityError):
        log.insert_events(happened(mine, 1), unchanged={absent: 1})
    writer(log)._is_sole_writer = is_sole_writer
    with pytest.raises(IntegrityError):
        log.insert_events([], unchanged={read: 3})
    writer(log)._is_sole_writer = is_sole_writer
    assert log.insert_events(happened(mine, 1), unchanged={read: 2, absent: 0}) == [6]


def test_a_save_sees_what_another_of_its_batch_did_to_a_stream_it_read(
    event_log_url: str, log: GroupCommitRecorder
) -> None:
    position = uuid4()
    log.insert_events(happened(position, 1))
    closing_it, sending, reopening = save_together(
        event_log_url,
        log,
        lambda: log.insert_events(happened(position, 2)),
        lambda: log.insert_events(happened(uuid4(), 1), unchanged={position: 1}),
        lambda: log.insert_events(happened(position, 3), unchanged={position: 2}),
    )
    assert closing_it == [3]
    assert isinstance(sending, IntegrityError)
    assert reopening == [4]


def test_of_two_saves_of_one_version_in_a_batch_the_first_wins(
    event_log_url: str, log: GroupCommitRecorder
) -> None:
    stream = uuid4()
    first, second, bystander = save_together(
        event_log_url,
        log,
        lambda: log.insert_events(happened(stream, 1)),
        lambda: log.insert_events(happened(stream, 1)),
        lambda: log.insert_events(happened(uuid4(), 1)),
    )
    assert first == [2]
    assert isinstance(second, IntegrityError)
    assert bystander == [3]


@pytest.mark.parametrize("is_sole_writer", [True, False])
def test_statements_are_committed_with_the_events_or_not_at_all(
    log: GroupCommitRecorder, another_session: Connection[TupleRow], is_sole_writer: bool
) -> None:
    stream = uuid4()
    for _ in range(3):
        log.insert_events(happened(uuid4(), 1))
    writer(log)._is_sole_writer = is_sole_writer
    assert log.insert_events(happened(stream, 1), also=[taking("a"), taking("b")]) == [4]
    writer(log)._is_sole_writer = is_sole_writer
    with pytest.raises(UniqueViolation):
        log.insert_events(happened(stream, 2), also=[taking("c"), taking("a")])
    writer(log)._is_sole_writer = is_sole_writer
    with pytest.raises(IntegrityError):
        log.insert_events(happened(stream, 1), also=[taking("d")])
    writer(log)._is_sole_writer = is_sole_writer
    with pytest.raises(UndefinedTable):
        log.insert_events(happened(stream, 2), also=[("INSERT INTO nowhere VALUES (1)", [])])
    assert log.insert_events([], also=[taking("e")]) == []
    assert keys(another_session) == ["a", "b", "e"]
    assert log.insert_events(happened(stream, 2)) == [5]


def test_a_statement_that_fails_fails_its_own_save_alone(
    event_log_url: str, log: GroupCommitRecorder, another_session: Connection[TupleRow]
) -> None:
    log.insert_events([], also=[taking("taken")])
    stream = uuid4()
    one, duplicate, two, unreadable, three = save_together(
        event_log_url,
        log,
        lambda: log.insert_events(happened(stream, 1), also=[taking("one")]),
        lambda: log.insert_events(happened(stream, 2), also=[taking("taken")]),
        lambda: log.insert_events(happened(stream, 2), also=[taking("two")]),
        lambda: log.insert_events(happened(uuid4(), 1), also=[taking("\0")]),
        lambda: log.insert_events([], also=[taking("three")]),
    )
    assert one == [2]
    assert isinstance(duplicate, UniqueViolation)
    assert two == [3]
    assert isinstance(unreadable, DataError)
    assert three == []
    assert keys(another_session) == ["one", "taken", "three", "two"]
    assert [position for position, *_ in whole_log(log)] == [1, 2, 3]


@pytest.mark.slow
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


def test_a_batch_is_no_larger_than_its_limit_but_one_save_is_never_split(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    ticks = iter(range(60))
    with event_log(
        event_log_url, clock=lambda: MOMENT.replace(second=next(ticks)), batch_size=2
    ) as log:
        streams = [uuid4() for _ in range(4)]
        save_together(
            event_log_url,
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
        assert writer(one)._is_sole_writer
        other.insert_events(happened(stream, 1))
        with pytest.raises(IntegrityError):
            one.insert_events(happened(stream, 1))
        assert one.insert_events(happened(stream, 2)) == [7]
        for version in range(3, 20):
            (one if version % 2 else other).insert_events(happened(stream, version))
        assert [position for position, *_ in whole_log(one)] == [*range(1, 25)]


# Interruptions.


class Interrupted(BaseException):
    """Ends a thread from outside, as KeyboardInterrupt does."""


def test_when_a_leader_is_interrupted_the_waiting_saves_are_written(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = BatchWriter._write_under_lock
    leader = threading.get_ident()

    def interrupted(self: BatchWriter, *rest: Any) -> Any:
        if threading.get_ident() == leader:
            wait_until(lambda: waiting(log) == 3)
            raise Interrupted
        return record(self, *rest)

    monkeypatch.setattr(BatchWriter, "_write_under_lock", interrupted)
    with ThreadPoolExecutor(3) as threads:
        followers: list[Any] = []

        def follow() -> None:
            wait_until(lambda: is_led(log))
            followers.extend(
                threads.submit(log.insert_events, happened(uuid4(), 1)) for _ in range(3)
            )

        starter = threading.Thread(target=follow)
        starter.start()
        with pytest.raises(Interrupted):
            log.insert_events(happened(uuid4(), 1))
        starter.join()
        positions = sorted(position for f in followers for position in f.result(SECONDS))
    assert positions == [1, 2, 3]
    assert not is_led(log)


def test_followers_of_an_interrupted_leader_get_an_error(
    event_log_url: str, log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = BatchWriter.write
    interruptions = iter([False, True])

    def interrupted(self: BatchWriter, saves: Any) -> Any:
        if next(interruptions, False):
            raise Interrupted
        return write(self, saves)

    monkeypatch.setattr(BatchWriter, "write", interrupted)

    def save() -> object:
        try:
            return log.insert_events(happened(uuid4(), 1))
        except Interrupted:
            return Interrupted

    leader, follower = save_together(event_log_url, log, save, save)
    assert leader is Interrupted
    assert isinstance(follower, OperationalError)
    assert log.insert_events(happened(uuid4(), 1)) == [2]


def test_a_waiting_caller_that_is_interrupted_leaves_the_queue(event_log_url: str) -> None:
    """Ctrl-C reaches the main thread while it waits for its turn."""
    program = """
import signal, sys, threading, time, uuid
from tests.support.concurrency import SECONDS, wait_until
from tests.support.event_logs import *
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a background job ignores
with event_log(sys.argv[1]) as log:
    with held_head(sys.argv[1]) as release:
        other = threading.Thread(target=log.insert_events, args=[happened(uuid4(), 1)])
        other.start()
        wait_until(lambda: is_led(log) and not waiting(log))
        main = threading.get_ident()
        def interrupt():
            wait_until(lambda: waiting(log) == 1)
            signal.pthread_kill(main, signal.SIGINT)
        threading.Thread(target=interrupt).start()
        try:
            log.insert_events(happened(uuid4(), 1))
        except KeyboardInterrupt:
            print("interrupted", waiting(log))
        release()
        other.join()
    print(log.insert_events(happened(uuid4(), 1)))
"""
    answer = subprocess.run(
        [sys.executable, "-c", program, event_log_url],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert answer.stdout.splitlines() == ["interrupted 0", "[2]"]


# A database that becomes unavailable.


@pytest.mark.parametrize("how", ["request lost", "reply lost", "request late"])
@pytest.mark.parametrize("is_sole_writer", [True, False])
@pytest.mark.parametrize("with_keys", [True, False])
def test_a_commit_in_doubt_is_recorded_once_and_reported_truly(
    event_log_url: str,
    another_session: Connection[TupleRow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    is_sole_writer: bool,
    with_keys: bool,
) -> None:
    line = Line(event_log_url, tmp_path)
    committing = BatchWriter._committing
    armed = iter([how])

    @contextmanager
    def cut_while_committing(self: BatchWriter, *rest: Any) -> Iterator[None]:
        line.armed = next(armed, None)
        with committing(self, *rest):
            yield

    with line as url, event_log(url) as log:
        for _ in range(3):
            log.insert_events(happened(uuid4(), 1))
        writer(log)._is_sole_writer = is_sole_writer
        monkeypatch.setattr(BatchWriter, "_committing", cut_while_committing)
        stream = uuid4()
        also = [taking("a")] if with_keys else []
        assert log.insert_events(happened(stream, 1, 2), also=also) == [4, 5]
        assert line.cuts == 1
        if how == "request late":
            assert line.late_arrived.wait(SECONDS)
        assert [position for position, *_ in whole_log(log)] == [1, 2, 3, 4, 5]
        assert keys(another_session) == (["a"] if with_keys else [])
        assert log.insert_events(happened(stream, 3)) == [6]


def test_a_commit_in_doubt_stays_so_until_the_database_can_tell(
    event_log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first lookups time out on the lock that it still holds."""
    line = Line(event_log_url, tmp_path, late_after=3)
    commit = BatchWriter._commit
    armed = iter(["request late"])

    def cut_before_committing(self: BatchWriter, *rest: Any) -> None:
        line.armed = next(armed, None)
        commit(self, *rest)

    monkeypatch.setattr(BatchWriter, "_commit", cut_before_committing)
    with line as url, event_log(url, lock_timeout=0.05) as log:
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
    committing = BatchWriter._committing
    armed = iter([how])

    @contextmanager
    def cut_while_committing(self: BatchWriter, *rest: Any) -> Iterator[None]:
        line.armed = next(armed, None)
        with committing(self, *rest):
            yield

    monkeypatch.setattr(BatchWriter, "_committing", cut_while_committing)
    with line as url, event_log(url) as log:
        assert log.insert_events([], also=[taking("a")]) == []
        assert line.cuts == 1
    assert keys(another_session) == ["a"]


def test_anothers_equal_event_is_not_taken_for_ours(
    event_log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our commit never arrived, and another records the same event before we reconnect."""
    line = Line(event_log_url, tmp_path)
    committing = BatchWriter._committing
    armed = iter(["request lost"])
    stream = uuid4()
    with line as url, event_log(url) as log, event_log(event_log_url) as other:

        @contextmanager
        def cut_while_committing(self: BatchWriter, *rest: Any) -> Iterator[None]:
            line.armed = next(armed, None) if self is writer(log) else None
            with committing(self, *rest):
                yield

        close = BatchWriter.close

        def overtaken(self: BatchWriter) -> None:
            close(self)
            if self is writer(log) and line.cuts == 1 and not log.versions([stream]):
                other.insert_events(happened(stream, 1))

        monkeypatch.setattr(BatchWriter, "_committing", cut_while_committing)
        monkeypatch.setattr(BatchWriter, "close", overtaken)
        with pytest.raises(IntegrityError):
            log.insert_events(happened(stream, 1))
        assert whole_log(log) == [(1, stream, 1)]


def test_an_unavailable_database_is_reported_to_the_whole_batch(
    event_log_url: str, pool: Pool
) -> None:
    nowhere = make_conninfo(event_log_url, host="/nowhere-at-all")
    recorder = GroupCommitRecorder(nowhere, pool, timeout=0.3)
    with ThreadPoolExecutor(4) as threads:
        save = lambda: outcome_of(lambda: recorder.insert_events(happened(uuid4(), 1)))  # noqa: E731 # one line
        outcomes = [future.result(SECONDS) for future in [threads.submit(save) for _ in range(4)]]
    assert all(isinstance(outcome, DatabaseUnavailable) for outcome in outcomes)
    assert "was not recorded" in str(outcomes[0])


@pytest.mark.parametrize("is_sole_writer", [False, True])
@pytest.mark.parametrize("with_keys", [False, True])
def test_a_log_that_stays_locked_is_reported_to_the_whole_batch_before_long(
    event_log_url: str,
    another_session: Connection[TupleRow],
    is_sole_writer: bool,
    with_keys: bool,
) -> None:
    with event_log(event_log_url, lock_timeout=0.2) as log:
        for _ in range(3):
            log.insert_events(happened(uuid4(), 1))
        writer(log)._is_sole_writer = is_sole_writer
        with held_head(event_log_url), ThreadPoolExecutor(4) as threads:
            futures = [
                threads.submit(
                    outcome_of,
                    partial(
                        log.insert_events,
                        happened(uuid4(), 1),
                        also=[taking(str(number))] if with_keys else [],
                    ),
                )
                for number in range(4)
            ]
            outcomes = [future.result(SECONDS) for future in futures]
        assert all(isinstance(outcome, LogIsLocked) for outcome in outcomes), outcomes
        assert keys(another_session) == []
        assert log.insert_events(happened(uuid4(), 1)) == [4]


def test_a_locked_row_of_one_save_holds_up_no_other_save(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    with (
        event_log(event_log_url, lock_timeout=0.2) as log,
        another_session.transaction(force_rollback=True),
    ):
        another_session.execute(*taking("a"))
        taken, other = save_together(
            event_log_url,
            log,
            lambda: log.insert_events(happened(uuid4(), 1), also=[taking("a")]),
            lambda: log.insert_events(happened(uuid4(), 1)),
        )
        assert isinstance(taken, LockNotAvailable)
        assert other == [2]


def test_a_server_that_hangs_is_given_up_and_the_save_is_recorded_once(
    event_log_url: str,
) -> None:
    with event_log(event_log_url) as log, ThreadPoolExecutor(1) as threads:
        assert log.insert_events(happened(uuid4(), 1)) == [1]
        cursor = writer(log)._cursor
        assert cursor is not None
        assert isinstance(cursor.connection, Answered)
        cursor.connection.answer_within = 0.2
        backend = cursor.connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        save = threads.submit(log.insert_events, happened(uuid4(), 1))
        try:
            wait_until(lambda: writer(log)._cursor is not cursor)
        finally:
            os.kill(backend, signal.SIGCONT)
        assert save.result(SECONDS) == [2]


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
        try:
            for _ in range(40):
                saved = len(answers)
                wait_until(lambda: len(answers) > saved)  # noqa: B023
                time.sleep(random.uniform(0, 0.05))  # at any moment of the next
                another_session.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                    "AND query LIKE ANY (ARRAY['%log_head%', '%COMMIT%', '%recorded%'])"
                )
        finally:
            stop.set()
    assert not errors
    assert len(answers) >= 40
    assert sorted(answers) == whole_log(log)


def test_a_transaction_held_open_elsewhere_delays_saves_and_loses_none(
    event_log_url: str, log: GroupCommitRecorder
) -> None:
    with ThreadPoolExecutor(8) as threads:
        with held_head(event_log_url) as release:
            futures = [threads.submit(log.insert_events, happened(uuid4(), 1)) for _ in range(8)]
            wait_until(lambda: is_led(log) and waiting(log) == 7)
            assert not any(future.done() for future in futures)
            assert log.read(0, 10, ()) == ([], 0)
            release()
        positions = sorted(p for future in futures for p in future.result(SECONDS) or ())
    assert positions == [*range(1, 9)]


@pytest.mark.slow
def test_a_frozen_writer_is_cut_off_and_the_others_go_on(event_log_url: str) -> None:
    program = """
import sys, os, signal
from uuid import UUID
from infrastructure.event_log import batch_writer
from infrastructure.event_log.batch_writer import BatchWriter
from tests.support.event_logs import *
append = BatchWriter._append
def frozen(self, *rest):
    print("frozen", flush=True)
    BatchWriter._append = append
    os.kill(os.getpid(), signal.SIGSTOP)
    return append(self, *rest)
BatchWriter._append = frozen
batch_writer.IDLE_TIMEOUT_SECONDS = 1
with event_log(sys.argv[1]) as log:
    print(log.insert_events(happened(UUID(int=1), 1)), flush=True)
"""
    with (
        subprocess.Popen(
            [sys.executable, "-c", program, event_log_url],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        ) as child,
        event_log(event_log_url) as log,
    ):
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "frozen\n"
            began = time.monotonic()
            assert log.insert_events(happened(uuid4(), 1)) == [1]
            assert time.monotonic() - began < SECONDS
        finally:
            os.kill(child.pid, signal.SIGCONT)
        assert child.stdout.readline() == "[2]\n"  # thawed, it writes its save anew

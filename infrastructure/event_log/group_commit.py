"""The writer of the event log: concurrent saves become one transaction.

Whoever saves while nobody is writing becomes the leader and writes what is queued by then, its own
save and others', in one transaction; it answers each by itself and hands on to the first who has
queued meanwhile. Nobody waits for a thread of ours, and a lone caller pays for no hand-over.

All writers, of this process and others, take turns at the log's row in `log_head`. Positions are
given under that lock and the lock goes with the commit: whoever sees an event sees all before it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError, InternalError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresDatastore
from psycopg import Cursor
from psycopg.rows import TupleRow, tuple_row

from infrastructure.event_log.connections import connect, translated
from infrastructure.event_log.log_head import LOG_ID

CHANNEL = "events"
"""Notified after each commit, as a hint."""

LARGEST_GROUP = 1_000
"""Events in one transaction, unless a single save has more."""

PATIENCE_SECONDS = 30.0
"""How long a save waits for a database that went away."""

NO_EVENTS = -1
"""The version of a stream without events; the library's contract lets one begin at 0."""

Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]
Answer = list[int] | Exception
"""Positions, or what a save is refused for."""

# The whole of a write, by a writer who knows the position and expects streams to be at versions
# within bounds. It writes all or nothing: nothing if the log has moved on or a stream is elsewhere.
# The expectations are checked against a snapshot from before the lock, yet they hold under it: the
# position was the same in both, so nobody has written in between.
RECORD = f"""
WITH head AS (
    UPDATE log_head SET log_position = log_position + %(count)s::bigint
    WHERE log_id = {LOG_ID} AND log_position = %(log_position)s::bigint AND NOT EXISTS (
        SELECT FROM unnest(%(streams)b::uuid[], %(lowest)s::bigint[], %(highest)s::bigint[])
            AS expected (originator_id, lowest, highest)
        WHERE coalesce((
            SELECT max(originator_version) FROM events
            WHERE log_id = {LOG_ID} AND events.originator_id = expected.originator_id
        ), -1) NOT BETWEEN lowest AND highest
    )
    RETURNING log_id
), recorded AS (
    INSERT INTO events
        (log_id, log_position, originator_id, originator_version, topic, state, recorded_at)
    SELECT head.log_id, %(log_position)s::bigint + event.number, event.originator_id,
        event.originator_version, event.topic, event.state, %(at)s::timestamptz
    FROM head, unnest(%(ids)b::uuid[], %(versions)s::bigint[], %(topics)b::text[],
        %(states)b::bytea[]) WITH ORDINALITY
        AS event (originator_id, originator_version, topic, state, number)
    RETURNING log_id
)
SELECT count(*), CASE WHEN count(*) > 0 THEN pg_notify('{CHANNEL}', '') END FROM recorded
"""  # noqa: S608 - built from our own constants

# Two statements in one trip; the id tells later whether the transaction was committed.
BEGIN_AND_LOCK = f"""
BEGIN;
SELECT log_position, pg_current_xact_id()::text FROM log_head WHERE log_id = {LOG_ID} FOR UPDATE
"""  # noqa: S608 - our own constants

VERSIONS = f"""
SELECT originator_id, version
FROM unnest(%b::uuid[]) AS stream (originator_id), LATERAL (
    SELECT max(originator_version) AS version FROM events
    WHERE log_id = {LOG_ID} AND events.originator_id = stream.originator_id
) AS last
WHERE version IS NOT NULL
"""  # noqa: S608 - our own constants

FIND = f"""
SELECT topic, state, recorded_at FROM events
WHERE log_id = {LOG_ID} AND log_position = %s AND originator_id = %s AND originator_version = %s
"""  # noqa: S608 - our own constants

WAS_COMMITTED = "SELECT pg_xact_status(%s::xid8) = 'committed'"


class _Away(OperationalError):
    """The database stayed away."""


@dataclass(slots=True, eq=False)
class _Save:
    """One caller's save, from when it queues until it is answered."""

    events: Sequence[StoredEvent]
    unchanged: Mapping[UUID, int]
    also: Sequence[Statement]
    since: float = field(default_factory=time.monotonic)
    leads: bool = False
    answer: Answer | None = None
    turn: Lock = field(default_factory=Lock)
    """Held until there is an answer, or until it is this caller's turn to lead."""

    def __post_init__(self) -> None:
        self.turn.acquire()

    def streams(self) -> Iterator[UUID]:
        """All that it changes or depends on."""
        yield from self.unchanged
        for event in self.events:
            yield cast(UUID, event.originator_id)


@dataclass(slots=True)
class _Decision:
    """What a group of saves comes to, if it is recorded from a position on."""

    position: int
    answers: list[Answer]
    events: list[StoredEvent]
    expected: dict[UUID, tuple[int, int]]
    """Between which versions each stream must be, -1 standing for a stream without events."""
    also: list[Statement]
    at: datetime
    transaction: str | None = None

    @property
    def is_welcome(self) -> bool:
        """Whether it has events and refuses nobody."""
        return bool(self.events) and all(isinstance(answer, list) for answer in self.answers)

    def parameters(self) -> dict[str, Any]:
        bounds = self.expected.values()
        return {
            "log_position": self.position,
            "count": len(self.events),
            "at": self.at,
            "streams": [*self.expected],
            "lowest": _numbers(lowest for lowest, _ in bounds),
            "highest": _numbers(highest for _, highest in bounds),
            "ids": [event.originator_id for event in self.events],
            "versions": _numbers(event.originator_version for event in self.events),
            "topics": [event.topic for event in self.events],
            "states": [event.state for event in self.events],
        }


def _numbers(numbers: Iterable[int]) -> str:
    """An array as PostgreSQL writes it. Having psycopg adapt each number costs the leader more."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _decide(
    saves: Sequence[_Save], position: int, versions: Mapping[UUID, int], at: datetime
) -> _Decision:
    """Accept or refuse each save as if they came one after the other.

    A stream of which no version is given is taken to be where its first caller expects it, which is
    then an expectation of the decision.
    """
    decision = _Decision(position, [], [], {}, [], at)
    now = dict(versions)
    for save in saves:
        try:
            expected, then = _check(save, now)
        except IntegrityError as conflict:
            decision.answers.append(conflict)
            continue
        now.update(then)
        decision.expected.update(expected)
        first = position + len(decision.events) + 1
        decision.answers.append([*range(first, first + len(save.events))])
        decision.events += save.events
        decision.also += save.also
    return decision


def _check(
    save: _Save, now: Mapping[UUID, int]
) -> tuple[dict[UUID, tuple[int, int]], dict[UUID, int]]:
    """What a save expects of streams that are not in `now`, and the versions it leads to.

    Raises:
        IntegrityError: it does not fit onto the streams as they are.
    """
    expected: dict[UUID, tuple[int, int]] = {}
    then: dict[UUID, int] = {}
    for stream, seen in save.unchanged.items():
        version = seen or NO_EVENTS
        if stream not in now:
            expected[stream] = (version, version)
            then[stream] = version
        elif now[stream] != version:
            raise IntegrityError(f"{stream} is no longer at version {seen}")
    for event in save.events:
        stream, version = cast(UUID, event.originator_id), event.originator_version
        last = then.get(stream, now.get(stream))
        if last is None:
            expected[stream] = (NO_EVENTS, version - 1)
        elif version <= last:
            raise IntegrityError(f"{stream} already has version {version}")
        then[stream] = version
    return expected, then


class GroupCommit:
    """Writes events in groups and gives them contiguous positions; see `GroupCommitRecorder`.

    It takes from the datastore how to connect, not its connections: it has one of its own, so that
    no number of readers can keep a save waiting.
    """

    def __init__(
        self,
        datastore: PostgresDatastore,
        clock: Callable[[], datetime],
        largest_group: int,
        patience: float,
    ) -> None:
        self._datastore = datastore
        self._clock = clock
        self._largest_group = largest_group
        self._patience = patience
        self._mutex = Lock()  # over the next two, never held while anything waits
        self._queue: deque[_Save] = deque()
        self._is_led = False
        # The leader's alone:
        self._cursor: Cursor[TupleRow] | None = None
        self._left_at: int | None = None
        self._is_alone = False

    def save(
        self,
        events: Sequence[StoredEvent],
        unchanged: Mapping[UUID, int],
        also: Sequence[Statement],
    ) -> list[int]:
        """Record events, all or none, and answer their positions once they are committed.

        Arguments and errors are those of `GroupCommitRecorder.insert_events`.
        """
        save = _Save(events, unchanged, also)
        group: list[_Save] = []
        try:
            with self._mutex:
                if not self._is_led:
                    self._is_led = save.leads = True
                self._queue.append(save)
            if not save.leads:
                save.turn.acquire()
            if save.leads:
                self._take(group)
                self._write(group)
        finally:
            if save.leads or save.answer is None:
                self._leave(save, group)
        if isinstance(save.answer, list):
            return save.answer
        raise save.answer or InternalError("a save was left without an answer")

    # Queueing and leading.

    def _take(self, group: list[_Save]) -> None:
        """Move saves from the queue, its head in any case, into the group."""
        room = self._largest_group
        with self._mutex:
            while self._queue and (not group or len(self._queue[0].events) <= room):
                group.append(self._queue[0])
                room -= len(self._queue.popleft().events)

    def _leave(self, save: _Save, group: Sequence[_Save]) -> None:
        """Answer the others of the group, and hand on; also when interrupted at any point."""
        heir: _Save | None = None
        with self._mutex:
            if group and self._queue and self._queue[0] is group[-1]:
                self._queue.popleft()  # interrupted while taking it
            if save.answer is None:
                with suppress(ValueError):
                    self._queue.remove(save)  # interrupted before it was taken
            if save.leads:
                save.leads = False
                heir = self._queue[0] if self._queue else None
                if heir:
                    heir.leads = True
                else:
                    self._is_led = False
        if heir:
            heir.turn.release()
        for other in group:
            if other is not save:
                if other.answer is None:
                    other.answer = OperationalError(
                        "the thread that was writing was interrupted; "
                        "whether this save was recorded is unknown"
                    )
                other.turn.release()

    # Writing one group.

    def _write(self, group: Sequence[_Save]) -> None:
        """Answer every save of the group.

        A group that the database refuses is written again save by save, so that the refusal hits
        the one it is about. That is rare (mostly a key in `also` that is already taken), cannot be
        told from the error alone, and costs the others no savepoint.
        """
        try:
            answers = self._record(group)
        except _Away as error:
            for save in group:
                save.answer = _Away(str(error))  # each thread raises one of its own
        except Exception as error:  # noqa: BLE001 - it is the caller's, whose thread may be another
            if len(group) == 1:
                group[0].answer = error
            else:
                for save in group:
                    self._write([save])
        else:
            for save, answer in zip(group, answers, strict=True):
                save.answer = answer

    def _record(self, group: Sequence[_Save]) -> list[Answer]:
        """Write a group in one transaction, reconnecting while there is patience.

        Raises:
            _Away: the database stayed away.
            PersistenceError: it answered, and refused.
        """
        in_doubt: list[_Decision] = []
        deadline = max(save.since for save in group) + self._patience
        pause = 0.02
        while True:
            try:
                return self._attempt(self._connected(), group, in_doubt)
            except psycopg.Error as error:
                if not self._is_lost(error) and not in_doubt:
                    self._roll_back()
                    raise translated(error) from error
                self.close()
                if time.monotonic() > deadline:
                    what = "may or may not have been recorded" if in_doubt else "was not recorded"
                    raise _Away(f"the database is away, the save {what}: {error}") from error
            except BaseException:
                self.close()
                raise
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _attempt(
        self, cursor: Cursor[TupleRow], group: Sequence[_Save], in_doubt: list[_Decision]
    ) -> list[Answer]:
        if self._is_alone and self._left_at is not None and not in_doubt:
            guess = _decide(group, self._left_at, {}, self._clock())
            if guess.is_welcome and self._try(cursor, guess, in_doubt):
                return guess.answers
            self._is_alone = False
        return self._record_under_lock(cursor, group, in_doubt)

    def _try(self, cursor: Cursor[TupleRow], guess: _Decision, in_doubt: list[_Decision]) -> bool:
        """Write without looking first: one trip, and right as long as nobody else writes.

        False if the log or a stream is not where it was expected; nothing is written then.
        """
        if guess.also:
            cursor.execute("BEGIN")
            if not self._insert(cursor, guess):
                cursor.execute("ROLLBACK")
                return False
            self._commit(cursor, guess, in_doubt)
            return True
        with self._committing(guess, in_doubt):
            is_recorded = self._insert(cursor, guess)
        if is_recorded:
            self._left_at = guess.position + len(guess.events)
        return is_recorded

    def _record_under_lock(
        self, cursor: Cursor[TupleRow], group: Sequence[_Save], in_doubt: list[_Decision]
    ) -> list[Answer]:
        """Take the lock, look where everything is, then write what fits."""
        cursor.execute(BEGIN_AND_LOCK)
        cursor.nextset()
        head = cursor.fetchone()
        if head is None:
            raise InternalError("log_head has no row: the log was not set up by its migration")
        position, transaction = head
        # Only now: a transaction whose fate we do not know holds the lock until it has one.
        for decision in in_doubt:
            if self._was_committed(cursor, decision):
                cursor.execute("ROLLBACK")
                self._left_at = None
                return decision.answers
        in_doubt.clear()

        versions = {stream: NO_EVENTS for save in group for stream in save.streams()}
        if versions:
            versions.update(cursor.execute(VERSIONS, [[*versions]]).fetchall())
        decision = _decide(group, position, versions, self._clock())
        decision.transaction = transaction
        if not (decision.events or decision.also):
            cursor.execute("ROLLBACK")
            return decision.answers
        if decision.events and not self._insert(cursor, decision):
            raise InternalError(f"the log's row moved from {position} under its lock")
        # Where nobody has written since we did, the next group is written without looking.
        self._is_alone = position == self._left_at
        self._commit(cursor, decision, in_doubt)
        return decision.answers

    def _insert(self, cursor: Cursor[TupleRow], decision: _Decision) -> bool:
        row = cursor.execute(RECORD, decision.parameters()).fetchone()
        count = row[0] if row else 0
        if count not in (0, len(decision.events)):
            raise InternalError(f"{count} of {len(decision.events)} events were inserted")
        return bool(count)

    def _commit(
        self, cursor: Cursor[TupleRow], decision: _Decision, in_doubt: list[_Decision]
    ) -> None:
        for statement, parameters in decision.also:
            cursor.execute(statement.encode(), parameters)
        with self._committing(decision, in_doubt):
            cursor.execute("COMMIT")
        self._left_at = decision.position + len(decision.events)

    @contextmanager
    def _committing(self, decision: _Decision, in_doubt: list[_Decision]) -> Iterator[None]:
        """Around what commits: if the connection is lost meanwhile, the decision is in doubt."""
        in_doubt.append(decision)
        try:
            yield
        except psycopg.Error as error:
            if not self._is_lost(error):
                in_doubt.clear()
            raise
        in_doubt.clear()

    @staticmethod
    def _was_committed(cursor: Cursor[TupleRow], decision: _Decision) -> bool:
        """Whether a transaction of ours went through; asked under the lock.

        A transaction is whole or not at all, so its first event speaks for all. Comparing position
        and moment beside topic and state tells it from another's equal event.
        """
        if not decision.events:
            row = cursor.execute(WAS_COMMITTED, [decision.transaction]).fetchone()
            return bool(row and row[0])
        event = decision.events[0]
        key = (decision.position + 1, event.originator_id, event.originator_version)
        row = cursor.execute(FIND, key).fetchone()
        return row == (event.topic, event.state, decision.at)

    # The connection.

    def _connected(self) -> Cursor[TupleRow]:
        if self._cursor is None:
            connection = connect(self._datastore)
            # Whatever the database's default is, each statement must see what was committed
            # before the lock was given.
            connection.execute("SET default_transaction_isolation = 'read committed'")
            self._cursor = connection.cursor(row_factory=tuple_row)
        return self._cursor

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Whether the connection is of no more use, to be replaced by another."""
        return (
            self._cursor is None
            or self._cursor.connection.closed
            or error.diag.severity_nonlocalized in {"FATAL", "PANIC"}
            or isinstance(error, psycopg.errors.ReadOnlySqlTransaction)  # a standby by now
        )

    def _roll_back(self) -> None:
        try:
            self._connected().execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def close(self) -> None:
        """Give up the connection. A later save opens another."""
        cursor, self._cursor = self._cursor, None
        self._left_at, self._is_alone = None, False
        if cursor is not None:
            cursor.connection.close()

"""The event log: concurrent saves become one transaction, and positions are given in commit order.

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
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Any, cast
from uuid import UUID

import psycopg
from eventsourcing import persistence
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactoryError,
    IntegrityError,
    InternalError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProcessRecorder,
    ShutDown,
    StoredEvent,
)
from eventsourcing.postgres import PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment, EnvType, retry, strtobool
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, tuple_row

LOG = 0
"""The one log there is; a permanent function of the stream once there are more."""

CHANNEL = "events"
"""Notified after each commit, as a hint."""

LARGEST_GROUP = 1_000
"""Events in one transaction, unless a single save has more."""

PATIENCE_SECONDS = 30.0
"""How long a save waits for a database that went away."""

WINDOW = 20_000
"""Positions looked at in one read, for topics that may be rare."""

STREAMS_AT_ONCE = 500
"""Streams loaded by one statement."""

POLL_SECONDS = 0.5
"""How long a subscriber goes without looking when no notification comes."""

BY_INDEX = "-c enable_seqscan=off"
"""A plan that was made while the log was small would read all of it each time as it grows."""

NO_EVENTS = -1
"""The version of a stream without events; the library's contract lets one begin at 0."""

Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]
Answer = list[int] | IntegrityError

# The whole of a write, by a writer who knows the position and expects streams to be at versions
# within bounds. It writes all or nothing: nothing if the log has moved on or a stream is elsewhere.
# The expectations are checked against a snapshot from before the lock, yet they hold under it: the
# position was the same in both, so nobody has written in between.
RECORD = f"""
WITH head AS (
    UPDATE log_head SET position = position + %(count)s::bigint
    WHERE log_id = {LOG} AND position = %(position)s::bigint AND NOT EXISTS (
        SELECT FROM unnest(%(streams)b::uuid[], %(lowest)s::bigint[], %(highest)s::bigint[])
            AS expected (originator_id, lowest, highest)
        WHERE coalesce((
            SELECT max(originator_version) FROM events
            WHERE log_id = {LOG} AND events.originator_id = expected.originator_id
        ), -1) NOT BETWEEN lowest AND highest
    )
    RETURNING log_id
), recorded AS (
    INSERT INTO events
        (log_id, position, originator_id, originator_version, topic, state, recorded_at)
    SELECT head.log_id, %(position)s::bigint + event.number, event.originator_id,
        event.originator_version, event.topic, event.state, %(at)s::timestamptz
    FROM head, unnest(%(ids)b::uuid[], %(versions)s::bigint[], %(topics)b::text[],
        %(states)b::bytea[]) WITH ORDINALITY
        AS event (originator_id, originator_version, topic, state, number)
    RETURNING log_id
)
SELECT count(*), CASE WHEN count(*) > 0 THEN pg_notify('{CHANNEL}', '') END FROM recorded
"""  # noqa: S608 - built from our own constants

HEAD = f"SELECT position FROM log_head WHERE log_id = {LOG}"  # noqa: S608

# Two statements in one trip; the id tells later whether the transaction was committed.
BEGIN_AND_LOCK = f"""
BEGIN; SELECT position, pg_current_xact_id()::text FROM log_head WHERE log_id = {LOG} FOR UPDATE
"""  # noqa: S608

VERSIONS = f"""
SELECT originator_id, version
FROM unnest(%b::uuid[]) AS stream (originator_id), LATERAL (
    SELECT max(originator_version) AS version FROM events
    WHERE log_id = {LOG} AND events.originator_id = stream.originator_id
) AS last
WHERE version IS NOT NULL
"""  # noqa: S608

FIND = f"""
SELECT topic, state, recorded_at FROM events
WHERE log_id = {LOG} AND position = %s AND originator_id = %s AND originator_version = %s
"""  # noqa: S608

WAS_COMMITTED = "SELECT pg_xact_status(%s::xid8) = 'committed'"

# Stream by stream along the primary key, also while a log that has just been filled has no
# statistics: a plain join then reads everything, 10 times slower.
MANY = f"""
SELECT wanted.originator_id, event.*
FROM unnest(%b::uuid[], %b::bigint[]) AS wanted (originator_id, after), LATERAL (
    SELECT originator_version, topic, state FROM events
    WHERE log_id = {LOG} AND events.originator_id = wanted.originator_id
        AND originator_version > wanted.after {{}}
    ORDER BY originator_version
) AS event
ORDER BY 1, 2
"""  # noqa: S608

INSERT_SNAPSHOTS = f"""
INSERT INTO snapshots (log_id, originator_id, originator_version, topic, state)
SELECT {LOG}, originator_id, originator_version, topic, state
FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])
    AS snapshot (originator_id, originator_version, topic, state)
"""  # noqa: S608

# Reading is safe to repeat when the connection was lost.
_repeated = retry((persistence.InterfaceError, OperationalError), max_attempts=10, wait=0.2)


class _Away(OperationalError):
    """The database stayed away."""


class _Save:
    """One caller's save, from when it queues until it is answered."""

    __slots__ = ("also", "answer", "error", "events", "leads", "since", "turn", "unchanged")

    def __init__(
        self,
        events: Sequence[StoredEvent],
        unchanged: Mapping[UUID, int],
        also: Sequence[Statement],
    ) -> None:
        self.events = events
        self.unchanged = unchanged
        self.also = also
        self.since = time.monotonic()
        self.leads = False
        self.answer: list[int] | None = None
        self.error: Exception | None = None
        self.turn = Lock()  # released when there is an answer, or when it is this caller's to lead
        self.turn.acquire()

    @property
    def is_answered(self) -> bool:
        return self.answer is not None or self.error is not None


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
    def has_refusals(self) -> bool:
        return any(isinstance(answer, IntegrityError) for answer in self.answers)

    def parameters(self) -> dict[str, Any]:
        bounds = self.expected.values()
        return {
            "position": self.position,
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
    saves: Sequence[_Save], position: int, versions: Mapping[UUID, int] | None, at: datetime
) -> _Decision:
    """Accept or refuse each save as if they came one after the other.

    `versions` are those of all streams concerned; None means that every stream is where its first
    caller expects it, which is then an expectation of the decision.
    """
    decision = _Decision(position, [], [], {}, [], at)
    now = dict(versions or {})
    for save in saves:
        try:
            expected, then = _check(save, now, assume=versions is None)
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
    save: _Save, now: Mapping[UUID, int], *, assume: bool
) -> tuple[dict[UUID, tuple[int, int]], dict[UUID, int]]:
    """What a save expects of streams that are not in `now`, and their versions after it.

    Raises:
        IntegrityError: it does not fit onto the streams as they are.
    """
    expected: dict[UUID, tuple[int, int]] = {}
    then: dict[UUID, int] = {}
    for stream, seen in save.unchanged.items():
        version = seen or NO_EVENTS
        if assume and stream not in now:
            expected[stream] = (version, version)
            then[stream] = version
        elif now.get(stream, NO_EVENTS) != version:
            raise IntegrityError(f"{stream} is no longer at version {seen}")
    for event in save.events:
        stream, version = cast(UUID, event.originator_id), event.originator_version
        last = then.get(stream)
        if last is None:
            last = now.get(stream)
        if last is None:
            expected[stream] = (NO_EVENTS, version - 1)
        elif version <= last:
            raise IntegrityError(f"{stream} already has version {version}")
        then[stream] = version
    return expected, then


class GroupCommitRecorder(ApplicationRecorder):
    """Records events in groups, gives them contiguous positions, and reads them back.

    Safe for any number of threads, and for any number of processes on the same database; not for
    use on both sides of a fork. Close it to give up its connection.

    Args:
        datastore: where reads borrow their connections; the writer has one of its own, so that
            no number of readers can keep a save waiting.
        clock: what `recorded_at` is taken from.
        largest_group: how many events are written in one transaction, unless one save has more.
        patience: for how many seconds a save waits for a database that went away.
    """

    def __init__(
        self,
        datastore: PostgresDatastore,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        largest_group: int = LARGEST_GROUP,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.datastore = datastore
        self._clock = clock
        self._largest_group = largest_group
        self._patience = patience
        self._mutex = Lock()  # over the next two, never held while anything waits
        self._queue: deque[_Save] = deque()
        self._is_led = False
        # The leader's alone:
        self._writer: Cursor[TupleRow] | None = None
        self._left_at: int | None = None
        self._is_alone = False

    # Saving: queueing and leading.

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        unchanged: Mapping[UUID, int] | None = None,
        also: Sequence[Statement] | None = None,
        **_: Any,
    ) -> Sequence[int] | None:
        """Record events, all or none, and answer their positions once they are committed.

        Args:
            stored_events: of any streams; the versions of a stream must rise, gaps are allowed.
            unchanged: streams that were read and must still be at these versions, 0 standing for a
                stream without events.
            also: statements to commit together with the events.

        Raises:
            IntegrityError: a stream has moved on, or a statement broke a constraint. Nothing of
                this save was recorded; others in its group are not affected.
            OperationalError: the database stayed away, or the leading thread was interrupted.
                Whether the save was recorded is unknown if the message says so.
            DatabaseError: the database refused a value or a statement. Nothing was recorded.
        """
        if not (stored_events or unchanged or also):
            return None
        save = _Save(stored_events, unchanged or {}, also or ())
        self._submit(save)
        if save.error is not None:
            raise save.error
        return save.answer

    def _submit(self, save: _Save) -> None:
        """Have a save answered, by another thread or by leading a group with it."""
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
            if save.leads or not save.is_answered:
                self._leave(save, group)

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
            if not save.is_answered:
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
                if not other.is_answered:
                    other.error = OperationalError(
                        "the thread that was writing was interrupted; "
                        "whether this save was recorded is unknown"
                    )
                other.turn.release()

    # Saving: one group at a time.

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
                save.error = _Away(str(error))
        except Exception as error:  # noqa: BLE001 - it is the caller's, whose thread may be another
            if len(group) == 1:
                group[0].error = error
            else:
                for save in group:
                    self._write([save])
        else:
            for save, answer in zip(group, answers, strict=True):
                if isinstance(answer, IntegrityError):
                    save.error = answer
                else:
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
                return self._attempt(self._cursor(), group, in_doubt)
            except psycopg.Error as error:
                if not self._is_lost(error) and not in_doubt:
                    self._roll_back()
                    raise translated(error) from error
                self._hang_up()
                if time.monotonic() > deadline:
                    what = "may or may not have been recorded" if in_doubt else "was not recorded"
                    raise _Away(f"the database is away, the save {what}: {error}") from error
            except BaseException:
                self._hang_up()
                raise
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _attempt(
        self, cursor: Cursor[TupleRow], group: Sequence[_Save], in_doubt: list[_Decision]
    ) -> list[Answer]:
        if self._is_alone and self._left_at is not None and not in_doubt:
            guess = _decide(group, self._left_at, None, self._clock())
            if guess.events and not guess.has_refusals and self._try(cursor, guess, in_doubt):
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

        streams = {event.originator_id for save in group for event in save.events}
        streams.update(stream for save in group for stream in save.unchanged)
        versions: dict[UUID, int] = {}
        if streams:
            versions.update(cursor.execute(VERSIONS, [[*streams]]).fetchall())
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

    # The writer's connection, used by the leader alone.

    def _cursor(self) -> Cursor[TupleRow]:
        if self._writer is None:
            connection = connect(self.datastore)
            # Whatever the database's default is, each statement must see what was committed
            # before the lock was given.
            connection.execute("SET default_transaction_isolation = 'read committed'")
            self._writer = connection.cursor(row_factory=tuple_row)
        return self._writer

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Whether the connection is of no more use, to be replaced by another."""
        return (
            self._writer is None
            or self._writer.connection.closed
            or error.diag.severity_nonlocalized in {"FATAL", "PANIC"}
            or isinstance(error, psycopg.errors.ReadOnlySqlTransaction)  # a standby by now
        )

    def _roll_back(self) -> None:
        try:
            self._cursor().execute("ROLLBACK")
        except psycopg.Error:
            self._hang_up()

    def _hang_up(self) -> None:
        writer, self._writer = self._writer, None
        self._left_at, self._is_alone = None, False
        if writer is not None:
            writer.connection.close()

    def close(self) -> None:
        """Give up the writer's connection. A later save opens another."""
        self._hang_up()

    # Reading.

    @_repeated
    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of one stream, by version."""
        return _select_stream(self.datastore, "events", originator_id, gt, lte, desc, limit)

    def select_many(
        self,
        originator_ids: Iterable[UUID],
        topics: Sequence[str] | None = None,
        *,
        gt: Mapping[UUID, int] | None = None,
    ) -> Iterator[StoredEvent]:
        """The events of many streams, by stream (in the order of their ids) and version.

        Args:
            originator_ids: the streams, in any order.
            topics: leave out all others; None for all.
            gt: leave out a stream's events up to this version.
        """
        ids = sorted(set(originator_ids))
        after = gt or {}
        for start in range(0, len(ids), STREAMS_AT_ONCE):
            part = ids[start : start + STREAMS_AT_ONCE]
            parameters: list[Any] = [part, [after.get(stream, NO_EVENTS) for stream in part]]
            where = ""
            if topics is not None:
                parameters.append([*topics])
                where = "AND topic = ANY(%s::text[])"
            for row in self._fetch(MANY.format(where), parameters):
                yield StoredEvent(*row)

    def versions(self, originator_ids: Iterable[UUID]) -> dict[UUID, int]:
        """The version of each stream that has events."""
        return dict(self._fetch(VERSIONS, [[*originator_ids]]))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The events at positions from `start` to `stop`, at most `limit` of them."""
        first = (start or 0) + (0 if inclusive_of_start else 1)
        return self._select_notifications(first, stop, topics, limit)

    def read(self, after: int, limit: int, topics: Sequence[str]) -> tuple[list[Notification], int]:
        """The next events on these topics (on all if none is given), and how far that goes.

        All events on these topics after `after` up to the position answered are there. It moves on
        even where none is found, and does not move where the log ends.
        """
        head = self.max_notification_id() or 0
        if head <= after:
            return [], after
        reached = min(head, after + max(limit, WINDOW))
        notifications = self._select_notifications(after + 1, reached, topics, limit)
        if len(notifications) == limit:
            reached = notifications[-1].id
        return notifications, reached

    def max_notification_id(self) -> int | None:
        """The position of the last event, None if there is none."""
        rows = self._fetch(HEAD, [])
        return rows[0][0] or None if rows else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> LogSubscription:
        """All events after a position, and then each as it is recorded."""
        return LogSubscription(self, gt, topics)

    def _select_notifications(
        self, first: int, last: int | None, topics: Sequence[str], limit: int
    ) -> list[Notification]:
        statement = (
            "SELECT originator_id, originator_version, topic, state, position "  # noqa: S608
            f"FROM events WHERE log_id = {LOG} AND position >= %s"
        )
        parameters: list[Any] = [first]
        if last is not None:
            statement += " AND position <= %s"
            parameters.append(last)
        if topics:
            statement += " AND topic = ANY(%s::text[])"
            parameters.append([*topics])
        rows = self._fetch(statement + " ORDER BY position LIMIT %s", [*parameters, limit])
        return [Notification(*row) for row in rows]

    @_repeated
    def _fetch(self, statement: str, parameters: Sequence[Any]) -> list[TupleRow]:
        return _fetch(self.datastore, statement, parameters)


class LogSubscription(ListenNotifySubscription[GroupCommitRecorder]):
    """All events after a position, and then each as it is recorded.

    A notification only makes it look earlier: it looks every `POLL_SECONDS` in any case.
    """

    def __init__(
        self, recorder: GroupCommitRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._listening = Thread(target=self._listen, name="log-subscription", daemon=True)
        self._listening.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listening.join()

    def _listen(self) -> None:
        while not self._has_been_stopped:
            try:
                with connect(self._recorder.datastore) as connection:
                    connection.execute(f"LISTEN {CHANNEL}".encode())
                    self._wait_for_notifications(connection)
            except psycopg.Error:
                # The pulling thread reports a database that stays away.
                time.sleep(POLL_SECONDS)
                self._has_been_notified.set()

    def _wait_for_notifications(self, connection: Connection[Any]) -> None:
        looked = 0.0
        while not self._has_been_stopped:
            # Short, because stopping waits for this.
            heard = any(True for _ in connection.notifies(timeout=0.1, stop_after=1))
            if heard or time.monotonic() - looked >= POLL_SECONDS:
                looked = time.monotonic()
                self._has_been_notified.set()

    def _pull(self) -> None:
        # Unlike the library's, it moves on over topics that are not ours.
        while not self._has_been_stopped:
            self._has_been_notified.clear()
            after = self._last_notification_id or 0
            notifications, reached = self._recorder.read(after, self._select_limit, self._topics)
            if notifications:
                try:
                    self._notifications_queue.put(notifications)
                except ShutDown:
                    return
            if reached == after:
                return
            self._last_notification_id = reached


class SnapshotRecorder(AggregateRecorder):
    """Keeps snapshots, which are outside the log and have no positions."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        self.datastore = datastore

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> None:
        """Keep snapshots, all or none. Raises `IntegrityError` if there is one already."""
        if not stored_events:
            return
        columns = [
            [snapshot.originator_id for snapshot in stored_events],
            [snapshot.originator_version for snapshot in stored_events],
            [snapshot.topic for snapshot in stored_events],
            [snapshot.state for snapshot in stored_events],
        ]
        with self.datastore.get_connection() as connection, connection.transaction():
            inserted = connection.execute(INSERT_SNAPSHOTS.encode(), columns).rowcount
            if inserted != len(stored_events):
                raise InternalError(f"{inserted} of {len(stored_events)} snapshots were inserted")

    @_repeated
    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The snapshots of one stream, by version."""
        return _select_stream(self.datastore, "snapshots", originator_id, gt, lte, desc, limit)


class Factory(PostgresFactory):
    """Makes the library's `Application` keep its events here; see `event_log_environment`.

    Tables are made by migrations. The settings of the library's own PostgreSQL module apply, with
    the address taken from `EVENT_LOG_URL`.

    Raises:
        InfrastructureFactoryError: a setting would lose events.
    """

    EVENT_LOG_URL = "EVENT_LOG_URL"

    def __init__(self, env: Environment | EnvType | None) -> None:
        env = env if isinstance(env, Environment) else Environment(env=env)
        if strtobool(env.get(self.POSTGRES_ENABLE_DB_FUNCTIONS) or "no"):
            raise InfrastructureFactoryError(
                f"{self.POSTGRES_ENABLE_DB_FUNCTIONS} must not be set: "
                "in that mode readers of the log silently lose committed events."
            )
        super().__init__(env)
        _configure(self.datastore, env.get(self.EVENT_LOG_URL))
        self._recorders: list[GroupCommitRecorder] = []

    def application_recorder(self) -> GroupCommitRecorder:
        """The event log."""
        recorder = GroupCommitRecorder(self.datastore)
        self._recorders.append(recorder)
        return recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """The store of snapshots, which is the only one beside the log."""
        if purpose != "snapshots":
            raise InfrastructureFactoryError(f"There is no store for {purpose}, only for snapshots")
        return SnapshotRecorder(self.datastore)

    def process_recorder(self) -> ProcessRecorder:
        """Refused: it would write past the log's order."""
        raise InfrastructureFactoryError("Projections keep their positions by the projector")

    def close(self) -> None:
        for recorder in self._recorders:
            recorder.close()
        super().close()

    def __exit__(self, *args: Any) -> None:
        self.close()
        super().__exit__(*args)


def event_log_environment(database_url: str, *, pool_size: int = 5) -> dict[str, str]:
    """The settings by which an `Application` keeps its events in this database.

    The address may be a URL or a connection string, with any parameter that libpq knows.
    `pool_size` is the number of connections for reads; one more is opened for writing.
    """
    parts = conninfo_to_dict(database_url)
    return {
        "PERSISTENCE_MODULE": "infrastructure.recorder:Factory",
        Factory.EVENT_LOG_URL: database_url,
        Factory.POSTGRES_DBNAME: str(parts.get("dbname") or ""),
        Factory.POSTGRES_HOST: str(parts.get("host") or ""),
        Factory.POSTGRES_PORT: str(parts.get("port") or ""),
        Factory.POSTGRES_USER: str(parts.get("user") or ""),
        Factory.POSTGRES_PASSWORD: str(parts.get("password") or ""),
        Factory.POSTGRES_POOL_SIZE: str(pool_size),
        Factory.CREATE_TABLE: "no",
    }


def connect(datastore: PostgresDatastore) -> Connection[Any]:
    """A connection beside the pool's, made as they are."""
    pool = datastore.pool
    parameters = dict(cast("dict[str, Any]", pool.kwargs))
    if pool.get_password_func:
        parameters["password"] = pool.get_password_func()
    connection = Connection.connect(str(pool.conninfo), **parameters)
    try:
        datastore.after_connect_func()(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(datastore: PostgresDatastore, url: str | None) -> None:
    """Have a datastore connect by a whole address, of which it takes five parts itself."""
    parameters = cast("dict[str, Any]", datastore.pool.kwargs)
    options = ""
    if url:
        options = str(conninfo_to_dict(url).get("options") or "")
        datastore.pool.conninfo = url
        for part in ("dbname", "host", "port", "user", "password"):
            del parameters[part]
    parameters["options"] = f"{options} {BY_INDEX}".strip()


def translated(error: psycopg.Error) -> persistence.PersistenceError:
    """The library's exception for one of psycopg's; both follow PEP 249."""
    for kind in type(error).__mro__:
        if kind.__module__ == "psycopg" and hasattr(persistence, kind.__name__):
            found: type[persistence.PersistenceError] = getattr(persistence, kind.__name__)
            return found(str(error))
    return persistence.PersistenceError(str(error))


def _fetch(
    datastore: PostgresDatastore, statement: str, parameters: Sequence[Any]
) -> list[TupleRow]:
    with (
        datastore.get_connection() as connection,
        connection.cursor(binary=True, row_factory=tuple_row) as cursor,
    ):
        return cursor.execute(statement.encode(), parameters, prepare=True).fetchall()


def _select_stream(
    datastore: PostgresDatastore,
    table: str,
    originator_id: UUID | str,
    gt: int | None,
    lte: int | None,
    desc: bool,
    limit: int | None,
) -> list[StoredEvent]:
    statement = (
        f"SELECT originator_id, originator_version, topic, state FROM {table} "  # noqa: S608
        f"WHERE log_id = {LOG} AND originator_id = %s"
    )
    parameters: list[Any] = [originator_id]
    if gt is not None:
        statement += " AND originator_version > %s"
        parameters.append(gt)
    if lte is not None:
        statement += " AND originator_version <= %s"
        parameters.append(lte)
    statement += f" ORDER BY originator_version {'DESC' if desc else 'ASC'}"
    if limit is not None:
        statement += " LIMIT %s"
        parameters.append(limit)
    return [StoredEvent(*row) for row in _fetch(datastore, statement, parameters)]

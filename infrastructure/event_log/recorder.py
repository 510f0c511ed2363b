"""The event log as the library sees it: saves go to the group commit, reads to pooled connections.

A reader may follow the log by position: an event is never seen before one of a lower position.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactoryError,
    InterfaceError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProcessRecorder,
    ShutDown,
    StoredEvent,
)
from eventsourcing.postgres import PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment, EnvType, retry, strtobool
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, tuple_row

from infrastructure.event_log.connections import configure, connect
from infrastructure.event_log.group_commit import (
    CHANNEL,
    LARGEST_GROUP,
    NO_EVENTS,
    PATIENCE_SECONDS,
    VERSIONS,
    GroupCommit,
    Statement,
)
from infrastructure.event_log.log_head import HEAD, LOG_ID

__all__ = [
    "CHANNEL",
    "Factory",
    "GroupCommitRecorder",
    "LogSubscription",
    "event_log_environment",
]

WINDOW = 20_000
"""Positions looked at in one read, for topics that may be rare."""

STREAMS_AT_ONCE = 500
"""Streams loaded by one statement."""

POLL_SECONDS = 0.5
"""How long a subscriber goes without looking when no notification comes."""

# Stream by stream along the primary key, also while a log that has just been filled has no
# statistics: a plain join then reads everything, 10 times slower.
MANY = f"""
SELECT wanted.originator_id, event.*
FROM unnest(%b::uuid[], %b::bigint[]) AS wanted (originator_id, after), LATERAL (
    SELECT originator_version, topic, state FROM events
    WHERE log_id = {LOG_ID} AND events.originator_id = wanted.originator_id
        AND originator_version > wanted.after {{}}
    ORDER BY originator_version
) AS event
ORDER BY 1, 2
"""  # noqa: S608 - our own text

# Reading is safe to repeat when the connection was lost.
_repeated = retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)


class GroupCommitRecorder(ApplicationRecorder):
    """Records events in groups, gives them contiguous positions, and reads them back.

    Safe for any number of threads, and for any number of processes on the same database; not for
    use on both sides of a fork. Close it to give up the writer's connection.

    Args:
        datastore: where reads borrow their connections.
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
        self._writer = GroupCommit(datastore, clock, largest_group, patience)

    def close(self) -> None:
        """Give up the writer's connection. A later save opens another."""
        self._writer.close()

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
        return self._writer.save(stored_events, unchanged or {}, also or ())

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
        statement = (
            "SELECT originator_id, originator_version, topic, state FROM events "  # noqa: S608 - our own text
            f"WHERE log_id = {LOG_ID} AND originator_id = %s"
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
        return [StoredEvent(*row) for row in self._fetch(statement, parameters)]

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
            "SELECT originator_id, originator_version, topic, state, log_position "  # noqa: S608 - our own text
            f"FROM events WHERE log_id = {LOG_ID} AND log_position >= %s"
        )
        parameters: list[Any] = [first]
        if last is not None:
            statement += " AND log_position <= %s"
            parameters.append(last)
        if topics:
            statement += " AND topic = ANY(%s::text[])"
            parameters.append([*topics])
        rows = self._fetch(statement + " ORDER BY log_position LIMIT %s", [*parameters, limit])
        return [Notification(*row) for row in rows]

    @_repeated
    def _fetch(self, statement: str, parameters: Sequence[Any]) -> list[TupleRow]:
        with (
            self.datastore.get_connection() as connection,
            connection.cursor(binary=True, row_factory=tuple_row) as cursor,
        ):
            return cursor.execute(statement.encode(), parameters, prepare=True).fetchall()


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


class Factory(PostgresFactory):
    """Makes the library's `Application` keep its events here; see `event_log_environment`.

    Tables are made by migrations. The settings of the library's own PostgreSQL module apply, with
    the address taken from `EVENT_LOG_URL`.

    Raises:
        InfrastructureFactoryError: a setting would lose events.
    """

    EVENT_LOG_URL = "EVENT_LOG_URL"
    LARGEST_GROUP = "EVENT_LOG_LARGEST_GROUP"

    def __init__(self, env: Environment | EnvType | None) -> None:
        env = env if isinstance(env, Environment) else Environment(env=env)
        if strtobool(env.get(self.POSTGRES_ENABLE_DB_FUNCTIONS) or "no"):
            raise InfrastructureFactoryError(
                f"{self.POSTGRES_ENABLE_DB_FUNCTIONS} must not be set: "
                "in that mode readers of the log silently lose committed events."
            )
        super().__init__(env)
        configure(self.datastore, env.get(self.EVENT_LOG_URL))
        self._recorders: list[GroupCommitRecorder] = []

    def application_recorder(self) -> GroupCommitRecorder:
        """The event log."""
        size = self.env.get(self.LARGEST_GROUP)
        largest_group = int(size) if size else LARGEST_GROUP
        recorder = GroupCommitRecorder(self.datastore, largest_group=largest_group)
        self._recorders.append(recorder)
        return recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Refused: aggregates are short, and are loaded by their events alone."""
        raise InfrastructureFactoryError(f"There is no store for {purpose}, only the event log")

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


def event_log_environment(
    database_url: str, *, pool_size: int = 5, largest_group: int = LARGEST_GROUP
) -> dict[str, str]:
    """The settings by which an `Application` keeps its events in this database.

    Args:
        database_url: a URL or a connection string, with any parameter that libpq knows.
        pool_size: the number of connections for reads; one more is opened for writing.
        largest_group: how many events are written in one transaction, unless one save has more.
    """
    parts = conninfo_to_dict(database_url)
    return {
        "PERSISTENCE_MODULE": "infrastructure.event_log.recorder:Factory",
        Factory.EVENT_LOG_URL: database_url,
        Factory.POSTGRES_DBNAME: str(parts.get("dbname") or ""),
        Factory.POSTGRES_HOST: str(parts.get("host") or ""),
        Factory.POSTGRES_PORT: str(parts.get("port") or ""),
        Factory.POSTGRES_USER: str(parts.get("user") or ""),
        Factory.POSTGRES_PASSWORD: str(parts.get("password") or ""),
        Factory.POSTGRES_POOL_SIZE: str(pool_size),
        Factory.LARGEST_GROUP: str(largest_group),
        Factory.CREATE_TABLE: "no",
    }

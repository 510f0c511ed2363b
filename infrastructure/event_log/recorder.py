"""The event log as the library sees it: saves go to the group commit, reads to pooled connections.

A reader may follow the log by log position: an event is never seen before an earlier one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent
from psycopg.rows import TupleRow, tuple_row

from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log import log_head
from infrastructure.event_log.batch_writer import LOCK_TIMEOUT_SECONDS, BatchWriter
from infrastructure.event_log.group_commit import GroupCommit
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.event_log.statements import NO_EVENTS, VERSIONS, Statement, array
from infrastructure.event_log.stored_fields import MOMENT_OR_RECORDED

BATCH_SIZE = 1_000
"""Events written in one transaction, unless a single save has more."""

WRITE_TIMEOUT_SECONDS = 10.0
"""How long a save waits for a database that does not answer."""

WINDOW = 20_000
"""Log positions looked at in one read, for topics that may be rare."""

STREAMS_AT_ONCE = 500
"""Streams loaded by one statement."""

LAST = 2**63 - 1
"""The greatest version and the greatest log position."""

STREAM = f"""
SELECT originator_id, originator_version, topic, state FROM events
WHERE log_id = {LOG_ID} AND originator_id = %(id)s
    AND originator_version > %(after)s AND originator_version <= %(until)s
ORDER BY originator_version {{}} LIMIT %(limit)s
"""  # noqa: S608 - our own text

NOTIFICATIONS = f"""
SELECT originator_id, originator_version, topic, state, log_position FROM events
WHERE log_id = {LOG_ID} AND log_position BETWEEN %(first)s AND %(last)s
    AND (%(topics)s::text[] = '{{}}' OR topic = ANY(%(topics)s::text[]))
ORDER BY log_position LIMIT %(limit)s
"""  # noqa: S608 - our own text

# Stream by stream along the primary key, also while a log that has just been filled has no
# statistics: a plain join then reads everything, 10 times slower. The last event comes in any
# case: it tells the version and the kind.
LOAD = f"""
SELECT wanted.originator_id, event.*
FROM unnest(%(ids)s::uuid[]) AS wanted (originator_id), LATERAL (
    SELECT originator_version, topic, state FROM events
    WHERE log_id = {LOG_ID} AND events.originator_id = wanted.originator_id AND (
        topic = ANY(%(topics)s::text[]) OR originator_version = (
            SELECT max(originator_version) FROM events AS other
            WHERE log_id = {LOG_ID} AND other.originator_id = wanted.originator_id)
        {{}})
    ORDER BY originator_version
) AS event
ORDER BY 1, 2
"""  # noqa: S608 - our own text

OR_LATEST = f"""OR originator_version IN (
            SELECT DISTINCT ON (topic) originator_version FROM events AS other
            WHERE log_id = {LOG_ID} AND other.originator_id = wanted.originator_id
                AND topic = ANY(%(latest)s::text[])
            ORDER BY topic, {MOMENT_OR_RECORDED} DESC)"""  # noqa: S608 - our own text


class GroupCommitRecorder(ApplicationRecorder):
    """Records events in batches, gives them contiguous log positions, and reads them back.

    Safe for any number of threads, and for any number of processes on the same database; not for
    use on both sides of a fork. Reads raise psycopg's errors. The writer has a connection of its
    own, so that no number of readers can keep a save waiting; close it. The pool is the caller's.

    `clock` gives `recorded_at`. A save waits `timeout` seconds for a database that does not answer,
    and `lock_timeout` for a log that others are writing to.
    """

    def __init__(
        self,
        database_url: str,
        pool: Pool,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        batch_size: int = BATCH_SIZE,
        timeout: float = WRITE_TIMEOUT_SECONDS,
        lock_timeout: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        self._pool = pool
        writer = BatchWriter(database_url, clock, timeout, lock_timeout)
        self._group_commit = GroupCommit(writer, batch_size)

    def close(self) -> None:
        """Close the writer's connection. A later save opens another."""
        self._group_commit.close()

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        unchanged: Mapping[UUID, int] | None = None,
        also: Sequence[Statement] | None = None,
        **_: Any,
    ) -> Sequence[int] | None:
        """Record events, all or none, and return their log positions once they are committed.

        Args:
            stored_events: of any streams; the versions of a stream must rise, gaps are allowed.
            unchanged: streams that were read and must still be at these versions, 0 standing for a
                stream without events.
            also: statements to commit together with the events.

        Raises:
            IntegrityError: a stream has moved on. Nothing of this save was recorded; others in its
                batch are not affected.
            psycopg.Error: the database refused a value or a statement. Nothing was recorded.
            OperationalError: the database did not answer, or the leading thread was interrupted.
                Whether the save was recorded is unknown if the message says so.
        """
        if not (stored_events or unchanged or also):
            return None
        return self._group_commit.save(stored_events, unchanged or {}, also or ())

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
        parameters = {
            "id": originator_id,
            "after": NO_EVENTS if gt is None else gt,
            "until": LAST if lte is None else lte,
            "limit": limit,
        }
        rows = self._fetch(STREAM.format("DESC" if desc else "ASC"), parameters)
        return [StoredEvent(*row) for row in rows]

    def load(
        self, originator_ids: Iterable[UUID], topics: Collection[str], latest: Collection[str] = ()
    ) -> Iterator[StoredEvent]:
        """What a decision needs of many streams, by stream (in the order of ids) and version.

        That is the events on these topics, on each of the `latest` the one that happened last, and
        the last of each stream on any topic.
        """
        ids = sorted(set(originator_ids))
        statement = LOAD.format(OR_LATEST if latest else "")
        for start in range(0, len(ids), STREAMS_AT_ONCE):
            part = ids[start : start + STREAMS_AT_ONCE]
            parameters = {"ids": array(part), "topics": array(topics), "latest": array(latest)}
            for row in self._fetch(statement, parameters):
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
        """The events at log positions from `start` to `stop`, at most `limit` of them."""
        first = (start or 0) + (0 if inclusive_of_start else 1)
        with self._pool.connection() as db:
            return _notifications(db, first, stop, topics, limit)

    def read(
        self, after: int, limit: int, topics: Sequence[str], db: Database | None = None
    ) -> tuple[list[Notification], int]:
        """The next events on these topics (on all if none is given), and how far that goes.

        All events on these topics after `after` up to the log position returned are there. It moves
        on even where none is found, and does not move where the log ends. With a connection, it
        reads over that one.
        """
        if db is None:
            with self._pool.connection() as own:
                return self.read(after, limit, topics, own)
        head = log_head.head(db)
        if head <= after:
            return [], after
        reached = min(head, after + max(limit, WINDOW))
        notifications = _notifications(db, after + 1, reached, topics, limit)
        if len(notifications) == limit:
            reached = notifications[-1].id
        return notifications, reached

    def max_notification_id(self) -> int | None:
        """The log position of the last event, None if there is none."""
        with self._pool.connection() as db:
            return log_head.head(db) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> NoReturn:
        """Refused: readers poll, and listen on `CHANNEL` to poll sooner."""
        raise NotImplementedError

    def _fetch(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
    ) -> list[TupleRow]:
        with self._pool.connection() as db:
            return _fetch(db, statement, parameters)


def _notifications(
    db: Database, first: int, last: int | None, topics: Sequence[str], limit: int
) -> list[Notification]:
    parameters = {
        "first": first,
        "last": LAST if last is None else last,
        "topics": [*topics],
        "limit": limit,
    }
    return [Notification(*row) for row in _fetch(db, NOTIFICATIONS, parameters)]


def _fetch(
    db: Database, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> list[TupleRow]:
    # Planned each time: a plan kept from when the log was small would read all of it as it grows.
    with db.cursor(binary=True, row_factory=tuple_row) as cursor:
        return cursor.execute(statement.encode(), parameters, prepare=False).fetchall()

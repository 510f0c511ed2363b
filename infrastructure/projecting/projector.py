"""Keeps read models up to date: applies events in batches, each exactly once.

A batch's changes and the projection's new position commit together, so a crash repeats nothing and
skips nothing. The row that holds the position is locked meanwhile: of many workers, one runs a
projection at a time.

An event that cannot be handled is parked (`parking`) with the later ones of its stream, and the
others go on. A projection without a key has one stream: it stops there until it is mended.
"""

import logging
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.utils import resolve_topic
from psycopg import Connection, sql
from psycopg.errors import LockNotAvailable
from psycopg_pool import ConnectionPool
from pydantic_core import from_json

from domain.event import Event
from infrastructure.database.migrations import MigrationError, schema_lock
from infrastructure.error_redaction import named, traced
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)
P = TypeVar("P", bound="Projection")

Change = tuple[str, Mapping[str, Any]]
"""A statement and its parameters; `%(position)s` is the event's position."""


class AllAtOnce(str):
    """A statement for what happens most: it takes many changes at once, each parameter an array."""


Handler = Callable[[P, Any], Change | Iterable[Change]]

LOG_ID = 0
LONGEST_NAP = 0.25
"""Seconds until a projector looks again although nobody told it that there is something new."""


@dataclass(frozen=True)
class Positioned(Generic[E]):
    """An event at its position in the log."""

    position: int
    event: E


class Projection:
    """A read model: its tables and how each event changes them.

    One of a new version is made anew from the events; `FORMER_TABLES` names the tables that only
    older versions had.

    With a `key`, a statement changes only rows that belong to that parameter's value. Changes of
    different rows may then be applied in any order, and those by one statement all at once.
    The value is that of the events' field of this name, or of those without one their aggregate's
    id: so it is known of an event that cannot be handled too, and what comes behind it waits.

    An erasure does not wait: it is applied at once, and again in its place when that comes. Twice
    must give what once does.
    """

    TABLES: ClassVar[str] = ""
    FORMER_TABLES: ClassVar[Sequence[str]] = ()
    name: ClassVar[str]
    version: ClassVar[int]
    key: ClassVar[str | None]
    handlers: ClassVar[dict[type[Event], Handler[Any]]]

    def __init_subclass__(cls, *, name: str, version: int, key: str | None = None) -> None:
        cls.name = name
        cls.version = version
        cls.key = key
        cls.handlers = _HANDLERS.pop(f"{cls.__module__}.{cls.__qualname__}", {})

    @property
    def topics(self) -> list[str]:
        """The stored names of the events it follows."""
        return sorted(event.TOPIC for event in self.handlers)

    def apply(self, db: Connection, events: Sequence[Positioned[Event]]) -> None:
        """Change the tables by a batch of events, in order, within the caller's transaction."""
        changes = (
            (statement, {**parameters, "position": positioned.position})
            for positioned in events
            for statement, parameters in self.changes(positioned.event)
        )
        with db.cursor() as cursor:
            for statement, rows in together(changes, self.key):
                if isinstance(statement, AllAtOnce):
                    cursor.execute(statement, {p: [row[p] for row in rows] for p in rows[0]})
                else:
                    cursor.executemany(statement, rows)

    def stream(self, stored: StoredEvent) -> UUID:
        """The key's value of an event that may be unreadable otherwise.

        Raises:
            ValueError, LookupError: not even that can be read.
        """
        if self.key in resolve_topic(stored.topic).model_fields:
            return UUID(from_json(stored.state)[self.key])
        return UUID(str(stored.originator_id))

    def changes(self, event: Event) -> Iterable[Change]:
        """What an event changes."""
        changes = self.handlers[type(event)](self, event)
        return [changes] if isinstance(changes, tuple) else changes


_HANDLERS: dict[str, dict[type[Event], Handler[Any]]] = defaultdict(dict)


def on(*events: type[Event]) -> Callable[[Handler[P]], Handler[P]]:
    """Mark the method of a projection that says what these events change."""

    def register(handler: Handler[P]) -> Handler[P]:
        owner = f"{handler.__module__}.{handler.__qualname__.rpartition('.')[0]}"
        _HANDLERS[owner] |= dict.fromkeys(events, handler)
        return handler

    return register


def together(
    changes: Iterable[Change], key: str | None
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The same changes with as many as possible of one statement together.

    Those with the same value of the key stay in order, and so does everything without a key.

    >>> changes = [("A", {"id": 1}), ("B", {"id": 2}), ("A", {"id": 3}), ("A", {"id": 2})]
    >>> [(statement, len(rows)) for statement, rows in together(changes, "id")]
    [('A', 2), ('B', 1), ('A', 1)]
    >>> [(statement, len(rows)) for statement, rows in together(changes, None)]
    [('A', 1), ('B', 1), ('A', 2)]
    """
    rounds: list[dict[str, list[Mapping[str, Any]]]] = []
    last: dict[Any, tuple[int, str]] = {}
    for statement, parameters in changes:
        value = parameters[key] if key else None
        number, before = last.get(value, (-1, ""))
        if statement != before:
            number += 1
            last[value] = number, statement
            if number == len(rounds):
                rounds.append({})
        rounds[number].setdefault(statement, []).append(parameters)
    for statements in rounds:
        yield from statements.items()


class NotCaughtUp(Exception):
    """A query gave up waiting for its projections to reach a position."""

    def __init__(self, behind: Mapping[str, int], position: int) -> None:
        names = ", ".join(f"{name} is at {at}" for name, at in behind.items())
        super().__init__(
            f"Not up to event position {position} yet: {names}. Try again in a moment."
        )
        self.position = position


Placed = tuple[UUID, Notification]
"""An event with its stream."""

Failed = dict[int, Exception]
"""The events that could not be handled, by their positions."""

Apply = Callable[[Connection, Sequence[Notification]], Failed]


class Projector:
    """Runs one projection over the event log."""

    LOCK = """
        SELECT position FROM projection_checkpoints
        WHERE projection = %s AND version = %s AND log_id = %s FOR UPDATE"""

    LOCK_IF_FREE = f"{LOCK} NOWAIT"

    MOVE = """
        UPDATE projection_checkpoints SET position = %s
        WHERE projection = %s AND version = %s AND log_id = %s AND position = %s"""

    def __init__(
        self,
        projection: Projection,
        store: EventStore,
        pool: ConnectionPool,
        batch_size: int = 2000,
    ) -> None:
        self.projection = projection
        self.failure: str | None = None
        self._store = store
        self._pool = pool
        self._batch_size = batch_size
        self._checkpoint = (projection.name, projection.version, LOG_ID)

    def catch_up(self) -> bool:
        """Apply one batch of events.

        Returns:
            Whether there may be more to do at once; not so if another worker has the projection.
        """
        try:
            return self._apply_next()
        except LockNotAvailable:
            return False

    def replay_parked(self) -> tuple[list[UUID], list[UUID]]:
        """Apply what is parked, in order, each stream in a transaction of its own.

        Returns:
            The streams that are applied, and those that stay parked, from the first of their events
            on that still fails.
        """
        with self._pool.connection() as db:
            streams = parking.firsts(db, self._checkpoint)
            for stream in streams:
                with db.transaction():
                    self._replay(db, stream)
            remaining = parking.firsts(db, self._checkpoint)
        applied = [stream for stream in streams if stream not in remaining]
        return applied, [stream for stream in streams if stream in remaining]

    def run(self, stop: threading.Event, news: threading.Event) -> None:
        """Catch up for ever, woken by news, until told to stop."""
        failures = 0
        while not stop.is_set():
            try:
                news.clear()
                more = self.catch_up()
                self.failure, failures = None, 0
            except Exception as error:  # noqa: BLE001 - whatever it is, the projection waits there
                # The batch was rolled back; the event stays next until it can be applied.
                logger.error("projection %s failed: %s", self.projection.name, traced(error))
                self.failure, more = named(error), False
                failures += 1
                stop.wait(min(30.0, 0.1 * 2 ** min(failures, 9)))
            if not more:
                news.wait(LONGEST_NAP)

    def _apply_next(self) -> bool:
        try:
            return self._apply_batch(self._apply_at_once)
        except Exception as error:
            if self.projection.key is None or not parking.lies_with_the_event(error):
                raise
        return self._apply_batch(self._apply_what_can_be)

    def _apply_batch(self, apply: Apply) -> bool:
        with self._pool.connection() as db, db.transaction():
            position = self._lock(db, self.LOCK_IF_FREE)
            stored, reached = self._store.read(position, self._batch_size, self.projection.topics)
            if reached == position:
                return False
            failed = apply(db, stored) if stored else {}
            moved = db.execute(self.MOVE, (reached, *self._checkpoint, position)).rowcount
            assert moved == 1, "the checkpoint was locked"
        self._tell(stored, failed)
        return True

    def _lock(self, db: Connection, statement: str) -> int:
        row = db.execute(statement, self._checkpoint).fetchone()
        if row is None:
            raise RuntimeError(f"projection {self.projection.name} has no checkpoint; prepare it")
        return int(row[0])

    def _apply_at_once(self, db: Connection, stored: Sequence[Notification]) -> Failed:
        parked = parking.firsts(db, self._checkpoint) if self.projection.key else {}
        ready = stored
        if parked:
            placed = self._placed(stored)
            ready = _ready(placed, parked)
            self._park(db, placed, parked, {})
        self._change(db, ready)
        return {}

    def _apply_what_can_be(self, db: Connection, stored: Sequence[Notification]) -> Failed:
        """Apply all but the events that fail and those behind them, and park these."""
        parked = parking.firsts(db, self._checkpoint)
        placed = self._placed(stored)
        failed: Failed = {}
        self._divide(db, placed, parked, failed)
        self._park(db, placed, parked, failed)
        return failed

    def _divide(
        self, db: Connection, placed: Sequence[Placed], parked: dict[UUID, int], failed: Failed
    ) -> None:
        """Apply all at once, or else each half by itself, down to the single event that fails."""
        try:
            with db.transaction():
                self._change(db, _ready(placed, parked))
        except Exception as error:
            if not parking.lies_with_the_event(error):
                raise
            if len(placed) > 1:
                middle = len(placed) // 2
                self._divide(db, placed[:middle], parked, failed)
                self._divide(db, placed[middle:], parked, failed)
                return
            ((stream, event),) = placed
            if stream in parked:  # an erasure; it waits in its place as well
                logger.error(
                    "projection %s: the erasure at event %d is not applied yet: %s",
                    self.projection.name,
                    event.id,
                    traced(error),
                )
                return
            parked[stream] = event.id
            failed[event.id] = error
            if len(parked) > parking.MOST_STREAMS:
                raise parking.TooManyParked from error

    def _change(self, db: Connection, stored: Sequence[Notification]) -> None:
        if stored:
            events = self._store.mapper.with_personal_fields(stored)
            positioned = [Positioned(n.id, e) for n, e in zip(stored, events, strict=True)]
            self.projection.apply(db, positioned)

    def _placed(self, stored: Sequence[Notification]) -> list[Placed]:
        return [(self.projection.stream(event), event) for event in stored]

    def _park(
        self,
        db: Connection,
        placed: Sequence[Placed],
        parked: Mapping[UUID, int],
        failed: Failed,
    ) -> None:
        behind = [(s, event) for s, event in placed if s in parked and event.id >= parked[s]]
        parking.park(db, self._checkpoint, behind, failed, datetime.now(UTC))

    def _replay(self, db: Connection, stream: UUID) -> None:
        self._lock(db, self.LOCK)
        positions = parking.take_out(db, self._checkpoint, stream)
        for start in range(0, len(positions), self._batch_size):
            part = positions[start : start + self._batch_size]
            self._apply_what_can_be(db, parking.stored(db, LOG_ID, part))

    def _tell(self, stored: Sequence[Notification], failed: Failed) -> None:
        kinds = {event.id: event.topic for event in stored}
        for position, error in failed.items():
            logger.error(
                "projection %s: event %d (%s) is parked: %s",
                self.projection.name,
                position,
                kinds[position],
                traced(error),
            )


def _ready(placed: Sequence[Placed], parked: Mapping[UUID, int]) -> list[Notification]:
    """Those that need not wait: privacy comes before order."""
    return [e for s, e in placed if s not in parked or resolve_topic(e.topic).erases]


class OlderProjection(MigrationError):
    """The read models are of an older version, which an older program may be keeping."""


class NewerProjection(MigrationError):
    """The database was used by a newer program, whose read models this one does not know."""


def prepare(projections: Iterable[Projection], pool: ConnectionPool, *, renew: bool = True) -> None:
    """Make the tables and checkpoints of projections that have none of this version yet.

    Those of an older version are dropped: the new one is made anew from the events. Processes of
    the older program must have stopped by then; whoever cannot know that does not `renew`.

    Raises:
        OlderProjection: there are tables of an older version, and they are not to be renewed.
        NewerProjection: the tables are of a later version than this program knows.
    """
    with pool.connection() as db, schema_lock(db):
        for projection in projections:
            rows = db.execute(
                "SELECT version FROM projection_checkpoints WHERE projection = %s",
                (projection.name,),
            ).fetchall()
            known = [version for (version,) in rows]
            if projection.version in known:
                continue
            if known:
                _check_not_newer(projection, max(known))
                if not renew:
                    raise OlderProjection(
                        f"The read model {projection.name} is of version {max(known)}, and this"
                        f" program makes {projection.version}. Stop the older program, then start"
                        " this one's `serve` or `worker`, which makes it anew."
                    )
                _drop(projection, db)
            db.execute(projection.TABLES)
            db.execute(
                "INSERT INTO projection_checkpoints VALUES (%s, %s, %s, 0)",
                (projection.name, projection.version, LOG_ID),
            )


def _check_not_newer(projection: Projection, version: int) -> None:
    if version > projection.version:
        raise NewerProjection(
            f"The read model {projection.name} is of version {version}, and this program knows"
            f" {projection.version}: run the newer program."
        )


def _drop(projection: Projection, db: Connection) -> None:
    tables = re.findall(r"CREATE TABLE (\w+)", projection.TABLES)
    for table in (*tables, *projection.FORMER_TABLES):
        db.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table)))
    db.execute("DELETE FROM projection_checkpoints WHERE projection = %s", (projection.name,))
    parking.forget(db, projection.name)


def positions(
    projections: Iterable[Projection], pool: ConnectionPool, timeout: float | None = None
) -> dict[str, int]:
    """How far each projection has come, asked within so many seconds."""
    names = {projection.name: projection.version for projection in projections}
    with pool.connection(timeout) as db:
        rows = db.execute(
            "SELECT projection, version, min(position) FROM projection_checkpoints"
            " WHERE projection = ANY(%s) GROUP BY projection, version",
            [[*names]],
        ).fetchall()
    return {name: position for name, version, position in rows if names[name] == version}


def wait_for(
    position: int, projections: Sequence[Projection], pool: ConnectionPool, timeout: float
) -> None:
    """Wait until these projections have reached a position of the log.

    Raises:
        NotCaughtUp: they have not within `timeout` seconds, or the log does not go so far.
    """
    deadline = time.monotonic() + timeout
    nap = 0.002
    while behind := {n: at for n, at in positions(projections, pool).items() if at < position}:
        if time.monotonic() > deadline or _head(pool) < position:
            raise NotCaughtUp(behind, position)
        time.sleep(nap)
        nap = min(nap * 1.5, 0.05)


def _head(pool: ConnectionPool) -> int:
    with pool.connection() as db:
        row = db.execute("SELECT position FROM log_head WHERE log_id = %s", [LOG_ID]).fetchone()
    return row[0] if row else 0

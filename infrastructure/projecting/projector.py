"""Keeps read models up to date: applies events in batches, each exactly once.

A batch's changes and the projection's new log position commit together, so a crash repeats nothing
and skips nothing. The row that holds the log position is locked meanwhile: of many workers, one
runs a projection at a time.

A poison event is parked (`parking`) with the later ones of its stream, and the other streams go on.
A projection without a key has no streams: a poison event is parked alone, which means skipped.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from eventsourcing.persistence import Notification
from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg_pool import ConnectionPool

from domain.event import TYPES
from infrastructure.error_redaction import error_kind, redacted_traceback
from infrastructure.event_log.log_head import LOG_ID, head
from infrastructure.event_log.store import EventStore
from infrastructure.event_log.unreadable import NewerEvent
from infrastructure.projecting import parking, standstill, versions
from infrastructure.projecting.projection import LoggedEvent, Projection

logger = logging.getLogger(__name__)

POLL_INTERVAL = 0.25
"""Seconds until a projector that was not woken looks for new events."""

TAKEOVER_LOCK_TIMEOUT = "100ms"
"""How long a takeover waits for the queries that read a live table: as long as it waits, later
queries wait behind it."""

TAKEOVER_INTERVAL = 2.0
"""Seconds from one attempt at a takeover to the next."""

NEWER_PROGRAM_SECONDS = 5.0
"""How long an event of a newer program waits for a worker of it, before it is parked."""

Failed = dict[int, Exception]
"""The events that could not be handled, by their log positions."""


class NoCheckpoint(Exception):
    """The projection has no tables in this version, or a newer version has taken over."""

    def __init__(self, projection: Projection) -> None:
        super().__init__(
            f"The projection {projection.name} has no checkpoint of version {projection.version}: "
            "its tables were not created, or a newer program has taken over."
        )


class _Busy(Exception):
    """Another worker has the projection."""


class Projector:
    """Runs one projection over the event log."""

    LOCK = """
        SELECT log_position, live FROM projection_checkpoints
        WHERE projection = %s AND version = %s AND log_id = %s FOR UPDATE"""

    LOCK_IF_FREE = f"{LOCK} SKIP LOCKED"  # NOWAIT would fill PostgreSQL's log with errors

    EXISTS = """
        SELECT FROM projection_checkpoints
        WHERE projection = %s AND version = %s AND log_id = %s"""

    MOVE = """
        UPDATE projection_checkpoints
        SET log_position = %s, changed_log_position = coalesce(%s, changed_log_position),
            moved_at = %s, failure = NULL
        WHERE projection = %s AND version = %s AND log_id = %s AND log_position = %s"""

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
        self._is_built = False
        self._next_takeover = 0.0
        self._met_newer_at: float | None = None

    def catch_up(self) -> bool:
        """Apply one batch of events, or take over from the version before if that is due.

        Returns whether there may be more to do at once: not if another worker has the projection.
        """
        try:
            more = self._apply_batch()
            if self._is_built and time.monotonic() >= self._next_takeover:
                self._take_over()
                return True
            return more
        except (_Busy, LockNotAvailable):
            return False

    def replay_parked(self, *, of_newer_program: bool = False) -> tuple[list[UUID], list[UUID]]:
        """Apply what is parked, in order, each stream in a transaction of its own.

        What a projection without a key has skipped stays so: a rebuild applies it in its place.
        Perhaps only the streams whose first event was written by a program newer than its reader.

        Returns:
            The streams that are applied, and those that stay parked, from the first of their events
            on that still fails.
        """
        if self.projection.key is None:
            return [], []
        self._met_newer_at = 0.0  # an event of a newer program has waited for it already
        with self._pool.connection() as db:
            streams = parking.blocked_streams(db, self._checkpoint, of_newer_program)
            for stream in streams:
                with db.transaction():
                    self._replay(db, stream)
            remaining = parking.blocked_streams(db, self._checkpoint)
        applied = [stream for stream in streams if stream not in remaining]
        return applied, [stream for stream in streams if stream in remaining]

    def run(self, stop: threading.Event, wakeup: threading.Event) -> None:
        """Catch up until `stop` is set, or until a newer version has taken over."""
        failures, is_new = 0, True
        while not stop.is_set():
            try:
                if is_new:  # this may be the newer program
                    self.replay_parked(of_newer_program=True)
                wakeup.clear()
                more = self.catch_up()
                if is_new or self.failure:
                    self._note_failure(None)
                self.failure, failures, is_new = None, 0, False
            except NoCheckpoint as error:
                logger.error("projection %s stops: %s", self.projection.name, error)
                self.failure = error_kind(error)
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the projection waits there
                # The batch was rolled back; the event stays next until it can be applied.
                logger.error(
                    "projection %s failed: %s", self.projection.name, redacted_traceback(error)
                )
                self.failure, more = error_kind(error), False
                failures += 1
                with suppress(Exception):  # it may be the database that fails
                    self._note_failure(self.failure)
                stop.wait(backoff(failures))
            if not more:
                wakeup.wait(POLL_INTERVAL)

    def _note_failure(self, failure: str | None) -> None:
        with self._pool.connection() as db:
            standstill.note_failure(db, self._checkpoint, failure)

    # Batches --------------------------------------------------------------------------------------

    def _apply_batch(self) -> bool:
        with self._pool.connection() as db, db.transaction():
            log_position, live = self._lock(db, self.LOCK_IF_FREE)
            reached = self._move_on(db, log_position)
            self._is_built = not live and reached + self._batch_size >= head(db)
        self._met_newer_at = None
        return reached > log_position

    def _move_on(self, db: Connection, log_position: int) -> int:
        topics = self.projection.topics
        stored, reached = self._store.read(log_position, self._batch_size, topics, db)
        if reached > log_position:
            failed = self._apply(db, stored) if stored else {}
            changed = stored[-1].id if stored else None
            move = (reached, changed, datetime.now(UTC), *self._checkpoint, log_position)
            moved = db.execute(self.MOVE, move).rowcount
            assert moved == 1, "the checkpoint was locked"
            for event in stored:
                if error := failed.get(event.id):
                    self._log(event, " is parked", error)
        return reached

    def _lock(self, db: Connection, statement: str) -> tuple[int, bool]:
        """The log position, and whether this version is live; if not, its own tables come first."""
        row = db.execute(statement, self._checkpoint).fetchone()
        if row is None:
            if db.execute(self.EXISTS, self._checkpoint).rowcount:
                raise _Busy
            raise NoCheckpoint(self.projection)
        log_position, live = row
        if not live:
            versions.use_building_schema(db, self.projection)
        return log_position, live

    def _take_over(self) -> None:
        """Become the live version, having applied at least what the one before has."""
        self._next_takeover = time.monotonic() + TAKEOVER_INTERVAL
        with self._pool.connection() as db, db.transaction():
            log_position, live = self._lock(db, self.LOCK_IF_FREE)
            if live:
                return
            db.execute(f"SET LOCAL lock_timeout = '{TAKEOVER_LOCK_TIMEOUT}'")
            goal = max(versions.lock_live(db, self.projection), head(db))
            while log_position < goal:
                log_position = self._move_on(db, log_position)
            versions.take_over(db, self.projection)
        logger.info("projection %s: version %d is live", *self._checkpoint[:2])

    # Events that fail -----------------------------------------------------------------------------

    def _apply(self, db: Connection, stored: Sequence[Notification]) -> Failed:
        """Apply all but the events that fail and those behind them, and park these."""
        parked = parking.blocked_streams(db, self._checkpoint)
        failed: Failed = {}
        self._bisect_failures(db, stored, parked, failed)
        if parked:
            placed = [(self._stream(event), event) for event in stored]
            behind = [(s, event) for s, event in placed if s in parked and event.id >= parked[s]]
            parking.park(db, self._checkpoint, behind, failed, datetime.now(UTC))
        return failed

    def _bisect_failures(
        self,
        db: Connection,
        stored: Sequence[Notification],
        parked: dict[UUID, int],
        failed: Failed,
    ) -> None:
        """Apply all at once, or else each half by itself, down to the single event that fails."""
        try:
            with db.transaction():
                self._change(db, self._ready(stored, parked))
        except Exception as error:
            if not self._is_poison(error):
                raise
            if len(stored) > 1:
                middle = len(stored) // 2
                self._bisect_failures(db, stored[:middle], parked, failed)
                self._bisect_failures(db, stored[middle:], parked, failed)
                return
            (event,) = stored
            stream = self._stream(event)
            if stream in parked:  # a withdrawal; it waits in its place as well
                self._log(event, ", a withdrawal, is not applied yet", error)
                return
            parked[stream] = event.id
            failed[event.id] = error
            if len(parked) > parking.MAX_BLOCKED_STREAMS:
                raise parking.TooManyParked from error

    def _is_poison(self, error: Exception) -> bool:
        if isinstance(error, _Busy | NoCheckpoint):
            return False
        if not isinstance(error, NewerEvent):
            return parking.is_poison_event(error)
        if self._met_newer_at is None:
            self._met_newer_at = time.monotonic()
        return time.monotonic() - self._met_newer_at >= NEWER_PROGRAM_SECONDS

    def _ready(
        self, stored: Sequence[Notification], parked: Mapping[UUID, int]
    ) -> Sequence[Notification]:
        """Those that need not wait: privacy comes before order."""
        if not parked:
            return stored
        placed = ((self._stream(event), event) for event in stored)
        return [
            e for s, e in placed if s not in parked or e.id < parked[s] or TYPES[e.topic].withdrawal
        ]

    def _stream(self, event: Notification) -> UUID:
        if self.projection.key is None:
            return UUID(int=event.id)  # one of its own, so that no other waits behind it
        return self.projection.stream(event)

    def _change(self, db: Connection, stored: Sequence[Notification]) -> None:
        if stored:
            mapper = self._store.mapper
            events = (
                mapper.with_personal_fields(stored)
                if self.projection.personal
                else [mapper.to_domain_event(event) for event in stored]
            )
            self.projection.apply(
                db, [LoggedEvent(n.id, event) for n, event in zip(stored, events, strict=True)]
            )

    def _replay(self, db: Connection, stream: UUID) -> None:
        self._lock(db, self.LOCK)
        log_positions = parking.unpark(db, self._checkpoint, stream)
        for start in range(0, len(log_positions), self._batch_size):
            part = log_positions[start : start + self._batch_size]
            self._apply(db, parking.stored(db, LOG_ID, part))

    def _log(self, event: Notification, what: str, error: Exception) -> None:
        of, why = self.projection.name, redacted_traceback(error)
        logger.error("projection %s: event %d (%s)%s: %s", of, event.id, event.topic, what, why)


def backoff(failures: int) -> float:
    """Seconds until a projection that has failed so many times in a row tries again.

    >>> backoff(1), backoff(5), backoff(10_000)
    (0.2, 3.2, 30.0)
    """
    return float(min(30.0, 0.1 * 2 ** min(failures, 9)))

"""Keeps read models up to date: applies events in batches, each exactly once.

A batch's changes and the projection's new position commit together, so a crash repeats nothing and
skips nothing. The row that holds the position is locked meanwhile: of many workers, one runs a
projection at a time.

An event that cannot be handled is parked (`parking`) with the later ones of its stream, and the
others go on. A projection without a key has one stream: it stops there until it is mended.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from eventsourcing.persistence import Notification
from eventsourcing.utils import resolve_topic
from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg_pool import ConnectionPool

from infrastructure.error_redaction import error_kind, redacted_traceback
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking
from infrastructure.projecting.projection import LoggedEvent, Projection

logger = logging.getLogger(__name__)

POLL_INTERVAL = 0.25
"""Seconds until a projector looks again although nobody told it that there is something new."""

StreamEvent = tuple[UUID, Notification]
"""An event with its stream."""

Failed = dict[int, Exception]
"""The events that could not be handled, by their positions."""

Apply = Callable[[Connection, Sequence[Notification]], Failed]


class Projector:
    """Runs one projection over the event log."""

    LOCK = """
        SELECT log_position FROM projection_checkpoints
        WHERE projection = %s AND version = %s AND log_id = %s FOR UPDATE"""

    LOCK_IF_FREE = f"{LOCK} NOWAIT"

    MOVE = """
        UPDATE projection_checkpoints
        SET log_position = %s, changed_log_position = coalesce(%s, changed_log_position)
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
            streams = parking.blocked_streams(db, self._checkpoint)
            for stream in streams:
                with db.transaction():
                    self._replay(db, stream)
            remaining = parking.blocked_streams(db, self._checkpoint)
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
                logger.error(
                    "projection %s failed: %s", self.projection.name, redacted_traceback(error)
                )
                self.failure, more = error_kind(error), False
                failures += 1
                stop.wait(min(30.0, 0.1 * 2 ** min(failures, 9)))
            if not more:
                news.wait(POLL_INTERVAL)

    def _apply_next(self) -> bool:
        try:
            return self._apply_batch(self._apply_at_once)
        except Exception as error:
            if self.projection.key is None or not parking.is_poison_event(error):
                raise
        return self._apply_batch(self._apply_what_can_be)

    def _apply_batch(self, apply: Apply) -> bool:
        with self._pool.connection() as db, db.transaction():
            position = self._lock(db, self.LOCK_IF_FREE)
            stored, reached = self._store.read(
                position, self._batch_size, self.projection.topics, db
            )
            if reached == position:
                return False
            failed = apply(db, stored) if stored else {}
            changed = stored[-1].id if stored else None
            moved = db.execute(self.MOVE, (reached, changed, *self._checkpoint, position)).rowcount
            assert moved == 1, "the checkpoint was locked"
        self._log_parked(stored, failed)
        return True

    def _lock(self, db: Connection, statement: str) -> int:
        row = db.execute(statement, self._checkpoint).fetchone()
        if row is None:
            raise RuntimeError(f"projection {self.projection.name} has no checkpoint; prepare it")
        return int(row[0])

    def _apply_at_once(self, db: Connection, stored: Sequence[Notification]) -> Failed:
        parked = parking.blocked_streams(db, self._checkpoint) if self.projection.key else {}
        ready = stored
        if parked:
            placed = self._placed(stored)
            ready = _ready(placed, parked)
            self._park(db, placed, parked, {})
        self._change(db, ready)
        return {}

    def _apply_what_can_be(self, db: Connection, stored: Sequence[Notification]) -> Failed:
        """Apply all but the events that fail and those behind them, and park these."""
        parked = parking.blocked_streams(db, self._checkpoint)
        placed = self._placed(stored)
        failed: Failed = {}
        self._bisect_failures(db, placed, parked, failed)
        self._park(db, placed, parked, failed)
        return failed

    def _bisect_failures(
        self, db: Connection, placed: Sequence[StreamEvent], parked: dict[UUID, int], failed: Failed
    ) -> None:
        """Apply all at once, or else each half by itself, down to the single event that fails."""
        try:
            with db.transaction():
                self._change(db, _ready(placed, parked))
        except Exception as error:
            if not parking.is_poison_event(error):
                raise
            if len(placed) > 1:
                middle = len(placed) // 2
                self._bisect_failures(db, placed[:middle], parked, failed)
                self._bisect_failures(db, placed[middle:], parked, failed)
                return
            ((stream, event),) = placed
            if stream in parked:  # an erasure; it waits in its place as well
                logger.error(
                    "projection %s: the erasure at event %d is not applied yet: %s",
                    self.projection.name,
                    event.id,
                    redacted_traceback(error),
                )
                return
            parked[stream] = event.id
            failed[event.id] = error
            if len(parked) > parking.MAX_BLOCKED_STREAMS:
                raise parking.TooManyParked from error

    def _change(self, db: Connection, stored: Sequence[Notification]) -> None:
        if stored:
            events = self._store.mapper.with_personal_fields(stored)
            positioned = [LoggedEvent(n.id, e) for n, e in zip(stored, events, strict=True)]
            self.projection.apply(db, positioned)

    def _placed(self, stored: Sequence[Notification]) -> list[StreamEvent]:
        return [(self.projection.stream(event), event) for event in stored]

    def _park(
        self,
        db: Connection,
        placed: Sequence[StreamEvent],
        parked: Mapping[UUID, int],
        failed: Failed,
    ) -> None:
        behind = [(s, event) for s, event in placed if s in parked and event.id >= parked[s]]
        parking.park(db, self._checkpoint, behind, failed, datetime.now(UTC))

    def _replay(self, db: Connection, stream: UUID) -> None:
        self._lock(db, self.LOCK)
        positions = parking.unpark(db, self._checkpoint, stream)
        for start in range(0, len(positions), self._batch_size):
            part = positions[start : start + self._batch_size]
            self._apply_what_can_be(db, parking.stored(db, LOG_ID, part))

    def _log_parked(self, stored: Sequence[Notification], failed: Failed) -> None:
        kinds = {event.id: event.topic for event in stored}
        for position, error in failed.items():
            logger.error(
                "projection %s: event %d (%s) is parked: %s",
                self.projection.name,
                position,
                kinds[position],
                redacted_traceback(error),
            )


def _ready(placed: Sequence[StreamEvent], parked: Mapping[UUID, int]) -> list[Notification]:
    """Those that need not wait: privacy comes before order."""
    return [e for s, e in placed if s not in parked or resolve_topic(e.topic).erases]

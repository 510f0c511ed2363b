"""Applies events to one projection, and parks those that it cannot handle.

A poison event is parked (`parking`) with the later ones of its stream, and the other streams go on.
A projection without a key has no streams: a poison event is parked alone, which means skipped.
"""

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from uuid import UUID

from eventsourcing.persistence import Notification
from psycopg import Connection

from domain.event import TYPES
from infrastructure.error_redaction import redacted_traceback
from infrastructure.event_log.codec import EventMapper
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.event_log.unreadable import NewerEvent
from infrastructure.projecting import parking, versions
from infrastructure.projecting.log_batch import LogBatch
from infrastructure.projecting.parking import Checkpoint
from infrastructure.projecting.projection import Projection

logger = logging.getLogger(__name__)

NEWER_PROGRAM_SECONDS = 5.0
"""How long an event of a newer program waits for a worker of it, before it is parked."""

Failed = dict[int, Exception]
"""The events that could not be handled, by their log positions."""


class NoCheckpoint(Exception):
    """The projection has no tables in this version any more, or never had."""

    def __init__(self, projection: Projection) -> None:
        super().__init__(
            f"The projection {projection.name} has no checkpoint of version {projection.version}: "
            "its tables were not created, or a newer program has taken over."
        )


class Follower:
    """One projection on its way through the log: its live tables, or those being built."""

    LOCK = """
        SELECT FROM projection_checkpoints
        WHERE projection = %s AND version = %s AND log_id = %s AND live = %s FOR UPDATE"""

    def __init__(self, projection: Projection, mapper: EventMapper, *, live: bool) -> None:
        # What a projection caches from batch to batch belongs to one of the two alone.
        self.projection = projection if live else copy(projection)
        self.checkpoint = Checkpoint(projection.name, projection.version, LOG_ID, live)
        self.topics = frozenset(projection.topics)
        self._mapper = mapper
        self._met_newer_at: float | None = None

    def apply(
        self,
        db: Connection,
        stored: Sequence[Notification],
        batch: LogBatch,
        parked: Mapping[UUID, int],
    ) -> None:
        """Apply events of a batch in the caller's transaction, or nothing of them.

        `parked` are the streams that wait, each with the log position of its first event. Those
        that fail now are parked too, with those behind them.

        Raises:
            Exception: whatever a handler or the database fails with for reasons of its own.
        """
        waiting, failed = dict(parked), Failed()
        try:
            with db.transaction():
                self._change(db, self._ready(stored, waiting), batch)
                self._park(db, stored, waiting, failed)
        except Exception as error:
            if not self._is_poison(error):
                raise
            with db.transaction():
                self._find_raising(stored, batch, waiting, failed)
                self._bisect_failures(db, stored, batch, waiting, failed)
                self._park(db, stored, waiting, failed)
        self._met_newer_at = None
        for event in stored:
            if found := failed.get(event.id):
                self._log(event, " is parked", found)

    def replay(self, db: Connection, stream: UUID, at_once: int) -> None:
        """Apply what is parked of a stream, in order, in the caller's transaction.

        From the first event on that still fails, it is parked again.

        Raises:
            NoCheckpoint: there is no such version of the projection any more.
        """
        self._met_newer_at = 0.0  # an event of a newer program has waited for it already
        if db.execute(self.LOCK, self.checkpoint).fetchone() is None:
            raise NoCheckpoint(self.projection)
        if not self.checkpoint.live:
            versions.use_building_schema(db, self.projection)
        log_positions = parking.unpark(db, self.checkpoint, stream)
        for start in range(0, len(log_positions), at_once):
            stored = parking.stored(db, LOG_ID, log_positions[start : start + at_once])
            parked = parking.blocked_streams(db, self.checkpoint)
            self.apply(db, stored, LogBatch(self._mapper, stored), parked)

    def _change(self, db: Connection, stored: Sequence[Notification], batch: LogBatch) -> None:
        if stored:
            events = batch.events(stored, personal=self.projection.personal)
            self.projection.apply(db, events)

    def _find_raising(
        self,
        stored: Sequence[Notification],
        batch: LogBatch,
        parked: dict[UUID, int],
        failed: Failed,
    ) -> None:
        """Find the events that cannot be read or whose handlers raise, without the database.

        To bisect for each of them would apply the others a dozen times.
        """
        if self.projection.key is None:
            return
        for event in stored:
            stream = self._stream(event)
            if stream in parked:
                continue
            try:
                for logged in batch.events([event], personal=self.projection.personal):
                    deque(self.projection.changes(logged.event), maxlen=0)
            except Exception as error:
                if not self._is_poison(error):
                    raise
                self._fail(event, stream, error, parked, failed)

    def _fail(
        self,
        event: Notification,
        stream: UUID,
        error: Exception,
        parked: dict[UUID, int],
        failed: Failed,
    ) -> None:
        failed.pop(parked.get(stream, 0), None)  # a later one, which now waits behind this
        parked[stream] = event.id
        failed[event.id] = error
        if len(parked) > parking.MAX_BLOCKED_STREAMS:
            raise parking.TooManyParked from error

    def _bisect_failures(
        self,
        db: Connection,
        stored: Sequence[Notification],
        batch: LogBatch,
        parked: dict[UUID, int],
        failed: Failed,
    ) -> None:
        """Apply all at once, or else each half by itself, down to the single event that fails."""
        try:
            with db.transaction():
                self._change(db, self._ready(stored, parked), batch)
        except Exception as error:
            if not self._is_poison(error):
                raise
            if len(stored) > 1:
                middle = len(stored) // 2
                self._bisect_failures(db, stored[:middle], batch, parked, failed)
                self._bisect_failures(db, stored[middle:], batch, parked, failed)
                return
            (event,) = stored
            stream = self._stream(event)
            if parked.get(stream, event.id + 1) <= event.id:
                # A withdrawal; it waits in its place as well.
                self._log(event, ", a withdrawal, is not applied yet", error)
                return
            self._fail(event, stream, error, parked, failed)

    def _park(
        self,
        db: Connection,
        stored: Sequence[Notification],
        parked: Mapping[UUID, int],
        failed: Failed,
    ) -> None:
        if parked:
            placed = [(self._stream(event), event) for event in stored]
            behind = [(s, event) for s, event in placed if s in parked and event.id >= parked[s]]
            parking.park(db, self.checkpoint, behind, failed, datetime.now(UTC))

    def _is_poison(self, error: Exception) -> bool:
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

    def _log(self, event: Notification, what: str, error: Exception) -> None:
        of, why = self.projection.name, redacted_traceback(error)
        logger.error("projection %s: event %d (%s)%s: %s", of, event.id, event.topic, what, why)

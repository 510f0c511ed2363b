"""Keeps read models up to date: applies events in batches, each exactly once.

Projections that stand near each other go on together: the log is read once for all of them. A
batch's changes and the projections' new log positions commit together, so a crash repeats nothing
and skips nothing. The rows that hold the log positions are locked meanwhile: of many workers, one
runs a projection at a time.
"""

import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg_pool import ConnectionPool

from infrastructure.error_redaction import error_kind, redacted_traceback
from infrastructure.event_log.log_head import head
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking, progress, standings, versions
from infrastructure.projecting.follower import Follower, NoCheckpoint
from infrastructure.projecting.log_batch import LogBatch
from infrastructure.projecting.parking import Checkpoint
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.standings import Copy, Move, Standing
from infrastructure.telemetry import figures, tracing

logger = logging.getLogger(__name__)

POLL_INTERVAL = 0.25
"""Seconds until a projector that was not woken looks for new events."""

TAKEOVER_LOCK_TIMEOUT = "100ms"
"""How long a takeover waits for the queries that read a live table: as long as it waits, later
queries wait behind it."""

TAKEOVER_INTERVAL = 2.0
"""Seconds from one attempt at a takeover to the next."""

ROUNDS_PER_SECOND = 40.0
ROUNDS_AT_ONCE = 20.0
"""While much happens, events are taken in batches instead of one by one: after so many rounds at
once come so many a second."""

NEAR_BATCHES = 5
"""How many batches behind the end of the log a live projection counts as near it."""


class Part(Enum):
    """Which projections a projector runs now: what is far behind must not hold up the others."""

    ALL = "all"
    NEAR = "live and near the end of the log"
    BEHIND = "still being built, or far behind"


class Round(NamedTuple):
    """Whether there may be more to do at once, what failed, and what another round is for."""

    more: bool
    failed: Mapping[Copy, Exception]
    left: Collection[Copy] = ()


class Failure(NamedTuple):
    """What a projection failed with, how often in a row, and when it is tried again."""

    kind: str
    times: int
    retry_at: float


class Projector:
    """Runs projections over the event log."""

    def __init__(
        self,
        projections: Sequence[Projection],
        store: EventStore,
        pool: ConnectionPool,
        batch_size: int = 2000,
        part: Part = Part.ALL,
    ) -> None:
        self._projections = {projection.name: projection for projection in projections}
        self._followers = {
            (name, live): Follower(projection, store.mapper, live=live)
            for live in (False, True)
            for name, projection in self._projections.items()
        }
        self._store = store
        self._pool = pool
        self._batch_size = batch_size
        self._part = part
        self._failing: dict[Copy, Failure] = {}
        self._gone: set[str] = set()
        self._next_takeover: defaultdict[str, float] = defaultdict(float)
        self._from_the_front = False

    @property
    def failures(self) -> dict[str, str]:
        """The projections that cannot go on, each with its error."""
        return {name: failure.kind for (name, _), failure in [*self._failing.items()]}

    def catch_up(self) -> bool:
        """Apply one batch of events, or take over from a version before if that is due.

        Returns whether there may be more to do at once: not if another worker has the projections.

        Raises:
            NoCheckpoint: a projection has no tables in this version.
            Exception: what a projection failed with; the others have moved on.
        """
        done = self._round([*self._followers])
        for error in done.failed.values():
            raise error
        return done.more

    def replay_parked(
        self, *, of_newer_program: bool = False, until: float = math.inf
    ) -> tuple[list[UUID], list[UUID]]:
        """Apply what is parked, in order, each stream in a transaction of its own.

        What a projection without a key has skipped stays so: a rebuild applies it in its place.
        Perhaps only the streams whose first event was written by a program newer than its reader.
        No other is begun after the time `until` of the monotonic clock.

        Returns:
            The streams that are applied, and those that stay parked, from the first of their events
            on that still fails.
        """
        applied: list[UUID] = []
        remaining: list[UUID] = []
        for follower in self._followers.values():
            if follower.projection.key is None:
                continue
            with self._pool.connection() as db:
                streams = parking.blocked_streams(db, follower.checkpoint, of_newer_program)
                # What was being built may have gone live meanwhile, and what it parked with it.
                with suppress(*() if follower.checkpoint.live else (NoCheckpoint,)):
                    for stream in streams:
                        if time.monotonic() > until:
                            break
                        with db.transaction():
                            follower.replay(db, stream, self._batch_size)
                still = parking.blocked_streams(db, follower.checkpoint)
            applied += [stream for stream in streams if stream not in still]
            remaining += [stream for stream in streams if stream in still]
        return applied, remaining

    def run(self, stop: threading.Event, wakeup: threading.Event) -> None:
        """Catch up until `stop` is set, or until newer versions have taken over."""
        is_new = self._part is not Part.BEHIND
        rounds, last = ROUNDS_AT_ONCE, time.monotonic()
        while not stop.is_set() and len(self._gone) < len(self._projections):
            wakeup.clear()
            done, ready = Round(False, {}), self._ready()
            try:
                if is_new:  # this may be the newer program
                    self.replay_parked(of_newer_program=True)
                    self._keep_failures(dict.fromkeys(self._followers))
                    is_new = False
                if ready:
                    done = self._round(ready)
            except Exception as error:  # noqa: BLE001 - whatever it is, the projections wait there
                done = Round(False, dict.fromkeys(ready, error))
            self._note({*ready} - {*done.left}, done.failed)
            if done.more:
                continue
            wakeup.wait(POLL_INTERVAL)
            now = time.monotonic()
            rounds = min(ROUNDS_AT_ONCE, rounds - 1 + (now - last) * ROUNDS_PER_SECOND)
            last = now
            if rounds < 1:
                stop.wait((1 - rounds) / ROUNDS_PER_SECOND)

    # Rounds ---------------------------------------------------------------------------------------

    def _round(self, copies: Collection[Copy]) -> Round:
        """Move those on that stand near each other."""
        failed: dict[Copy, Exception] = {}
        with self._pool.connection() as db, db.transaction():
            found = standings.standings(db, self._checkpoints(copies))
            behind = self._behind(found)
            nearby = self._nearby(behind)
            reached = self._move_on(db, nearby, failed)
        left = behind.keys() - nearby
        more = bool(reached and (left or any(reached < found[copy].end for copy in nearby)))
        for name, projection in self._projections.items():
            both = {(name, False), (name, True)}
            if both.issubset(copies) and both.isdisjoint(found):
                failed[name, True] = NoCheckpoint(projection)
        for (name, live), standing in found.items():
            is_built = not live and standing.log_position + self._batch_size >= standing.end
            if is_built and time.monotonic() >= self._next_takeover[name]:
                self._next_takeover[name] = time.monotonic() + TAKEOVER_INTERVAL
                with suppress(LockNotAvailable):
                    self._take_over(self._followers[name, False])
                    more = True
        return Round(more, failed, left)

    def _checkpoints(self, copies: Iterable[Copy]) -> list[Checkpoint]:
        return [self._followers[copy].checkpoint for copy in copies]

    def _behind(self, found: Mapping[Copy, Standing]) -> dict[Copy, int]:
        """Those of this part that have not reached the end of the log."""
        most = NEAR_BATCHES * self._batch_size
        return {
            (name, live): at
            for (name, live), (at, end, *_) in found.items()
            if at < end
            and (self._part is Part.ALL or (live and end - at <= most) == (self._part is Part.NEAR))
        }

    def _nearby(self, behind: Mapping[Copy, int]) -> list[Copy]:
        """Those that go on over the same events.

        By turns from the rearmost and from the foremost on, so that neither waits for the other.
        """
        start = min(behind.values(), default=0)
        self._from_the_front = not self._from_the_front
        if self._from_the_front and behind:
            foremost = max(behind.values())
            start = min(at for at in behind.values() if at > foremost - self._batch_size)
        return [name for name, at in behind.items() if start <= at < start + self._batch_size]

    def _move_on(
        self, db: Connection, copies: Sequence[Copy], failed: dict[Copy, Exception]
    ) -> int:
        """Apply the next events to those that no other worker has.

        Returns up to where; 0 if there is nothing to apply.
        """
        free = standings.locked(db, self._checkpoints(copies)) if copies else {}
        if not free:
            return 0
        start = min(standing.log_position for standing in free.values())
        topics = frozenset[str]().union(*(self._followers[copy].topics for copy in free))
        stored, reached = self._store.read(start, self._batch_size, sorted(topics), db)
        if reached == start:
            return 0
        batch, parked = LogBatch(self._store.mapper, stored), parking.all_blocked_streams(db)
        at = datetime.now(UTC)
        moves: list[Move] = []
        for copy, standing in free.items():
            follower = self._followers[copy]
            followed = [
                event
                for event in stored
                if event.id > standing.log_position and event.topic in follower.topics
            ]
            try:
                if followed:
                    name = follower.checkpoint.projection
                    figures.BATCH_EVENTS.labels(name).observe(len(followed))
                    about = {"sourcing.events": len(followed), "sourcing.log_position": reached}
                    with (
                        tracing.span(f"project {name}", about, causes=followed),
                        figures.BATCH_SECONDS.labels(name).time(),
                        versions.tables_of(db, follower.projection, live=follower.checkpoint.live),
                    ):
                        follower.apply(db, followed, batch, parked.get(follower.checkpoint, {}))
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                failed[copy] = error
                continue
            if standing.log_position < reached:
                changed = followed[-1].id if followed else None
                seconds = (at - standing.moved_at).total_seconds()
                events = reached - standing.log_position
                rate = standings.rate(standing.events_per_second, events, seconds)
                moves.append(Move(follower.checkpoint, changed, rate))
        if moves:
            standings.move(db, moves, reached, at)
        return reached

    def _take_over(self, follower: Follower) -> None:
        """Become the live version, having applied at least what the one before has."""
        copy = follower.projection.name, False
        with self._pool.connection() as db, db.transaction():
            standing = standings.locked(db, [follower.checkpoint]).get(copy)
            if standing is None:
                return
            db.execute(f"SET LOCAL lock_timeout = '{TAKEOVER_LOCK_TIMEOUT}'")
            goal, at = max(versions.lock_live(db, follower.projection), head(db)), 0
            failed: dict[Copy, Exception] = {}
            while max(at, standing.log_position) < goal and not failed:
                at = self._move_on(db, [copy], failed)
            for error in failed.values():
                raise error
            versions.take_over(db, follower.projection)
        logger.info("projection %s: version %d is live", *follower.checkpoint[:2])

    # Failures -------------------------------------------------------------------------------------

    def _ready(self) -> list[Copy]:
        now = time.monotonic()
        waiting = {copy for copy, failure in self._failing.items() if failure.retry_at > now}
        return [
            copy for copy in self._followers if copy[0] not in self._gone and copy not in waiting
        ]

    def _note(self, tried: Set[Copy], failed: Mapping[Copy, Exception]) -> None:
        """Keep which projections failed: what was rolled back is tried again later."""
        for copy in tried - failed.keys():
            self._failing.pop(copy, None)
        for error in {id(error): error for error in failed.values()}.values():
            failing = {name: None for (name, _), reason in failed.items() if reason is error}
            names = ", ".join(failing)
            if isinstance(error, NoCheckpoint):
                logger.error("projection %s stops: %s", names, error)
                self._gone.add(names)
            else:
                logger.error("projection %s failed: %s", names, redacted_traceback(error))
        for copy, error in failed.items():
            times = self._failing[copy].times + 1 if copy in self._failing else 1
            retry_at = time.monotonic() + backoff(times)
            self._failing[copy] = Failure(error_kind(error), times, retry_at)
        if failed:
            with suppress(Exception):  # it may be the database that fails
                self._keep_failures({copy: error_kind(error) for copy, error in failed.items()})

    def _keep_failures(self, failures: Mapping[Copy, str | None]) -> None:
        """Say for other processes why projections cannot go on; None if they can."""
        with self._pool.connection() as db:
            for copy, failure in failures.items():
                progress.note_failure(db, self._followers[copy].checkpoint, failure)


def backoff(failures: int) -> float:
    """Seconds until a projection that has failed so many times in a row is tried again.

    >>> backoff(1), backoff(5), backoff(10_000)
    (0.2, 3.2, 30.0)
    """
    return float(min(30.0, 0.1 * 2 ** min(failures, 9)))

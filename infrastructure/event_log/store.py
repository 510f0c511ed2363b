"""Executes commands: loads what they need, records what they decide, retries on conflicts."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Self, TypeVar
from uuid import UUID

from eventsourcing.persistence import IntegrityError, Notification, StoredEvent

from domain.aggregate import Aggregate, Refused, refuse
from domain.command import Command, NotFound
from domain.event import Event
from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log.codec import EventMapper
from infrastructure.event_log.keys import Keyring
from infrastructure.event_log.recorder import BATCH_SIZE, GroupCommitRecorder
from infrastructure.event_log.statements import Statement
from infrastructure.event_log.unreadable import UnreadableEvent
from infrastructure.telemetry import figures, tracing

A = TypeVar("A", bound=Aggregate)
C = TypeVar("C", bound=Command)
R = TypeVar("R")

Decided = list[tuple[C, Refused | None]]
"""Commands, each with its refusal if it was not taken."""

ATTEMPTS = 12
"""How often a command is decided before it is given up because of concurrent changes."""


class Contended(Exception):
    """Every attempt conflicted with a concurrent change; nothing was recorded, so try again."""


class VersionMismatch(Exception):
    """The aggregate is not at the version that the caller expects."""

    def __init__(self, id: UUID, seen: int, current: int) -> None:
        super().__init__(f"{id} is at version {current}, not {seen}; read it again, then decide.")
        self.current = current


@dataclass(frozen=True)
class Recorded:
    """The result of a command: its aggregate, the version and the log position it reached."""

    id: UUID
    version: int
    log_position: int


class EventStore:
    """The event log of the marketplace, with everything it takes to change it.

    Events are read, and the keys of personal data kept, over the pool; the `secret` wraps the keys.
    """

    def __init__(
        self, database_url: str, pool: Pool, secret: str, *, batch_size: int = BATCH_SIZE
    ) -> None:
        self.keyring = Keyring(pool, secret)
        self.mapper = EventMapper(self.keyring)
        self.recorder = GroupCommitRecorder(database_url, pool, batch_size=batch_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.recorder.close()

    def head(self) -> int:
        """The log position of the last event, 0 for an empty log."""
        return self.recorder.max_notification_id() or 0

    def execute(
        self,
        command: Command,
        *,
        if_version: int | None = None,
        also: Callable[[Aggregate], Iterable[Statement]] = lambda _: (),
    ) -> Recorded:
        """Decide a command and record all that follows from it, or nothing.

        With `if_version` its aggregate must have had this version before. What `also` gives is
        committed together with the events.

        Raises:
            Refused: by the rules of the domain.
            VersionMismatch: the aggregate has moved on.
            Contended: every attempt conflicted with a concurrent change.
            psycopg.Error: the database refused a statement of `also`.
        """

        def decide(work: UnitOfWork) -> Aggregate:
            aggregate = command.decide(work)
            before = work.loaded_version(aggregate)
            if if_version is not None and before != if_version:
                raise VersionMismatch(aggregate.id, if_version, before)
            return aggregate

        about = {"sourcing.request_id": command.request_id}
        with tracing.span(type(command).__name__, about):
            found = self._decide_and_record(decide, lambda: UnitOfWork(self), also)
        aggregate, position = found
        return Recorded(aggregate.id, aggregate.version, position)

    def execute_all(
        self,
        commands: Callable[[], Sequence[C]],
        *,
        load: Callable[["UnitOfWork"], None],
        also: Callable[[Decided[C]], Iterable[Statement]] = lambda _: (),
    ) -> tuple[Decided[C], int]:
        """Decide many commands in one transaction; those that are refused do not stop the others.

        `commands` gives them in order, again after each conflict. `load` loads at once what they
        will look at; what it leaves out is loaded alone. Returns each command, refused or not, and
        the position of the last event; `also` and errors are as in `execute`.
        """

        def begin() -> UnitOfWork:
            work = UnitOfWork(self)
            load(work)
            return work

        def decide(work: UnitOfWork) -> Decided[C]:
            return [(command, _refusal(command, work)) for command in commands()]

        with tracing.span("execute all"):
            return self._decide_and_record(decide, begin, also)

    def record(
        self,
        events: Sequence[Event],
        *,
        unchanged: Mapping[UUID, int] = MappingProxyType({}),
        also: Iterable[Statement] = (),
    ) -> int:
        """Record events that aggregates have stated, in this order, all or none.

        An event that erases a person destroys their key in the same transaction. The `unchanged`
        aggregates must still be at these versions. Returns the log position of the last event, or
        the head of the log if there are no events.

        Raises:
            IntegrityError: one of the aggregates was changed concurrently.
            psycopg.Error: the database refused a statement of `also`.
        """
        self.keyring.encryption_keys({event.person_id for event in events if event.personal})
        erasing = [self.keyring.destroying(e.person_id, e.timestamp) for e in events if e.erases]
        statements = [*also, *erasing]
        if not events and not statements:
            return self.head()
        with tracing.span("append", {"sourcing.events": len(events)}) as span:
            stored = [self.mapper.to_stored_event(event) for event in events]
            positions = self.recorder.insert_events(stored, unchanged=unchanged, also=statements)
            span.set_attribute("sourcing.log_position", max(positions or [0]))
        figures.count_events(event.TOPIC for event in events)
        return max(positions) if positions else self.head()

    def read(
        self, after: int, limit: int, topics: Sequence[str], db: Database | None = None
    ) -> tuple[list[Notification], int]:
        """The stored events after a log position, and the log position up to which that is all."""
        return self.recorder.read(after, limit, topics, db)

    def _decide_and_record(
        self,
        decide: Callable[["UnitOfWork"], R],
        begin: Callable[[], "UnitOfWork"],
        also: Callable[[R], Iterable[Statement]],
    ) -> tuple[R, int]:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, 0.001 * 2**attempt))  # noqa: S311 - spreads retries
            work = begin()
            try:
                outcome = decide(work)
            except Refused:
                # Aggregates are read one after the other: a change between two of them may be why.
                if work.is_stale():
                    continue
                raise
            with suppress(IntegrityError):
                return outcome, work.record(also(outcome))
        raise Contended(f"Others changed the same things {ATTEMPTS} times; try again.")


def _refusal(command: Command, work: "UnitOfWork") -> Refused | None:
    work.mark()
    try:
        command.decide(work)
    except Refused as refused:
        if work.has_changed():
            raise RuntimeError(f"{command!r} stated facts before it was refused") from refused
        return refused
    return None


class UnitOfWork:
    """The aggregates of one transaction, each loaded once; see `domain.command.Work`."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._aggregates: dict[UUID, Aggregate | None] = {}
        self._loaded_version: dict[UUID, int] = {}
        self._since_mark: dict[UUID, tuple[Aggregate, int]] = {}

    def get(self, kind: type[A], id: UUID, needed: Sequence[type[Event]] | None = None) -> A:
        """The aggregate. Raises `NotFound` if nothing ever happened to it."""
        aggregate = self.find(kind, id, needed)
        if not aggregate.exists:
            raise NotFound(kind, id)
        return aggregate

    def find(self, kind: type[A], id: UUID, needed: Sequence[type[Event]] | None = None) -> A:
        """The aggregate, new if nothing ever happened to it. Raises `NotFound` for another kind."""
        if id not in self._aggregates:
            self.load_all(kind, [id])
        aggregate = self._aggregates[id]
        if not isinstance(aggregate, kind):
            raise NotFound(kind, id)
        refuse(aggregate.reasons_if_unreadable(needed))
        self._since_mark.setdefault(id, (aggregate, aggregate.version))
        return aggregate

    def find_all(self, kind: type[A], ids: Sequence[UUID]) -> list[A]:
        """The aggregates, loaded in one query; see `find`."""
        if missing := [id for id in ids if id not in self._aggregates]:
            self.load_all(kind, missing)
        return [self.find(kind, id) for id in ids]

    def load_all(
        self, kind: type[Aggregate], ids: Iterable[UUID], deciding: Sequence[type[Event]] = ()
    ) -> None:
        """Load many aggregates in one query, reading only the event types that the decision needs.

        These are the `deciding` ones, or else all that change the aggregate's state.
        """
        wanted = sorted(set(ids))
        latest = set() if deciding else {event.TOPIC for event in kind.latest_only}
        topics = {event.TOPIC for event in deciding or kind.handlers} - latest
        loaded = self._store.recorder.load(wanted, topics, latest)
        stored = {id: [*each] for id, each in groupby(loaded, lambda event: event.originator_id)}
        for id in wanted:
            self._keep(kind, id, stored.get(id, []), topics | latest)

    def loaded_version(self, aggregate: Aggregate) -> int:
        """The version of an aggregate when it was loaded."""
        return self._loaded_version[aggregate.id]

    def new(self, kind: type[A]) -> Iterator[A]:
        """The aggregates of this kind that nothing had happened to when they were loaded."""
        for id, aggregate in self._aggregates.items():
            if isinstance(aggregate, kind) and aggregate.exists and not self._loaded_version[id]:
                yield aggregate

    def mark(self) -> None:
        """Start what `has_changed` compares with."""
        self._since_mark.clear()

    def has_changed(self) -> bool:
        """Whether facts were stated since the mark."""
        return any(aggregate.version != seen for aggregate, seen in self._since_mark.values())

    def is_stale(self) -> bool:
        """Whether an aggregate has changed since it was loaded."""
        now = self._store.recorder.versions(self._loaded_version)
        return any(now.get(id, 0) != version for id, version in self._loaded_version.items())

    def record(self, also: Iterable[Statement]) -> int:
        """`EventStore.record` all that changed, provided that all that did not still stands."""
        unchanged = dict(self._loaded_version)
        pending: list[Event] = []
        for aggregate in self._aggregates.values():
            if aggregate and (events := aggregate.collect_events()):
                pending += events
                del unchanged[aggregate.id]
        return self._store.record(pending, unchanged=unchanged, also=also)

    def _keep(
        self, kind: type[Aggregate], id: UUID, stored: Sequence[StoredEvent], topics: Set[str]
    ) -> None:
        version = stored[-1].originator_version if stored else 0
        self._loaded_version[id] = version
        if stored and not any(event.topic.startswith(f"{kind.kind}.") for event in stored):
            self._aggregates[id] = None  # an aggregate of another kind has this id
            return
        events = self._store.mapper.read([event for event in stored if event.topic in topics])
        self._aggregates[id] = folded(kind, id, events, version)


def folded(kind: type[A], id: UUID, events: Sequence[Event | UnreadableEvent], version: int) -> A:
    """An aggregate of this version from its events, without those that cannot be read."""
    unreadable = [event.topic for event in events if isinstance(event, UnreadableEvent)]
    readable = (event for event in events if isinstance(event, Event))
    return kind.fold(id, readable, version=version, unreadable=unreadable)

"""Executes commands: loads what they need, records what they decide, decides anew when outrun."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Notification, StoredEvent
from psycopg_pool import ConnectionPool

from domain.aggregate import Aggregate, Refused
from domain.command import Command, NotFound
from domain.event import Event
from infrastructure.event_log.codec import EventMapper
from infrastructure.event_log.group_commit import LARGEST_GROUP, Statement
from infrastructure.event_log.keys import Keyring
from infrastructure.event_log.recorder import GroupCommitRecorder, event_log_environment

A = TypeVar("A", bound=Aggregate)
C = TypeVar("C", bound=Command)
R = TypeVar("R")

Decided = list[tuple[C, Refused | None]]
"""Commands, each with its refusal if it was not taken."""

ATTEMPTS = 12
"""How often a command is decided anew before its caller is told that others were always faster."""


class Contended(Exception):
    """Others kept changing the same things; nothing was recorded, so it is safe to try again."""


class VersionMismatch(Exception):
    """The aggregate is not at the version that the caller had seen."""

    def __init__(self, id: UUID, seen: int, current: int) -> None:
        super().__init__(f"{id} is at version {current}, not {seen}; read it again, then decide.")
        self.current = current


@dataclass(frozen=True)
class Recorded:
    """What became of a command: its aggregate, at which version, up to which event position."""

    id: UUID
    version: int
    log_position: int


class EventStore(Application[UUID]):
    """The event log of the marketplace, with everything it takes to change it."""

    name = "marketplace"

    def __init__(
        self,
        database_url: str,
        pool: ConnectionPool,
        secret: str,
        *,
        largest_group: int = LARGEST_GROUP,
    ) -> None:
        self.keyring = Keyring(pool, secret)
        super().__init__(event_log_environment(database_url, largest_group=largest_group))
        self.recorder: GroupCommitRecorder
        self.mapper: EventMapper

    def construct_mapper(self) -> EventMapper:
        """Write events with their names, versions and sealed personal fields."""
        return EventMapper(self.keyring)

    def execute(
        self,
        command: Command,
        *,
        if_version: int | None = None,
        also: Callable[[Aggregate], Iterable[Statement]] = lambda _: (),
    ) -> Recorded:
        """Decide a command and record all that follows from it, or nothing.

        Args:
            command: what is asked for.
            if_version: the version its aggregate must have had before, for optimistic concurrency.
            also: statements to commit together with the events.

        Raises:
            Refused: by the rules of the domain.
            VersionMismatch: the aggregate has moved on.
            Contended: others were faster each time; nothing was recorded.
        """

        def decide(work: UnitOfWork) -> Aggregate:
            aggregate = command.execute(work)
            before = work.loaded_version(aggregate)
            if if_version is not None and before != if_version:
                raise VersionMismatch(aggregate.id, if_version, before)
            return aggregate

        aggregate, position = self._decide_and_record(decide, lambda: UnitOfWork(self), also)
        return Recorded(aggregate.id, aggregate.version, position)

    def execute_all(
        self,
        commands: Callable[[], Sequence[C]],
        *,
        kind: type[Aggregate],
        ids: Iterable[UUID],
        deciding: Sequence[type[Event]] = (),
        also: Callable[[Decided[C]], Iterable[Statement]] = lambda _: (),
    ) -> tuple[Decided[C], int]:
        """Decide many commands in one transaction; those that are refused do not stop the others.

        Args:
            commands: says what is asked for, in order; asked again if others were faster.
            kind: of the aggregates they change.
            ids: of these aggregates, which are loaded at once.
            deciding: the only events that the decisions look at; all of them when empty.
            also: statements to commit together with the events.

        Returns:
            Each command with its refusal, None where it was taken, and the position of the last
            event.

        Raises:
            Contended: others were faster each time; nothing was recorded.
        """
        wanted = sorted(set(ids))

        def load() -> UnitOfWork:
            work = UnitOfWork(self)
            work.load_all(kind, wanted, deciding)
            return work

        def decide(work: UnitOfWork) -> Decided[C]:
            return [(command, _refusal(command, work)) for command in commands()]

        return self._decide_and_record(decide, load, also)

    def record(
        self,
        events: Sequence[Event],
        *,
        unchanged: Mapping[UUID, int] = MappingProxyType({}),
        also: Iterable[Statement] = (),
    ) -> int:
        """Record events that aggregates have stated, in this order, all or none.

        An event that erases a person destroys their key in the same transaction.

        Args:
            events: of any number of aggregates.
            unchanged: aggregates that must still be at these versions.
            also: statements to commit together with the events.

        Returns:
            The position of the last event, or that of the log where there was nothing to record.

        Raises:
            IntegrityError: somebody else changed one of the aggregates meanwhile.
        """
        self.keyring.to_seal({event.person_id for event in events if event.personal})
        erasing = [self.keyring.destroying(e.person_id, e.timestamp) for e in events if e.erases]
        statements = [*also, *erasing]
        if not events and not statements:
            return self.recorder.max_notification_id() or 0
        # `Application.save` does this and takes snapshots, of which there are none.
        recordings = self.events.put(events, unchanged=unchanged, also=statements)
        if not recordings:
            return self.recorder.max_notification_id() or 0
        return max(recording.notification.id for recording in recordings)

    def read(self, after: int, limit: int, topics: Sequence[str]) -> tuple[list[Notification], int]:
        """The stored events after a position, and the position up to which that is all."""
        return self.recorder.read(after, limit, topics)

    def _decide_and_record(
        self,
        decide: Callable[["UnitOfWork"], R],
        begin: Callable[[], "UnitOfWork"],
        also: Callable[[R], Iterable[Statement]],
    ) -> tuple[R, int]:
        for attempt in range(ATTEMPTS):
            work = begin()
            outcome = decide(work)
            try:
                return outcome, work.record(also(outcome))
            except IntegrityError:
                time.sleep(random.uniform(0, 0.002 * 2**attempt))  # noqa: S311 - spreads retries
        raise Contended(f"Others changed the same things {ATTEMPTS} times; try again.")


def _refusal(command: Command, work: "UnitOfWork") -> Refused | None:
    work.mark()
    try:
        command.execute(work)
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

    def get(self, kind: type[A], id: UUID) -> A:
        """The aggregate. Raises `NotFound` if nothing ever happened to it."""
        aggregate = self.find(kind, id)
        if not aggregate.exists:
            raise NotFound(kind, id)
        return aggregate

    def find(self, kind: type[A], id: UUID) -> A:
        """The aggregate, new if nothing ever happened to it. Raises `NotFound` for another kind."""
        if id not in self._aggregates:
            stored = self._store.recorder.select_events(id)
            self._keep(kind, id, stored, stored[-1].originator_version if stored else 0)
        aggregate = self._aggregates[id]
        if not isinstance(aggregate, kind):
            raise NotFound(kind, id)
        self._since_mark.setdefault(id, (aggregate, aggregate.version))
        return aggregate

    def load_all(self, kind: type[A], ids: Sequence[UUID], deciding: Sequence[type[Event]]) -> None:
        """Load many aggregates by what decides about them, of whose events the rest is left out."""
        recorder = self._store.recorder
        versions = recorder.versions(ids)
        topics = [event.TOPIC for event in deciding] or None
        stored = groupby(recorder.select_many(ids, topics), key=lambda event: event.originator_id)
        events = {id: [*group] for id, group in stored}
        for id in ids:
            self._keep(kind, id, events.get(id, []), versions.get(id, 0))

    def loaded_version(self, aggregate: Aggregate) -> int:
        """The version of an aggregate before this work."""
        return self._loaded_version[aggregate.id]

    def mark(self) -> None:
        """Look from here on for what `has_changed`."""
        self._since_mark.clear()

    def has_changed(self) -> bool:
        """Whether facts were stated since the mark."""
        return any(aggregate.version != seen for aggregate, seen in self._since_mark.values())

    def record(self, also: Iterable[Statement]) -> int:
        """Record all that changed, provided that all that did not still stands.

        Returns:
            The position of the last event, or that of the log where there was nothing to record.

        Raises:
            IntegrityError: somebody else changed one of the aggregates meanwhile.
        """
        unchanged = dict(self._loaded_version)
        pending: list[Event] = []
        for aggregate in self._aggregates.values():
            if aggregate and (events := aggregate.collect_events()):
                pending += events
                del unchanged[aggregate.id]
        return self._store.record(pending, unchanged=unchanged, also=also)

    def _keep(
        self, kind: type[Aggregate], id: UUID, stored: Sequence[StoredEvent], version: int
    ) -> None:
        self._loaded_version[id] = version
        if version and not (stored and stored[0].topic.startswith(f"{kind.kind}.")):
            self._aggregates[id] = None  # something of another kind has this id
        else:
            events = map(self._store.mapper.to_domain_event, stored)
            self._aggregates[id] = kind.fold(id, events, version=version)

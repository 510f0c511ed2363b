"""Saves that are written together: which of them conflict, and what the others append."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from infrastructure.event_log.statements import NO_EVENTS, Statement, array

Outcome = list[int] | Exception
"""The log positions of a save's events, or why it was refused."""


@dataclass(slots=True, eq=False)
class Save:
    """One caller's save, from when it is queued until it has an outcome."""

    events: Sequence[StoredEvent]
    unchanged: Mapping[UUID, int]
    also: Sequence[Statement]
    queued_at: float = field(default_factory=time.monotonic)
    leads: bool = False
    outcome: Outcome | None = None
    turn: Lock = field(default_factory=Lock)
    """Held until there is an outcome, or until this caller is the leader."""

    def __post_init__(self) -> None:
        self.turn.acquire()

    def streams(self) -> Iterator[UUID]:
        """All that it changes or depends on."""
        yield from self.unchanged
        for event in self.events:
            yield cast(UUID, event.originator_id)


@dataclass(slots=True)
class Batch:
    """What saves come to if they are appended at the end of the log as it was then."""

    log_position: int
    """Of the last event before this batch."""
    at: datetime
    outcomes: list[Outcome] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    expected: dict[UUID, tuple[int, int]] = field(default_factory=dict)
    """The lowest and the highest version at which each stream may be, -1 without events."""
    also: list[Statement] = field(default_factory=list)
    transaction_id: str | None = None

    @property
    def has_no_conflicts(self) -> bool:
        """Whether it has events and no save is refused."""
        return bool(self.events) and all(isinstance(outcome, list) for outcome in self.outcomes)

    @property
    def last_log_position(self) -> int:
        """Where the log ends once this is appended."""
        return self.log_position + len(self.events)

    def parameters(self) -> dict[str, Any]:
        """The parameters of `APPEND`."""
        bounds = self.expected.values()
        return {
            "log_position": self.log_position,
            "count": len(self.events),
            "at": self.at,
            "streams": [*self.expected],
            "lowest": array(lowest for lowest, _ in bounds),
            "highest": array(highest for _, highest in bounds),
            "ids": [event.originator_id for event in self.events],
            "versions": array(event.originator_version for event in self.events),
            "topics": [event.topic for event in self.events],
            "states": [event.state for event in self.events],
        }


def assemble(
    saves: Sequence[Save], log_position: int, versions: Mapping[UUID, int], at: datetime
) -> Batch:
    """Accept or refuse each save as if they came one after the other.

    A stream whose version is not given is assumed to be where its first save expects it, and the
    database checks that when the batch is appended.
    """
    batch = Batch(log_position, at)
    current = dict(versions)
    for save in saves:
        try:
            expected, then = _check(save, current)
        except IntegrityError as conflict:
            batch.outcomes.append(conflict)
            continue
        current.update(then)
        batch.expected.update(expected)
        first = batch.last_log_position + 1
        batch.outcomes.append([*range(first, first + len(save.events))])
        batch.events += save.events
        batch.also += save.also
    return batch


def _check(
    save: Save, current: Mapping[UUID, int]
) -> tuple[dict[UUID, tuple[int, int]], dict[UUID, int]]:
    """What a save expects of streams that are not in `current`, and the versions it leads to.

    Raises `IntegrityError` if it does not fit onto the streams as they are.
    """
    expected: dict[UUID, tuple[int, int]] = {}
    then: dict[UUID, int] = {}
    for stream, seen in save.unchanged.items():
        version = seen or NO_EVENTS
        if stream not in current:
            expected[stream] = (version, version)
            then[stream] = version
        elif current[stream] != version:
            raise IntegrityError(f"{stream} is no longer at version {seen}")
    for event in save.events:
        stream, version = cast(UUID, event.originator_id), event.originator_version
        last = then.get(stream, current.get(stream))
        if last is None:
            expected[stream] = (NO_EVENTS, version - 1)
        elif version <= last:
            raise IntegrityError(f"{stream} already has version {version}")
        then[stream] = version
    return expected, then

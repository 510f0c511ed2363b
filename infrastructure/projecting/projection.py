"""What a read model declares: its tables and how each event changes them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import Connection
from pydantic_core import from_json

from domain.event import TYPES, Event
from domain.handlers import HandlesEvents

Change = tuple[str, Mapping[str, Any]]
"""A statement, and its parameters beside the fields of the event.

Those that every event has are `id`, `version`, `at`, `by` and `log_position`, its place in the log.
"""


class BulkStatement(str):
    """A statement for what happens most: it takes many changes at once, each parameter an array."""


class LoggedEvent(NamedTuple):
    """An event at its position in the log."""

    log_position: int
    event: Event


class Projection(HandlesEvents):
    """A read model: its tables and how each event changes them.

    A new version is built from all events beside the live one, and then takes its place.

    With a `key`, a statement changes only rows that belong to that parameter's value. Changes of
    different rows may then be applied in any order, and those by one statement all at once.
    The value is that of the events' field of this name, or of those without one their aggregate's
    id: so it is known of an event that cannot be handled too, and what comes behind it waits.

    A withdrawal, such as an erasure, does not wait: it is applied at once, and again in its place
    when that comes. Twice must give what once does.

    One that is not `personal` gets its events without their personal fields, as after an erasure.
    One that is `apart` takes long over a batch, and does not hold up the others.
    """

    TABLES: ClassVar[str] = ""
    READS: "ClassVar[Sequence[type[Projection]]]" = ()
    """Other read models whose tables its queries read: queries wait for them too."""

    name: ClassVar[str]
    version: ClassVar[int]
    key: ClassVar[str | None]
    personal: ClassVar[bool]
    apart: ClassVar[bool]

    def __init_subclass__(
        cls,
        *,
        name: str,
        version: int,
        key: str | None = None,
        personal: bool = False,
        apart: bool = False,
    ) -> None:
        super().__init_subclass__()
        cls.name = name
        cls.version = version
        cls.key = key
        cls.personal = personal
        cls.apart = apart

    @property
    def follows(self) -> Collection[type[Event]]:
        """The events that change it."""
        return self.handlers.keys()

    @property
    def topics(self) -> list[str]:
        """The stored names of the events that change it."""
        return sorted(event.TOPIC for event in self.follows)

    def apply(self, db: Connection, events: Sequence[LoggedEvent]) -> None:
        """Change the tables by a batch of events, in order, within the caller's transaction."""
        changes = (
            (statement, {**parameters, "log_position": positioned.log_position})
            for positioned in events
            for statement, parameters in self.changes(positioned.event)
        )
        with db.cursor() as cursor:
            for statement, rows in batch_by_statement(changes, self.key):
                if isinstance(statement, BulkStatement):
                    cursor.execute(statement, {p: [row[p] for row in rows] for p in rows[0]})
                else:
                    cursor.executemany(statement, rows)

    def stream(self, stored: StoredEvent) -> UUID:
        """The key's value of an event that may be unreadable.

        If not even that can be read, its aggregate's id.
        """
        if self.key and self.key in TYPES[stored.topic].model_fields:
            with suppress(ValueError, LookupError, TypeError, AttributeError):
                return UUID(from_json(stored.state)[self.key])
        return UUID(str(stored.originator_id))

    def changes(self, event: Event) -> Iterable[Change]:
        """What an event changes: statements, each with all its parameters but the log position."""
        changes: Change | Iterable[Change] = self.handlers[type(event)](self, event)
        said = {
            **vars(event),
            "id": event.originator_id,
            "version": event.originator_version,
            "at": event.timestamp,
            "by": event.actor.id,
        }
        for statement, more in [changes] if isinstance(changes, tuple) else changes:
            yield statement, {**said, **more}


def batch_by_statement(
    changes: Iterable[Change], key: str | None
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The same changes with as many as possible of one statement together.

    Those with the same value of the key stay in order, and so does everything without a key.

    >>> changes = [("A", {"id": 1}), ("B", {"id": 2}), ("A", {"id": 3}), ("A", {"id": 2})]
    >>> [(statement, len(rows)) for statement, rows in batch_by_statement(changes, "id")]
    [('A', 2), ('B', 1), ('A', 1)]
    >>> [(statement, len(rows)) for statement, rows in batch_by_statement(changes, None)]
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

"""How events are stored: plain JSON, the personal fields sealed under the person's key."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from eventsourcing.utils import resolve_topic
from pydantic_core import from_json

from domain.event import Event
from infrastructure.event_log.keys import Key, Keyring

SEALED = "sealed"


class NewerEvent(ValueError):
    """An event was written by a newer program, in a version that this one does not know."""

    def __init__(self, topic: str, version: int, known: int) -> None:
        super().__init__(
            f"{topic} is of version {version}, and this program knows {known}: run the newer one."
        )


class EventMapper(Mapper[UUID]):
    """Turns events into what is stored and back.

    Unlike the library's mapper it validates what it reads, so that an old event gets the defaults
    of fields that were added later.
    """

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(JSONTranscoder())
        self._keyring = keyring

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The event as it is stored."""
        event = cast(Event, domain_event)
        kind = type(event)
        state = event.__pydantic_serializer__.to_json(
            event, exclude={"originator_id", "originator_version", *kind.personal}
        )
        if kind.class_version > 1:
            state = b'%s,"class_version":%d}' % (state[:-1], kind.class_version)
        person = event.person_id
        if kind.personal and (key := self._keyring.encryption_keys([person])[person]):
            plain = event.__pydantic_serializer__.to_json(event, include=set(kind.personal))
            sealed = key.seal(plain, _context(event.originator_id, event.originator_version))
            state = b'%s,"%s":"%s"}' % (state[:-1], SEALED.encode(), b64encode(sealed))
        return StoredEvent(event.originator_id, event.originator_version, kind.TOPIC, state)

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event with its personal fields erased; aggregates do not need them."""
        return _restore(stored_event, from_json(stored_event.state), None)

    def with_personal_fields(self, stored_events: Sequence[StoredEvent]) -> list[Event]:
        """The events with their personal fields, erased if the person's key was destroyed."""
        states = [from_json(event.state) for event in stored_events]
        persons = [
            _person(stored, state) if SEALED in state else None
            for stored, state in zip(stored_events, states, strict=True)
        ]
        keys = self._keyring.decryption_keys({p for p in persons if p}) if any(persons) else {}
        return [
            _restore(stored, state, keys.get(person) if person else None)
            for stored, state, person in zip(stored_events, states, persons, strict=True)
        ]


def _person(stored: StoredEvent, state: dict[str, Any]) -> UUID:
    whose = resolve_topic(stored.topic).person
    return UUID(str(stored.originator_id if whose == "originator_id" else state[whose]))


def _restore(stored: StoredEvent, state: dict[str, Any], key: Key | None) -> Event:
    kind: type[Event] = resolve_topic(stored.topic)
    sealed = state.pop(SEALED, None)
    version = state.pop("class_version", 1)
    if version > kind.class_version:
        raise NewerEvent(kind.TOPIC, version, kind.class_version)
    plain = None
    if sealed and key:
        context = _context(stored.originator_id, stored.originator_version)
        plain = from_json(key.open(b64decode(sealed), context))
        state |= plain
    for older in range(version, kind.class_version):
        getattr(kind, f"upcast_v{older}_v{older + 1}")(state)
    if plain is None:
        # After upcasting, whose default for a missing field must not pass for what was said.
        state |= kind.erased()
    state["originator_id"] = stored.originator_id
    state["originator_version"] = stored.originator_version
    return kind.model_validate(state)


def _context(originator_id: UUID | str, originator_version: int) -> bytes:
    return f"{originator_id}/{originator_version}".encode()

"""How events are stored: plain JSON, the personal fields sealed under the person's key."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic import TypeAdapter
from pydantic_core import from_json

from domain.actor import Actor
from domain.event import TYPES, Event
from domain.values import Moment, StorableText
from infrastructure.error_redaction import error_summary
from infrastructure.event_log.keys import Key, Keyring
from infrastructure.event_log.unreadable import NewerEvent, UnreadableEvent
from infrastructure.telemetry import tracing

SEALED = "sealed"
SEALED_FIELD = b'"sealed"'

ENVELOPE_FIELDS: dict[str, TypeAdapter[Any]] = {
    "timestamp": TypeAdapter(Moment),
    "actor": TypeAdapter(Actor),
    "request_id": TypeAdapter(StorableText),
}


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
        if cause := tracing.traceparent():
            state = b'%s,"%s":"%s"}' % (state[:-1], tracing.TRACEPARENT.encode(), cause)
        return StoredEvent(event.originator_id, event.originator_version, kind.TOPIC, state)

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event as aggregates need it, its personal fields erased. Raises `UnreadableEvent`."""
        return _readable(self.read([stored_event]))[0]

    def with_personal_fields(self, stored_events: Sequence[StoredEvent]) -> list[Event]:
        """The events with their personal fields, erased if the person's key was destroyed.

        Raises `UnreadableEvent` for the first that cannot be read.
        """
        return _readable(self.read(stored_events, personal=True))

    def read(
        self, stored_events: Sequence[StoredEvent], *, personal: bool = False
    ) -> list[Event | UnreadableEvent]:
        """Each event, or why it cannot be read; `personal` as in `with_personal_fields`."""
        if not personal:
            return [_restore(stored, None) for stored in stored_events]
        persons = [_person(stored) for stored in stored_events]
        keys = self._keyring.decryption_keys({p for p in persons if p}) if any(persons) else {}
        return [
            _restore(stored, keys.get(person) if person else None)
            for stored, person in zip(stored_events, persons, strict=True)
        ]


def envelope(stored: StoredEvent) -> dict[str, Any]:
    """Those fields of an event's envelope that can be read, however broken the rest is."""
    try:
        state = from_json(stored.state)
    except ValueError:
        return {}
    found: dict[str, Any] = {}
    for name, kind in ENVELOPE_FIELDS.items() if isinstance(state, dict) else ():
        with suppress(ValueError):
            found[name] = kind.validate_python(state.get(name))
    return found


def _readable(events: list[Event | UnreadableEvent]) -> list[Event]:
    for event in events:
        if isinstance(event, UnreadableEvent):
            raise event
    return cast(list[Event], events)


def _person(stored: StoredEvent) -> UUID | None:
    """Whose key opens its personal fields, if it has any; None too if that cannot be read."""
    kind = TYPES.get(stored.topic)
    if kind is None or SEALED_FIELD not in stored.state:
        return None
    if kind.person == "originator_id":
        return UUID(str(stored.originator_id))
    with suppress(ValueError, LookupError, TypeError):
        return UUID(str(from_json(stored.state)[kind.person]))
    return None


def _restore(stored: StoredEvent, key: Key | None) -> Event | UnreadableEvent:
    """The event, or why it cannot be read: whatever goes wrong here is in the event."""
    kind = TYPES.get(stored.topic)
    if kind is None:
        return UnreadableEvent(stored.topic, "this program does not know its kind")
    try:
        return _decoded(kind, stored, key)
    except UnreadableEvent as error:
        return error
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - by hand anything can be written
        unreadable = UnreadableEvent(stored.topic, error_summary(error))
        unreadable.__cause__ = error
        return unreadable


def _decoded(kind: type[Event], stored: StoredEvent, key: Key | None) -> Event:
    state = from_json(stored.state)
    sealed = state.pop(SEALED, None)
    state.pop(tracing.TRACEPARENT, None)
    version = state.pop("class_version", 1)
    if version > kind.class_version:
        raise NewerEvent(kind.TOPIC, version, kind.class_version)
    plain = None
    if sealed and key:
        context = _context(stored.originator_id, stored.originator_version)
        try:
            plain = from_json(key.open(b64decode(sealed), context))
        except (InvalidTag, ValueError):
            raise UnreadableEvent(kind.TOPIC, "its personal fields do not open") from None
        state |= plain
    for older in range(version, kind.class_version):
        getattr(kind, f"upcast_v{older}_v{older + 1}")(state)
    if plain is None:
        # After upcasting, whose default for a missing field must not pass for what was said.
        state |= kind.erased
    state["originator_id"] = stored.originator_id
    state["originator_version"] = stored.originator_version
    return kind.model_validate(state)


def _context(originator_id: UUID | str, originator_version: int) -> bytes:
    return f"{originator_id}/{originator_version}".encode()

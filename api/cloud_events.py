"""The log's events as CloudEvents 1.0 in JSON, as far as the reader may see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic_core import to_json

from domain.event import ENVELOPE, Event
from domain.event_disclosure import SHOWN_TO_EMPLOYERS, employer_of
from infrastructure.event_log.codec import envelope
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore
from infrastructure.event_log.unreadable import UnreadableEvent


class CloudEvent(BaseModel):
    """One event (CloudEvents 1.0, JSON format), with our extensions; null means there is none."""

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(description="the position in the log")
    source: str = Field(description="the kind of aggregate")
    type: str
    time: datetime = Field(
        description="when it happened; when it was recorded, if that cannot be read"
    )
    subject: str = Field(description="the aggregate's id")
    datacontenttype: Literal["application/json"] = "application/json"
    dataversion: int | None
    aggregateversion: int
    recordedat: datetime
    actorid: str | None
    actorrole: str | None
    requestid: str | None
    unreadable: bool = Field(False, description="this program cannot read it, so `data` is empty")
    unreadablereason: str | None = Field(None, description="why, without any of its values")
    data: dict[str, Any]


def cloud_events(
    store: EventStore, logged: Sequence[Logged], employer_id: UUID | None = None
) -> list[CloudEvent]:
    """Stored events with their personal data as far as it is not erased.

    With an employer, only theirs, without what is for the marketplace's own people.
    """
    if employer_id is not None:
        logged = [entry for entry in logged if _is_of(entry, employer_id)]
    events = store.mapper.read([entry.stored for entry in logged], personal=True)
    return [
        _unreadable(entry, event)
        if isinstance(event, UnreadableEvent)
        else _readable(entry, event, to_employer=employer_id is not None)
        for entry, event in zip(logged, events, strict=True)
    ]


def webhook_bodies(
    store: EventStore, logged: Sequence[Logged], employer_id: UUID | None
) -> dict[int, bytes]:
    """What a webhook sends of these events, by their log positions."""
    bodies = {}
    for event in cloud_events(store, logged, employer_id):
        attributes = event.model_dump(mode="json").items()
        # What there is none of is left out: not every library takes null for it.
        bodies[int(event.id)] = to_json({name: v for name, v in attributes if v is not None})
    return bodies


def _is_of(logged: Logged, employer_id: UUID) -> bool:
    stored = logged.stored
    id = UUID(str(stored.originator_id))
    return employer_of(stored.topic, id, stored.state) == employer_id


def _readable(logged: Logged, event: Event, *, to_employer: bool) -> CloudEvent:
    hidden = {*type(event).model_fields} - SHOWN_TO_EMPLOYERS if to_employer else set()
    return CloudEvent(
        **_stored(logged),
        time=event.timestamp,
        dataversion=event.class_version,
        actorid=event.actor.id,
        actorrole=event.actor.role,
        requestid=event.request_id,
        data=event.redacted().model_dump(mode="json", exclude={*ENVELOPE, *hidden}),
    )


def _unreadable(logged: Logged, error: UnreadableEvent) -> CloudEvent:
    known = envelope(logged.stored)
    actor = known.get("actor")
    return CloudEvent(
        **_stored(logged),
        time=known.get("timestamp", logged.recorded_at),
        dataversion=None,
        actorid=actor.id if actor else None,
        actorrole=actor.role if actor else None,
        requestid=known.get("request_id"),
        unreadable=True,
        unreadablereason=error.reason,
        data={},
    )


def _stored(logged: Logged) -> dict[str, Any]:
    stored = logged.stored
    return {
        "id": str(logged.log_position),
        "source": f"urn:sourcing:{stored.topic.partition('.')[0]}",
        "type": stored.topic,
        "subject": str(stored.originator_id),
        "aggregateversion": stored.originator_version,
        "recordedat": logged.recorded_at,
    }

"""The log's events as CloudEvents 1.0 in JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.event import ENVELOPE, Event
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


def cloud_events(store: EventStore, logged: Sequence[Logged]) -> list[CloudEvent]:
    """Stored events with their personal data as far as it is not erased."""
    events = store.mapper.read([entry.stored for entry in logged], personal=True)
    return [
        _unreadable(entry, event) if isinstance(event, UnreadableEvent) else _readable(entry, event)
        for entry, event in zip(logged, events, strict=True)
    ]


def _readable(logged: Logged, event: Event) -> CloudEvent:
    return CloudEvent(
        **_stored(logged),
        time=event.timestamp,
        dataversion=event.class_version,
        actorid=event.actor.id,
        actorrole=event.actor.role,
        requestid=event.request_id,
        data=event.redacted().model_dump(mode="json", exclude=ENVELOPE),
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

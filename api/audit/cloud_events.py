"""The log's events as CloudEvents 1.0 in JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.event import ENVELOPE, Event
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore


class CloudEvent(BaseModel):
    """One event (CloudEvents 1.0, JSON format), with our extensions."""

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(description="the position in the log")
    source: str = Field(description="the kind of aggregate")
    type: str
    time: datetime = Field(description="when it happened")
    subject: str = Field(description="the aggregate's id")
    datacontenttype: Literal["application/json"] = "application/json"
    dataversion: int
    aggregateversion: int
    recordedat: datetime
    actorid: str
    actorrole: str
    requestid: str
    data: dict[str, Any]


def cloud_events(store: EventStore, logged: Sequence[Logged]) -> list[CloudEvent]:
    """Stored events with their personal data as far as it is not erased."""
    events = store.mapper.with_personal_fields([entry.stored for entry in logged])
    return [_cloud_event(entry, event) for entry, event in zip(logged, events, strict=True)]


def _cloud_event(logged: Logged, event: Event) -> CloudEvent:
    return CloudEvent(
        id=str(logged.log_position),
        source=f"urn:sourcing:{event.TOPIC.partition('.')[0]}",
        type=event.TOPIC,
        time=event.timestamp,
        subject=str(event.originator_id),
        dataversion=event.class_version,
        aggregateversion=event.originator_version,
        recordedat=logged.recorded_at,
        actorid=event.actor.id,
        actorrole=event.actor.role,
        requestid=event.request_id,
        data=event.redacted().model_dump(mode="json", exclude=ENVELOPE),
    )

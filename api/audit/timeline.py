"""The steps of an outreach, with those that cannot be read."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from api.cloud_events import CloudEvent, cloud_events
from domain.actor import Role
from domain.event_disclosure import KINDS_FOR_EMPLOYERS, SHOWN_TO_EMPLOYERS
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.store import EventStore
from projections import outreach_timeline
from projections.outreach_timeline import Step

T = TypeVar("T")


def of_outreach(store: EventStore, db: Database, outreach_id: UUID) -> list[Step]:
    """An outreach from its first step to its last; of one that cannot be read, its envelope."""
    steps = outreach_timeline.of_outreach(db, outreach_id)
    if not steps:
        return []
    events = cloud_events(store, queries.of_aggregate(db, outreach_id))
    unreadable = [_step(steps[0], event) for event in events if event.unreadable]
    return sorted([*steps, *unreadable], key=lambda step: step.step)


def for_employer(steps: Sequence[Step]) -> list[Step]:
    """The steps that an employer may see, with those of their details that it may see."""
    return [
        step.model_copy(update={"details": _shown(step.details), "personal": _shown(step.personal)})
        for step in steps
        if f"outreach.{step.what}" in KINDS_FOR_EMPLOYERS
    ]


def _shown(fields: Mapping[str, T]) -> dict[str, T]:
    return {name: value for name, value in fields.items() if name in SHOWN_TO_EMPLOYERS}


def _step(another: Step, event: CloudEvent) -> Step:
    return another.model_copy(
        update={
            "step": event.aggregateversion,
            "what": event.type.removeprefix("outreach."),
            "at": event.time,
            "actor_id": event.actorid,
            "actor_role": Role(event.actorrole) if event.actorrole else None,
            "request_id": event.requestid,
            "details": {},
            "personal": {},
            "event_position": int(event.id),
            "unreadable": True,
        }
    )

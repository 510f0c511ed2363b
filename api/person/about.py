"""What the log says about one person, and what employers said to them and noted about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.attributes import Attributes
from domain.candidate import Candidate
from domain.candidate_events import (
    AttributesCleared,
    AttributesReported,
    Contacted,
    ContactRetracted,
    OptedIn,
)
from domain.event import ENVELOPE, Event
from domain.outreach_events import Grounds, InterviewRequested, MessageSent
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.store import EventStore, UnitOfWork
from projections import remarks, reviews


class Contact(NamedTuple):
    """One time that an employer wrote to the person first, and what allowed it."""

    outreach_id: UUID
    employer_id: UUID
    position_id: UUID
    at: datetime
    log_position: int
    by_message: bool
    sender_name: str
    sender_role: str
    grounds: Grounds | None
    agreed_at: datetime | None
    probability: float | None


class Recorded(NamedTuple):
    """An event, with its log position."""

    log_position: int
    event: Event


def profiles(store: EventStore, person: Candidate) -> list[UUID]:
    """The ids of the person's profiles: several ones of one person are merged into one."""
    work, ids, rest = UnitOfWork(store), [person.id], [*person.duplicates]
    while rest:
        duplicate = work.get(Candidate, rest.pop(), needed=())
        ids.append(duplicate.id)
        rest += duplicate.duplicates
    return ids


def events_of(store: EventStore, db: Database, aggregate_id: UUID) -> list[Recorded]:
    """The events of an aggregate that can be read, with their personal data."""
    logged = queries.of_aggregate(db, aggregate_id)
    events = store.mapper.read([one.stored for one in logged], personal=True)
    return [
        Recorded(one.log_position, event)
        for one, event in zip(logged, events, strict=True)
        if isinstance(event, Event)
    ]


def events_about(store: EventStore, db: Database, person: Candidate) -> list[Recorded]:
    """Every event about a person, in the order of the log."""
    ids = profiles(store, person)
    own = [one for id in ids for one in events_of(store, db, id)]
    outreach = {one.event.outreach_id for one in own if isinstance(one.event, Contacted)}
    others = [*outreach, *reviews.of_person(db, ids), *remarks.of_person(db, ids)]
    of_others = [one for id in others for one in events_of(store, db, id)]
    return sorted([*own, *of_others], key=lambda one: one.log_position)


def contacts(events: Sequence[Recorded]) -> list[Contact]:
    """Each outreach that reached the person or may reach them, the latest first."""
    facts = [one.event for one in events]
    retracted = {e.outreach_id for e in facts if isinstance(e, ContactRetracted)}
    agreed = [e.timestamp for e in facts if isinstance(e, OptedIn)]
    return [
        Contact(
            outreach_id=sent.originator_id,
            employer_id=sent.employer_id,
            position_id=sent.position_id,
            at=sent.timestamp,
            log_position=log_position,
            by_message=isinstance(sent, MessageSent),
            sender_name=sent.sender_name,
            sender_role=sent.sender_role,
            grounds=sent.grounds,
            agreed_at=max((at for at in agreed if at <= sent.timestamp), default=None),
            probability=sent.likelihood.probability if sent.likelihood else None,
        )
        for log_position, sent in reversed(events)
        if isinstance(sent, MessageSent | InterviewRequested)
        if sent.originator_id not in retracted
    ]


def attributes(events: Sequence[Recorded]) -> dict[str, str]:
    """The protected attributes that the person reported and has not withdrawn."""
    kinds = (AttributesReported, AttributesCleared)
    last = next((e for _, e in reversed(events) if isinstance(e, kinds)), None)
    if not isinstance(last, AttributesReported):
        return {}
    said = {name: getattr(last, name) for name in Attributes.model_fields}
    return {name: value for name, value in said.items() if value}


def as_json(one: Recorded) -> dict[str, Any]:
    """An event as the person takes it away: what happened, when, and by whom, but for names.

    Who acted for an employer or the marketplace is that person's own affair; their role is not.
    """
    return {
        "log_position": one.log_position,
        "type": one.event.TOPIC,
        "time": one.event.timestamp.isoformat(),
        "subject": str(one.event.originator_id),
        "by": one.event.actor.role.value,
        "data": one.event.model_dump(mode="json", exclude=ENVELOPE),
    }

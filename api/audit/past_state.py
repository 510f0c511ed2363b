"""What an aggregate was at some moment: its events up to there, folded by the domain itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic_core import to_jsonable_python

from domain.aggregate import Aggregate
from domain.aggregates import AGGREGATES
from domain.event import Event
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.codec import envelope
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore, folded
from infrastructure.event_log.unreadable import UnreadableEvent

A = TypeVar("A", bound=Aggregate)


class Clock(StrEnum):
    """By which moment an event counts as past: when it was recorded, or when it happened."""

    RECORDED = "recorded"
    HAPPENED = "happened"


class Change(BaseModel):
    """A part of the state that an event made another; absent before or after, it is null."""

    name: str
    before: Any
    after: Any


class PastState(BaseModel):
    """An aggregate as it was, and what the last event before that moment changed about it."""

    kind: str = Field(description="employer, position, candidate, outreach, ticket and so on")
    id: UUID
    version: int
    log_position: int = Field(description="of the last event that made it so")
    type: str = Field(description="of that event")
    recorded_at: datetime
    state: dict[str, Any] = Field(description="what its rules remember; no personal data")
    changes: list[Change] = Field(description="against the state one event before")
    unreadable: list[int] = Field(
        description="the log positions of events that cannot be read, which the state lacks"
    )


def loaded(store: EventStore, db: Database, kind: type[A], id: UUID) -> A:
    """An aggregate as it is now, to ask its rules."""
    return folded_from(store, kind, id, queries.of_aggregate(db, id))


def past_state(store: EventStore, logged: Sequence[Logged]) -> PastState | None:
    """The state that these events leave, which are all or some of one aggregate's, in order.

    None where there are none: then it did not exist yet.
    """
    if not logged:
        return None
    *_, last = logged
    id = UUID(str(last.stored.originator_id))  # which the library types as either
    kind, events = kind_of(logged), _read(store, logged)
    before, after = (_state(store, kind, id, events) for events in (logged[:-1], logged))
    changes = difference(before, after)
    if len(logged) == 1:  # before it there was nothing, whatever the rules begin with
        changes = [Change(name=change.name, before=None, after=change.after) for change in changes]
    return PastState(
        kind=kind,
        id=id,
        version=last.stored.originator_version,
        log_position=last.log_position,
        type=last.stored.topic,
        recorded_at=last.recorded_at,
        state=after,
        changes=changes,
        unreadable=[entry.log_position for entry, event in events if not isinstance(event, Event)],
    )


def until(
    store: EventStore, logged: Sequence[Logged], at: datetime, clock: Clock
) -> Sequence[Logged]:
    """Those of an aggregate's events that were recorded, or had happened, at this moment."""
    if clock is Clock.RECORDED:
        return [entry for entry in logged if entry.recorded_at <= at]
    return [entry for entry, event in _read(store, logged) if _happened_at(entry, event) <= at]


def _read(
    store: EventStore, logged: Sequence[Logged]
) -> list[tuple[Logged, Event | UnreadableEvent]]:
    return [*zip(logged, store.mapper.read([entry.stored for entry in logged]), strict=True)]


def _happened_at(entry: Logged, event: Event | UnreadableEvent) -> datetime:
    if isinstance(event, Event):
        return event.timestamp
    moment: datetime = envelope(entry.stored).get("timestamp", entry.recorded_at)
    return moment


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What is not the same in two states, by name.

    >>> difference({"in_beta": False, "approved": True}, {"in_beta": True, "approved": True})
    [Change(name='in_beta', before=False, after=True)]
    """
    names = [*before, *(name for name in after if name not in before)]
    return [
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


KINDS = {kind.kind: kind for kind in AGGREGATES}


def kind_of(logged: Sequence[Logged]) -> str:
    """The kind of an aggregate, by its events' names, of which some may be unknown."""
    named = [entry.stored.topic.partition(".")[0] for entry in logged]
    return next((kind for kind in named if kind in KINDS), named[0])


def _state(store: EventStore, kind: str, id: UUID, logged: Sequence[Logged]) -> dict[str, Any]:
    if kind not in KINDS:
        return {}
    aggregate = folded_from(store, KINDS[kind], id, logged)
    known = {n: v for n, v in vars(aggregate).items() if not n.startswith("_")}
    return _flat({n: v for n, v in known.items() if n not in ("id", "version")})


def folded_from(store: EventStore, kind: type[A], id: UUID, logged: Sequence[Logged]) -> A:
    """An aggregate from its events, without those that cannot be read."""
    events = store.mapper.read([entry.stored for entry in logged])
    version = logged[-1].stored.originator_version if logged else 0
    return folded(kind, id, events, version)


def _flat(state: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """The state as JSON, with one name for each part of a part, such as `filters.roles`."""
    flat: dict[str, Any] = {}
    for name, value in state.items():
        plain = dict(value) if isinstance(value, BaseModel) else value
        if isinstance(plain, Mapping) and plain:
            flat |= _flat(plain, f"{within}{name}.")
        elif isinstance(plain, set | frozenset):
            flat[f"{within}{name}"] = sorted(to_jsonable_python(plain))
        else:
            flat[f"{within}{name}"] = to_jsonable_python(plain)
    return flat

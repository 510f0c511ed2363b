"""The event log for auditors."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.audit import past_state
from api.audit.past_state import Clock, PastState
from api.cloud_events import CloudEvent, cloud_events
from api.http.access import Auditor, LogPosition
from api.http.problems import Problem
from domain.values import Moment, StorableText
from infrastructure.event_log import queries
from infrastructure.event_log.queries import Logged

router = APIRouter(prefix="/events", tags=["Events"])


class EventPage(BaseModel):
    """Events in the order of the log."""

    events: list[CloudEvent]
    reached: int = Field(
        description="give it as `since` for the events after these; as long as it moves, there may"
        " be more, although none were found"
    )


@router.get("")
def read_log(
    caller: Auditor,
    since: Annotated[LogPosition, Query(description="only events after this position")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    kind: Annotated[
        list[StorableText] | None, Query(description="only these types, such as outreach.declined")
    ] = None,
) -> EventPage:
    """The log in order, with personal data as far as it is not erased."""
    with caller.reading() as db:
        logged, reached = queries.after(db, since, limit, kind or ())
    return EventPage(events=cloud_events(caller.marketplace.store, logged), reached=reached)


class Search(BaseModel):
    """What to look for in the log; whatever is left out does not matter."""

    kind: list[StorableText] = Field([], description="only these types, such as outreach.declined")
    aggregate_id: UUID | None = Field(None, description="only what happened to this")
    actor_id: StorableText | None = Field(None, max_length=500, description="only what they did")
    request_id: StorableText | None = Field(
        None, max_length=200, description="only what came of this"
    )
    since: Moment | None = Field(None, description="only what happened then or later")
    until: Moment | None = Field(None, description="only what happened before then")
    before: LogPosition | None = Field(
        None, description="only events before this position of the log"
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class FoundEvents(BaseModel):
    """Events that were looked for, the latest first."""

    items: list[CloudEvent]
    next_before: int | None = Field(
        description="give it as `before` to look further back; null where the log begins. There may"
        " be more although few were found"
    )


@router.get("/search")
def search_log(caller: Auditor, wanted: Annotated[Search, Query()]) -> FoundEvents:
    """The log backwards: the events of a kind, an aggregate, a person, a request or a time."""
    asked = wanted.model_dump(exclude={"kind", "before", "limit"})
    about = queries.Wanted(topics=wanted.kind, **asked)
    with caller.reading() as db:
        logged, further = queries.before(db, wanted.before, wanted.limit, about)
    items = cloud_events(caller.marketplace.store, logged)
    return FoundEvents(items=items, next_before=further)


class AsOf(BaseModel):
    """The position of the log or the moment as of which something is asked for."""

    position: LogPosition | None = Field(None, description="as of this position of the log")
    at: Moment | None = Field(None, description="as of this moment")
    clock: Clock = Field(Clock.RECORDED, description="which events count as past at that moment")


@router.get("/{aggregate_id}/state")
def read_past_state(
    aggregate_id: UUID, caller: Auditor, as_of: Annotated[AsOf, Query()]
) -> PastState:
    """What something was at any position or moment, and what its last event then changed.

    As its rules remember it, so without personal data.
    """
    store = caller.marketplace.store
    with caller.reading() as db:
        logged: Sequence[Logged] = queries.of_aggregate(db, aggregate_id, as_of.position)
    if as_of.at is not None:
        logged = past_state.until(store, logged, as_of.at, as_of.clock)
    state = past_state.past_state(store, logged)
    if state is None:
        raise Problem(404, "not-found", f"There is no {aggregate_id}, or there was none yet then.")
    return state


@router.get("/{aggregate_id}")
def read_aggregate(
    aggregate_id: UUID,
    caller: Auditor,
    until: Annotated[LogPosition | None, Query(description="only up to this position")] = None,
) -> list[CloudEvent]:
    """Everything that ever happened to an employer, a position, a candidate or an outreach."""
    with caller.reading() as db:
        logged = queries.of_aggregate(db, aggregate_id, until)
    return cloud_events(caller.marketplace.store, logged)

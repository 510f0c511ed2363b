"""The auditor's event log, and what each aggregate in it was at any moment."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.audit import past_state
from api.audit.past_state import Clock
from api.cloud_events import CloudEvent, cloud_events
from api.console.session import Auditor, Visit
from api.http.problems import Problem
from api.routes import events as event_routes
from api.routes.events import AsOf, Search
from api.web.forms import REFUSED, Faults, Sent
from api.web.rendering import address
from domain.event import Event
from infrastructure.event_log import queries
from infrastructure.event_log.queries import Logged

router = APIRouter()

SHOWN = 50


@router.get("/events")
def log_page(request: Request, visit: Auditor) -> Response:
    """The log backwards, or what of it somebody looks for."""
    asked = Sent(request.query_params.multi_items())
    try:
        found = event_routes.search_log(visit.caller, _read(asked, Search))
    except REFUSED as error:
        faults = Faults(error)
        return visit.page("events.html", faults, sent=asked, **_found([]))
    body = {name: value for name, value in asked.fields if name != "before"}
    further = address("/events", **{**body, "before": found.next_before})
    more_at = further if found.next_before else None
    return visit.page("events.html", sent=asked, **_found(found.items, more_at, found.next_before))


@router.get("/events/{aggregate_id}")
def aggregate_page(request: Request, visit: Auditor, aggregate_id: UUID) -> Response:
    """What happened to an aggregate up to a position or moment, and what that made of it."""
    asked = Sent(request.query_params.multi_items())
    with visit.caller.reading() as db:
        everything = queries.of_aggregate(db, aggregate_id)
    if not everything:
        raise Problem(404, "not-found", f"Nothing ever happened to {aggregate_id}; check the id.")
    faults = None
    logged: Sequence[Logged] = everything
    try:
        logged = _as_of(visit, everything, _read(asked, AsOf))
    except REFUSED as error:
        faults = Faults(error)
    store = visit.caller.marketplace.store
    return visit.page(
        "aggregate.html",
        faults,
        sent=asked,
        id=aggregate_id,
        kind=past_state.kind_of(everything),
        state=past_state.past_state(store, logged),
        events=_told(cloud_events(store, logged[-SHOWN:][::-1])),
        clocks=[(Clock.RECORDED.value, "recorded time"), (Clock.HAPPENED.value, "event time")],
        earlier=logged[-2].log_position if len(logged) > 1 else None,
        later=everything[len(logged)].log_position if len(logged) < len(everything) else None,
        older=logged[-SHOWN - 1].log_position if len(logged) > SHOWN else None,
        later_count=len(everything) - len(logged),
    )


def _as_of(visit: Visit, everything: Sequence[Logged], asked: AsOf) -> Sequence[Logged]:
    logged = [e for e in everything if asked.position is None or e.log_position <= asked.position]
    if asked.at is None:
        return logged
    return past_state.until(visit.caller.marketplace.store, logged, asked.at, asked.clock)


def _read(asked: Sent, kind: type[Any]) -> Any:
    """What the fields of a page's address ask for."""
    zoned = asked.in_utc().fields
    listed = [("kind[]" if name == "kind" else name, typed) for name, typed in zoned]
    return Sent(listed).read(kind)


def _found(
    items: Sequence[CloudEvent], more_at: str | None = None, before: int | None = None
) -> dict[str, Any]:
    return {
        "events": _told(items),
        "kinds": sorted(kind.TOPIC for kind in Event.__subclasses__()),
        "more_at": more_at,
        "looked_back_to": before,
    }


def _told(events: Sequence[CloudEvent]) -> list[tuple[CloudEvent, str]]:
    """Events, each with what it says as text."""
    return [(e, json.dumps(e.data, indent=2, ensure_ascii=False) if e.data else "") for e in events]

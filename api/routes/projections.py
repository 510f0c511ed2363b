"""Read models: how far they are, rebuilding them, and events that they could not handle.

For administrators. A rebuild reads all events again into tables of its own; until it has caught up,
queries read what was there before, and nothing is sent or recorded a second time.
"""

import time
from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api.http.access import Admin
from api.http.caller import Caller
from api.http.problems import Problem
from domain.values import Value
from infrastructure.projecting import parking, progress, versions
from infrastructure.projecting.parking import Parked
from infrastructure.projecting.progress import Progress
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import CannotRebuild

router = APIRouter(prefix="/projections", tags=["Read models"])

REPLAY_SECONDS = 10.0
"""How long one request applies parked events; another goes on from there."""


class ReadModel(Value):
    """How far a read model has come; one that is being rebuilt is listed a second time."""

    name: str
    version: int
    state: Literal["live", "building"]
    log_position: int
    lag_events: int = Field(description="events that it has not looked at yet")
    lag_seconds: float = Field(description="how long the next of them has waited")
    events_per_second: float = Field(description="over about the last ten seconds")
    seconds_left: float | None = Field(
        description="until it has caught up, if it goes on as fast; null if that cannot be told"
    )
    parked: int = Field(description="events that it could not handle, and those behind them")
    failure: str | None = Field(description="the kind of error that stops it")
    stands_still: bool = Field(description="whether it does not move on although events wait")


class ReadModels(Value):
    """All read models, by name."""

    items: list[ReadModel]


class ParkedStream(Value):
    """An event that a read model could not handle, and how many events wait behind it."""

    projection: str
    state: Literal["live", "building"]
    log_position: int
    stream: UUID = Field(description="mostly a candidate, outreach, position or employer")
    kind: str
    error: str
    parked_at: datetime
    waiting: int


class ParkedStreams(Value):
    """All parked streams, by read model."""

    items: list[ParkedStream]


class Replayed(Value):
    """How many streams a replay has applied, and how many stay parked."""

    applied: int
    remaining: int


class Rebuild(Value):
    """What became of a request to rebuild or to cancel."""

    changed: bool = Field(description="false if it was so already")


def read_model(one: Progress, at: datetime) -> ReadModel:
    """How far a read model has come, as of a moment."""
    left = one.seconds_left(at)
    return ReadModel(
        name=one.projection,
        version=one.version,
        state=_state(live=one.live),
        log_position=one.log_position,
        lag_events=one.lag_events,
        lag_seconds=round(one.lag_seconds(at), 3),
        events_per_second=round(one.events_per_second(at), 1),
        seconds_left=None if left is None else round(left, 1),
        parked=one.parked,
        failure=one.failure,
        stands_still=one.stands_still(at),
    )


def parked_stream(one: Parked) -> ParkedStream:
    """A parked stream as the API shows it."""
    fields = one._asdict()
    return ParkedStream(state=_state(live=fields.pop("live")), **fields)


@router.get("")
def list_projections(caller: Admin) -> ReadModels:
    """How far each read model has come in the log, how fast it moves, and what holds it up."""
    with caller.marketplace.pool.connection() as db:
        found = progress.progress(db)
    return ReadModels(items=[read_model(one, caller.at) for one in found])


@router.get("/parked")
def list_parked(caller: Admin) -> ParkedStreams:
    """Events that read models could not handle, each with how many wait behind it."""
    with caller.marketplace.pool.connection() as db:
        found = parking.listed(db)
    return ParkedStreams(items=[parked_stream(one) for one in found])


@router.put("/{name}/rebuild", status_code=202)
def rebuild_projection(name: str, caller: Admin) -> Rebuild:
    """Have workers rebuild a read model from all events; a rebuild that is under way goes on."""
    try:
        return Rebuild(changed=versions.rebuild(named(caller, name), caller.marketplace.pool))
    except CannotRebuild as reason:
        raise Problem(409, "not-live", str(reason)) from None


@router.delete("/{name}/rebuild")
def cancel_rebuild(name: str, caller: Admin) -> Rebuild:
    """Cancel a rebuild and delete what it has built; the live read model stays."""
    projection = named(caller, name)
    return Rebuild(changed=versions.cancel_rebuild(projection, caller.marketplace.pool))


@router.put("/{name}/replay")
def replay_parked(name: str, caller: Admin) -> Replayed:
    """Apply a read model's parked events in order, for some seconds. What still fails stays."""
    projection, marketplace = named(caller, name), caller.marketplace
    size = marketplace.settings.projector_batch_size
    projector = Projector([projection], marketplace.store, marketplace.pool, size)
    applied, remaining = projector.replay_parked(until=time.monotonic() + REPLAY_SECONDS)
    return Replayed(applied=len(applied), remaining=len(remaining))


def named(caller: Caller, name: str) -> Projection:
    """The read model of a name. Raises a 404 if there is none."""
    for projection in caller.marketplace.projections:
        if projection.name == name:
            return projection
    raise Problem(404, "not-found", f"There is no read model {name}; check the name.")


def _state(*, live: bool) -> Literal["live", "building"]:
    return "live" if live else "building"

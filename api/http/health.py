"""Whether a process lives, and whether it is ready for requests."""

from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout

from api.http.problems import problem_of
from api.marketplace import PROBE_SECONDS, Marketplace, now
from infrastructure.database.clock import ALLOWED
from infrastructure.projecting import parking, progress, unknown_events, worker
from infrastructure.projecting.checkpoints import log_positions
from infrastructure.projecting.reading import Rebuilding, TakenOver, not_live
from infrastructure.webhooks import queue
from projections.candidate_index.keeping import is_being_read

router = APIRouter(prefix="/health", tags=["Health"])


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get(
    "/ready",
    response_model=None,
    responses={
        503: {"description": "catching up, rebuilding, reading, taken over, no database or worker"}
    },
)
def ready(request: Request) -> JSONResponse:
    """The schema is there, the store answers, and the read models show what was there at start.

    `rebuilding` names the read models that a new version is being built of, each with its log
    position and the head of the log; `taken_over` those of which a newer program is running.

    `failing` names the projections that cannot go on, in whatever process they run, each with the
    kind of error; `standing_still` also those that no process moves on. `parked` counts the parked
    events of each projection, `unknown_kinds` the events of each kind that this program does not
    know, `webhooks` the deliveries that wait and those that were given up. `worker` says how many
    workers run, in whatever process, and for how many seconds the next event has waited for the
    read model that is furthest behind. None of these makes a process unready, since it serves what
    there is, but `status` says `no worker` or `standing still`. What does is a worker of this
    process that has died, and a clock that differs from the database's by more than a minute:
    `clock_offset` is how many seconds it is ahead.
    """
    marketplace: Marketplace = request.app.state.marketplace
    try:
        reached = log_positions(marketplace.projections, marketplace.pool, PROBE_SECONDS)
        with marketplace.pool.connection(PROBE_SECONDS) as db:
            waiting = not_live(marketplace.projections, db)
            parked = parking.counts(db)
            at, every = now(), progress.progress(db)
            workers = worker.running(db)
            unknown_kinds = unknown_events.first_of_each_kind(db)
            webhooks = queue.counts(db)
            reading_candidates = is_being_read(db)
        offset = marketplace.clock.offset(PROBE_SECONDS)
    except (PersistenceError, psycopg.Error, PoolTimeout) as error:
        return problem_of(error).response()
    still = [one for one in every if one.stands_still(at)]
    own = marketplace.worker
    has_died = own is not None and not own.is_alive
    workers = max(workers, int(own is not None and own.is_alive))  # which may not be connected yet
    started_at = marketplace.started_at_log_position
    behind = {name: at for name, at in reached.items() if at < started_at}
    taken_over = [name for name, why in waiting.items() if isinstance(why, TakenOver)]
    is_off = abs(offset) > ALLOWED
    states = {
        "worker died": has_died,
        "taken over": taken_over,
        "clock is off": is_off,
        "rebuilding": waiting,
        "catching up": behind,
        "reading candidates": reading_candidates,
        "no worker": not workers,
        "standing still": still,
        "ready": True,
    }
    failures = {one.projection: one.failure for one in still if one.failure}
    failures |= own.failures if own else {}
    body: dict[str, Any] = {
        "status": next(state for state, holds in states.items() if holds),
        "catching_up": behind,
        "to": started_at,
        "rebuilding": {
            name: {"log_position": why.log_position, "of": why.head}
            for name, why in waiting.items()
            if isinstance(why, Rebuilding)
        },
        "taken_over": taken_over,
        "worker": {
            "running": workers,
            "lag_seconds": round(max((o.lag_seconds(at) for o in every if o.live), default=0.0), 3),
        },
        "failing": failures,
        "standing_still": {
            one.projection: {
                "log_position": one.log_position,
                "of": one.of,
                "since": one.waiting_since.isoformat() if one.waiting_since else None,
            }
            for one in still
        },
        "parked": parked,
        "clock_offset": round(offset.total_seconds(), 3),
        "webhooks": {"queued": webhooks.queued, "dead": webhooks.dead},
        "unknown_kinds": {kind: count for kind, _, count in unknown_kinds},
    }
    not_ready = has_died or behind or waiting or is_off or reading_candidates
    return JSONResponse(body, 503 if not_ready else 200)

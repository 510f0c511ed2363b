"""Whether a process lives, and whether it is ready for requests."""

from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout

from api.http.problems import problem_of
from api.marketplace import PROBE_SECONDS, Marketplace
from infrastructure.projecting import parking
from infrastructure.projecting.checkpoints import log_positions
from infrastructure.projecting.reading import Rebuilding, TakenOver, not_live

router = APIRouter(prefix="/health", tags=["Health"])


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get(
    "/ready",
    response_model=None,
    responses={
        503: {"description": "catching up, rebuilding, taken over, or the database does not answer"}
    },
)
def ready(request: Request) -> JSONResponse:
    """The schema is there, the store answers, and the read models show what was there at start.

    `rebuilding` names the read models that a new version is being built of, each with its log
    position and the head of the log; `taken_over` those of which a newer program is running.

    `failing` names the projections of this process that cannot go on, `parked` those that have
    parked events, with how many; neither makes it unready, since the others serve.
    """
    marketplace: Marketplace = request.app.state.marketplace
    try:
        reached = log_positions(marketplace.projections, marketplace.pool, PROBE_SECONDS)
        with marketplace.pool.connection(PROBE_SECONDS) as db:
            waiting = not_live(marketplace.projections, db)
            parked = parking.counts(db)
    except (PersistenceError, psycopg.Error, PoolTimeout) as error:
        return problem_of(error).response()
    started_at = marketplace.started_at_log_position
    behind = {name: at for name, at in reached.items() if at < started_at}
    taken_over = [name for name, why in waiting.items() if isinstance(why, TakenOver)]
    status = "rebuilding" if waiting else "catching up" if behind else "ready"
    failures = marketplace.worker.failures if marketplace.worker else {}
    body: dict[str, Any] = {
        "status": "taken over" if taken_over else status,
        "catching_up": behind,
        "to": started_at,
        "rebuilding": {
            name: {"log_position": why.log_position, "of": why.head}
            for name, why in waiting.items()
            if isinstance(why, Rebuilding)
        },
        "taken_over": taken_over,
        "failing": failures,
        "parked": parked,
    }
    return JSONResponse(body, 503 if behind or waiting else 200)

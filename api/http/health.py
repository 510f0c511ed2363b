"""Whether a process lives, and whether it is ready for requests."""

from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout

from api.http.problems import problem_of
from api.marketplace import Marketplace
from infrastructure.projecting.reading import Rebuilding, TakenOver

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
        behind = marketplace.behind()
        not_live = marketplace.not_live()
        parked = marketplace.parked()
    except (PersistenceError, psycopg.Error, PoolTimeout) as error:
        return problem_of(error).response()
    taken_over = [name for name, why in not_live.items() if isinstance(why, TakenOver)]
    status = "rebuilding" if not_live else "catching up" if behind else "ready"
    failures = marketplace.worker.failures if marketplace.worker else {}
    body: dict[str, Any] = {
        "status": "taken over" if taken_over else status,
        "catching_up": behind,
        "to": marketplace.started_at_log_position,
        "rebuilding": {
            name: {"log_position": why.log_position, "of": why.head}
            for name, why in not_live.items()
            if isinstance(why, Rebuilding)
        },
        "taken_over": taken_over,
        "failing": failures,
        "parked": parked,
    }
    return JSONResponse(body, 503 if behind or not_live else 200)

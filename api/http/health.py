"""Whether a process lives, and whether it is ready for requests."""

from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout

from api.http.problems import problem_of
from api.marketplace import Marketplace

router = APIRouter(prefix="/health", tags=["Health"])


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get(
    "/ready",
    response_model=None,
    responses={503: {"description": "catching up, or the database does not answer"}},
)
def ready(request: Request) -> JSONResponse:
    """The schema is there, the store answers, and the read models show what was there at start.

    `failing` names the projections of this process that cannot go on, `parked` those that have set
    events aside, with how many; neither makes it unready, since the others serve.
    """
    marketplace: Marketplace = request.app.state.marketplace
    try:
        behind: dict[str, int] = marketplace.behind()
        parked = marketplace.parked()
    except (PersistenceError, psycopg.Error, PoolTimeout) as error:
        return problem_of(error).response()
    failures = marketplace.worker.failures if marketplace.worker else {}
    status = "ready" if not behind else "catching up"
    body: dict[str, Any] = {
        "status": status,
        "catching_up": behind,
        "to": marketplace.started_at_log_position,
        "failing": failures,
        "parked": parked,
    }
    return JSONResponse(body, 503 if behind else 200)

"""Whether a process lives, and whether it is ready for requests."""

from collections.abc import Mapping
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

    `failing` names the projections that cannot go on, in whatever process they run, each with the
    kind of error; `standing_still` also those that no process moves on. `parked` counts the parked
    events of each projection, `unknown_kinds` the events of each kind that this program does not
    know. None of these makes a process unready, since the others serve.
    """
    marketplace: Marketplace = request.app.state.marketplace
    try:
        behind = marketplace.behind()
        not_live = marketplace.not_live()
        parked = marketplace.parked()
        still = marketplace.standing_still()
        unknown_kinds = marketplace.unknown_kinds()
    except (PersistenceError, psycopg.Error, PoolTimeout) as error:
        return problem_of(error).response()
    failures = {one.projection: one.failure for one in still if one.failure}
    failures |= marketplace.worker.failures if marketplace.worker else {}
    body: dict[str, Any] = {
        "status": _status(behind, not_live),
        "catching_up": behind,
        "to": marketplace.started_at_log_position,
        "rebuilding": {
            name: {"log_position": why.log_position, "of": why.head}
            for name, why in not_live.items()
            if isinstance(why, Rebuilding)
        },
        "taken_over": [name for name, why in not_live.items() if isinstance(why, TakenOver)],
        "failing": failures,
        "standing_still": {
            one.projection: {
                "log_position": one.log_position,
                "of": one.of,
                "since": one.since.isoformat() if one.since else None,
            }
            for one in still
        },
        "parked": parked,
        "unknown_kinds": unknown_kinds,
    }
    return JSONResponse(body, 503 if behind or not_live else 200)


def _status(behind: Mapping[str, int], not_live: Mapping[str, Rebuilding | TakenOver]) -> str:
    if any(isinstance(why, TakenOver) for why in not_live.values()):
        return "taken over"
    if not_live:
        return "rebuilding"
    return "catching up" if behind else "ready"

"""The administrators' page of read models: how far each is, rebuilding them, parked events."""

from typing import Any

from fastapi import APIRouter, Response

from api.console.session import Admin, Visit
from api.routes.projections import (
    cancel_rebuild,
    list_parked,
    list_projections,
    rebuild_projection,
    replay_parked,
)
from api.web.forms import REFUSED
from domain.values import Value

router = APIRouter()

PATH = "/read-models"

MOST_SHOWN = 50
"""Parked streams that are shown, of a thousand that a read model may have."""


class Chosen(Value):
    """The read models that a button is about."""

    name: list[str]


@router.get(PATH)
def read_models_page(visit: Admin, updates: bool = False) -> Response:
    """How far each read model is, and what holds it up."""
    template = "read_models_part.html" if updates else "read_models.html"
    return visit.page(template, **_shown(visit))


@router.post(f"{PATH}/rebuild")
def rebuild(visit: Admin) -> Response:
    """Have read models rebuilt by the workers."""
    try:
        for name in visit.sent.read(Chosen).name:
            rebuild_projection(name, visit.caller)
    except REFUSED as error:
        return visit.again("read_models.html", error, **_shown(visit))
    return visit.go(PATH, notice="rebuild-begun")


@router.post(f"{PATH}/cancellation")
def cancel(visit: Admin) -> Response:
    """Cancel rebuilds."""
    try:
        for name in visit.sent.read(Chosen).name:
            cancel_rebuild(name, visit.caller)
    except REFUSED as error:
        return visit.again("read_models.html", error, **_shown(visit))
    return visit.go(PATH, notice="rebuild-cancelled")


@router.post(f"{PATH}/replay")
def replay(visit: Admin) -> Response:
    """Apply the parked events of read models."""
    try:
        results = [replay_parked(name, visit.caller) for name in visit.sent.read(Chosen).name]
    except REFUSED as error:
        return visit.again("read_models.html", error, **_shown(visit))
    remaining = sum(result.remaining for result in results)
    return visit.go(PATH, notice="replayed-in-part" if remaining else "replayed")


def _shown(visit: Visit) -> dict[str, Any]:
    keyless = {one.name for one in visit.caller.marketplace.projections if one.key is None}
    return {
        "models": list_projections(visit.caller).items,
        "parked": list_parked(visit.caller).items,
        "skipping": keyless,
        "most_shown": MOST_SHOWN,
    }

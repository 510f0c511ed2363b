"""What a position says of itself: title, description, place and salary."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.charts.axes import NOTHING
from api.console.meanwhile import changed_meanwhile
from api.console.pages.positions import CURRENCIES
from api.console.session import Recruiter, Visit
from api.routes.positions import Details, read_position
from api.web.forms import REFUSED
from api.web.words import money
from domain.position import (
    DescriptionSet,
    Position,
    SalarySet,
    SetDetails,
    TitleSet,
    WorkplaceSet,
)
from infrastructure.event_log.store import VersionMismatch

router = APIRouter()

CHANGES = (TitleSet, DescriptionSet, WorkplaceSet, SalarySet)


@router.get("/positions/{position_id}/details")
def details_page(position_id: UUID, visit: Recruiter) -> Response:
    """The form to change what a position says."""
    return visit.page("position_details.html", **_shown(visit, position_id))


@router.post("/positions/{position_id}/details")
def set_details(position_id: UUID, visit: Recruiter) -> Response:
    """Change what a position says, unless somebody else did so since the form was made."""
    try:
        asked = {"position_id": position_id, **dict(visit.sent.read(Details))}
        try:
            result = visit.caller.run(SetDetails, if_version=visit.sent.version(), **asked)
        except VersionMismatch as error:
            if changed_meanwhile(visit, position_id, CHANGES):
                raise
            # Something else of the position was changed.
            result = visit.caller.run(SetDetails, if_version=error.current, **asked)
    except VersionMismatch as error:
        changed = _changed_meanwhile(visit, position_id)
        shown = _shown(visit, position_id) | {"version": error.current, "changed": changed}
        return visit.again("position_details.html", error, **shown)
    except REFUSED as error:
        # The form stays that of the version it was made from: what changed since is still unseen.
        shown = _shown(visit, position_id) | {"version": visit.sent.value("_version")}
        return visit.again("position_details.html", error, **shown)
    return visit.done(result, f"/positions/{position_id}/passive-candidates", "details-set")


def _shown(visit: Visit, position_id: UUID) -> dict[str, Any]:
    position = read_position(position_id, visit.caller)
    return {
        "position": position,
        "version": position.version,
        "currencies": CURRENCIES,
        "changed": None,
    }


def _changed_meanwhile(visit: Visit, position_id: UUID) -> dict[str, Any] | None:
    meanwhile = changed_meanwhile(visit, position_id, CHANGES)
    if meanwhile is None:
        return None
    both = zip(_said(meanwhile.seen), _said(meanwhile.current), strict=True)
    changed = [(name, was, is_) for (name, was), (_, is_) in both if was != is_]
    return {"by": meanwhile.by, "at": meanwhile.at, "differences": changed}


def _said(position: Position) -> Iterator[tuple[str, str]]:
    yield "Title", position.title
    yield "Description", position.description or NOTHING
    yield "Location", position.location or NOTHING
    yield "Remote", "yes" if position.remote else "no"
    yield "Salary", money(position.salary) if position.salary else NOTHING

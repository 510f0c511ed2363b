"""Support's list of candidates who may be one person: merge them, or undo it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.console.session import Support, Visit
from api.http.lists import Cursor
from api.routes.duplicates import Duplicate, list_merged, list_shared_addresses, merge, separate
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.values import Value
from projections.paging import Listed

router = APIRouter()

AT_A_TIME = 20

SHARED, MERGED = "/duplicates", "/duplicates/merged"
LISTS: Mapping[str, Callable[..., Listed[Any]]] = {
    SHARED: list_shared_addresses,
    MERGED: list_merged,
}


class Pair(Value):
    """Who stays, and who is the same person."""

    candidate_id: UUID
    duplicate_id: UUID


@router.get(SHARED)
@router.get(MERGED)
def list_page(visit: Support, cursor: Cursor = None) -> Response:
    """Candidates who share an address, or who were merged into another."""
    return visit.page("duplicates.html", **_shown(visit, visit.request.url.path, cursor))


@router.post("/duplicates")
def merge_candidates(visit: Support) -> Response:
    """Merge one candidate into another."""
    try:
        pair = visit.sent.read(Pair)
        result = merge(pair.candidate_id, Duplicate(duplicate_id=pair.duplicate_id), visit.caller)
    except REFUSED as error:
        return visit.again("duplicates.html", error, **_shown(visit, SHARED))
    return visit.go("/duplicates", after=result.log_position, notice="merged")


@router.post("/duplicates/separation")
def separate_candidates(visit: Support) -> Response:
    """Undo a merge."""
    try:
        pair = visit.sent.read(Pair)
        result = separate(pair.candidate_id, pair.duplicate_id, visit.caller)
    except REFUSED as error:
        return visit.again("duplicates.html", error, **_shown(visit, MERGED))
    return visit.go(MERGED, after=result.log_position, notice="separated")


def _shown(visit: Visit, path: str, cursor: str | None = None) -> dict[str, Any]:
    listed = LISTS[path](visit.caller, AT_A_TIME, cursor)
    more = address(path, cursor=listed.next_cursor) if listed.next_cursor else None
    return {"chosen": path, "listed": listed.items, "more_at": more}

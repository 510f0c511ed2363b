"""One search over an employer's positions, shortlists, interviews and positions' lists."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.candidates import search
from api.console.session import Recruiter
from api.http.lists import Cursor
from api.web.rendering import address
from domain.values import StorableText
from projections.paging import Listed

router = APIRouter()

FIRST = 5
"""Of each kind, where all kinds are shown."""

AT_A_TIME = 20

KINDS: dict[str, tuple[str, Callable[..., Listed[Any]]]] = {
    "positions": ("Positions", search.positions),
    "shortlists": ("Shortlisted", search.shortlisted),
    "interviews": ("In interviews", search.interviews),
    "candidates": ("In the lists of open positions", search.candidates),
}
"""What is searched, by its name in the address: what a page calls it, and the query."""


@router.get("/search")
def search_page(
    visit: Recruiter,
    q: Annotated[StorableText, Query(max_length=200)] = "",
    kind: str = "",
    cursor: Cursor = None,
    employer: UUID | None = None,
) -> Response:
    """What was found: some of each kind, or a page of one."""
    caller, text = visit.caller, q.strip()
    employer_id = employer or caller.actor.employer_id
    chosen = {kind: KINDS[kind]} if kind in KINDS else KINDS
    groups = []
    for name, (title, find) in chosen.items() if text and employer_id else ():
        limit = AT_A_TIME if len(chosen) == 1 else FIRST
        found = find(caller, employer_id, text, limit, cursor if len(chosen) == 1 else None)
        after = found.next_cursor if len(chosen) == 1 else None
        more = address("/search", q=text, kind=name, cursor=after, employer=employer)
        groups.append((name, title, found.items, more if found.next_cursor else None))
    return visit.page(
        "search.html",
        text=text,
        groups=groups,
        found_any=any(items or more for _, _, items, more in groups),
        chosen=kind if kind in KINDS else None,
        continued=cursor is not None,
        everything_at=address("/search", q=text, employer=employer),
        employer_id=employer,
        is_known=employer_id is not None,
        most_positions=search.MOST_POSITIONS,
    )

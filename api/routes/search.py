"""Searches of one employer: its positions, and the candidates whom it may see.

All words must match; words of three letters or more also find longer ones that begin so. Skills are
found by their other names too.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.candidates import search
from api.candidates.search import FoundCandidate, FoundInterview
from api.http.access import Recruiter
from api.http.lists import Cursor, Limit
from domain.values import StorableText
from projections.paging import Listed
from projections.positions import Position

router = APIRouter(prefix="/employers/{employer_id}/search", tags=["Search"])

Words = Annotated[StorableText, Query(max_length=200, description="all of these words")]


@router.get("/positions")
def search_positions(
    employer_id: UUID, caller: Recruiter, q: Words = "", limit: Limit = 20, cursor: Cursor = None
) -> Listed[Position]:
    """Positions by title, place, roles and skills: open ones first, the newest first."""
    return search.positions(caller, employer_id, q, limit, cursor)


@router.get("/shortlists")
def search_shortlists(
    employer_id: UUID, caller: Recruiter, q: Words = "", limit: Limit = 20, cursor: Cursor = None
) -> Listed[FoundCandidate]:
    """Candidates on the shortlists of the 30 newest open positions, by name, skill or employer."""
    return search.shortlisted(caller, employer_id, q, limit, cursor)


@router.get("/interviews")
def search_interviews(
    employer_id: UUID, caller: Recruiter, q: Words = "", limit: Limit = 20, cursor: Cursor = None
) -> Listed[FoundInterview]:
    """Candidates who were contacted, by name, skill or employer; the latest contacted first."""
    return search.interviews(caller, employer_id, q, limit, cursor)


@router.get("/candidates")
def search_candidates(
    employer_id: UUID, caller: Recruiter, q: Words = "", limit: Limit = 20, cursor: Cursor = None
) -> Listed[FoundCandidate]:
    """Candidates in the lists of the 30 newest open positions, by name, skill or employer.

    A page may have fewer than asked for, or none, although `next_cursor` leads to more.
    """
    return search.candidates(caller, employer_id, q, limit, cursor)

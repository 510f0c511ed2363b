"""Ratings: whether people found a page of help helpful."""

from fastapi import APIRouter

from api.http.access import Anyone, Support
from api.http.caller import CommandResult
from api.http.lists import Cursor, Limit
from domain.rating import ExplainRating, GiveRating, RatedPage
from domain.values import Flag, FreeText, Value
from projections import ratings
from projections.paging import Listed
from projections.ratings import PageRatings, Ratings, Reason

router = APIRouter(prefix="/ratings", tags=["Help"])


class Answer(Value):
    """Yes or no."""

    helpful: Flag


class Explanation(Value):
    """Why a page was not helpful."""

    reason: FreeText


@router.put("/{page}")
def rate_page(page: RatedPage, body: Answer, caller: Anyone) -> CommandResult:
    """Say whether a page was helpful. One answer a person; another one replaces it."""
    return caller.run(GiveRating, page=page, helpful=body.helpful)


@router.get("/{page}")
def read_page_ratings(page: RatedPage, caller: Anyone) -> PageRatings:
    """How many found a page helpful, how many did not, and what the caller said."""
    with caller.reading(Ratings) as db:
        return ratings.of_page(db, page, caller.actor)


@router.put("/{page}/reason")
def explain_rating(page: RatedPage, body: Explanation, caller: Anyone) -> CommandResult:
    """Say how a page that one found not helpful can be improved."""
    return caller.run(ExplainRating, page=page, reason=body.reason)


@router.get("/{page}/reasons")
def list_reasons(
    page: RatedPage, caller: Support, limit: Limit = 50, cursor: Cursor = None
) -> Listed[Reason]:
    """Why people did not find a page helpful, the newest first."""
    with caller.reading(Ratings) as db:
        return ratings.reasons(db, page, limit, cursor)

"""Ratings: whether people found a page of help helpful."""

from fastapi import APIRouter

from api.http.access import Anyone
from api.http.caller import CommandResult
from domain.rating import GiveRating, RatedPage
from domain.values import Flag, Value
from projections import ratings
from projections.ratings import PageRatings, Ratings

router = APIRouter(prefix="/ratings", tags=["Help"])


class Answer(Value):
    """Yes or no."""

    helpful: Flag


@router.put("/{page}")
def rate_page(page: RatedPage, body: Answer, caller: Anyone) -> CommandResult:
    """Say whether a page was helpful. One answer a person; another one replaces it."""
    return caller.run(GiveRating, page=page, helpful=body.helpful)


@router.get("/{page}")
def read_page_ratings(page: RatedPage, caller: Anyone) -> PageRatings:
    """How many found a page helpful, how many did not, and what the caller said."""
    with caller.reading(Ratings) as db:
        return ratings.of_page(db, page, caller.actor)

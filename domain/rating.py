"""Whether somebody found a page of help helpful: one answer a person and page, which may change."""

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

from domain.actor import Actor, Cause
from domain.aggregate import Aggregate
from domain.command import Command, Work
from domain.event import Event
from domain.handlers import on

RATINGS = UUID("d1b0a2b6-2f0e-5c1c-9a53-7f3f5a8f2c44")

RatedPage = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$")]
"""The short name of a page, such as `help`."""


def rating_id(page: str, person: Actor) -> UUID:
    """The one rating there can be of this page by this person."""
    return uuid5(RATINGS, f"{page}\n{person.role}/{person.employer_id or ''}/{person.id}")


class RatingGiven(Event, name="rating.given", version=1):
    """Somebody said whether they found a page helpful; the latest answer counts."""

    page: str
    helpful: bool


class Rating(Aggregate, kind="rating"):
    """Given, and given otherwise whenever its person thinks better of it."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.helpful: bool | None = None

    def give(self, cause: Cause, *, page: str, helpful: bool) -> None:
        """Answer; the same answer again states nothing new."""
        if helpful is not self.helpful:
            self.record(RatingGiven, cause, page=page, helpful=helpful)

    @on(RatingGiven)
    def on_rating_given(self, event: RatingGiven) -> None:
        self.helpful = event.helpful


class GiveRating(Command):
    """Say whether a page was helpful, or change one's answer."""

    page: RatedPage
    helpful: bool

    def execute(self, work: Work) -> Rating:
        rating = work.find(Rating, rating_id(self.page, self.by))
        rating.give(self, page=self.page, helpful=self.helpful)
        return rating

"""Whether a user found a help page helpful, and why not: one rating per user and page."""

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

from domain.actor import Actor, Cause, CompanyRole
from domain.aggregate import Aggregate, Refusal, Refused
from domain.command import Command, Work
from domain.event import Event, Personal
from domain.handlers import on
from domain.values import FreeText

RATINGS = UUID("d1b0a2b6-2f0e-5c1c-9a53-7f3f5a8f2c44")

RatedPage = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$")]
"""The short name of a page, such as `help`."""


def rating_id(page: str, person: Actor) -> UUID:
    """The id of the only rating of this page by this person."""
    return uuid5(RATINGS, f"{page}\n{person.role}/{person.employer_id or ''}/{person.id}")


class RatingGiven(Event, name="rating.given", version=1):
    """A user rated a page as helpful or not; the latest rating counts."""

    page: str
    helpful: bool


class RatingExplained(Event, name="rating.explained", version=1):
    """A user said why a page was not helpful; the latest reason counts until they rate again."""

    page: str
    reason: Personal[str]


class NotRatedUnhelpful(Refusal):
    """Answer No first; then say how the page can be improved."""


class Rating(Aggregate, kind="rating"):
    """A user's rating of one page, which they can change."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.helpful: bool | None = None

    # Decisions: check the rule, then state the fact. Never run on replay.

    def give(self, cause: Cause, *, page: str, helpful: bool) -> None:
        """Rate the page. Repeating the same rating records nothing."""
        if helpful is not self.helpful:
            self.record(RatingGiven, cause, page=page, helpful=helpful)

    def explain(self, cause: Cause, *, page: str, reason: str) -> None:
        """Say why the page was not helpful."""
        if self.helpful is not False:
            raise Refused(NotRatedUnhelpful())
        self.record(RatingExplained, cause, page=page, reason=reason)

    # Facts: fold into state. Never raise, never decide.

    @on(RatingGiven)
    def on_rating_given(self, event: RatingGiven) -> None:
        self.helpful = event.helpful


class GiveRating(Command):
    """Rate a page as helpful or not, or change the rating."""

    takes = CompanyRole.READ_ONLY

    page: RatedPage
    helpful: bool

    def execute(self, work: Work) -> Rating:
        rating = work.find(Rating, rating_id(self.page, self.by))
        rating.give(self, page=self.page, helpful=self.helpful)
        return rating


class ExplainRating(Command):
    """Say why a page that one rated as not helpful was not."""

    takes = CompanyRole.READ_ONLY

    page: RatedPage
    reason: FreeText

    def execute(self, work: Work) -> Rating:
        rating = work.find(Rating, rating_id(self.page, self.by))
        rating.explain(self, page=self.page, reason=self.reason)
        return rating

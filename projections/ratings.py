"""How many people found each page of help helpful, and why others did not."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.actor import Actor, Role
from domain.handlers import on
from domain.rating import RatingExplained, RatingGiven, rating_id
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, WholeNumber, after
from projections.paging import page as page_of


class Ratings(Projection, name="ratings", version=2, key="id", personal=True):
    """The latest answer of every person about every page, and the reason for a no."""

    TABLES = """
        CREATE TABLE ratings (
            rating_id   uuid PRIMARY KEY,
            page        text NOT NULL,
            helpful     boolean NOT NULL,
            reason      text,
            position    bigint,  -- of the reason
            given_at    timestamptz,
            given_by    text,
            given_role  text,
            employer_id uuid
        );
        CREATE INDEX ratings_by_page ON ratings (page, helpful);
        CREATE INDEX ratings_with_reason ON ratings (page, position DESC)
            WHERE reason IS NOT NULL"""

    GIVE = """
        INSERT INTO ratings (rating_id, page, helpful) VALUES (%(id)s, %(page)s, %(helpful)s)
        ON CONFLICT (rating_id) DO UPDATE
        SET helpful = excluded.helpful, reason = NULL, position = NULL"""

    EXPLAIN = """
        UPDATE ratings SET
            reason = %(reason)s, position = %(log_position)s, given_at = %(at)s,
            given_by = %(by)s, given_role = %(role)s, employer_id = %(employer_id)s
        WHERE rating_id = %(id)s"""

    @on(RatingGiven)
    def on_rating_given(self, _event: RatingGiven) -> Change:
        return self.GIVE, {}

    @on(RatingExplained)
    def on_rating_explained(self, event: RatingExplained) -> Change:
        return self.EXPLAIN, {"role": event.actor.role, "employer_id": event.actor.employer_id}


class PageRatings(BaseModel):
    """What people said of a page."""

    page: str
    helpful: int = Field(description="how many found it helpful")
    not_helpful: int = Field(description="how many did not")
    yours: bool | None = Field(description="what the caller said; null if nothing")
    reason: str | None = Field(description="why the caller said no; null if they did not say why")


COUNTED = """
    SELECT %(page)s::text AS page, count(*) FILTER (WHERE helpful) AS helpful,
        count(*) FILTER (WHERE NOT helpful) AS not_helpful,
        bool_or(helpful) FILTER (WHERE rating_id = %(yours)s) AS yours,
        max(reason) FILTER (WHERE rating_id = %(yours)s) AS reason
    FROM ratings WHERE page = %(page)s"""


def of_page(db: Connection, page: str, person: Actor) -> PageRatings:
    """How many found a page helpful, and what this person said."""
    asked = {"page": page, "yours": rating_id(page, person)}
    counted = fetch_one(db, PageRatings, COUNTED, asked)
    assert counted is not None  # an aggregate always has one row
    return counted


class Reason(BaseModel):
    """Why somebody did not find a page helpful."""

    page: str
    position: int
    reason: str
    given_at: datetime
    given_by: str
    given_role: Role
    employer_id: UUID | None


def reasons(db: Connection, page: str, limit: int, cursor: str | None) -> Listed[Reason]:
    """Why people did not find a page helpful, the newest first."""
    _, before = after(cursor, tuple[Literal["reasons"], WholeNumber]) or (None, None)
    rows = fetch_all(
        db,
        Reason,
        """
        SELECT page, position, reason, given_at, given_by, given_role, employer_id FROM ratings
        WHERE page = %(page)s AND reason IS NOT NULL
          AND (%(before)s::bigint IS NULL OR position < %(before)s)
        ORDER BY position DESC LIMIT %(limit)s""",
        {"page": page, "before": before, "limit": limit + 1},
    )
    return page_of(rows, limit, lambda row: ["reasons", row.position])

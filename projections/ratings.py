"""How many people found each page of help helpful."""

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.actor import Actor
from domain.handlers import on
from domain.rating import RatingGiven, rating_id
from infrastructure.database.postgres import fetch_one
from infrastructure.projecting.projection import Change, Projection


class Ratings(Projection, name="ratings", version=1, key="id"):
    """The latest answer of every person about every page."""

    TABLES = """
        CREATE TABLE ratings (
            rating_id uuid PRIMARY KEY,
            page      text NOT NULL,
            helpful   boolean NOT NULL
        );
        CREATE INDEX ratings_by_page ON ratings (page, helpful)"""

    GIVE = """
        INSERT INTO ratings (rating_id, page, helpful) VALUES (%(id)s, %(page)s, %(helpful)s)
        ON CONFLICT (rating_id) DO UPDATE SET helpful = excluded.helpful"""

    @on(RatingGiven)
    def on_rating_given(self, _event: RatingGiven) -> Change:
        return self.GIVE, {}


class PageRatings(BaseModel):
    """What people said of a page."""

    page: str
    helpful: int = Field(description="how many found it helpful")
    not_helpful: int = Field(description="how many did not")
    yours: bool | None = Field(description="what the caller said; null if nothing")


COUNTED = """
    SELECT %(page)s::text AS page, count(*) FILTER (WHERE helpful) AS helpful,
        count(*) FILTER (WHERE NOT helpful) AS not_helpful,
        bool_or(helpful) FILTER (WHERE rating_id = %(yours)s) AS yours
    FROM ratings WHERE page = %(page)s"""


def of_page(db: Connection, page: str, person: Actor) -> PageRatings:
    """How many found a page helpful, and what this person said."""
    asked = {"page": page, "yours": rating_id(page, person)}
    counted = fetch_one(db, PageRatings, COUNTED, asked)
    assert counted is not None  # an aggregate always has one row
    return counted

"""Candidates who may be one person, and those who were found to be."""

from datetime import datetime
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel

from infrastructure.database.postgres import fetch_all
from projections.paging import Listed, after, page


class OneOfSeveral(BaseModel):
    """A candidate who may be one person with another, or who was merged into another."""

    candidate_id: UUID
    name: str
    email: str | None
    signed_up_at: datetime
    last_active_at: datetime
    opted_in: bool
    merged_into: UUID | None


ONE_OF_SEVERAL = f"SELECT {', '.join(OneOfSeveral.model_fields)} FROM candidate_pool"  # noqa: S608 - our own names


class SharedAddress(BaseModel):
    """Candidates with one e-mail address, who may be one person; who signed up first stands first.

    There are none among those who came since addresses are kept apart.
    """

    email: str
    candidates: list[OneOfSeveral]


def shared_addresses(db: Connection, limit: int, cursor: str | None) -> Listed[SharedAddress]:
    """The addresses that several candidates have, without who was merged into another."""
    (previous,) = after(cursor, tuple[str]) or ("",)
    found = db.execute(
        """
        SELECT lower(email) FROM candidate_pool
        WHERE lower(email) > %s AND merged_into IS NULL
        GROUP BY lower(email) HAVING count(*) > 1 ORDER BY lower(email) LIMIT %s""",
        [previous, limit + 1],
    ).fetchall()
    addresses: dict[str, list[OneOfSeveral]] = {email: [] for (email,) in found}
    rows = fetch_all(
        db,
        OneOfSeveral,
        f"{ONE_OF_SEVERAL} WHERE lower(email) = ANY(%s::text[]) AND merged_into IS NULL"
        " ORDER BY signed_up_at, candidate_id",
        [[*addresses]],
    )
    for row in rows:
        addresses[(row.email or "").lower()].append(row)
    listed = [SharedAddress(email=email, candidates=of) for email, of in addresses.items()]
    return page(listed, limit, lambda row: [row.email])


def merged(db: Connection, limit: int, cursor: str | None) -> Listed[OneOfSeveral]:
    """The candidates who were merged into another."""
    (previous,) = after(cursor, tuple[UUID]) or (None,)
    rows = fetch_all(
        db,
        OneOfSeveral,
        f"{ONE_OF_SEVERAL} WHERE merged_into IS NOT NULL"
        " AND (%s::uuid IS NULL OR candidate_id > %s) ORDER BY candidate_id LIMIT %s",
        [previous, previous, limit + 1],
    )
    return page(rows, limit, lambda row: [row.candidate_id])

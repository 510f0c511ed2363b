"""A position's shortlist, and the candidates that its employer is not interested in.

Both hold whom the contact gate lets the employer contact, as the position's lists do, but whether
or not the position's filters still let them through. Someone who was contacted about the position
is under Interviews instead.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel

from domain.filters import Filters
from domain.review import SetAsideReason
from domain.terms import key
from domain.values import Moment
from infrastructure.database.postgres import fetch_all
from projections.candidate_search import CandidateSearch, approachable, contactable
from projections.paging import Listed, after, encoded
from projections.remarks import MOST_SUGGESTED, TagInUse


class Decided(StrEnum):
    """What was decided about the candidates of a list."""

    SHORTLISTED = "shortlisted"
    SET_ASIDE = "set_aside"


_COLUMNS = {Decided.SHORTLISTED: "shortlisted_at", Decided.SET_ASIDE: "set_aside_at"}

# A profile that was merged into another one leads to that.
_DECIDED = """
    WITH RECURSIVE decided AS (
        SELECT candidate_id, {column} AS at FROM reviews
        WHERE employer_id = %(employer)s AND position_id = %(position)s AND {column} IS NOT NULL
        UNION
        SELECT m.merged_into, d.at FROM decided AS d JOIN candidate_pool AS m USING (candidate_id)
        WHERE m.merged_into IS NOT NULL)
    SELECT p.candidate_id, max(d.at) AS since
    FROM decided AS d JOIN candidate_pool AS p USING (candidate_id)
    WHERE {condition} GROUP BY p.candidate_id"""

# An employer that is not in the beta is shown no passive candidates.
_SHOWN = """
    (p.last_active_at >= %(active_since)s
     OR (SELECT in_beta FROM employers WHERE employer_id = %(employer)s))"""


_TAGGED = """
    EXISTS (
        SELECT FROM candidate_tags AS t
        WHERE t.employer_id = %(employer)s AND t.tag_key = %(tag)s
          AND t.candidate_id = ANY(p.identifiers))"""


def count(db: Connection, decided: Decided, search: CandidateSearch) -> int:
    """How many candidates of a position this was decided about."""
    statement, parameters = _statement(decided, search)
    row = db.execute(f"SELECT count(*) FROM ({statement}) AS d", parameters).fetchone()  # noqa: S608 - our own text
    return row[0] if row else 0


def tags(db: Connection, decided: Decided, search: CandidateSearch) -> list[TagInUse]:
    """The tags that candidates of a list have, the most frequent first."""
    statement, parameters = _statement(decided, search)
    return fetch_all(
        db,
        TagInUse,
        f"""
        SELECT (array_agg(t.tag ORDER BY t.added_at, t.tag_id))[1] AS tag,
               count(DISTINCT p.candidate_id) AS candidates
        FROM ({statement}) AS d JOIN candidate_pool AS p USING (candidate_id)
        CROSS JOIN unnest(p.identifiers) AS known(id)
        JOIN candidate_tags AS t ON t.employer_id = %(employer)s AND t.candidate_id = known.id
        WHERE t.tag_key IS NOT NULL
        GROUP BY t.tag_key ORDER BY candidates DESC, t.tag_key LIMIT {MOST_SUGGESTED}""",  # noqa: S608 - our own text
        parameters,
    )


def listed(
    db: Connection,
    decided: Decided,
    search: CandidateSearch,
    limit: int,
    cursor: str | None,
    tag: str | None = None,
) -> Listed[UUID]:
    """A page of the candidates about whom this was decided, the latest decision first.

    With a tag only candidates that the employer gave it to.
    """
    last, last_id = after(cursor, tuple[Moment, UUID]) or (None, None)
    statement, parameters = _statement(decided, search, tag)
    rows: list[tuple[UUID, datetime]] = db.execute(
        f"""
        SELECT candidate_id, since FROM ({statement}) AS c
        WHERE %(last)s::timestamptz IS NULL OR since < %(last)s
           OR (since = %(last)s AND candidate_id > %(last_id)s::uuid)
        ORDER BY since DESC, candidate_id LIMIT %(limit)s""",  # noqa: S608 - our own text
        {**parameters, "last": last, "last_id": last_id, "limit": limit + 1},
    ).fetchall()
    shown = rows[:limit]
    more = len(rows) > limit
    return Listed(
        items=[id for id, _ in shown],
        next_cursor=encoded([shown[-1][1], shown[-1][0]]) if more else None,
    )


def _statement(
    decided: Decided, search: CandidateSearch, tag: str | None = None
) -> tuple[str, dict[str, Any]]:
    whom = approachable if decided is Decided.SHORTLISTED else contactable
    condition, parameters = whom(replace(search, filters=Filters()))
    condition += f" AND {_SHOWN}"
    if tag is not None:
        condition += f" AND {_TAGGED}"
        parameters |= {"tag": key(tag)}
    return _DECIDED.format(column=_COLUMNS[decided], condition=condition), parameters


# About a candidate --------------------------------------------------------------------------------


class NotInterested(BaseModel):
    """That the employer is not interested in a candidate for a position, and why."""

    at: datetime
    by: str
    reason: SetAsideReason | None
    note: str | None


class Review(BaseModel):
    """What an employer decided about a candidate for a position, and when it opened the profile."""

    shortlisted: bool
    set_aside: NotInterested | None
    opened_at: datetime | None


class _Row(BaseModel):
    candidate_id: UUID
    shortlisted: bool
    set_aside_at: datetime | None
    set_aside_by: str | None
    reason: SetAsideReason | None
    note: str | None
    opened_at: datetime | None


# A person is known by their own id, and by those of the profiles that were merged into theirs.
OF_CANDIDATES = """
    SELECT p.candidate_id, coalesce(bool_or(r.shortlisted_at IS NOT NULL), false) AS shortlisted,
           max(r.set_aside_at) AS set_aside_at,
           (array_agg(r.set_aside_by ORDER BY r.set_aside_at DESC NULLS LAST))[1] AS set_aside_by,
           (array_agg(r.reason ORDER BY r.set_aside_at DESC NULLS LAST))[1] AS reason,
           (array_agg(r.note ORDER BY r.set_aside_at DESC NULLS LAST))[1] AS note,
           max(o.opened_at) AS opened_at
    FROM candidate_pool AS p CROSS JOIN unnest(p.identifiers) AS known(id)
    LEFT JOIN reviews AS r ON r.employer_id = %(employer)s AND r.position_id = %(position)s
        AND r.candidate_id = known.id
    LEFT JOIN profiles_opened AS o ON o.employer_id = %(employer)s
        AND o.position_id = %(position)s AND o.candidate_id = known.id
    WHERE p.candidate_id = ANY(%(ids)s::uuid[])
    GROUP BY p.candidate_id"""


def of_candidates(
    db: Connection, employer_id: UUID, position_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, Review]:
    """What the employer knows of these candidates for a position."""
    asked = {"employer": employer_id, "position": position_id, "ids": [*ids]}
    return {
        row.candidate_id: Review(
            shortlisted=row.shortlisted,
            set_aside=NotInterested(
                at=row.set_aside_at, by=row.set_aside_by or "", reason=row.reason, note=row.note
            )
            if row.set_aside_at
            else None,
            opened_at=row.opened_at,
        )
        for row in fetch_all(db, _Row, OF_CANDIDATES, asked)
    }


def is_decided(db: Connection, employer_id: UUID, position_id: UUID, candidate_id: UUID) -> bool:
    """Whether the candidate is on the position's shortlist or set aside for it."""
    known = of_candidates(db, employer_id, position_id, [candidate_id]).get(candidate_id)
    return known is not None and (known.shortlisted or known.set_aside is not None)

"""The candidates of a position's two lists: Recommendations and the passive feed.

Both lists of a position are the candidate pool under the position's filters; `matching` is the same
predicate as `domain.filters.Filters.admit`, in SQL, on what `canonical` says is compared. Left
out are candidates whom the contact gate would not let the employer contact: who opted out, blocked
the employer, are on its do-not-contact list, work there, were set aside for the position, or were
contacted often enough. `candidate_index` says the same of many at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain.contact_gate import CONTACT_WINDOW
from domain.filters import CriterionKind, Filters
from domain.passivity import active_since
from domain.viewing import Feed
from infrastructure.database.postgres import Database, snapshot
from infrastructure.vocabulary.additions import NONE, Additions
from projections.candidate_pool import AGREES
from projections.canonical import compared_filters
from projections.compared_columns import keys, place_keys
from projections.vocabulary_additions import additions

Condition = tuple[str, object]
"""A condition on `candidate_pool AS p` and what it compares with, which stands at `{}`."""


def _place(filters: Filters) -> Condition:
    here = "p.city = ANY({0}::text[]) OR p.country = ANY({0}::text[])"
    places = place_keys(filters.locations)
    return f"({here} OR p.open_to_remote)" if filters.remote else f"({here})", places


def _salary(filters: Filters) -> Condition:
    budget = filters.salary_budget and filters.salary_budget.maximum_in_usd
    return (
        "({0}::bigint IS NULL OR p.expected_usd IS NULL OR p.expected_usd <= {0}::bigint)",
        budget,
    )


CONDITIONS: dict[CriterionKind, Callable[[Filters], Condition]] = {
    CriterionKind.ROLE: lambda f: ("p.roles && {}::text[]", keys(f.roles)),
    CriterionKind.SKILL: lambda f: ("p.skills @> {}::text[]", keys(f.required_skills)),
    CriterionKind.YEARS_FROM: lambda f: ("p.years >= {}::double precision", f.years_from),
    CriterionKind.YEARS_TO: lambda f: ("p.years <= {}::double precision", f.years_to),
    CriterionKind.PLACE: _place,
    CriterionKind.SALARY: _salary,
    CriterionKind.WORK_AUTHORISATION: lambda f: (
        "p.authorised_in && {}::text[]",
        keys(f.work_authorisation),
    ),
    CriterionKind.LANGUAGE: lambda f: ("p.languages @> {}::text[]", keys(f.languages)),
    CriterionKind.EXCLUDED_ROLE: lambda f: ("NOT p.roles && {}::text[]", keys(f.excluded_roles)),
    CriterionKind.EXCLUDED_SKILL: lambda f: (
        "NOT p.skills && {}::text[]",
        keys(f.excluded_skills),
    ),
    CriterionKind.EXCLUDED_PLACE: lambda f: (
        "NOT ARRAY[p.city, p.country] && {}::text[]",
        place_keys(f.excluded_locations),
    ),
    CriterionKind.EXCLUDED_LANGUAGE: lambda f: (
        "NOT p.languages && {}::text[]",
        keys(f.excluded_languages),
    ),
}
"""What each kind of criterion compares in the pool, if the filters have it."""


@dataclass(frozen=True)
class CandidateSearch:
    """Whom a position looks for, and when."""

    employer_id: UUID
    position_id: UUID
    filters: Filters
    at: datetime
    own: Additions = NONE
    """The additions to the vocabulary by which profiles are compared."""


def with_additions(db: Database, search: CandidateSearch) -> CandidateSearch:
    """The search, compared by the additions that profiles are compared by now."""
    return replace(search, own=additions(db))


def matching(filters: Filters, own: Additions = NONE) -> tuple[str, dict[str, Any]]:
    """The filters as a condition on `candidate_pool AS p`, and its parameters."""
    filters = compared_filters(filters, own)
    parts: list[str] = ["true"]
    parameters: dict[str, Any] = {}
    for kind in filters.kinds():
        condition, value = CONDITIONS[kind](filters)
        parts.append(condition.format(f"%({kind})s"))
        parameters[kind] = value
    return " AND ".join(parts), parameters


def listed_condition(kind: Feed, search: CandidateSearch) -> tuple[str, dict[str, Any]]:
    """Who is in a position's list, as a condition on `candidate_pool AS p`, and its parameters."""
    condition, parameters = approachable(search)
    side = "<" if kind is Feed.PASSIVE else ">="
    return f"{condition} AND p.last_active_at {side} %(active_since)s", parameters


def still_listed(
    db: Database, kind: Feed, search: CandidateSearch, ids: Sequence[UUID]
) -> set[UUID]:
    """The ids that still match this list."""
    with snapshot(db):
        condition, parameters = listed_condition(kind, with_additions(db, search))
        return _found(db, condition, parameters, ids)


def _found(
    db: Connection, condition: str, parameters: dict[str, Any], ids: Sequence[UUID]
) -> set[UUID]:
    rows = db.execute(
        f"""
        SELECT candidate_id FROM candidate_pool AS p
        WHERE candidate_id = ANY(%(ids)s::uuid[]) AND {condition}""",  # noqa: S608 - our own text
        parameters | {"ids": list(ids)},
    ).fetchall()
    return {id for (id,) in rows}


_NOT_LISTED = """
    (NOT (SELECT EXISTS (SELECT FROM do_not_contact WHERE employer_id = %(employer)s))
     OR NOT EXISTS (
        SELECT FROM do_not_contact AS d
        WHERE d.employer_id = %(employer)s AND d.identifier = ANY(p.identifiers)
          AND (d.until IS NULL OR d.until >= %(today)s)))"""
"""Who is not on the employer's list. Whether there is a list at all is looked up once a query."""

_WORKS_ELSEWHERE = """
    NOT (p.employers || p.domain) && coalesce((
        SELECT company_keys || declared_keys FROM employers WHERE employer_id = %(employer)s),
        ARRAY[]::uuid[])"""


SET_ASIDE = """
    WITH RECURSIVE aside AS (
        SELECT candidate_id FROM reviews
        WHERE employer_id = %(employer)s AND position_id = %(position)s
          AND set_aside_at IS NOT NULL
        UNION
        SELECT m.merged_into FROM aside JOIN candidate_pool AS m USING (candidate_id)
        WHERE m.merged_into IS NOT NULL)
    SELECT candidate_id FROM aside"""
"""Candidates set aside for the position, and those they were merged into."""

_NOT_SET_ASIDE = f"p.candidate_id NOT IN ({SET_ASIDE})"
"""Hashed once a query."""


def approachable(search: CandidateSearch) -> tuple[str, dict[str, Any]]:
    """Whom the filters let through, and the contact gate too.

    A condition on `candidate_pool AS p`, and its parameters.
    """
    condition, parameters = contactable(search)
    return f"{condition} AND {_NOT_SET_ASIDE}", parameters


def contactable(search: CandidateSearch) -> tuple[str, dict[str, Any]]:
    """The same, also of those who are set aside for the position."""
    condition, parameters = matching(search.filters, search.own)
    condition += (
        f" AND {AGREES} AND NOT p.blocked @> ARRAY[%(employer)s::uuid]"
        " AND NOT p.positions @> ARRAY[%(position)s::uuid]"
        " AND NOT p.bounced AND p.contact_budget > 0 AND (cardinality(p.last_contacts)"
        " < p.contact_budget OR p.last_contacts[cardinality(p.last_contacts) + 1"
        " - p.contact_budget] <= %(window)s)"
        f" AND {_NOT_LISTED} AND {_WORKS_ELSEWHERE}"
    )
    parameters |= {
        "employer": search.employer_id,
        "position": search.position_id,
        "window": search.at - CONTACT_WINDOW,
        "at": search.at,
        "today": search.at.date(),
        "active_since": active_since(search.at),
    }
    return condition, parameters

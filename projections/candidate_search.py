"""Whom a position's filters let through: in Recommendations, in the passive feed, and how many.

Both lists of a position are the candidate pool under the position's filters; `matching` is the same
predicate as `domain.filters.Filters.admit`, in SQL, on what `canonical` says is compared. Left
out are candidates whom the contact gate would not let the employer contact: who opted out, blocked
the employer, are on its do-not-contact list, work there, were set aside for the position, or were
contacted often enough.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel

from domain.contact_gate import CONTACT_WINDOW
from domain.filters import Criterion, CriterionKind, Filters
from domain.passivity import active_since
from domain.viewing import Feed
from projections.candidate_pool import AGREES, keys, place_keys
from projections.canonical import compared_filters

MOST_RELAXED = 30

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
}
"""What each kind of criterion compares in the pool, if the filters have it."""


@dataclass(frozen=True)
class CandidateSearch:
    """Whom a position looks for, and when."""

    employer_id: UUID
    position_id: UUID
    filters: Filters
    at: datetime


class Relaxation(BaseModel):
    """How many more would match a position if its filters did not have this criterion."""

    criterion: Criterion
    recommendations: int
    passive_candidates: int


_BOTH = """
    count(*) FILTER (WHERE p.last_active_at >= %(active_since)s),
    count(*) FILTER (WHERE p.last_active_at < %(active_since)s)"""

SKILLS_MATCHED = """
    cardinality(ARRAY(
        SELECT unnest(p.skills) INTERSECT SELECT unnest(%(nice_to_have)s::text[])))"""


def matching(filters: Filters, mark: str = "") -> tuple[str, dict[str, Any]]:
    """The filters as a condition on `candidate_pool AS p`, and its parameters.

    With a `mark` at the end of its parameters' names, it can stand beside others in a statement.
    """
    filters = compared_filters(filters)
    parts, parameters = ["true"], {}
    for kind in filters.kinds():
        condition, value = CONDITIONS[kind](filters)
        parts.append(condition.format(f"%({kind}{mark})s"))
        parameters[f"{kind}{mark}"] = value
    return " AND ".join(parts), parameters


def listed_condition(kind: Feed, search: CandidateSearch) -> tuple[str, dict[str, Any]]:
    """Who is in a position's list, as a condition on `candidate_pool AS p`, and its parameters."""
    condition, parameters = approachable(search)
    side = "<" if kind is Feed.PASSIVE else ">="
    return f"{condition} AND p.last_active_at {side} %(active_since)s", parameters


def counts(db: Connection, search: CandidateSearch) -> tuple[int, int]:
    """How many are recommended for a position, and how many passive candidates match it."""
    condition, parameters = approachable(search)
    row = db.execute(
        f"SELECT {_BOTH} FROM candidate_pool AS p WHERE {condition}",  # noqa: S608 - our own text
        parameters,
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def still_listed(
    db: Connection, kind: Feed, search: CandidateSearch, ids: Sequence[UUID]
) -> set[UUID]:
    """The ids that still match this list."""
    condition, parameters = listed_condition(kind, search)
    rows = db.execute(
        f"""
        SELECT candidate_id FROM candidate_pool AS p
        WHERE candidate_id = ANY(%(ids)s::uuid[]) AND {condition}""",  # noqa: S608 - our own text
        parameters | {"ids": list(ids)},
    ).fetchall()
    return {id for (id,) in rows}


def relaxations(db: Connection, search: CandidateSearch) -> list[Relaxation]:
    """What dropping each criterion of the filters would add, the most first.

    Dropping one adds the candidates who miss it alone, so one scan counts them all. Of filters with
    more than `MOST_RELAXED` criteria, only the first ones are weighed.
    """
    filters = search.filters
    weighed = filters.criteria()[:MOST_RELAXED]
    others = reduce(Filters.without, weighed, filters)
    condition, parameters = approachable(replace(search, filters=others))
    met: list[str] = []
    for n, criterion in enumerate(weighed):
        meets, asked = matching(filters.only(criterion), f"_{n}")
        met.append(f"({meets})")
        parameters |= asked
    if not met:
        return []
    # Who misses one at most meets one of any two: that can be looked up in the index.
    pairs = [f"AND ({a} OR {b})" for a, b in zip(met[::2], met[1::2], strict=False)]
    rows = db.execute(
        f"""
        SELECT missed, {_BOTH} FROM (
            SELECT p.last_active_at, {_indexes(met)} AS missed
            FROM candidate_pool AS p WHERE {condition} {" ".join(pairs)}) AS p
        WHERE cardinality(missed) = 1 GROUP BY missed""",  # noqa: S608 - our own text
        parameters,
    ).fetchall()
    gains = {missed: (active, passive) for (missed,), active, passive in rows}
    found = [
        Relaxation(criterion=criterion, recommendations=active, passive_candidates=passive)
        for n, criterion in enumerate(weighed)
        for active, passive in [gains.get(n, (0, 0))]
    ]
    return sorted(found, key=lambda each: -(each.passive_candidates + each.recommendations))


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


_NOT_SET_ASIDE = """
    p.candidate_id NOT IN (
        WITH RECURSIVE aside AS (
            SELECT candidate_id FROM reviews
            WHERE employer_id = %(employer)s AND position_id = %(position)s
              AND set_aside_at IS NOT NULL
            UNION
            SELECT m.merged_into FROM aside JOIN candidate_pool AS m USING (candidate_id)
            WHERE m.merged_into IS NOT NULL)
        SELECT candidate_id FROM aside)"""
"""Who is not set aside for the position, nor merged with one who is. Hashed once a query."""


def _indexes(met: Sequence[str]) -> str:
    """The numbers of the conditions that do not hold, as an array in SQL."""
    return " || ".join(
        [
            "'{}'::int[]",
            *(f"CASE WHEN {m} THEN '{{}}' ELSE '{{{n}}}' END::int[]" for n, m in enumerate(met)),
        ]
    )


def approachable(search: CandidateSearch) -> tuple[str, dict[str, Any]]:
    """Whom the filters let through, and the contact gate too.

    A condition on `candidate_pool AS p`, and its parameters.
    """
    condition, parameters = contactable(search)
    return f"{condition} AND {_NOT_SET_ASIDE}", parameters


def contactable(search: CandidateSearch) -> tuple[str, dict[str, Any]]:
    """The same, also of those who are set aside for the position."""
    condition, parameters = matching(search.filters)
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
        "nice_to_have": keys(compared_filters(search.filters).nice_to_have_skills),
    }
    return condition, parameters

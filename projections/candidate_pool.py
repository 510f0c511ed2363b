"""The candidates as recruiters see them: Recommendations, the passive feed, and profiles.

Both lists of a position are this one table under the position's filters; `matching` is the same
predicate as `domain.filters.Filters.admit`, in SQL. Who is passive depends on the day, so it is not
stored: the query compares the last activity with the day's boundary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain.candidate import (
    CandidateErased,
    CandidateSignedUp,
    Contacted,
    EmployerBlocked,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.contact_gate import CONTACT_WINDOW, CONTACTS_ALLOWED
from domain.filters import Demand, Filters
from domain.handlers import on
from domain.passivity import active_since
from domain.profile import Facts, Job, key
from domain.viewing import Feed
from infrastructure.projecting.projection import BulkStatement, Change, Projection

SIGN_UP = "sign-up"
"""The source of what a candidate said of themselves when they joined."""


class CandidatePool(Projection, name="candidate_pool", version=1, key="id"):
    """Every candidate with what filters ask for, in the form that filters compare."""

    TABLES = """
        CREATE TABLE candidate_pool (
            candidate_id    uuid PRIMARY KEY,
            name            text NOT NULL,
            email           text,
            summary         text,
            jobs            jsonb NOT NULL,
            facts           jsonb NOT NULL,
            provenance      jsonb NOT NULL,
            signed_up_at    timestamptz NOT NULL,
            last_active_at  timestamptz NOT NULL,
            opted_in        boolean NOT NULL,
            roles           text[] NOT NULL,
            skills          text[] NOT NULL,
            city            text,
            country         text,
            authorised_in   text[] NOT NULL,
            languages       text[] NOT NULL,
            years           double precision,
            open_to_remote  boolean NOT NULL,
            expected_usd    bigint,
            blocked         uuid[] NOT NULL,
            positions       uuid[] NOT NULL,
            last_contacts   timestamptz[] NOT NULL
        ) WITH (fillfactor = 85);
        CREATE INDEX candidate_pool_by_terms ON candidate_pool
            USING gin (skills, roles, authorised_in, languages)"""

    ADD = """
        INSERT INTO candidate_pool VALUES (
            %(id)s, %(name)s, %(email)s, %(summary)s, %(jobs)s, %(facts)s, %(provenance)s,
            %(at)s, %(at)s, false,
            coalesce(%(roles)s::text[], '{}'), coalesce(%(skills)s::text[], '{}'),
            %(city)s, %(country)s, coalesce(%(authorised_in)s::text[], '{}'),
            coalesce(%(languages)s::text[], '{}'), %(years)s,
            coalesce(%(open_to_remote)s::boolean, false), %(expected_usd)s, '{}', '{}', '{}')"""

    ENHANCE = """
        UPDATE candidate_pool SET
            summary = coalesce(%(summary)s, summary), jobs = coalesce(%(jobs)s::jsonb, jobs),
            facts = facts || %(facts)s, provenance = provenance || %(provenance)s,
            roles = coalesce(%(roles)s::text[], roles),
            skills = coalesce(%(skills)s::text[], skills),
            city = coalesce(%(city)s, city), country = coalesce(%(country)s, country),
            authorised_in = coalesce(%(authorised_in)s::text[], authorised_in),
            languages = coalesce(%(languages)s::text[], languages),
            years = coalesce(%(years)s::double precision, years),
            open_to_remote = coalesce(%(open_to_remote)s::boolean, open_to_remote),
            expected_usd = coalesce(%(expected_usd)s::bigint, expected_usd)
        WHERE candidate_id = %(id)s"""

    BE_ACTIVE = BulkStatement("""
        UPDATE candidate_pool SET last_active_at = greatest(last_active_at, latest)
        FROM (SELECT id, max(at) AS latest
              FROM unnest(%(id)b::uuid[], %(at)b::timestamptz[]) AS told (id, at)
              GROUP BY id) AS seen
        WHERE candidate_id = id""")

    SET_CONSENT = "UPDATE candidate_pool SET opted_in = %(opted_in)s WHERE candidate_id = %(id)s"

    BLOCK = """
        UPDATE candidate_pool SET blocked = blocked || %(employer_id)s::uuid
        WHERE candidate_id = %(id)s"""

    CONTACT = """
        UPDATE candidate_pool SET
            positions = positions || %(position_id)s::uuid,
            last_contacts = (last_contacts || %(at)s::timestamptz)[
                greatest(1, cardinality(last_contacts) + 2 - %(kept)s):]
        WHERE candidate_id = %(id)s"""

    ERASE = "DELETE FROM candidate_pool WHERE candidate_id = %(id)s"

    @on(CandidateSignedUp)
    def on_candidate_signed_up(self, event: CandidateSignedUp) -> Change:
        return self.ADD, {
            "id": event.originator_id,
            "name": event.name,
            "email": event.email,
            "at": event.timestamp,
            **_profile(event.facts, event.summary, event.jobs),
            **_provenance(event.fields, SIGN_UP, event.timestamp.date()),
        }

    @on(ProfileEnhanced)
    def on_profile_enhanced(self, event: ProfileEnhanced) -> Change:
        return self.ENHANCE, {
            "id": event.originator_id,
            **_profile(event.facts, event.summary, event.jobs),
            **_provenance(event.fields, event.source, event.observed_on),
        }

    @on(WasActive)
    def on_was_active(self, event: WasActive) -> Change:
        return self.BE_ACTIVE, {"id": event.originator_id, "at": event.timestamp}

    @on(OptedIn)
    def on_opted_in(self, event: OptedIn) -> Change:
        return self.SET_CONSENT, {"id": event.originator_id, "opted_in": True}

    @on(OptedOut)
    def on_opted_out(self, event: OptedOut) -> Change:
        return self.SET_CONSENT, {"id": event.originator_id, "opted_in": False}

    @on(EmployerBlocked)
    def on_employer_blocked(self, event: EmployerBlocked) -> Change:
        return self.BLOCK, {"id": event.originator_id, "employer_id": event.employer_id}

    @on(Contacted)
    def on_contacted(self, event: Contacted) -> Change:
        return self.CONTACT, {
            "id": event.originator_id,
            "position_id": event.position_id,
            "at": event.timestamp,
            "kept": CONTACTS_ALLOWED,
        }

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> Change:
        return self.ERASE, {"id": event.originator_id}


def _profile(facts: Facts, summary: str | None, jobs: tuple[Job, ...] | None) -> dict[str, Any]:
    return {
        "summary": summary,
        "jobs": None if jobs is None else Jsonb([job.model_dump(mode="json") for job in jobs]),
        "facts": Jsonb(facts.model_dump(mode="json", exclude_none=True)),
        "roles": _keys(facts.roles),
        "skills": _keys(facts.skills),
        "city": facts.city and key(facts.city),
        "country": facts.country and key(facts.country),
        "authorised_in": _keys(facts.work_authorisation),
        "languages": _keys(facts.languages),
        "years": facts.years_experience,
        "open_to_remote": facts.open_to_remote,
        "expected_usd": facts.expected_salary and facts.expected_salary.in_usd,
    }


def _keys(terms: Sequence[str] | None) -> list[str] | None:
    return None if terms is None else [key(term) for term in terms]


def _provenance(fields: Sequence[str], source: str, observed_on: date) -> dict[str, Any]:
    origin = {"source": source, "observed_on": observed_on.isoformat()}
    return {"provenance": Jsonb(dict.fromkeys(fields, origin))}


class Origin(BaseModel):
    """Where a field of a profile comes from and how old it is."""

    source: str
    observed_on: date


class Candidate(BaseModel):
    """A candidate as a card of a list shows them."""

    candidate_id: UUID
    name: str
    facts: Facts
    provenance: dict[str, Origin]
    signed_up_at: datetime
    last_active_at: datetime


class Profile(BaseModel):
    """Everything that is known of a candidate."""

    candidate_id: UUID
    name: str
    email: str | None
    summary: str | None
    jobs: list[Job]
    facts: Facts
    provenance: dict[str, Origin]
    signed_up_at: datetime
    last_active_at: datetime
    opted_in: bool
    blocked: list[UUID]
    positions: list[UUID]


class Relaxation(BaseModel):
    """How many more would match a position if its filters did not make this demand."""

    demand: Demand
    recommendations: int
    passive_candidates: int


MOST_RELAXED = 30

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
    terms: dict[str, tuple[str, Any]] = {
        f"p.roles && %(roles{mark})s::text[]": ("roles", _keys(filters.roles)),
        f"p.skills @> %(skills{mark})s::text[]": ("skills", _keys(filters.required_skills)),
        f"p.years >= %(years_from{mark})s::double precision": ("years_from", filters.years_from),
        f"p.years <= %(years_to{mark})s::double precision": ("years_to", filters.years_to),
        f"p.authorised_in && %(authorised_in{mark})s::text[]": (
            "authorised_in",
            _keys(filters.work_authorisation),
        ),
        f"p.languages @> %(languages{mark})s::text[]": ("languages", _keys(filters.languages)),
        f"(p.expected_usd IS NULL OR p.expected_usd <= %(budget{mark})s::bigint)": (
            "budget",
            filters.salary_budget and filters.salary_budget.maximum_in_usd,
        ),
    }
    asked = {term: value for term, value in terms.items() if value[1] not in (None, [])}
    if filters.locations or filters.remote:
        places = f"%(places{mark})s::text[]"
        here = f"p.city = ANY({places}) OR p.country = ANY({places})"
        place = f"({here} OR p.open_to_remote)" if filters.remote else f"({here})"
        asked[place] = ("places", _keys(filters.locations))
    parameters = {f"{name}{mark}": value for name, value in asked.values()}
    return " AND ".join(asked) or "true", parameters


@dataclass(frozen=True)
class Search:
    """Whom a position looks for, and when."""

    employer_id: UUID
    position_id: UUID
    filters: Filters
    at: datetime


def of_candidates(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Candidate]:
    """These candidates, as cards show them, save those who are not there any more."""
    rows = db.cursor(row_factory=class_row(Candidate)).execute(
        """
        SELECT candidate_id, name, facts, provenance, signed_up_at, last_active_at
        FROM candidate_pool WHERE candidate_id = ANY(%s::uuid[])""",
        [[*ids]],
    )
    return {candidate.candidate_id: candidate for candidate in rows}


def counts(db: Connection, search: Search) -> tuple[int, int]:
    """How many are recommended for a position, and how many passive candidates match it."""
    condition, parameters = _approachable(search)
    row = db.execute(
        f"SELECT {_BOTH} FROM candidate_pool AS p WHERE {condition}",  # noqa: S608 - our own text
        parameters,
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def relaxations(db: Connection, search: Search) -> list[Relaxation]:
    """What dropping each demand of the filters would add, the most first.

    Of filters that make more than `MOST_RELAXED` demands, only the first ones are weighed.
    """
    demands = search.filters.demands()[:MOST_RELAXED]
    parts: list[str] = []
    parameters: dict[str, Any] = {}
    for n, filters in enumerate([search.filters, *map(search.filters.without, demands)]):
        condition, asked = _approachable(replace(search, filters=filters), f"_{n}")
        parts.append(f"SELECT {n}, {_BOTH} FROM candidate_pool AS p WHERE {condition}")  # noqa: S608 - our own text
        parameters |= asked
    # Each part can use the index; one scan that weighs all demands at once cannot, and took longer.
    (_, active, passive), *others = sorted(db.execute(" UNION ALL ".join(parts), parameters))
    found = [
        Relaxation(
            demand=demands[n - 1],
            recommendations=recommended - active,
            passive_candidates=silent - passive,
        )
        for n, recommended, silent in others
    ]
    return sorted(found, key=lambda each: -(each.passive_candidates + each.recommendations))


def still_listed(db: Connection, kind: Feed, search: Search, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these are in a list of a position now."""
    condition, parameters = listed_condition(kind, search)
    rows = db.execute(
        f"""
        SELECT candidate_id FROM candidate_pool AS p
        WHERE candidate_id = ANY(%(ids)s::uuid[]) AND {condition}""",  # noqa: S608 - our own text
        parameters | {"ids": list(ids)},
    ).fetchall()
    return {id for (id,) in rows}


def profile(db: Connection, candidate_id: UUID) -> Profile | None:
    """This candidate."""
    return (
        db.cursor(row_factory=class_row(Profile))
        .execute(
            """
            SELECT candidate_id, name, email, summary, jobs, facts, provenance, signed_up_at,
                   last_active_at, opted_in, blocked, positions
            FROM candidate_pool WHERE candidate_id = %s""",
            [candidate_id],
        )
        .fetchone()
    )


def names(db: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those who are not erased."""
    rows = db.execute(
        "SELECT candidate_id, name FROM candidate_pool WHERE candidate_id = ANY(%s::uuid[])", [ids]
    )
    return dict(rows.fetchall())


def listed_condition(kind: Feed, search: Search) -> tuple[str, dict[str, Any]]:
    """Who is in a position's list, as a condition on `candidate_pool AS p`, and its parameters."""
    condition, parameters = _approachable(search)
    side = "<" if kind is Feed.PASSIVE else ">="
    return f"{condition} AND p.last_active_at {side} %(active_since)s", parameters


def _approachable(search: Search, mark: str = "") -> tuple[str, dict[str, Any]]:
    condition, parameters = matching(search.filters, mark)
    condition += (
        " AND p.opted_in AND NOT p.blocked @> ARRAY[%(employer)s::uuid]"
        " AND NOT p.positions @> ARRAY[%(position)s::uuid]"
        " AND (cardinality(p.last_contacts) < %(contacts)s OR p.last_contacts[1] <= %(window)s)"
    )
    parameters |= {
        "employer": search.employer_id,
        "position": search.position_id,
        "contacts": CONTACTS_ALLOWED,
        "window": search.at - CONTACT_WINDOW,
        "active_since": active_since(search.at),
        "nice_to_have": _keys(search.filters.nice_to_have_skills),
    }
    return condition, parameters

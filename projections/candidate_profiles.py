"""Candidates as the pool knows them: cards, whole profiles, names, and where letters go."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.profile import Facts, FullBackground, Job
from infrastructure.database.postgres import fetch_all, fetch_one


class Origin(BaseModel):
    """The source of a field of a profile, and its age."""

    source: str
    observed_on: date


class ListedCandidate(BaseModel):
    """A candidate as a card of a list shows them."""

    candidate_id: UUID
    name: str
    facts: Facts
    provenance: dict[str, Origin]
    signed_up_at: datetime
    last_active_at: datetime


class _Career(BaseModel):
    candidate_id: UUID
    jobs: list[Job]


class CandidateProfile(ListedCandidate):
    """Everything known about a candidate."""

    email: str | None
    summary: str | None
    jobs: list[Job]
    background: FullBackground
    opted_in: bool
    consent_until: datetime | None = Field(None, description="when that ends; null for never")
    blocked: list[UUID]
    positions: list[UUID]
    merged_into: UUID | None = Field(None, description="the candidate who stands for them")

    def agrees_at(self, at: datetime) -> bool:
        """Whether they agree to be written to at this moment."""
        return self.opted_in and (self.consent_until is None or at < self.consent_until)


def consent_over(db: Connection, at: datetime, limit: int) -> list[UUID]:
    """Candidates whose consent has ended and is not recorded to have, the earliest first."""
    rows = db.execute(
        "SELECT candidate_id FROM candidate_pool WHERE opted_in AND consent_until <= %s"
        " ORDER BY consent_until LIMIT %s",
        [at, limit],
    ).fetchall()
    return [id for (id,) in rows]


def of_candidates(db: Connection, ids: Sequence[UUID]) -> dict[UUID, ListedCandidate]:
    """These candidates as cards show them, without erased ones."""
    rows = fetch_all(
        db,
        ListedCandidate,
        """
        SELECT candidate_id, name, facts, provenance, signed_up_at, last_active_at
        FROM candidate_pool WHERE candidate_id = ANY(%s::uuid[])""",
        [[*ids]],
    )
    return {candidate.candidate_id: candidate for candidate in rows}


def jobs(db: Connection, ids: Sequence[UUID]) -> dict[UUID, list[Job]]:
    """The careers of these candidates, without erased ones."""
    rows = fetch_all(
        db,
        _Career,
        "SELECT candidate_id, jobs FROM candidate_pool WHERE candidate_id = ANY(%s::uuid[])",
        [[*ids]],
    )
    return {career.candidate_id: career.jobs for career in rows}


def profile(db: Connection, candidate_id: UUID) -> CandidateProfile | None:
    """A candidate. None if they are unknown or erased."""
    return fetch_one(
        db,
        CandidateProfile,
        """
        SELECT candidate_id, name, email, summary, jobs, background, facts, provenance,
               signed_up_at, last_active_at, opted_in, consent_until, blocked, positions,
               merged_into
        FROM candidate_pool WHERE candidate_id = %s""",
        [candidate_id],
    )


class Addressee(NamedTuple):
    """Where letters to a candidate go."""

    name: str
    email: str


def addressee(db: Connection, candidate_id: UUID) -> Addressee | None:
    """Where letters to a candidate go. None if they are unknown or have no address."""
    row = db.execute(
        "SELECT name, email FROM candidate_pool WHERE candidate_id = %s AND email IS NOT NULL",
        [candidate_id],
    ).fetchone()
    return Addressee(*row) if row else None


def names(db: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of these candidates, without erased ones."""
    rows = db.execute(
        "SELECT candidate_id, name FROM candidate_pool WHERE candidate_id = ANY(%s::uuid[])", [ids]
    )
    return dict(rows.fetchall())

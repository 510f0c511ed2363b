"""Candidates as a position's lists show them: what is known of each, the match, the likelihood."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from api.candidates.disclosure import to_recruiters
from domain.event import ERASED
from domain.filters import Filters
from domain.likelihood import Band, Likelihood, band
from domain.partial_date import PartialDate
from domain.profile import Facts, Job, latest_job
from domain.terms import key
from domain.viewing import Feed, Sort
from infrastructure.database.postgres import Database
from infrastructure.vocabulary.additions import Additions
from projections import candidate_feed, candidate_profiles, teams
from projections.candidate_profiles import Origin
from projections.candidate_search import CandidateSearch
from projections.canonical import compared_facts, compared_filters, compared_skills
from projections.interview_list import Interview
from projections.likelihood.explanations import strongest
from projections.likelihood.scoring import ScoredCandidate
from projections.paging import Listed
from projections.positions import Position
from projections.vocabulary_additions import additions

REASONS_SHOWN = 3


class LikelihoodReason(BaseModel):
    """What makes an answer likelier, or less likely."""

    text: str = Field(description="in plain words")
    feature: str
    contribution: float = Field(description="to the log-odds of an answer, signed")
    is_about_position: bool = Field(
        False, description="whether it is the same of every candidate of the position"
    )


class ShownLikelihood(Likelihood):
    """How likely an answer is, as a number and in a word, and the strongest reasons for it."""

    band: Band
    reasons: list[LikelihoodReason] = Field(description="the weightiest first")


class CardJob(BaseModel):
    """The present job of a candidate, or else their latest."""

    title: str | None
    employer: str | None
    started_on: PartialDate | None
    present: bool


class Card(BaseModel):
    """A candidate as a list shows them."""

    candidate_id: UUID
    name: str
    facts: Facts
    job: CardJob | None = Field(None, description="the present one, or else the latest")
    matching_skills: list[str] = Field(description="of those that the filters name")
    match: float = Field(description="share of the nice-to-have skills, from 0 to 1")
    likelihood: ShownLikelihood | None
    signed_up_at: datetime
    last_active_at: datetime
    provenance: dict[str, Origin] = Field(description="source and age of each field")
    shortlisted: bool = Field(False, description="for this position, by the employer")
    opened_at: datetime | None = Field(
        None, description="when a recruiter of the employer last opened the profile from here"
    )
    tags: list[str] = Field([], description="that the employer's recruiters gave them")
    explored: bool = Field(
        False, description="a random pick from further down, so that the model learns about others"
    )
    propensity: float = Field(
        1.0, description="the probability with which this candidate was shown in this slot"
    )


class NamedInterview(Interview):
    """An approach with the names of the candidate and of who sent it."""

    candidate_name: str
    sender: str | None = Field(description="the name of who sent it, if they are or were a member")


def of_feed(
    db: Database,
    kind: Feed,
    position: Position,
    at: datetime,
    limit: int,
    cursor: str | None,
    sort: Sort,
) -> Listed[Card]:
    """A page of one of a position's lists, scored by the model as it is now."""
    listed = candidate_feed.feed(db, kind, search(position, at), limit, cursor, sort)
    own = additions(db)
    filters = compared_filters(position.filters, own)
    jobs = candidate_profiles.jobs(db, [entry.candidate.candidate_id for entry in listed.items])
    items = [
        card_of(
            entry.candidate, filters, own, entry.score, jobs.get(entry.candidate.candidate_id, ())
        ).model_copy(update={"explored": entry.explored, "propensity": entry.propensity})
        for entry in listed.items
    ]
    return Listed(items=items, next_cursor=listed.next_cursor)


def search(position: Position, at: datetime) -> CandidateSearch:
    """Whom a position looks for at a moment."""
    return CandidateSearch(position.employer_id, position.position_id, position.filters, at)


def with_names(db: Database, listed: Listed[Interview]) -> Listed[NamedInterview]:
    """Interviews with the names of candidates and senders."""
    names = candidate_profiles.names(db, [row.candidate_id for row in listed.items])
    senders = teams.names(db, [row.sent_by for row in listed.items])
    items = [
        NamedInterview(
            **dict(row),
            candidate_name=names.get(row.candidate_id, ERASED),
            sender=senders.get(row.sent_by),
        )
        for row in listed.items
    ]
    return Listed(items=items, next_cursor=listed.next_cursor)


def card_of(
    known: candidate_profiles.ListedCandidate | candidate_profiles.CandidateProfile,
    filters: Filters,
    own: Additions,
    score: ScoredCandidate | None,
    jobs: Sequence[Job],
    reasons: int = REASONS_SHOWN,
) -> Card:
    """A card, given the filters as they are compared by additions to the vocabulary."""
    return Card(
        candidate_id=known.candidate_id,
        name=known.name,
        facts=known.facts,
        job=card_job(jobs),
        matching_skills=_matching_skills(known.facts.skills or (), filters, own),
        match=filters.match(compared_facts(known.facts, own)),
        likelihood=score and _shown(score, reasons),
        signed_up_at=known.signed_up_at,
        last_active_at=known.last_active_at,
        provenance=known.provenance,
    )


def _shown(score: ScoredCandidate, most: int) -> ShownLikelihood:
    disclosed = to_recruiters(score)
    return ShownLikelihood(
        **dict(disclosed.likelihood),
        band=band(score.likelihood.probability),
        reasons=[
            LikelihoodReason.model_validate(reason, from_attributes=True)
            for reason in strongest(disclosed.reasons, most)
        ],
    )


def card_job(jobs: Sequence[Job]) -> CardJob | None:
    """The job that a card shows. None if none is known."""
    job = latest_job(jobs)
    if job is None or not (job.title or job.employer):
        return None
    return CardJob(
        title=job.title,
        employer=job.employer,
        started_on=job.started_on,
        present=job.is_present,
    )


def _matching_skills(skills: Sequence[str], filters: Filters, own: Additions) -> list[str]:
    wanted = {key(skill) for skill in (*filters.required_skills, *filters.nice_to_have_skills)}
    return [
        skill for skill in skills if not wanted.isdisjoint(map(key, compared_skills([skill], own)))
    ]

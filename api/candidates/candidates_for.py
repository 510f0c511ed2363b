"""Candidates as a position sees them: the lists with their likelihood, and whole profiles.

Brings together what the candidate pool, the likelihood model and the position's filters say.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from domain.event import ERASED
from domain.filters import Filters
from domain.outreach import Band, Likelihood, band, outreach_id
from domain.passivity import is_passive
from domain.profile import Facts, Job, key
from domain.viewing import Feed, Sort
from infrastructure.database.postgres import Database
from projections import candidate_feed, candidate_pool
from projections.candidate_feed import Slot
from projections.candidate_pool import Origin, Relaxation, Search
from projections.interview_list import Interview
from projections.likelihood import scoring as likelihoods
from projections.likelihood.explanations import strongest
from projections.likelihood.scoring import Assessed
from projections.paging import Listed
from projections.positions import Position

REASONS_SHOWN = 3


class Reason(BaseModel):
    """What makes an answer likelier, or less likely."""

    text: str = Field(description="in plain words")
    feature: str
    contribution: float = Field(description="to the log-odds of an answer, signed")


class ShownLikelihood(Likelihood):
    """How likely an answer is, as a number and in a word, and the strongest reasons for it."""

    band: Band
    reasons: list[Reason] = Field(description="the weightiest first")


class Contribution(Reason):
    """What one feature adds to the log-odds of an answer."""

    value: float | str | None = Field(description="of the feature; null for the intercept")


class Explanation(Likelihood):
    """How likely an answer is, and everything that makes it so."""

    band: Band
    at: datetime
    contributions: list[Contribution] = Field(
        description="added up one by one in this order, in double precision, they are the logit"
        " bit for bit"
    )


class Card(BaseModel):
    """A candidate as a list shows them."""

    candidate_id: UUID
    name: str
    facts: Facts
    matching_skills: list[str] = Field(description="of those that the filters name")
    match: float = Field(description="share of the nice-to-have skills, from 0 to 1")
    likelihood: ShownLikelihood | None
    signed_up_at: datetime
    last_active_at: datetime
    provenance: dict[str, Origin] = Field(description="source and age of each field")
    explored: bool = Field(
        False, description="shown out of turn, by chance, so that the model hears of others too"
    )
    propensity: float = Field(
        1.0, description="the probability with which this candidate was put in this place"
    )


class FullProfile(Card):
    """Everything that is known of a candidate, and how this position may approach them."""

    summary: str | None
    jobs: list[Job]
    passive: bool
    approach_by: Literal["message", "interview_request"]
    outreach_id: UUID | None = Field(description="of this position's approach, if there was one")


class NamedInterview(Interview):
    """An approach with the candidate's name."""

    candidate_name: str


def cards(
    db: Database,
    kind: Feed,
    position: Position,
    at: datetime,
    limit: int,
    cursor: str | None,
    sort: Sort,
) -> Listed[Card]:
    """A page of one of a position's lists, scored by the model as it is now.

    Who is shown by lot keeps their place; of the others those who are likelier now come first.
    """
    listed = candidate_feed.feed(db, kind, _search(position, at), limit, cursor, sort)
    ids = [slot.candidate.candidate_id for slot in listed.items]
    scores = likelihoods.of_candidates(db, ids, at, position.position_id)
    items = [_card_at(slot, position.filters, scores) for slot in listed.items]
    if sort is Sort.LIKELIHOOD:
        regular = iter(sorted((card for card in items if not card.explored), key=_unlikeliness))
        items = [card if card.explored else next(regular) for card in items]
    return Listed(items=items, next_cursor=listed.next_cursor)


def counts(db: Database, position: Position, at: datetime) -> tuple[int, int]:
    """How many are recommended for a position, and how many passive candidates match it."""
    return candidate_pool.counts(db, _search(position, at))


def relaxations(db: Database, position: Position, at: datetime) -> list[Relaxation]:
    """What dropping each demand of a position's filters would add, the most first."""
    return candidate_pool.relaxations(db, _search(position, at))


def still_listed(
    db: Database, kind: Feed, position: Position, at: datetime, ids: Sequence[UUID]
) -> set[UUID]:
    """Which of these are still in one of a position's lists."""
    return candidate_pool.still_listed(db, kind, _search(position, at), ids)


def _card_at(slot: Slot, filters: Filters, scores: Mapping[UUID, Assessed]) -> Card:
    card = _card(slot.candidate, filters, scores.get(slot.candidate.candidate_id))
    return card.model_copy(update={"explored": slot.explored, "propensity": slot.propensity})


def _unlikeliness(card: Card) -> float:
    return -card.likelihood.logit if card.likelihood else 0.0


def _search(position: Position, at: datetime) -> Search:
    return Search(position.employer_id, position.position_id, position.filters, at)


def profile(
    db: Database,
    position: Position,
    candidate_id: UUID,
    at: datetime,
    *,
    reasons: int = REASONS_SHOWN,
) -> FullProfile | None:
    """A candidate as this position sees them; none who is erased or not to be written to.

    The likelihood comes with so many of its reasons, the weightiest first.
    """
    known = candidate_pool.profile(db, candidate_id)
    contacted = known is not None and position.position_id in known.positions
    if known is None:
        return None
    to_be_left_alone = not known.opted_in or position.employer_id in known.blocked
    if to_be_left_alone and not contacted:
        return None
    passive = is_passive(known.last_active_at, at)
    scores = likelihoods.of_candidates(db, [candidate_id], at, position.position_id)
    card = _card(known, position.filters, scores.get(candidate_id), reasons)
    return FullProfile(
        **dict(card),
        summary=known.summary,
        jobs=known.jobs,
        passive=passive,
        approach_by="message" if passive else "interview_request",
        outreach_id=outreach_id(position.position_id, candidate_id) if contacted else None,
    )


def likelihood(
    db: Database, candidate_id: UUID, position_id: UUID, at: datetime
) -> Likelihood | None:
    """How likely a candidate is to respond to this position now; None for nobody we know."""
    assessed = likelihoods.of_candidates(db, [candidate_id], at, position_id).get(candidate_id)
    return assessed and assessed.likelihood


def explanation(
    db: Database, candidate_id: UUID, position_id: UUID | None, at: datetime
) -> Explanation | None:
    """Why a candidate is as likely to respond as they are; None for nobody we know."""
    assessed = likelihoods.of_candidates(db, [candidate_id], at, position_id).get(candidate_id)
    return assessed and Explanation(
        **dict(assessed.likelihood),
        band=band(assessed.likelihood.probability),
        at=at,
        contributions=[Contribution(**reason._asdict()) for reason in assessed.reasons],
    )


def with_names(db: Database, listed: Listed[Interview]) -> Listed[NamedInterview]:
    """Interviews with the candidates' names."""
    names = candidate_pool.names(db, [row.candidate_id for row in listed.items])
    items = [
        NamedInterview(**dict(row), candidate_name=names.get(row.candidate_id, ERASED))
        for row in listed.items
    ]
    return Listed(items=items, next_cursor=listed.next_cursor)


def _card(
    known: candidate_pool.Candidate | candidate_pool.Profile,
    filters: Filters,
    score: Assessed | None,
    reasons: int = REASONS_SHOWN,
) -> Card:
    return Card(
        candidate_id=known.candidate_id,
        name=known.name,
        facts=known.facts,
        matching_skills=_matching_skills(known.facts.skills or (), filters),
        match=filters.match(known.facts),
        likelihood=score and _shown(score, reasons),
        signed_up_at=known.signed_up_at,
        last_active_at=known.last_active_at,
        provenance=known.provenance,
    )


def _shown(score: Assessed, most: int) -> ShownLikelihood:
    return ShownLikelihood(
        **dict(score.likelihood),
        band=band(score.likelihood.probability),
        reasons=[
            Reason(text=reason.text, feature=reason.feature, contribution=reason.contribution)
            for reason in strongest(score.reasons, most)
        ],
    )


def _matching_skills(skills: Sequence[str], filters: Filters) -> list[str]:
    wanted = {key(skill) for skill in (*filters.required_skills, *filters.nice_to_have_skills)}
    return [skill for skill in skills if key(skill) in wanted]

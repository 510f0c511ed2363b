"""One candidate as a position sees them: profile, likelihood and why; and approaching them."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from api.candidates.cards import REASONS_SHOWN, Card, LikelihoodReason, card_of
from api.candidates.disclosure import to_recruiters
from api.http.caller import Caller, CommandResult
from api.http.problems import Problem, problem_of
from domain.actor import Role
from domain.aggregate import Refused
from domain.candidate import Candidate, CandidateIsErased, CandidateOptedOut, CandidateWasMerged
from domain.command import NotFound
from domain.contact_gate import AlreadyContacted, CandidateBlockedEmployer
from domain.contacting import Message, RequestInterview, SendMessage
from domain.likelihood import Band, Likelihood, band
from domain.passivity import is_passive
from domain.profile import Background, Job
from infrastructure.database.postgres import Database
from infrastructure.error_redaction import error_kind
from projections import candidate_profiles, interviews
from projections.canonical import compared_filters
from projections.likelihood import scoring
from projections.likelihood.projection import Likelihoods
from projections.likelihood.scoring import ScoredCandidate
from projections.positions import Position
from projections.shortlist import NotInterested
from projections.vocabulary_additions import additions

logger = logging.getLogger(__name__)

LEFT_ALONE = {
    refusal.code
    for refusal in (
        CandidateIsErased,
        CandidateOptedOut,
        CandidateBlockedEmployer,
        CandidateWasMerged,
    )
}
"""Refusals for which a recruiter may not even know that the candidate is here."""

LIKELIHOOD_SECONDS = 2.0
"""How long sending may take to look up the likelihood, which is advisory."""


class Contribution(LikelihoodReason):
    """What one feature adds to the log-odds of an answer."""

    value: float | str | None = Field(
        description="of the feature; null for the intercept and for behaviour"
    )


class Explanation(Likelihood):
    """How likely an answer is, and everything that makes it so."""

    band: Band
    at: datetime
    contributions: list[Contribution] = Field(
        description="added up one by one in this order, in double precision, they are the logit"
        " bit for bit"
    )


class FullProfile(Card):
    """Everything that is known of a candidate, and how this position may approach them."""

    summary: str | None
    jobs: list[Job]
    background: Background
    passive: bool
    approach_by: Literal["message", "interview_request"]
    outreach_id: UUID | None = Field(description="of this position's approach, if there was one")
    set_aside: NotInterested | None = Field(
        None, description="that the employer is not interested, and why"
    )


def full_profile(
    db: Database,
    position: Position,
    candidate_id: UUID,
    at: datetime,
    *,
    reasons: int = REASONS_SHOWN,
) -> FullProfile | None:
    """A candidate as this position sees them, with so many reasons, the weightiest first.

    None if the candidate is unknown, erased or must not be contacted.
    """
    known = candidate_profiles.profile(db, candidate_id)
    if known is None:
        return None
    contacted = position.position_id in known.positions
    to_be_left_alone = not known.agrees_at(at) or position.employer_id in known.blocked
    if to_be_left_alone and not contacted:
        return None
    approached = interviews.latest(db, position.position_id, candidate_id)
    passive = is_passive(known.last_active_at, at)
    if approached:
        # What its sender saw: that it was sent does not make an answer to it less likely.
        seen, reasons = approached.likelihood, 0
        score = ScoredCandidate(seen, []) if seen else None
    else:
        scores = scoring.of_candidates(db, [candidate_id], at, position.position_id)
        score = scores.get(candidate_id)
    own = additions(db)
    card = card_of(known, compared_filters(position.filters, own), own, score, known.jobs, reasons)
    return FullProfile(
        **dict(card),
        summary=known.summary,
        jobs=known.jobs,
        background=known.background.without_contact_data(),
        passive=passive,
        approach_by="message" if passive else "interview_request",
        outreach_id=approached.outreach_id if approached else None,
    )


def current_explanation(
    db: Database,
    candidate_id: UUID,
    position_id: UUID | None,
    at: datetime,
    *,
    to_recruiter: bool = False,
) -> Explanation | None:
    """Why a candidate is as likely to respond as they are now. None if they are unknown.

    Recruiters read it without behaviour in detail.
    """
    assessed = scoring.of_candidates(db, [candidate_id], at, position_id).get(candidate_id)
    if assessed is None:
        return None
    disclosed = to_recruiters(assessed) if to_recruiter else assessed
    return Explanation(
        **dict(disclosed.likelihood),
        band=band(assessed.likelihood.probability),
        at=at,
        contributions=[
            Contribution.model_validate(reason, from_attributes=True)
            for reason in disclosed.reasons
        ],
    )


def approach(
    caller: Caller,
    command: type[SendMessage | RequestInterview],
    position_id: UUID,
    candidate_id: UUID,
    message: Message,
    **more: Any,
) -> CommandResult:
    """Send a message or an interview request, with the likelihood as it is now if it is known.

    `more` is what else the command says.

    Raises:
        NotFound: to a recruiter, of a candidate who wants no contact, as for every query.
    """
    try:
        return caller.run(
            command,
            position_id=position_id,
            candidate_id=candidate_id,
            message=message,
            **more,
            undo_window=timedelta(seconds=caller.marketplace.settings.undo_seconds),
            computed=partial(_likelihood, caller, position_id, candidate_id),
        )
    except (Refused, Problem) as error:
        codes = {reason.code for reason in problem_of(error).details.reasons}
        is_recruiter = caller.actor.role is Role.RECRUITER
        if is_recruiter and codes & LEFT_ALONE and AlreadyContacted.code not in codes:
            raise NotFound(Candidate, candidate_id) from None
        raise


def _likelihood(caller: Caller, position_id: UUID, candidate_id: UUID) -> Mapping[str, Any]:
    """The likelihood for the event of the sending; empty if it cannot be computed in time."""
    try:
        reading = caller.marketplace.read_models.reading
        with reading(Likelihoods, timeout=LIKELIHOOD_SECONDS) as db, db.transaction():
            timeout = f"{LIKELIHOOD_SECONDS:g}s"
            db.execute("SELECT set_config('statement_timeout', %s, true)", [timeout])
            scored = scoring.of_candidates(db, [candidate_id], caller.at, position_id)
    except Exception as error:  # noqa: BLE001 - whatever fails here, the message is sent
        logger.warning("an approach is sent without its likelihood: %s", error_kind(error))
        return {}
    return {"likelihood": known.likelihood if (known := scored.get(candidate_id)) else None}

"""Scores candidates by the current model, with the reasons.

What one query reads is as of one log position, which is part of the score: a replay of the log up
to there gives the same bits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.likelihood import Likelihood
from infrastructure.event_log.log_head import LOG_ID
from projections.likelihood.candidate_states import COLUMNS_READ
from projections.likelihood.estimator.model import ESTIMATOR, LikelihoodModel, summed
from projections.likelihood.explanations import FeatureReason, reasons
from projections.likelihood.features.candidate import CandidateState, features
from projections.likelihood.features.catalogue import OF_CANDIDATE, ORDER, merged
from projections.likelihood.features.position_match import PositionState, of_match, of_position
from projections.likelihood.learner import UNKNOWN_POSITION
from projections.likelihood.model_state import restored_model, untrained_model
from projections.likelihood.projection import Likelihoods


class ModelSnapshot(NamedTuple):
    """The model as of a log position."""

    model: LikelihoodModel
    hash: str
    log_position: int
    """Of the last event that it learned from."""
    as_of_log_position: int
    """Up to which the log was known."""

    def score(
        self, state: CandidateState, position: PositionState | None, at: datetime
    ) -> "ScoredCandidate":
        """Score a candidate at a moment, with a position or without."""
        x, names = features(state, at), OF_CANDIDATE
        if position is not None:
            x, names = merged(x, of_position(position), of_match(state, position)), ORDER
        contributions = self.model.contributions(x, names)
        logit = summed(part for _, part in contributions)
        likelihood = Likelihood(
            probability=self.model.probability(logit),
            logit=logit,
            model_position=self.log_position,
            feature_version=self.model.schema.version,
            model_hash=self.hash,
            as_of_position=self.as_of_log_position,
            estimator_version=ESTIMATOR,
        )
        names_nice_skills = position is None or bool(position.nice)
        given = reasons(x, contributions, names_nice_skills=names_nice_skills)
        return ScoredCandidate(likelihood, given)


class ScoredCandidate(NamedTuple):
    """How likely a candidate is to respond, and why."""

    likelihood: Likelihood
    reasons: list[FeatureReason]
    """One a feature, in the order in which their contributions sum up to the logit."""


# The model's state is large: it comes in the first row only, and only if it is not in the cache.
_READ = f"""
    SELECT model.log_position, model.hash,
        CASE WHEN row_number() OVER () = 1 AND model.hash <> ALL(%(known)s::text[])
            THEN model.state END,
        checkpoint.log_position, likelihood_positions.state, {{columns}}
    FROM (VALUES ({LOG_ID})) AS log (log_id)
    LEFT JOIN likelihood_model AS model USING (log_id)
    LEFT JOIN projection_checkpoints AS checkpoint ON checkpoint.log_id = log.log_id
        AND projection = '{Likelihoods.name}' AND version = {Likelihoods.version} AND live
    LEFT JOIN likelihood_positions ON position_id = %(position)s::uuid
    """  # noqa: S608 - our own names

READ = (
    _READ.format(columns=COLUMNS_READ)
    + " LEFT JOIN likelihood_features ON candidate_id = ANY(%(ids)s::uuid[])"
)
READ_MODEL = _READ.format(columns="NULL")


def of_candidates(
    db: Connection, ids: Sequence[UUID], at: datetime, position_id: UUID | None = None
) -> dict[UUID, ScoredCandidate]:
    """Score these candidates at a moment by the current model; unknown ids are left out.

    With a position for outreach about it; without, by the candidates' own features alone.
    """
    known = dict(_MODELS)
    asked = {"known": [*known], "position": position_id, "ids": [*ids]}
    rows = db.execute(READ, asked, binary=True).fetchall()
    model = _model(rows[0], known)
    position = None if position_id is None else _position(rows[0])
    states = {row[5]: CandidateState(*row[6:]) for row in rows if row[5] is not None}
    return {id: model.score(state, position, at) for id, state in states.items()}


def current(
    db: Connection, position_id: UUID | None = None, preferred: str | None = None
) -> tuple[ModelSnapshot, PositionState]:
    """The current model, and the state of a position.

    An earlier model with the `preferred` hash is taken if this process still has it.
    """
    known = dict(_MODELS)
    asked = {"known": [*known], "position": position_id}
    (row,) = db.execute(READ_MODEL, asked, binary=True).fetchall()
    snapshot = _model(row, known)
    if preferred in known and preferred != snapshot.hash:
        model, log_position = known[preferred]
        snapshot = snapshot._replace(model=model, hash=preferred, log_position=log_position)
    return snapshot, _position(row)


Known = Mapping[str, tuple[LikelihoodModel, int]]

_MODELS: dict[str, tuple[LikelihoodModel, int]] = {}
"""The models read last with their log positions, by their hash; all threads only read them."""

_MODELS_KEPT = 4

_RESTORING = Lock()


def _model(row: tuple[object, ...], known: Known) -> ModelSnapshot:
    log_position, hash, state, as_of, *_ = row
    if hash is None:
        return _untrained()
    assert isinstance(hash, str)
    assert isinstance(log_position, int)
    model = known[hash][0] if hash in known else _restored(str(state), hash, log_position)
    return ModelSnapshot(model, hash, log_position, as_of if isinstance(as_of, int) else 0)


def _restored(state: str, hash: str, log_position: int) -> LikelihoodModel:
    """The stored model, restored by one thread while the others wait for it."""
    with _RESTORING:
        if hash not in _MODELS:
            _MODELS[hash] = restored_model(state, hash), log_position
            for oldest in [*_MODELS][:-_MODELS_KEPT]:
                _MODELS.pop(oldest, None)
        return _MODELS[hash][0]


@cache
def _untrained() -> ModelSnapshot:
    model = untrained_model()
    return ModelSnapshot(model, model.hash(), 0, 0)


def _position(row: tuple[object, ...]) -> PositionState:
    return PositionState(**row[4]) if isinstance(row[4], dict) else UNKNOWN_POSITION

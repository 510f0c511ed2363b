"""How likely candidates are to respond, by the model as it is, and why: read, never written.

What is read at once is of one moment of the log, and says of which: whoever replays the log up to
there gets the same bits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.outreach import Likelihood
from infrastructure.event_log.log_head import LOG_ID
from projections.likelihood.estimator.model import ESTIMATOR, LikelihoodModel
from projections.likelihood.explanations import FeatureReason, reasons
from projections.likelihood.features.candidate import CandidateState, features
from projections.likelihood.features.catalogue import OF_CANDIDATE, ORDER, merged
from projections.likelihood.features.position_match import PositionState, of_match, of_position
from projections.likelihood.learner import NO_OPENING, untrained_model
from projections.likelihood.projection import STATE_COLUMNS_OUT, Likelihoods, restore


class ModelSnapshot(NamedTuple):
    """The model at a moment of the log."""

    model: LikelihoodModel
    hash: str
    log_position: int
    """Of the last event that it learned from."""
    as_of_log_position: int
    """Up to which the log was known."""


class ScoredCandidate(NamedTuple):
    """How likely somebody is to respond, and what makes it so."""

    likelihood: Likelihood
    reasons: list[FeatureReason]
    """One a feature, in the order in which their contributions sum up to the logit."""


# The model's state is sent only to who does not have it yet, and once.
_READ = f"""
    SELECT model.log_position, model.hash,
        CASE WHEN row_number() OVER () = 1 AND model.hash <> ALL(%(known)s::text[])
            THEN model.state END,
        checkpoint.log_position, opening, {{columns}}
    FROM (VALUES ({LOG_ID})) AS log (log_id)
    LEFT JOIN likelihood_model AS model USING (log_id)
    LEFT JOIN projection_checkpoints AS checkpoint ON checkpoint.log_id = log.log_id
        AND projection = '{Likelihoods.name}' AND version = {Likelihoods.version}
    LEFT JOIN likelihood_positions ON position_id = %(position)s::uuid
    """  # noqa: S608 - our own names

READ = (
    _READ.format(columns=STATE_COLUMNS_OUT)
    + " LEFT JOIN likelihood_features ON candidate_id = ANY(%(ids)s::uuid[])"
)
READ_MODEL = _READ.format(columns="NULL")


def of_candidates(
    db: Connection, ids: Sequence[UUID], at: datetime, position_id: UUID | None = None
) -> dict[UUID, ScoredCandidate]:
    """How likely these candidates are to respond at that moment, by the current model.

    With a position, to an approach about it; without, as far as the candidates themselves tell.
    """
    known = dict(_MODELS)
    asked = {"known": [*known], "position": position_id, "ids": [*ids]}
    rows = db.execute(READ, asked, binary=True).fetchall()
    standing, opening = _standing(rows[0], known), _opening(rows[0])
    assess = _Assessment(standing, None if position_id is None else opening, at)
    return {row[5]: assess(CandidateState(*row[6:])) for row in rows if row[5] is not None}


def current(db: Connection, position_id: UUID | None = None) -> tuple[ModelSnapshot, PositionState]:
    """The model as it is, and what is known of a position."""
    known = dict(_MODELS)
    asked = {"known": [*known], "position": position_id}
    (row,) = db.execute(READ_MODEL, asked, binary=True).fetchall()
    return _standing(row, known), _opening(row)


class _Assessment:
    """A model's view of candidates at a moment, perhaps of their answer to an opening."""

    def __init__(
        self, standing: ModelSnapshot, opening: PositionState | None, at: datetime
    ) -> None:
        self._standing = standing
        self._opening = opening
        self._at = at
        self._names = OF_CANDIDATE if opening is None else ORDER

    def __call__(self, state: CandidateState) -> ScoredCandidate:
        x = features(state, self._at)
        if self._opening is not None:
            x = merged(x, of_position(self._opening), of_match(state, self._opening))
        model = self._standing.model
        logit = model.logit(x, self._names)
        likelihood = Likelihood(
            probability=model.probability(logit),
            logit=logit,
            model_position=self._standing.log_position,
            feature_version=model.schema.version,
            model_hash=self._standing.hash,
            as_of_position=self._standing.as_of_log_position,
            estimator_version=ESTIMATOR,
        )
        return ScoredCandidate(likelihood, reasons(x, model.contributions(x, self._names)))


_MODELS: dict[str, LikelihoodModel] = {}
"""The models read last, by their hash; they are only read, and so are shared."""

_MODELS_KEPT = 2


def _standing(row: tuple[object, ...], known: Mapping[str, LikelihoodModel]) -> ModelSnapshot:
    position, hash, state, as_of, *_ = row
    if hash is None:
        return _untrained()
    assert isinstance(hash, str)
    assert isinstance(position, int)
    if hash not in known:
        model = _MODELS[hash] = restore(str(state), hash)
        for oldest in [*_MODELS][:-_MODELS_KEPT]:
            _MODELS.pop(oldest, None)
    else:
        model = known[hash]
    return ModelSnapshot(model, hash, position, as_of if isinstance(as_of, int) else 0)


@cache
def _untrained() -> ModelSnapshot:
    model = untrained_model()
    return ModelSnapshot(model, model.hash(), 0, 0)


def _opening(row: tuple[object, ...]) -> PositionState:
    return PositionState(**row[4]) if isinstance(row[4], dict) else NO_OPENING

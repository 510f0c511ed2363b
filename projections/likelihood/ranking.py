"""Finds the candidates most likely to respond under a condition without scoring all of them.

The threshold algorithm (Fagin, Lotem, Naor, "Optimal aggregation algorithms for middleware", 2001):
the matches are walked in the order of their stored scores, the candidates' own part of the logit.
The part of the match is added to each, and the walk ends where even the largest match could not
lift the next into the result. Stored scores lag behind the model; by how much is measured on some
of the candidates passed, and allowed for.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from projections.likelihood.candidate_states import read_states
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.estimator.schema import Columns
from projections.likelihood.features.candidate import CandidateState, as_row, columns
from projections.likelihood.features.catalogue import OF_CANDIDATE, OF_MATCH, OF_POSITION
from projections.likelihood.features.position_match import (
    MATCHED_COLUMNS,
    PositionState,
    feature_bounds,
    matched,
    matches,
)

FIRST_CHUNK, GROWTH = 200, 3
"""The size of the first chunk, and by how much each later one is larger."""

PROBED = 50
"""The candidates of a chunk that are scored again, to measure how far stored scores are off."""

DEVIATIONS = 3.0
"""A stored score is taken to be off by at most so many, or by the most that was seen."""

LEAST_SLACK = 0.02

MOST_RESCORED = 10_000
"""If stored scores are off by so much that more are in reach, only the likeliest are rescored."""

Logits = NDArray[np.float64]


RankKey = tuple[float, float, UUID]
"""What candidates are sorted by, ascending: probability and logit, negated, then the id.

The probability that is shown comes first, since calibration need not rise with the logit.
"""


class Ranked(NamedTuple):
    """A candidate with the key that ranks them, and the state that they were scored by."""

    key: RankKey
    candidate_id: UUID
    state: CandidateState


class Ranking:
    """The candidates under a condition, as they rank for a position at a moment."""

    def __init__(
        self,
        db: Connection,
        condition: tuple[str, Mapping[str, Any]],
        model: LikelihoodModel,
        opening: PositionState,
        at: datetime,
    ) -> None:
        self._db = db
        self._condition, self._parameters = condition
        self._model = model
        self._opening = opening
        self._at = at

    def key(self, logit: float, candidate_id: UUID) -> RankKey:
        """What a candidate with this logit is sorted by."""
        return -self._model.probability(logit), -logit, candidate_id

    def of(self, ids: Sequence[UUID]) -> list[Ranked]:
        """These candidates as the model ranks them now, the likeliest first."""
        states, rows, own = self._own(ids)
        logits = self._with_position([matched(row) for row in rows], own).tolist()
        ranked = [
            Ranked(self.key(logit, id), id, state)
            for logit, (id, state) in zip(logits, states.items(), strict=True)
        ]
        return sorted(ranked, key=lambda one: one.key)

    def after(self, last: RankKey | None, most: int) -> list[Ranked]:
        """The likeliest after the last one who was shown, or of all."""
        walk = _Walk(last, most, self._largest_match(), shown_bounds(self._model))
        for ids, stored, rows in self._chunks():
            probed = [*range(0, len(ids), max(len(ids) // PROBED, 1))]
            known, _, own = self._own([ids[n] for n in probed])
            scored = dict(zip(known, own.tolist(), strict=True))
            lag = [scored[ids[n]] - stored[n] for n in probed if ids[n] in scored]
            walk.pass_by(ids, stored, self._with_position(rows, stored), lag)
            if walk.is_over():
                break
        ranked = self.of(walk.in_reach())
        return [one for one in ranked if last is None or one.key > last][:most]

    def _largest_match(self) -> float:
        """The most that position and match can add to a candidate's own part."""
        total = 0.0
        for name, values in feature_bounds(self._opening).items():
            if isinstance(values[0], str):
                alone = Columns({}, {name: [str(value) for value in values]})
                added = self._model.logits(alone, len(values), (name,), np.zeros(len(values)))
                total += added.max().item()
            else:
                total += self._model.span(name, float(values[0]), float(values[-1]))[1]
        return total

    def _own(
        self, ids: Sequence[UUID]
    ) -> tuple[dict[UUID, CandidateState], list[tuple[Any, ...]], Logits]:
        """The states of these candidates, as rows too, and their own part of the logit as of now.

        Candidates erased meanwhile are left out.
        """
        states = dict(read_states(self._db, ids))
        rows = [as_row(state) for state in states.values()]
        own = self._model.logits(columns(rows, self._at), len(rows), OF_CANDIDATE)
        return states, rows, own

    def _with_position(self, rows: Sequence[Sequence[Any]], start: Logits) -> Logits:
        x = matches(rows, self._opening)
        return self._model.logits(x, len(start), OF_POSITION + OF_MATCH, start)

    def _chunks(self) -> Iterator[tuple[list[UUID], Logits, list[Any]]]:
        """The matches from the highest stored score down.

        Page after page with `LIMIT`, so that the planner knows how few rows are wanted: a cursor is
        planned for a tenth of what it guesses, which collapses where filters are correlated.
        """
        statement = f"""
            SELECT l.candidate_id, l.logit, {MATCHED_COLUMNS}
            FROM candidate_pool AS p JOIN likelihood_scores AS l USING (candidate_id)
            JOIN likelihood_features AS f USING (candidate_id)
            WHERE {self._condition} {{after}}
            ORDER BY l.logit DESC, l.candidate_id LIMIT %(size)s"""  # noqa: S608 - our own text
        # Not as a bound of the index: where few are guessed to match, a plan would read all scores
        # below the bound for each of them. A chunk is larger than all before it, so reading on from
        # the top costs little.
        after = """
            AND (l.logit + 0.0 < %(logit)s::double precision
                OR l.logit + 0.0 = %(logit)s AND l.candidate_id > %(last)s::uuid)"""
        asked = {**self._parameters, "size": FIRST_CHUNK}
        rows = self._db.execute(statement.format(after=""), asked, binary=True).fetchall()
        while rows:
            stored = np.array([row[1] for row in rows])
            yield [row[0] for row in rows], stored, [row[2:] for row in rows]
            if len(rows) < asked["size"]:
                return
            asked |= {"last": rows[-1][0], "logit": rows[-1][1], "size": asked["size"] * GROWTH}
            rows = self._db.execute(statement.format(after=after), asked, binary=True).fetchall()


class ShownBounds:
    """How likely a candidate may be shown to be, whose logit is known up to a bound.

    Calibration need not be monotone, so a lower logit may be shown with a higher probability.
    """

    LOGITS = np.linspace(-12.0, 12.0, 1201)

    def __init__(self, probability: Callable[[float], float]) -> None:
        shown = np.array([probability(logit) for logit in self.LOGITS.tolist()])
        self._most = np.maximum.accumulate(shown)
        self._least = np.minimum.accumulate(shown[::-1])[::-1]

    def most(self, logits: Logits | float) -> Logits:
        """The highest probability of any logit up to these, and slightly beyond."""
        at = np.searchsorted(self.LOGITS, logits)
        return np.asarray(self._most[np.minimum(at, len(self.LOGITS) - 1)])

    def least(self, logits: Logits | float) -> Logits:
        """The lowest probability of any logit from these on, and from slightly before."""
        at = np.searchsorted(self.LOGITS, logits, side="right")
        return np.asarray(self._least[np.maximum(at, 1) - 1])


@lru_cache(maxsize=2)
def shown_bounds(model: LikelihoodModel) -> ShownBounds:
    """The bounds of a model that learns no more."""
    return ShownBounds(model.probability)


class _Walk:
    """What is known of the candidates passed, and whether to go on."""

    def __init__(
        self, last: RankKey | None, most: int, largest_match: float, bounds: ShownBounds
    ) -> None:
        self._last = -last[0] if last else None
        self._most = most
        self._largest_match = largest_match
        self._bounds = bounds
        self._ids: list[UUID] = []
        self._scores = np.empty(0)
        self._lowest = math.inf
        self._lags: list[float] = []

    def pass_by(self, ids: list[UUID], stored: Logits, scores: Logits, lags: list[float]) -> None:
        """Some more candidates with their stored score and that with the match, and some lags."""
        self._ids += ids
        self._scores = np.concatenate([self._scores, scores])
        self._lowest = stored[-1].item()
        self._lags += lags

    def is_over(self) -> bool:
        """Whether no candidate further on can be among the likeliest."""
        highest = self._lowest + self._largest_match + self._mean_lag() + self._slack()
        return bool(self._bounds.most(highest) < self._threshold())

    def in_reach(self) -> list[UUID]:
        """The candidates that may be among the likeliest after the last one, by score."""
        logits, slack = self._scores + self._mean_lag(), self._slack()
        reached = self._bounds.most(logits + slack) >= self._threshold()
        if self._last is not None:
            reached &= self._bounds.least(logits - slack) <= self._last
        order = np.argsort(-logits, kind="stable")
        return [self._ids[n] for n in order[reached[order]][:MOST_RESCORED].tolist()]

    def _threshold(self) -> float:
        """What the last candidate of the result is shown with at least; of all, if they are few."""
        logits = self._scores + self._mean_lag()
        if self._last is not None:
            logits = logits[self._bounds.most(logits + self._slack()) < self._last]
        if len(logits) < self._most:
            return -math.inf
        return float(np.partition(self._bounds.least(logits), -self._most)[-self._most])

    def _mean_lag(self) -> float:
        return float(np.mean(self._lags)) if self._lags else 0.0

    def _slack(self) -> float:
        """How far a single stored score may be off, beside the mean lag."""
        if not self._lags:
            return 0.0
        off = np.abs(np.array(self._lags) - self._mean_lag())
        return max(DEVIATIONS * float(np.std(self._lags)), float(off.max())) + LEAST_SLACK

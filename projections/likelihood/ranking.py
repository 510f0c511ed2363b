"""Finds the likeliest of those who match a position without scoring them all.

The threshold algorithm (Fagin, Lotem, Naor, "Optimal aggregation algorithms for middleware", 2001):
those who match are walked in the order of their stored scores, the candidates' own part of the
logit. The part of the match is added to each, and the walk ends where even the largest match could
not lift the next into the result. Stored scores lag behind the model; by how much is measured on
some of those who are walked past, and allowed for.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from projections.likelihood.candidate_states import read_states
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.estimator.schema import Columns
from projections.likelihood.features.candidate import as_row, columns
from projections.likelihood.features.catalogue import OF_CANDIDATE, OF_MATCH, OF_POSITION
from projections.likelihood.features.position_match import (
    MATCHED_COLUMNS,
    PositionState,
    feature_bounds,
    matched,
    matches,
)

FIRST_CHUNK, GROWTH = 200, 3
"""How many are walked at first, and how many times as many each time after."""

PROBED = 50
"""Of each chunk so many are scored anew, to know how far stored scores are off."""

DEVIATIONS = 3.0
"""A stored score is taken to be off by no more than so many, or than the most that was seen."""

LEAST_SLACK = 0.02

MOST_RESCORED = 10_000
"""Where stored scores are off by so much that more are in reach, the likeliest of them must do."""

Logits = NDArray[np.float64]


class Ranked(NamedTuple):
    """A candidate with the logit that ranks them."""

    logit: float
    candidate_id: UUID

    @property
    def place(self) -> tuple[float, UUID]:
        """What they are sorted by: the likeliest first, of equally likely ones the lower id."""
        return -self.logit, self.candidate_id


class Ranking:
    """The candidates under a condition, as they rank for an opening at a moment."""

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

    def of(self, ids: Sequence[UUID]) -> list[Ranked]:
        """These candidates, the likeliest first, as the model ranks them now."""
        known, rows, own = self._own(ids)
        logits = self._with_position([matched(row) for row in rows], own)
        ranked = [Ranked(*pair) for pair in zip(logits.tolist(), known, strict=True)]
        return sorted(ranked, key=lambda candidate: candidate.place)

    def after(self, last: Ranked | None, most: int) -> list[Ranked]:
        """The likeliest after the last one who was shown, or of all."""
        walk = _Walk(last, most, self._largest_match())
        for ids, stored, rows in self._chunks():
            probed = [*range(0, len(ids), max(len(ids) // PROBED, 1))]
            known, _, own = self._own([ids[n] for n in probed])
            scored = dict(zip(known, own.tolist(), strict=True))
            lag = [scored[ids[n]] - stored[n] for n in probed if ids[n] in scored]
            walk.pass_by(ids, stored, self._with_position(rows, stored), lag)
            if walk.is_over():
                break
        ranked = self.of(walk.in_reach())
        return [one for one in ranked if last is None or one.place > last.place][:most]

    def _largest_match(self) -> float:
        """The most that position and match can add to anybody's own part."""
        total = 0.0
        for name, values in feature_bounds(self._opening).items():
            if isinstance(values[0], str):
                alone = Columns({}, {name: [str(value) for value in values]})
                added = self._model.logits(alone, len(values), (name,), np.zeros(len(values)))
                total += added.max().item()
            else:
                total += self._model.span(name, float(values[0]), float(values[-1]))[1]
        return total

    def _own(self, ids: Sequence[UUID]) -> tuple[list[UUID], list[tuple[Any, ...]], Logits]:
        """Their own part as it is now, of those who are known still."""
        states = dict(read_states(self._db, ids))
        rows = [as_row(state) for state in states.values()]
        own = self._model.logits(columns(rows, self._at), len(rows), OF_CANDIDATE)
        return [*states], rows, own

    def _with_position(self, rows: Sequence[Sequence[Any]], start: Logits) -> Logits:
        x = matches(rows, self._opening)
        return self._model.logits(x, len(start), OF_POSITION + OF_MATCH, start)

    def _chunks(self) -> Iterator[tuple[list[UUID], Logits, list[Any]]]:
        """Those who match, from the highest stored score down."""
        statement = f"""
            SELECT l.candidate_id, l.logit, {MATCHED_COLUMNS}
            FROM candidate_pool AS p JOIN likelihood_scores AS l USING (candidate_id)
            JOIN likelihood_features AS f USING (candidate_id)
            WHERE {self._condition} ORDER BY l.logit DESC, l.candidate_id"""  # noqa: S608 - our own text
        size = FIRST_CHUNK
        with self._db.transaction(), self._db.cursor("likeliest", binary=True) as cursor:
            cursor.execute(statement, self._parameters)
            while rows := cursor.fetchmany(size):
                stored = np.array([row[1] for row in rows])
                yield [row[0] for row in rows], stored, [row[2:] for row in rows]
                if len(rows) < size:
                    return
                size *= GROWTH


class _Walk:
    """What is known of those who were walked past, and whether to go on."""

    def __init__(self, last: Ranked | None, most: int, largest_match: float) -> None:
        self._last = last
        self._most = most
        self._largest_match = largest_match
        self._ids: list[UUID] = []
        self._scores = np.empty(0)
        self._lowest = math.inf
        self._lags: list[float] = []

    def pass_by(self, ids: list[UUID], stored: Logits, scores: Logits, lags: list[float]) -> None:
        """Some more of them, with their stored score, that with the match, and some lags."""
        self._ids += ids
        self._scores = np.concatenate([self._scores, scores])
        self._lowest = stored[-1].item()
        self._lags += lags

    def is_over(self) -> bool:
        """Whether nobody further on can be among the likeliest."""
        threshold = self._threshold()
        return self._lowest + self._largest_match + self._slack() < threshold

    def in_reach(self) -> list[UUID]:
        """Whoever of them may be among the likeliest after the last, the likeliest first."""
        lowest, highest = self._threshold() - self._slack(), math.inf
        if self._last:
            highest = self._last.logit - self._mean_lag() + self._slack()
        order = np.argsort(-self._scores, kind="stable")
        scores = self._scores[order]
        reached = order[(scores >= lowest) & (scores <= highest)][:MOST_RESCORED]
        return [self._ids[place] for place in reached.tolist()]

    def _threshold(self) -> float:
        """The score of the last who would be shown for sure; of all, if there are too few."""
        scores = self._scores
        if self._last:
            scores = scores[scores < self._last.logit - self._mean_lag() - self._slack()]
        if len(scores) < self._most:
            return -math.inf
        return float(np.partition(scores, -self._most)[-self._most])

    def _mean_lag(self) -> float:
        return float(np.mean(self._lags)) if self._lags else 0.0

    def _slack(self) -> float:
        """How far a stored score may be off, beside what all are off."""
        if not self._lags:
            return 0.0
        off = np.abs(np.array(self._lags) - self._mean_lag())
        return max(DEVIATIONS * float(np.std(self._lags)), float(off.max())) + LEAST_SLACK

"""Finds the candidates of a list who are likeliest to respond without scoring all of them.

The threshold algorithm (Fagin, Lotem, Naor, "Optimal aggregation algorithms for middleware", 2001):
the matches are walked in the order of their kept scores, the candidates' own part of the logit. The
part of the match is added to each, and the walk ends where even the largest match could not lift
the next into the result. Kept scores lag behind the model; by how much is measured on some of the
candidates passed, and allowed for.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.traits import term_hash
from infrastructure.database.postgres import Database
from projections.candidate_index.index import CandidateIndex, Logits, Scoring
from projections.candidate_index.matching import term_keys
from projections.candidate_index.postings import Mask, Rows
from projections.candidate_index.reading import Term
from projections.likelihood.candidate_states import read_states
from projections.likelihood.estimator.schema import Columns
from projections.likelihood.features.candidate import CandidateState, as_row, columns
from projections.likelihood.features.catalogue import OF_CANDIDATE, OF_MATCH, OF_POSITION
from projections.likelihood.features.position_match import (
    MatchColumns,
    PositionState,
    feature_bounds,
    matched,
    matches,
    matches_by_column,
)

FIRST_CHUNK, GROWTH = 4_000, 4
"""How many of the order are walked first, and by how much more each time after."""

FEW = 20_000
"""So few matches are scored one and all, instead of walking past the others."""

PROBED = 50
"""The candidates of a chunk that are scored again, to measure how far kept scores are off."""

DEVIATIONS = 3.0
"""A kept score is taken to be off by at most so many, or by the most that was seen."""

LEAST_SLACK = 0.02

MOST_RESCORED = 50_000
"""If kept scores are off by so much that more are in reach, only the likeliest are rescored."""

SPARE = 5
"""How many more than asked for are scored from the tables, where some may have changed."""


Counts = NDArray[np.uint8]

RankKey = tuple[float, UUID]
"""What candidates are sorted by, ascending: the logit, negated, then the id."""


class Ranked(NamedTuple):
    """A candidate with the key that ranks them, and the state that they were scored by."""

    key: RankKey
    candidate_id: UUID
    state: CandidateState


def ranked(
    db: Database, ids: Sequence[UUID], scoring: Scoring, opening: PositionState
) -> list[Ranked]:
    """These candidates as the model ranks them for a position, the likeliest first, by the tables.

    Those erased meanwhile are left out.
    """
    states, model = dict(read_states(db, ids)), scoring.snapshot.model
    rows = [as_row(state) for state in states.values()]
    own = model.logits(columns(rows, scoring.at), len(rows), OF_CANDIDATE)
    match = matches([matched(row) for row in rows], opening)
    logits = model.logits(match, len(rows), OF_POSITION + OF_MATCH, own).tolist()
    found = [
        Ranked((-logit, id), id, state)
        for logit, (id, state) in zip(logits, states.items(), strict=True)
    ]
    return sorted(found, key=lambda one: one.key)


class MatchKeys(NamedTuple):
    """The keys of what a position asks for, as the features of its matches have it."""

    named: list[int]
    nice: list[int]
    cities: list[int]
    countries: list[int]


def match_keys(db: Database, opening: PositionState) -> MatchKeys:
    """Ask the database for these keys."""
    nice, required, places = map(set, (opening.nice, opening.required, opening.places))
    return MatchKeys(
        *(
            term_keys(db, term, map(term_hash, texts))
            for term, texts in (
                (Term.FEATURE_SKILL, nice | required),
                (Term.FEATURE_SKILL, nice),
                (Term.FEATURE_CITY, places),
                (Term.FEATURE_COUNTRY, places),
            )
        )
    )


class Ranking:
    """The candidates of a list, as they rank for a position at a moment, by the index alone."""

    def __init__(
        self,
        index: CandidateIndex,
        listed: Mask,
        scoring: Scoring,
        opening: PositionState,
        keys: MatchKeys,
    ) -> None:
        self._index = index
        self._listed = listed
        self._scoring = scoring
        self._model = scoring.snapshot.model
        self._opening = opening
        self._named, self._nice, self._in_city, self._in_country = map(index.masks, keys)

    def after(self, last: RankKey | None, most: int) -> list[UUID]:
        """The likeliest after the last one who was shown, or of all, and a few more."""
        most += SPARE
        walk = _Walk(last, most, self._largest_match())
        for rows, lowest in self._chunks():
            kept = self._index.columns["own"][rows]
            probed = slice(None, None, max(len(rows) // PROBED, 1))
            lags = self._index.logits(rows[probed], self._scoring) - kept[probed]
            walk.pass_by(rows, self._with_position(rows, kept), lags, lowest)
            if walk.is_over():
                break
        rows = walk.in_reach()
        logits = self.logits(rows)
        exact = _Walk(last, most, 0.0)
        exact.pass_by(np.arange(len(rows), dtype=np.int32), logits, np.empty(0), -math.inf)
        likeliest = exact.in_reach()
        ids = self._index.columns.ids(rows[likeliest])
        keys = sorted(zip((-logits[likeliest]).tolist(), ids, strict=True))
        return [id for negated, id in keys if last is None or (negated, id) > last][:most]

    def logits(self, rows: Rows) -> Logits:
        """The candidates in these rows as the model scores them now, from the index."""
        return self._with_position(rows, self._index.logits(rows, self._scoring))

    def around(self, start: int, few: int) -> list[tuple[int, RankKey]]:
        """The matches with the random keys just before and after a key; all if they are few.

        The keys are a circle: after the highest comes the lowest. In the order of the random keys,
        each with where they rank.
        """
        rows = self._index.around(self._listed & self._index.columns.scored, start, few)
        keys = self._index.columns["random_key"][rows].tolist()
        logits = self.logits(rows)
        ids = self._index.columns.ids(rows)
        return [*zip(keys, zip((-logits).tolist(), ids, strict=True), strict=True)]

    def _chunks(self) -> Iterator[tuple[Rows, float]]:
        """Rows of the list, and the highest score that any after them may have."""
        own = self._index.columns["own"]
        known = self._listed & self._index.columns.scored
        if np.count_nonzero(known) <= FEW:
            yield np.flatnonzero(known).astype(np.int32), -math.inf
            return
        changed = self._index.unordered
        yield changed[known[changed]], math.inf
        kept = np.ones(len(own), np.bool_)
        kept[changed] = False
        known &= kept
        order, begun, size, lowest = self._index.order, 0, FIRST_CHUNK, math.inf
        while begun < len(order):
            walked = order[begun : begun + size]
            begun, size = begun + size, size * GROWTH
            lowest = own[walked[kept[walked]][-1:]].min(initial=lowest)
            yield walked[known[walked]], lowest

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

    def _with_position(self, rows: Rows, start: Logits) -> Logits:
        of = self._index.columns
        x = matches_by_column(
            self._opening,
            MatchColumns(
                _counted(self._named, rows),
                _counted(self._nice, rows),
                _counted(self._in_city, rows) > 0,
                _counted(self._in_country, rows) > 0,
                of["home_known"][rows] > 0,
                of.state("expected_usd")[rows],
                of.codes("role", rows),
                of.codes("remote_wish", rows),
            ),
        )
        return self._model.logits(x, len(rows), OF_POSITION + OF_MATCH, start)


def _counted(masks: Sequence[Mask], rows: Rows) -> Counts:
    """How many of the masks have each of these rows."""
    counted = np.zeros(len(rows), np.uint8)
    for mask in masks:
        counted += mask[rows]
    return counted


class _Walk:
    """What is known of the candidates passed, and whether to go on."""

    def __init__(self, last: RankKey | None, most: int, largest_match: float) -> None:
        self._last = -last[0] if last else math.inf
        self._most = most
        self._largest_match = largest_match
        self._rows: Rows = np.empty(0, np.int32)
        self._scores = np.empty(0)
        self._lowest = math.inf
        self._lags = np.empty(0)

    def pass_by(self, rows: Rows, scores: Logits, lags: Logits, lowest: float) -> None:
        """Some more candidates by their scores with the match, and how far some of these are off.

        `lowest` is the highest own part that any further on may have.
        """
        self._rows = np.concatenate([self._rows, rows])
        self._scores = np.concatenate([self._scores, scores])
        self._lags = np.concatenate([self._lags, lags])
        self._lowest = lowest

    def is_over(self) -> bool:
        """Whether no candidate further on can be among the likeliest."""
        highest = self._lowest + self._largest_match + self._mean_lag() + self._slack()
        return highest < self._threshold()

    def in_reach(self) -> Rows:
        """The candidates that may be among the likeliest after the last one."""
        logits, slack = self._scores + self._mean_lag(), self._slack()
        reached = (logits + slack >= self._threshold()) & (logits - slack <= self._last)
        rows, logits = self._rows[reached], logits[reached]
        if len(rows) > MOST_RESCORED:
            rows = rows[np.argpartition(-logits, MOST_RESCORED)[:MOST_RESCORED]]
        return rows

    def _threshold(self) -> float:
        """What the last candidate of the result has at least; minus infinity if they are few."""
        logits, slack = self._scores + self._mean_lag(), self._slack()
        logits = logits[logits + slack <= self._last]
        if len(logits) < self._most:
            return -math.inf
        return float(np.partition(logits, -self._most)[-self._most]) - slack

    def _mean_lag(self) -> float:
        return float(np.mean(self._lags)) if len(self._lags) else 0.0

    def _slack(self) -> float:
        """How far a single kept score may be off, beside the mean lag."""
        if not len(self._lags):
            return 0.0
        off = np.abs(self._lags - self._mean_lag())
        return max(DEVIATIONS * float(np.std(self._lags)), float(off.max())) + LEAST_SLACK

"""Runs the estimator over a table as it would have run live: predict, wait, learn."""

import math
import random
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from projections.likelihood.estimator.model import BASE_RATE, LikelihoodModel
from projections.likelihood.estimator.schema import Features

DAY, HOUR = 86_400.0, 3_600.0

LAST_ROWS = 1_000
"""Last rows over which the features' weights are measured."""


class Case(NamedTuple):
    """A row: its time, features and outcome, and when a yes came."""

    at: float
    features: Features
    outcome: bool
    answered_at: float | None = None


class Delays(NamedTuple):
    """When outcomes become known: a yes within `days`, a no when they are over.

    With `silence_hours` a no is learned after that time, and revoked if a yes comes, as in
    production.
    """

    days: float = 0.0
    silence_hours: float | None = None
    seed: int = 1

    def answer(self, case: Case, number: int) -> float:
        """When a yes comes: as the table says, or drawn at random, mostly in the first quarter."""
        if case.answered_at is not None:
            return max(case.answered_at, case.at)
        drawn = random.Random(self.seed * 1_000_003 + number).expovariate(4.0)  # noqa: S311 - simulated, seeded
        return case.at + min(drawn, 1.0) * self.days * DAY


@dataclass
class PrequentialRun:
    """Predictions, outcomes, and the model at the end."""

    model: LikelihoodModel
    moments: "array[float]" = field(default_factory=lambda: array("d"))
    probabilities: "array[float]" = field(default_factory=lambda: array("d"))
    priors: "array[float]" = field(default_factory=lambda: array("d"))
    outcomes: "array[int]" = field(default_factory=lambda: array("b"))
    last: deque[Features] = field(default_factory=lambda: deque(maxlen=LAST_ROWS))

    def weightiest(self, most: int) -> list[tuple[str, float]]:
        """The features that move the logit most at the end, the largest first.

        Measured by the standard deviation of a feature's contribution over the last rows.
        """
        added: dict[str, list[float]] = {}
        for features in self.last:
            for name, part in self.model.contributions(features)[1:]:
                added.setdefault(name, []).append(part)
        spreads = {name: _spread(parts) for name, parts in added.items()}
        return sorted(spreads.items(), key=lambda one: (-one[1], one[0]))[:most]


def run_prequential(
    model: LikelihoodModel,
    cases: Iterator[Case],
    delays: Delays,
    progress: Callable[[int], None] = lambda _: None,
) -> PrequentialRun:
    """Predict each case after learning what was known by then.

    >>> from projections.likelihood.estimator.schema import Schema
    >>> model = LikelihoodModel(Schema(1, {"a": None}, {}))
    >>> cases = (Case(n, Features({"a": float(n % 2)}, {}), n % 2 == 1) for n in range(400))
    >>> run_prequential(model, cases, Delays()).probabilities[-1] > 0.8
    True
    """
    run, pending = PrequentialRun(model), _Pending(model, delays)
    for number, case in enumerate(cases):
        pending.pass_time(case.at)
        run.moments.append(case.at)
        run.probabilities.append(model.probability(model.logit(case.features)))
        run.priors.append(_share(model.positive, model.observed))
        run.outcomes.append(case.outcome)
        run.last.append(case.features)
        pending.add(case, number)
        progress(number + 1)
    return run


class _Pending:
    """Cases without a known outcome, in the order in which they are learned."""

    def __init__(self, model: LikelihoodModel, delays: Delays) -> None:
        self._model = model
        self._delays = delays
        self._due: list[tuple[float, int, bool, Case]] = []
        self._silent: dict[int, float] = {}

    def add(self, case: Case, number: int) -> None:
        """Learn a case at once, or queue it until its outcome is known."""
        delays = self._delays
        if not delays.days:
            self._model.learn(case.features, case.outcome)
            return
        silence = None if delays.silence_hours is None else case.at + delays.silence_hours * HOUR
        known = delays.answer(case, number) if case.outcome else case.at + delays.days * DAY
        if silence is not None and (silence < known or not case.outcome):
            heappush(self._due, (silence, number, False, case))
        if case.outcome or silence is None:
            heappush(self._due, (known, number, case.outcome, case))

    def pass_time(self, now: float) -> None:
        """Learn the outcomes that are known by now."""
        while self._due and self._due[0][0] <= now:
            _, number, outcome, case = heappop(self._due)
            if number in self._silent:
                self._model.revoke(case.features, False, self._silent.pop(number))
            logit = self._model.learn(case.features, outcome)
            if case.outcome and not outcome:
                self._silent[number] = logit


def _share(positive: float, observed: float) -> float:
    return min(max((positive + BASE_RATE) / (observed + 1.0), 0.0), 1.0)


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))

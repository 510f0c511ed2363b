"""Calibrates: turns logits into probabilities that match the observed shares of answers."""

import math
from collections.abc import Sequence

from projections.likelihood.estimator.regression import sigmoid


class Calibrator:
    """Calibrated logits at 25 logits, linear in between; a higher logit never gives a lower one.

    Each knot keeps the mean residual of the observations around it, shrunk towards 0. Where the
    shares that follow do not rise with the logit, neighbours are pooled until they do: isotonic
    regression by pooling adjacent violators (Ayer et al. 1955).

    >>> calibrator = Calibrator()
    >>> abs(calibrator.probability(1.0) - sigmoid(1.0)) < 1e-15
    True
    >>> for _ in range(1000):
    ...     calibrator.learn(0.0, False, 1.0)
    >>> calibrator.probability(0.0) < 0.05 < 0.4 < calibrator.probability(1.0)
    True
    """

    LOWEST, HIGHEST, KNOTS = -6.0, 6.0, 25
    SHRINKAGE = 20.0
    CLOSEST_TO_CERTAINTY = 1e-4

    def __init__(
        self, mass: Sequence[float] | None = None, excess: Sequence[float] | None = None
    ) -> None:
        """An untrained calibrator, or one with this state of its knots.

        Raises:
            ValueError: the state is not a number for each knot.
        """
        self.mass = [*map(float, mass or [0.0] * self.KNOTS)]
        self.excess = [*map(float, excess or [0.0] * self.KNOTS)]
        if {len(self.mass), len(self.excess)} != {self.KNOTS}:
            raise ValueError(f"there are {self.KNOTS} knots")
        self._calibrated: list[float] | None = None

    def learn(self, logit: float, y: bool, weight: float) -> None:
        """Learn the outcome at this logit; with a negative weight, revoke it."""
        knot, part = self._place(logit)
        excess = y - sigmoid(logit)
        for index, share in ((knot, 1.0 - part), (knot + 1, part)):
            self.mass[index] += weight * share
            self.excess[index] += weight * share * excess
        self._calibrated = None

    def probability(self, logit: float) -> float:
        """The calibrated probability of an answer, never exactly 0 or 1."""
        knots = self._calibrated or self._calibrate()
        knot, part = self._place(logit)
        beyond = logit - min(max(logit, self.LOWEST), self.HIGHEST)
        below, above = knots[knot], knots[knot + 1]
        calibrated = min(below + part * (above - below), above) + beyond
        closest = self.CLOSEST_TO_CERTAINTY
        return min(max(sigmoid(calibrated), closest), 1.0 - closest)

    def _calibrate(self) -> list[float]:
        """The calibrated logit of each knot."""
        step = (self.HIGHEST - self.LOWEST) / (self.KNOTS - 1)
        logits = [self.LOWEST + n * step for n in range(self.KNOTS)]
        weights = [max(mass, 0.0) + self.SHRINKAGE for mass in self.mass]
        shares = [
            sigmoid(logit) + excess / weight
            for logit, excess, weight in zip(logits, self.excess, weights, strict=True)
        ]
        calibrated = [
            logit if share == sigmoid(logit) else _logit(share, self.CLOSEST_TO_CERTAINTY)
            for logit, share in zip(logits, _rising(shares, weights), strict=True)
        ]
        self._calibrated = calibrated
        return calibrated

    def _place(self, logit: float) -> tuple[int, float]:
        bounded = min(max(logit, self.LOWEST), self.HIGHEST)
        place = (bounded - self.LOWEST) / (self.HIGHEST - self.LOWEST) * (self.KNOTS - 1)
        knot = min(int(place), self.KNOTS - 2)
        return knot, place - knot


def _logit(share: float, closest: float) -> float:
    share = min(max(share, closest), 1.0 - closest)
    return math.log(share / (1.0 - share))


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The values closest to these that never fall, by weighted squares.

    >>> _rising([1.0, 4.0, 2.0, 5.0], [1.0, 1.0, 1.0, 1.0])
    [1.0, 3.0, 3.0, 5.0]
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, mass, count = pools.pop()
            both = mass + pool[1]
            pool = ((mean * mass + pool[0] * pool[1]) / both, both, count + pool[2])
        pools.append(pool)
    return [value for value, _, count in pools for _ in range(count)]

"""Calibrates: turns logits into probabilities that match the observed shares of answers."""

from collections.abc import Sequence

from projections.likelihood.estimator.regression import sigmoid


class Calibrator:
    """The mean residual of the regression at 25 logits, linear in between.

    Each knot keeps the mean residual of the observations around it, shrunk towards 0.

    >>> calibrator = Calibrator()
    >>> for _ in range(1000):
    ...     calibrator.learn(0.0, False, 1.0)
    >>> calibrator.probability(0.0) < 0.02 < 0.4 < calibrator.probability(1.0)
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

    def learn(self, logit: float, y: bool, weight: float) -> None:
        """Learn the outcome at this logit; with a negative weight, revoke it."""
        knot, part = self._place(logit)
        excess = y - sigmoid(logit)
        for index, share in ((knot, 1.0 - part), (knot + 1, part)):
            self.mass[index] += weight * share
            self.excess[index] += weight * share * excess

    def probability(self, logit: float) -> float:
        """The calibrated probability of an answer, never exactly 0 or 1."""
        knot, part = self._place(logit)
        excess = (1.0 - part) * self._mean(knot) + part * self._mean(knot + 1)
        return min(
            max(sigmoid(logit) + excess, self.CLOSEST_TO_CERTAINTY), 1.0 - self.CLOSEST_TO_CERTAINTY
        )

    def _mean(self, knot: int) -> float:
        return self.excess[knot] / (max(self.mass[knot], 0.0) + self.SHRINKAGE)

    def _place(self, logit: float) -> tuple[int, float]:
        bounded = min(max(logit, self.LOWEST), self.HIGHEST)
        place = (bounded - self.LOWEST) / (self.HIGHEST - self.LOWEST) * (self.KNOTS - 1)
        knot = min(int(place), self.KNOTS - 2)
        return knot, place - knot

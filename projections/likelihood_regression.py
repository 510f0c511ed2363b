"""Logistic regressions that know how sure they are of each weight, mixed by what they foretold.

A weight is a normal distribution. An observation moves each weight by its variance, so that what
has been seen often hardly moves any more and what is rare moves at once, and narrows it: a Kalman
filter with a diagonal covariance, as Graepel et al. (2010) rank advertisements with. Several such
regressions learn side by side, which differ in how fast they forget and in what they look at.
Their logits are averaged, each by a share that falls with its loss of late (the exponentially
weighted average of Vovk 1990, with losses that fade): one that forgets takes over after a sudden
change, one that does not as long as nothing changes. An average of linear logits is linear: there
is one weight for each term at any moment.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Places = NDArray[np.intp]

LOSSES_FADE = 0.998
"""How much of a loss is left after one more observation: some 500 of them decide the shares."""


class Regressions:
    """Some regressions over the same terms, and what each of them is worth.

    Rows are terms, columns regressions. Sums run from the first term to the last, never by a
    library's matrix product: the bits of that depend on the machine.
    """

    def __init__(self, priors: Matrix, drifts: Sequence[float], odds: Sequence[float]) -> None:
        """Regressions that know nothing.

        Args:
            priors: each term's variance of its weight in each regression; 0 leaves the term out.
            drifts: by how much an observation widens the weights that it touches.
            odds: what each regression is worth before there is data.
        """
        self.priors = priors
        self.weights = np.zeros_like(priors)
        self.variances = priors.copy()
        self._drifts = np.array(drifts)
        self._log_odds = [math.log(odd) for odd in odds]
        self.losses = [0.0] * len(odds)

    @property
    def losses(self) -> list[float]:
        """What each has lost of late, in nats."""
        return self._losses

    @losses.setter
    def losses(self, losses: list[float]) -> None:
        self._losses = losses
        worths = [odd - loss for odd, loss in zip(self._log_odds, losses, strict=True)]
        best = max(worths)
        shares = [math.exp(worth - best) for worth in worths]
        total = sum(shares)
        self._shares = [share / total for share in shares]

    def mixed(self, places: Places | slice) -> Vector:
        """The weights of the terms at these places."""
        weights = self.weights[places]
        mixed: Vector = self._shares[0] * weights[:, 0]
        for member, share in enumerate(self._shares[1:], start=1):
            mixed += share * weights[:, member]
        return mixed

    def learn(self, places: Places, values: Vector, y: bool, weight: float) -> None:
        """Learn an outcome from the terms at these places; with a negative weight, take it back.

        Taking back widens the weights again as far as learning narrowed them, and then steps back
        along the gradient as it is now.
        """
        weights, variances = self.weights[places], self.variances[places]
        priors, by_value = self.priors[places], values.reshape(-1, 1)
        if weight > 0:
            variances = np.minimum(variances + self._drifts, priors)
        gains = variances * by_value
        logits, spreads = _sums(weights * by_value), _sums(gains * by_value)
        steps, narrowing = [], []
        for logit, spread in zip(logits, spreads, strict=True):
            curvature = sigmoid_slope(logit) * weight
            certainty = 1.0 + abs(curvature) * spread
            steps.append(weight * (y - sigmoid(logit)) / certainty)
            narrowing.append(curvature / certainty)
        self.weights[places] = weights + gains * steps
        variances -= gains * gains * narrowing
        self.variances[places] = variances if weight > 0 else np.minimum(variances, priors)
        fade = LOSSES_FADE if weight > 0 else 1.0
        self.losses = [
            loss * fade + weight * log_loss(logit, y)
            for loss, logit in zip(self._losses, logits, strict=True)
        ]


def _sums(rows: Matrix) -> list[float]:
    sums: list[float] = np.add.accumulate(rows, axis=0)[-1].tolist()
    return sums


def sigmoid(logit: float) -> float:
    """The probability at a logit."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1.0 + odds)


def sigmoid_slope(logit: float) -> float:
    """By how much the probability grows with the logit, there."""
    odds = math.exp(-abs(logit))
    return odds / ((1.0 + odds) * (1.0 + odds))


def log_loss(logit: float, y: bool) -> float:
    """The loss of a logit, in nats."""
    against = -logit if y else logit
    return max(against, 0.0) + math.log1p(math.exp(-abs(logit)))

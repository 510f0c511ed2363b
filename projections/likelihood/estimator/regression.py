"""Bayesian logistic regressions, averaged by their recent losses.

The weights are jointly normal, and each observation updates mean and covariance as an extended
Kalman filter does (Fahrmeir 1992): frequent terms hardly move any more, rare ones move at once.
Beyond `FULL_COVARIANCE_TERMS` terms the covariance is diagonal (Graepel et al. 2010).

Several such regressions learn side by side. They differ in process noise and in their terms. Their
logits are averaged with shares that fall exponentially with recent loss (Vovk 1990): after a sudden
change the one with process noise takes over, and the others restart from its state. An average of
linear logits is linear, so there is one weight for each term at any moment.
"""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Places = NDArray[np.intp]

FULL_COVARIANCE_TERMS = 256
"""Terms with a full covariance matrix; the time an observation takes grows with its square."""

LOSS_DECAY = 0.998
"""What is left of a loss after one more observation: some 500 of them decide the shares."""

RESET_THRESHOLD = 10.0
"""Nats of recent loss by which the first regression exceeds the second when it restarts from the
second's state: evidence of 22,000 to one for a change."""


class Regressions:
    """Regressions over the same terms, and the recent loss of each.

    Rows are regressions, columns terms. Sums run from the first term to the last, not by a matrix
    product of a library, whose bits depend on the machine.
    """

    def __init__(
        self, priors: Matrix, drifts: Sequence[float], odds: Sequence[float], joint: int
    ) -> None:
        """Untrained regressions. The first has the same terms as the second.

        Args:
            priors: each term's variance of its weight in each regression; 0 leaves the term out.
            drifts: process noise of an observation, as a share of the prior variance.
            odds: prior odds of each regression.
            joint: how many of the terms, the first of them, have a full covariance matrix.
        """
        self._joint = min(joint, FULL_COVARIANCE_TERMS)
        self._priors = priors
        self._drifts = np.array(drifts).reshape(-1, 1)
        self._log_odds = [math.log(odd) for odd in odds]
        self.weights = np.zeros_like(priors)
        self.covariances = np.array([np.diag(row) for row in priors[:, : self._joint]])
        self.variances = priors[:, self._joint :].copy()
        self.losses = [0.0] * len(odds)

    @property
    def losses(self) -> list[float]:
        """The recent loss of each regression, in nats."""
        return self._losses

    @losses.setter
    def losses(self, losses: list[float]) -> None:
        self._losses = losses
        worths = [odd - loss for odd, loss in zip(self._log_odds, losses, strict=True)]
        best = max(worths)
        shares = [math.exp(worth - best) for worth in worths]
        total = sum(shares)
        self._shares = [share / total for share in shares]

    def mixed(self) -> Vector:
        """The averaged weight of each term."""
        mixed: Vector = self._shares[0] * self.weights[0]
        for member, share in enumerate(self._shares[1:], start=1):
            mixed += share * self.weights[member]
        return mixed

    def learn(self, places: Places, values: Vector, y: bool, weight: float) -> None:
        """Learn an outcome of the terms at these places; with a negative weight, revoke it.

        Revoking steps back along the present gradient and leaves the covariance: a late answer
        counts as two observations there, which costs no accuracy in the benchmarks.
        """
        near = places < self._joint
        inside, outside = places[near], places[~near]
        within, beyond = values[near], values[~near]
        if weight > 0:
            self._add_process_noise(inside, outside)
        joint = _sum_of_rows(self.covariances[:, inside] * within.reshape(-1, 1))
        diagonal = self.variances[:, outside - self._joint] * beyond
        logits = _sums(self.weights[:, places] * values)
        spreads = _sums(np.hstack((joint[:, inside] * within, diagonal * beyond)))
        steps, gains = [], []
        for logit, spread in zip(logits, spreads, strict=True):
            curvature = sigmoid_slope(logit) * abs(weight)
            certainty = 1.0 + curvature * max(spread, 0.0)  # rounding may leave it below 0
            steps.append([weight * (y - sigmoid(logit)) / certainty])
            gains.append([math.sqrt(curvature / certainty)])
        self.weights[:, : self._joint] += joint * steps
        self.weights[:, outside] += diagonal * steps
        if weight > 0:
            self._update_covariance(joint * gains, outside, diagonal * gains)
        fade = LOSS_DECAY if weight > 0 else 1.0
        self.losses = [
            loss * fade + weight * log_loss(logit, y)
            for loss, logit in zip(self._losses, logits, strict=True)
        ]
        if self._losses[0] > self._losses[1] + RESET_THRESHOLD:
            self._reset_first()

    def state(self) -> dict[str, Any]:
        """What they learned, as JSON values.

        Of each covariance matrix the lower triangle, row by row, as little-endian IEEE 754 doubles
        in Base64 (RFC 4648), a quarter of the length of decimal text.
        """
        lower = np.tril_indices(self._joint)
        return {
            "weights": self.weights.tolist(),
            "covariances": [
                base64.b64encode(covariance[lower].astype("<f8").tobytes()).decode()
                for covariance in self.covariances
            ],
            "variances": self.variances.tolist(),
            "losses": self.losses,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore a `state`.

        Raises:
            ValueError: it is of other regressions, or has something else than finite numbers.
        """
        rows, columns = np.tril_indices(self._joint)
        self.weights[:] = state["weights"]
        for covariance, text in zip(self.covariances, state["covariances"], strict=True):
            covariance[rows, columns] = np.frombuffer(base64.b64decode(text), "<f8")
            covariance[columns, rows] = covariance[rows, columns]
        self.variances[:] = state["variances"]
        self.losses = state["losses"]
        if not np.isfinite(self.covariances).all():
            raise ValueError("a covariance is no finite number")

    def _add_process_noise(self, inside: Places, outside: Places) -> None:
        """Widen the variances of these terms, up to their prior."""
        joint = self.covariances[:, inside, inside]
        self.covariances[:, inside, inside] = self._wider(joint, self._priors[:, inside])
        diagonal = self.variances[:, outside - self._joint]
        self.variances[:, outside - self._joint] = self._wider(diagonal, self._priors[:, outside])

    def _wider(self, variances: Matrix, priors: Matrix) -> Matrix:
        return np.minimum(variances + self._drifts * priors, np.maximum(variances, priors))

    def _update_covariance(self, joint: Matrix, outside: Places, diagonal: Matrix) -> None:
        """Subtract the outer products of these."""
        for member, column in enumerate(joint):
            self.covariances[member] -= np.multiply.outer(column, column)
        self.variances[:, outside - self._joint] -= diagonal * diagonal

    def _reset_first(self) -> None:
        for state in (self.weights, self.covariances, self.variances):
            state[0] = state[1]
        self.losses = [self._losses[1], *self._losses[1:]]


def _sums(rows: Matrix) -> list[float]:
    """The sum of each row, from its first number to its last."""
    sums: list[float] = np.add.accumulate(rows, axis=1)[:, -1].tolist()
    return sums


def _sum_of_rows(matrices: NDArray[np.float64]) -> Matrix:
    """The sum of each matrix's rows, from its first to its last."""
    sums: Matrix = np.add.reduce(matrices, axis=1)
    return sums


def sigmoid(logit: float) -> float:
    """The probability at a logit."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1.0 + odds)


def sigmoid_slope(logit: float) -> float:
    """The derivative of the probability at a logit."""
    odds = math.exp(-abs(logit))
    return odds / ((1.0 + odds) * (1.0 + odds))


def log_loss(logit: float, y: bool) -> float:
    """The loss of a logit, in nats."""
    against = -logit if y else logit
    return max(against, 0.0) + math.log1p(math.exp(-abs(logit)))

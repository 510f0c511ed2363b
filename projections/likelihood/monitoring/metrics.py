"""Metrics of probabilistic predictions.

All take probabilities and outcomes in the same order, and return None without observations.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

CLOSEST_TO_CERTAINTY = 1e-15
"""Probabilities are clipped to this distance from 0 and 1, so that no loss is infinite."""

BINS = 10
"""The default number of bins of equal mass of a calibration error."""


@dataclass(frozen=True)
class Metrics:
    """All metrics of some predictions; None where undefined."""

    count: int
    base_rate: float | None
    log_loss: float | None
    brier: float | None
    roc_auc: float | None
    calibration_error: float | None


@dataclass(frozen=True)
class ReliabilityBin:
    """Observations of similar probability: the mean prediction and the share of positives."""

    count: int
    predicted: float
    observed: float


def metrics(probabilities: ArrayLike, outcomes: ArrayLike, bins: int = BINS) -> Metrics:
    """All metrics.

    >>> metrics([0.9, 0.2, 0.6, 0.3], [True, False, False, True]).roc_auc
    0.75
    >>> metrics([], []).log_loss is None
    True
    """
    _, y = _checked(probabilities, outcomes)
    return Metrics(
        count=len(y),
        base_rate=float(y.mean()) if len(y) else None,
        log_loss=log_loss(probabilities, outcomes),
        brier=brier(probabilities, outcomes),
        roc_auc=roc_auc(probabilities, outcomes),
        calibration_error=calibration_error(probabilities, outcomes, bins),
    )


def log_loss(probabilities: ArrayLike, outcomes: ArrayLike) -> float | None:
    """The mean logarithmic loss, in nats; lower is better.

    >>> round(log_loss([0.8, 0.4], [True, False]), 4)
    0.367
    """
    p, y = _checked(probabilities, outcomes)
    right: NDArray[np.float64] = np.where(y, p, 1.0 - p)
    losses = np.abs(np.log(np.maximum(right, CLOSEST_TO_CERTAINTY)))
    return float(losses.mean()) if len(losses) else None


def brier(probabilities: ArrayLike, outcomes: ArrayLike) -> float | None:
    """The mean squared error (Brier 1950); lower is better.

    >>> round(brier([0.8, 0.4], [True, False]), 4)
    0.1
    """
    p, y = _checked(probabilities, outcomes)
    return float(((p - y) ** 2).mean()) if len(y) else None


def roc_auc(scores: ArrayLike, outcomes: ArrayLike) -> float | None:
    """How often a positive is ranked above a negative, ties counting half; None without both.

    Takes any scores, not only probabilities.

    >>> roc_auc([3.0, 1.0, 1.0, -2.0], [True, True, False, False])
    0.875
    >>> roc_auc([0.2, 0.7], [True, True]) is None
    True
    """
    s, y = _arrays(scores, outcomes)
    positives = int(y.sum())
    negatives = len(y) - positives
    if not positives or not negatives:
        return None
    _, group, counts = np.unique(s, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # tied scores share their mean rank
    above = ranks[group][y].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def reliability(
    probabilities: ArrayLike, outcomes: ArrayLike, bins: int = BINS
) -> list[ReliabilityBin]:
    """The points of a reliability diagram: bins of equal mass, by probability.

    With fewer observations than bins each is its own bin. A bin ends where the probability changes,
    so equal probabilities are in one bin.

    >>> for point in reliability([0.1, 0.2, 0.7, 0.9], [False, True, True, True], bins=2):
    ...     print(point.count, round(point.predicted, 2), point.observed)
    2 0.15 0.5
    2 0.8 1.0
    """
    p, y = _checked(probabilities, outcomes)
    if bins < 1:
        raise ValueError(f"bins is {bins}; give at least 1")
    if not len(p):
        return []
    order = np.argsort(p, kind="stable")
    p, y = p[order], y[order]
    wanted = (np.arange(1, min(bins, len(p))) * len(p)) // min(bins, len(p))
    edges = np.searchsorted(p, p[wanted], side="left")
    parts = np.unique(np.concatenate(([0], edges, [len(p)])))
    return [
        ReliabilityBin(int(end - start), float(p[start:end].mean()), float(y[start:end].mean()))
        for start, end in pairwise(parts)
    ]


def calibration_error(
    probabilities: ArrayLike, outcomes: ArrayLike, bins: int = BINS
) -> float | None:
    """The expected calibration error.

    The mean distance of a reliability diagram's points from the diagonal, weighted by their
    observations (Naeini et al. 2015, with bins of equal mass).

    >>> round(calibration_error([0.1, 0.2, 0.7, 0.9], [False, True, True, True], bins=2), 4)
    0.275
    """
    points = reliability(probabilities, outcomes, bins)
    if not points:
        return None
    distance = sum(point.count * abs(point.predicted - point.observed) for point in points)
    return distance / sum(point.count for point in points)


def _checked(
    probabilities: ArrayLike, outcomes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    p, y = _arrays(probabilities, outcomes)
    if len(p) and not (p.min() >= 0.0 and p.max() <= 1.0):
        raise ValueError("probabilities lie between 0 and 1; some of these do not")
    return p, y


def _arrays(
    scores: ArrayLike, outcomes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    s, y = np.asarray(scores, dtype=np.float64), np.asarray(outcomes, dtype=np.bool_)
    if s.shape != y.shape or s.ndim != 1:
        raise ValueError(f"{s.shape} scores and {y.shape} outcomes: give one list each, as long")
    return s, y

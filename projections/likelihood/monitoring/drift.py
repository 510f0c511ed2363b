"""Drift of the model's inputs, predictions and outcomes.

The population stability index compares two windows bin by bin: the sum over the bins of
(latest share - reference share) x ln(latest share / reference share). Its usual marks, .1 and .25,
are those of Siddiqi, Credit Risk Scorecards (2006). Half an observation is added to every bin,
so that an empty one does not make the index infinite.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

SOME_DRIFT, MUCH_DRIFT = 0.1, 0.25

FEWEST = 400
"""With fewer observations in a window, chance alone can reach the first mark."""

BINS = 10
"""Bins of equal mass in the reference window."""

EMPTY = 0.5
"""Observations added to every bin."""


class Mark(StrEnum):
    """A drift index in a word."""

    STABLE = "stable"
    SOME = "some"
    MUCH = "much"
    TOO_FEW = "too_few"


@dataclass(frozen=True)
class Bin:
    """A range of values or a category, and its share in each window."""

    label: str
    reference: float
    latest: float


@dataclass(frozen=True)
class Drift:
    """How far the latest window has drifted; the index is None without observations."""

    index: float | None
    mark: Mark
    bins: Sequence[Bin]


def of_numbers(reference: NDArray[np.float64], latest: NDArray[np.float64]) -> Drift:
    """The drift of a number, in bins of equal mass in the reference and one outside either end.

    >>> before, after = np.arange(1000.0), np.arange(1000.0) + 500
    >>> of_numbers(before, before).mark, of_numbers(before, after).mark
    (<Mark.STABLE: 'stable'>, <Mark.MUCH: 'much'>)
    """
    if not len(reference) or not len(latest):
        return _drift([], len(reference), len(latest))
    ordered = np.sort(reference)
    inner = ordered[np.arange(1, BINS) * len(ordered) // BINS]
    below = np.nextafter(ordered[0], -np.inf)
    edges = np.unique(np.concatenate(([below], inner, ordered[-1:])))
    counts = [
        np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1)
        for x in (reference, latest)
    ]
    labels = [
        f"under {ordered[0]:.4g}",
        *(f"to {edge:.4g}" for edge in edges[1:]),
        f"over {edges[-1]:.4g}",
    ]
    return _drift(
        list(zip(labels, counts[0].tolist(), counts[1].tolist(), strict=True)),
        len(reference),
        len(latest),
    )


def of_categories(reference: Sequence[str], latest: Sequence[str]) -> Drift:
    """The drift of a category; a new value is a bin that was empty.

    >>> of_categories(["a", "b"] * 500, ["a"] * 900 + ["b"] * 100).bins[1]
    Bin(label='b', reference=0.5, latest=0.1)
    """
    before, after = Counter(reference), Counter(latest)
    counted = [(name, before[name], after[name]) for name in sorted({*before, *after})]
    return _drift(counted, len(reference), len(latest))


def _drift(counted: Sequence[tuple[str, int, int]], before: int, after: int) -> Drift:
    """The drift by the observations of each bin in either window."""
    bins = [Bin(label, n / max(before, 1), m / max(after, 1)) for label, n, m in counted]
    if not before or not after:
        return Drift(None, Mark.TOO_FEW, bins)
    n, m = np.array([numbers for _, *numbers in counted]).T + EMPTY
    p, q = n / n.sum(), m / m.sum()
    index = float(((q - p) * np.log(q / p)).sum())
    return Drift(index, _mark(index, min(before, after)), bins)


def _mark(index: float, observations: int) -> Mark:
    if observations < FEWEST:
        return Mark.TOO_FEW
    if index >= MUCH_DRIFT:
        return Mark.MUCH
    return Mark.SOME if index >= SOME_DRIFT else Mark.STABLE

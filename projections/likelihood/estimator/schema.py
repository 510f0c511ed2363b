"""The estimator's input: features, their schema, and the error for features that do not fit it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e9
"""Larger numbers are refused: no feature is, and they would spoil the model for ever."""


class BadFeatures(ValueError):
    """Features that the model refuses; it is left as it was."""


class Features(NamedTuple):
    """One candidate at one moment, perhaps with a position, as the model sees them."""

    numbers: Mapping[str, float]
    categories: Mapping[str, str]


class Columns(NamedTuple):
    """Many candidates' features, column by column, each equal to those of one alone."""

    numbers: dict[str, NDArray[np.float64]]
    categories: dict[str, list[str]]


class Scale(NamedTuple):
    """How a number lies: what is typical, how far it spreads, and where its effect may bend."""

    typical: float
    spread: float
    knots: tuple[float, ...] = ()


@dataclass(frozen=True)
class Schema:
    """The features of a model, and the order in which they are summed up.

    Without an order of their own it is the numbers, then the categories; what is crossed comes
    last. A number without a scale lies around 0 and spreads by 1.
    """

    version: int
    numbers: Mapping[str, Scale | None]
    categories: Mapping[str, Sequence[str]]
    order: Sequence[str] = ()
    crosses: Sequence[tuple[str, str]] = ()

    def names(self) -> tuple[str, ...]:
        """Every feature in the order of the sum."""
        return tuple(self.order) or (*self.numbers, *self.categories)

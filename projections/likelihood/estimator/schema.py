"""The estimator's input: features, their schema, and the error for features that do not fit it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e9
"""Larger numbers are refused: one of them would make the weights useless for ever."""


class BadFeatures(ValueError):
    """Features that the model refuses without changing."""


class Features(NamedTuple):
    """The features of one observation."""

    numbers: Mapping[str, float]
    categories: Mapping[str, str]


class Columns(NamedTuple):
    """The features of many observations, by column.

    Categories are values, or their places among the schema's values for the feature.
    """

    numbers: dict[str, NDArray[np.float64]]
    categories: Mapping[str, list[str] | NDArray[np.intp]]


class Scale(NamedTuple):
    """The location and spread of a number, and the knots at which its effect may bend."""

    typical: float
    spread: float
    knots: tuple[float, ...] = ()


@dataclass(frozen=True)
class Schema:
    """The features of a model, and the order in which their terms are summed up.

    The default order is numbers, then categories. Crossed pairs come last. A number without a scale
    has location 0 and spread 1.
    """

    version: int
    numbers: Mapping[str, Scale | None]
    categories: Mapping[str, Sequence[str]]
    order: Sequence[str] = ()
    crosses: Sequence[tuple[str, str]] = ()

    def names(self) -> tuple[str, ...]:
        """Every feature in the order of the sum."""
        return tuple(self.order) or (*self.numbers, *self.categories)

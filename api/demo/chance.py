"""Chance by seed: the same seed and the same name give the same draws."""

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar


def stream(*names: object) -> Random:
    """A stream of random numbers of its own for whatever these names say.

    >>> stream(7, "people").random() == stream(7, "people").random()
    True
    """
    return Random("/".join(map(str, names)))  # noqa: S311 - no secret comes of it


T = TypeVar("T")


class Weighted(Generic[T]):
    """Draws keys by weight, without summing the weights up each time."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self._keys = [*weights]
        self._sums = [*accumulate(weights.values())]

    def draw(self, rng: Random) -> T:
        """One of the keys."""
        return self._keys[bisect(self._sums, rng.random() * self._sums[-1])]

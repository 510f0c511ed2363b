"""Encodes features as the terms of a regression.

A number is one standardized term; with knots it has a piecewise linear curve as well. A category is
one-hot. A cross of two features has a term for each pair of their values, numbers by their nearest
knots.
"""

import math
from bisect import bisect_right
from collections.abc import Collection
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.likelihood.estimator.regression import Places, Vector
from projections.likelihood.estimator.schema import (
    LARGEST,
    BadFeatures,
    Columns,
    Features,
    Scale,
    Schema,
)

FARTHEST = 8.0
"""Standardized numbers are clipped to this, either way."""

MOST_PAIRS = 1021
"""Terms of a cross, at most; further pairs of values are hashed into them
(Weinberger et al. 2009)."""

FEW_VALUES = 64
"""A category of at most this many values has its terms before the knots: all are frequent."""

Codes = NDArray[np.intp]


class Kind(IntEnum):
    """What a term encodes."""

    INTERCEPT = 0
    NUMBER = 1
    KNOT = 2
    CATEGORY = 3
    PAIR = 4


class _Number(NamedTuple):
    place: int
    curve: int
    scale: Scale

    @property
    def knotted(self) -> bool:
        return len(self.scale.knots) > 1

    def bend(self, value: float) -> tuple[int, float]:
        """The knot below a value, and the fraction of the way to the next."""
        knots = self.scale.knots
        value = min(max(value, knots[0]), knots[-1])
        below = min(bisect_right(knots, value), len(knots) - 1) - 1
        return below, (value - knots[below]) / (knots[below + 1] - knots[below])

    def bends(self, column: Vector) -> tuple[Codes, Vector]:
        """`bend` for a column."""
        knots = np.array(self.scale.knots)
        column = np.minimum(np.maximum(column, knots[0]), knots[-1])
        below = np.minimum(np.searchsorted(knots, column, side="right"), len(knots) - 1) - 1
        return below, (column - knots[below]) / (knots[below + 1] - knots[below])


class _Cross(NamedTuple):
    names: tuple[str, str]
    place: int
    width: int
    terms: int

    def places(self, first: Any, second: Any) -> Any:
        """The place of a pair of value codes, or of columns of them."""
        return self.place + (first * self.width + second) % self.terms


class _Plan(NamedTuple):
    """How a selection of features is encoded, computed once."""

    names: tuple[str, ...]
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    typical: Vector
    spread: Vector
    fixed: list[int]
    knotted: list[tuple[int, str]]
    crosses: list[_Cross]
    order: Places
    labels: tuple[str, ...]


class Active(NamedTuple):
    """The active terms of an observation: their places and values."""

    plan: _Plan
    places: Places
    values: Vector

    def parts(self, weights: Vector) -> list[float]:
        """The contributions of the intercept, each feature and each cross, given the weights."""
        products = weights * self.values
        plan = self.plan
        features = products[: len(plan.order)]
        if not plan.knotted and not plan.crosses:
            parts: list[float] = features[plan.order].tolist()
            return parts
        curves = len(features) + 2 * len(plan.knotted)
        at = [position for position, _ in plan.knotted]
        features[at] += (
            products[len(features) : curves : 2] + products[len(features) + 1 : curves : 2]
        )
        return [*features[plan.order].tolist(), *products[curves:].tolist()]


class Terms:
    """The terms of a schema, each with its place in the vectors of the regressions.

    The most informative come first, since only the first have a full covariance matrix: numbers,
    categories of few values, knots, other categories, pairs.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.kinds: list[Kind] = []
        self._add(Kind.INTERCEPT, 1)
        scales = {name: scale or Scale(0.0, 1.0) for name, scale in schema.numbers.items()}
        straight = {name: self._add(Kind.NUMBER, 1) for name in scales}
        large = {name for name, values in schema.categories.items() if len(values) > FEW_VALUES}
        places = {name: self._one_hot(name) for name in schema.categories if name not in large}
        self.numbers = {
            name: _Number(straight[name], self._add(Kind.KNOT, _knots(scale)), scale)
            for name, scale in scales.items()
        }
        places |= {name: self._one_hot(name) for name in schema.categories if name in large}
        self.one_hot = {name: places[name] for name in schema.categories}
        self._crosses = [self._cross(names) for names in schema.crosses]
        self._all = schema.names()
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def of(self, x: Features, names: tuple[str, ...] | None = None) -> Active:
        """The active terms of these features; with names, `x` has only those features.

        Raises:
            BadFeatures: there are other features, or values that are not plain finite numbers.
        """
        plan = self.plan(names)
        given = _checked(x, plan)
        try:
            hot = [self.one_hot[name][x.categories[name]] for name in plan.categories]
        except (KeyError, TypeError) as error:
            _refuse_other_keys(x, plan)
            raise BadFeatures(f"{dict(x.categories)} has a value that the schema lacks") from error
        distances = (np.array(given) - plan.typical) / plan.spread
        distances = np.minimum(np.maximum(distances, -FARTHEST), FARTHEST)
        places, values = [*plan.fixed, *hot], [1.0] * len(hot)
        if plan.knotted or plan.crosses:
            self._bend_and_cross(plan, x, hot, places, values)
        return Active(plan, np.array(places), np.concatenate(([1.0], distances, values)))

    def plan(self, names: tuple[str, ...] | None) -> _Plan:
        """The encoding of these features, or of all."""
        names = names or self._all
        if names not in self._plans:
            self._plans[names] = self._planned(names)
        return self._plans[names]

    def columns(
        self, x: Columns, weights: Vector, names: tuple[str, ...] | None
    ) -> "list[NDArray[np.float64]]":
        """`Active.parts` for many observations, without the intercept: one column for each part."""
        plan = self.plan(names)
        parts = []
        for name in plan.names:
            if name in self.one_hot:
                parts.append(weights[self._codes(x, name) + self._first(name)])
            else:
                parts.append(self._curve(name, x.numbers[name], weights))
        for cross in plan.crosses:
            first, second = (self._codes(x, name) for name in cross.names)
            parts.append(weights[cross.places(first, second)])
        return parts

    def span(self, name: str, weights: Vector, low: float, high: float) -> tuple[float, float]:
        """The least and the most that a feature can contribute; a number from `low` to `high`."""
        if name in self.one_hot:
            parts = weights[[*self.one_hot[name].values()]]
        else:
            bends = [knot for knot in self.numbers[name].scale.knots if low < knot < high]
            parts = self._curve(name, np.array([low, *bends, high]), weights)
        return float(parts.min()), float(parts.max())

    def _curve(self, name: str, column: Vector, weights: Vector) -> Vector:
        number = self.numbers[name]
        distances = (column - number.scale.typical) / number.scale.spread
        near = np.minimum(np.maximum(distances, -FARTHEST), FARTHEST)
        part: Vector = weights[number.place] * near
        if number.knotted:
            below, way = number.bends(column)
            curve = weights[number.curve :]
            part = part + (curve[below] * (1.0 - way) + curve[below + 1] * way)
        return part

    def _codes(self, x: Columns, name: str) -> Codes:
        """The code of each observation's value, or nearest knot."""
        if name in self.one_hot:
            given = x.categories[name]
            if isinstance(given, np.ndarray):
                return given
            code = {value: code for code, value in enumerate(self.one_hot[name])}
            return np.array([code[value] for value in given], dtype=np.intp)
        below, way = self.numbers[name].bends(x.numbers[name])
        return below + (way >= 0.5)

    def _bend_and_cross(
        self, plan: _Plan, x: Features, hot: list[int], places: list[int], values: list[float]
    ) -> None:
        codes = {}
        for _, name in plan.knotted:
            number = self.numbers[name]
            below, way = number.bend(x.numbers[name])
            places += (number.curve + below, number.curve + below + 1)
            values += (1.0 - way, way)
            codes[name] = below + (way >= 0.5)
        if plan.crosses:
            for name, place in zip(plan.categories, hot, strict=True):
                codes[name] = place - self._first(name)
            places += [c.places(codes[c.names[0]], codes[c.names[1]]) for c in plan.crosses]
            values += [1.0] * len(plan.crosses)

    def _planned(self, names: tuple[str, ...]) -> _Plan:
        numbers = tuple(name for name in self.numbers if name in names)
        categories = tuple(name for name in self.one_hot if name in names)
        position = {name: at for at, name in enumerate(("", *numbers, *categories))}
        scales = [self.numbers[name].scale for name in numbers]
        crosses = self._crosses if names == self._all else []
        return _Plan(
            names,
            numbers,
            categories,
            np.array([scale.typical for scale in scales]),
            np.array([scale.spread for scale in scales]),
            [0, *(self.numbers[name].place for name in numbers)],
            [(position[name], name) for name in numbers if self.numbers[name].knotted],
            crosses,
            np.array([0, *(position[name] for name in names)]),
            ("intercept", *names, *(" x ".join(cross.names) for cross in crosses)),
        )

    def _first(self, name: str) -> int:
        return next(iter(self.one_hot[name].values()))

    def _one_hot(self, name: str) -> dict[str, int]:
        values = self.schema.categories[name]
        first = self._add(Kind.CATEGORY, len(values))
        return dict(zip(values, range(first, len(self.kinds)), strict=True))

    def _cross(self, names: tuple[str, str]) -> _Cross:
        for name in names:
            if name in self.numbers and not self.numbers[name].knotted:
                raise ValueError(f"{name} is to be crossed; give it two knots or more")
        height, width = (
            len(self.one_hot[name] if name in self.one_hot else self.numbers[name].scale.knots)
            for name in names
        )
        terms = min(height * width, MOST_PAIRS)
        return _Cross(names, self._add(Kind.PAIR, terms), width, terms)

    def _add(self, kind: Kind, count: int) -> int:
        place = len(self.kinds)
        self.kinds += [kind] * count
        return place


def _knots(scale: Scale) -> int:
    return len(scale.knots) if len(scale.knots) > 1 else 0


def _checked(x: Features, plan: _Plan) -> list[float]:
    """The numbers in the plan's order."""
    numbers, categories = x
    if len(numbers) != len(plan.numbers) or len(categories) != len(plan.categories):
        _refuse_other_keys(x, plan)
    try:
        given = [numbers[name] for name in plan.numbers]
    except KeyError:
        _refuse_other_keys(x, plan)
        raise
    if not _plain(given):
        name = next(name for name in plan.numbers if not _plain([numbers[name]]))
        raise BadFeatures(
            f"{name} is {numbers[name]!r}; give a finite float between {-LARGEST:g} and {LARGEST:g}"
        )
    return given


def _plain(values: Collection[Any]) -> bool:
    if {*map(type, values)} - {float} or not math.isfinite(sum(values)):
        return False
    return not values or (min(values) >= -LARGEST and max(values) <= LARGEST)


def _refuse_other_keys(x: Features, plan: _Plan) -> None:
    for kind, given, wanted in (
        ("number", x.numbers, plan.numbers),
        ("category", x.categories, plan.categories),
    ):
        unknown, missing = sorted({*given} - {*wanted}), sorted({*wanted} - {*given})
        if unknown or missing:
            raise BadFeatures(f"{kind} features unknown: {unknown}, missing: {missing}")

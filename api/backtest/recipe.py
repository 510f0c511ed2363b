"""How the columns of a table become features of the estimator.

Scales and knots are taken from the first rows, the names of a category's values from the whole
table, the outcomes never.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from projections.likelihood.estimator.schema import LARGEST, Features, Scale, Schema

Cell = float | str | None
"""A number, a word, or nothing."""

Row = Mapping[str, Cell]

OTHER = "(other)"
"""What stands for the values of a category that are too rare to be told apart."""

MISSING = "(missing)"

MOST_VALUES = 5000
"""Values of a category that are told apart, the most frequent."""

FIRST_ROWS = 1000
"""Values of a number from which its scale and its knots are taken."""

KNOTS = 8
"""Into how many parts of equal mass a number is cut, in whose middles its effect may bend."""

SKEWED = 1.0
"""Skewness from which a number that is never negative counts by its logarithm."""

MOST_CROSSED = 24
"""Up to so many features, each two are crossed."""


@dataclass(frozen=True)
class NumberColumn:
    """A number, by its logarithm or not; what is typical stands for it where there is none.

    Otherwise it counts in a unit, which is another than 1 where numbers are too large for the
    estimator, such as milliseconds since 1970, or so small that their squares are nothing.
    """

    scale: Scale
    logged: bool = False
    sometimes_missing: bool = False
    unit: float = 1.0

    def value(self, cell: Cell) -> float:
        """What the estimator gets.

        >>> NumberColumn(Scale(3.0, 1.0), logged=True).value(None)
        3.0
        """
        if not isinstance(cell, float):
            return self.scale.typical
        if self.logged:
            return math.log1p(max(cell, 0.0))
        return min(max(cell / self.unit, -LARGEST), LARGEST)


@dataclass(frozen=True)
class CategoryColumn:
    """A word, one of those that are told apart or `OTHER`."""

    values: tuple[str, ...]

    def value(self, cell: Cell) -> str:
        """What the estimator gets.

        >>> CategoryColumn(("red", "green", OTHER)).value("blue")
        '(other)'
        """
        word = MISSING if cell is None else str(cell)
        return word if word in self._known else OTHER

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.values)


@dataclass(frozen=True)
class Recipe:
    """The columns that are used, each with what becomes of it."""

    numbers: Mapping[str, NumberColumn]
    categories: Mapping[str, CategoryColumn]

    def schema(self) -> Schema:
        """The features of the estimator for this table."""
        numbers = {name: column.scale for name, column in self.numbers.items()}
        categories = {name: column.values for name, column in self.categories.items()}
        categories |= dict.fromkeys(self._gaps.values(), ("yes", "no"))
        names = [*numbers, *categories]
        crosses = tuple(combinations(names, 2)) if len(names) <= MOST_CROSSED else ()
        return Schema(version=1, numbers=numbers, categories=categories, crosses=crosses)

    def features(self, row: Row) -> Features:
        """Those of one row."""
        numbers = {name: column.value(row.get(name)) for name, column in self.numbers.items()}
        categories = {name: column.value(row.get(name)) for name, column in self.categories.items()}
        for name, known in self._gaps.items():
            categories[known] = "no" if row.get(name) is None else "yes"
        return Features(numbers, categories)

    @cached_property
    def _gaps(self) -> dict[str, str]:
        """The numbers that are missing at times, each with a feature's name that is free for it."""
        named: dict[str, str] = {}
        for name in (name for name, column in self.numbers.items() if column.sometimes_missing):
            known = f"{name} known"
            while known in self.numbers or known in self.categories:
                known += "?"
            named[name] = known
        return named


def number_column(sample: Sequence[float], *, sometimes_missing: bool) -> NumberColumn | None:
    """What to make of numbers such as these; None if they are all the same.

    >>> number_column([1.0, 2.0, 3.0, 4.0], sometimes_missing=False).scale.typical
    2.5
    >>> number_column([7.0, 7.0], sometimes_missing=False) is None
    True
    >>> number_column([-4e12, 4e12], sometimes_missing=False).value(2e12)
    0.5
    """
    values = np.array(sample)
    if not len(values) or values.min() == values.max():
        return None
    largest = float(np.abs(values).max())
    unit = 1.0 if 1.0 / LARGEST <= largest <= LARGEST else largest
    values = values / unit
    logs = np.log1p(np.maximum(sample, 0.0))
    logged = bool(
        largest >= 1.0 / LARGEST
        and values.min() >= 0
        and _skewness(values) > SKEWED
        and logs.min() < logs.max()  # of numbers that differ in their last digits they are the same
    )
    if logged:
        values = logs
    knots = np.unique(np.quantile(values, (np.arange(KNOTS) + 0.5) / KNOTS))
    if len(knots) <= 2:
        knots = np.unique([values.min(), *knots, values.max()])
    scale = Scale(float(values.mean()), float(values.std()), tuple(knots.tolist()))
    return NumberColumn(scale, logged, sometimes_missing, unit)


def category_column(counts: Counter[str | None]) -> CategoryColumn | None:
    """What to make of words that occur so often; None if it is always the same.

    >>> category_column(Counter({"b": 3, "a": 5, None: 1})).values
    ('(missing)', 'a', 'b', '(other)')
    """
    if len(counts) < 2:
        return None
    frequent = sorted(counts, key=lambda word: (-counts[word], word or ""))[:MOST_VALUES]
    words = sorted(MISSING if word is None else word for word in frequent if word != OTHER)
    return CategoryColumn((*words, OTHER))


def recipe_of(rows: Sequence[Row]) -> Recipe:
    """What to make of rows at hand, whose numbers are floats and whose words are texts."""
    numbers: dict[str, NumberColumn] = {}
    categories: dict[str, CategoryColumn] = {}
    for name in rows[0]:
        cells = [row[name] for row in rows]
        floats = [cell for cell in cells if isinstance(cell, float)]
        if floats:
            number = number_column(floats[:FIRST_ROWS], sometimes_missing=len(floats) < len(cells))
            numbers |= {name: number} if number else {}
        else:
            words = Counter(cell if cell is None else str(cell) for cell in cells)
            category = category_column(words)
            categories |= {name: category} if category else {}
    return Recipe(numbers, categories)


def _skewness(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
    distances = values - values.mean()
    return float((distances**3).mean() / max(float((distances**2).mean()) ** 1.5, 1e-300))

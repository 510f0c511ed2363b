"""Turns the columns of a table into the estimator's features.

Scales and knots come from the first rows, a category's values from the whole table, and nothing
comes from the outcomes.
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
"""A number, a word, or None for an empty cell."""

Row = Mapping[str, Cell]

OTHER = "(other)"
"""Stands for the rarest values of a category."""

MISSING = "(missing)"

MOST_VALUES = 5000
"""The most frequent values of a category that have a term of their own."""

FIRST_ROWS = 1000
"""Values of a number from which its scale and knots are computed."""

KNOTS = 8
"""Bins of equal mass of a number; its effect may bend in the middle of each."""

SKEWED = 1.0
"""Skewness from which the logarithm of a non-negative number is used."""

MOST_CROSSED = 24
"""With at most this many features, every pair is crossed."""


@dataclass(frozen=True)
class NumberColumn:
    """A number or its logarithm; an empty cell is the typical value.

    The unit differs from 1 where numbers are too large for the estimator, such as milliseconds
    since 1970, or so small that their squares are 0.
    """

    scale: Scale
    logged: bool = False
    sometimes_missing: bool = False
    unit: float = 1.0

    def value(self, cell: Cell) -> float:
        """The cell as the estimator's feature.

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
    """A word, or `OTHER` for the rare ones."""

    values: tuple[str, ...]

    def value(self, cell: Cell) -> str:
        """The cell as the estimator's feature.

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
    """The columns that are used, and how each becomes a feature."""

    numbers: Mapping[str, NumberColumn]
    categories: Mapping[str, CategoryColumn]

    def schema(self) -> Schema:
        """The estimator's schema for this table."""
        numbers = {name: column.scale for name, column in self.numbers.items()}
        categories = {name: column.values for name, column in self.categories.items()}
        categories |= dict.fromkeys(self._gaps.values(), ("yes", "no"))
        names = [*numbers, *categories]
        crosses = tuple(combinations(names, 2)) if len(names) <= MOST_CROSSED else ()
        return Schema(version=1, numbers=numbers, categories=categories, crosses=crosses)

    def features(self, row: Row) -> Features:
        """The features of a row."""
        numbers = {name: column.value(row.get(name)) for name, column in self.numbers.items()}
        categories = {name: column.value(row.get(name)) for name, column in self.categories.items()}
        for name, known in self._gaps.items():
            categories[known] = "no" if row.get(name) is None else "yes"
        return Features(numbers, categories)

    @cached_property
    def _gaps(self) -> dict[str, str]:
        """Numbers with empty cells, each with an unused name for the feature that says so."""
        named: dict[str, str] = {}
        for name in (name for name, column in self.numbers.items() if column.sometimes_missing):
            known = f"{name} known"
            while known in self.numbers or known in self.categories:
                known += "?"
            named[name] = known
        return named


def number_column(sample: Sequence[float], *, sometimes_missing: bool) -> NumberColumn | None:
    """The column of these numbers; None if they are all equal.

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
        and logs.min()
        < logs.max()  # numbers that differ in their last digits may have one logarithm
    )
    if logged:
        values = logs
    knots = np.unique(np.quantile(values, (np.arange(KNOTS) + 0.5) / KNOTS))
    if len(knots) <= 2:
        knots = np.unique([values.min(), *knots, values.max()])
    scale = Scale(float(values.mean()), float(values.std()), tuple(knots.tolist()))
    return NumberColumn(scale, logged, sometimes_missing, unit)


def category_column(counts: Counter[str | None]) -> CategoryColumn | None:
    """The column of words with these counts; None if there is only one.

    >>> category_column(Counter({"b": 3, "a": 5, None: 1})).values
    ('(missing)', 'a', 'b', '(other)')
    """
    if len(counts) < 2:
        return None
    frequent = sorted(counts, key=lambda word: (-counts[word], word or ""))[:MOST_VALUES]
    words = sorted(MISSING if word is None else word for word in frequent if word != OTHER)
    return CategoryColumn((*words, OTHER))


def recipe_of(rows: Sequence[Row]) -> Recipe:
    """The recipe of rows in memory: floats are numbers, everything else categories."""
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

"""Profiles the columns of a table: which are numbers, categories, or left out."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from api.backtest.recipe import (
    FIRST_ROWS,
    MOST_VALUES,
    CategoryColumn,
    Cell,
    NumberColumn,
    Recipe,
    category_column,
    number_column,
)
from api.backtest.records import BadTable

NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""Texts of an empty cell, in upper or lower case."""

PROTECTED = frozenset(
    {"age", "birth", "birthday", "birthdate", "dob", "gender", "sex", "sexuality", "orientation"}
    | {"ethnicity", "ethnic", "race", "racial", "caste", "religion", "religious", "nationality"}
    | {"citizenship", "disability", "disabled", "handicap", "marital", "married", "pregnancy"}
)
"""Words in a column's name that make it protected: nobody should be ranked by it."""

TOO_MANY_VALUES = MOST_VALUES * 4
"""With more distinct values a column is not a category, however long the table."""

WORDS_OF_A_TEXT = 4.0
"""With this many words in a cell on average, a column is free text."""

TRUE = ("1", "1.0", "true", "t", "yes", "y", "positive", "accepted", "answered", "responded")
"""Values of an outcome that count as a yes by default."""


class ColumnOptions(NamedTuple):
    """Columns that the command line says how to treat."""

    numbers: Collection[str] = ()
    categories: Collection[str] = ()
    ignored: Collection[str] = ()
    allowed: Collection[str] = ()


@dataclass
class ColumnProfile:
    """Statistics of a column's cells."""

    floats: list[float] = field(default_factory=list)
    words: Counter[str | None] = field(default_factory=Counter)
    rows: int = 0
    missing: int = 0
    numeric: bool = True
    timely: bool = True
    spaces: int = 0
    varies: bool = False

    def add(self, text: str) -> None:
        """Add a cell."""
        self.rows += 1
        text = text.strip()
        if text.lower() in NOTHING:
            self.missing += 1
            self.words[None] += 1
            return
        self.spaces += text.count(" ")
        if len(self.words) <= TOO_MANY_VALUES:
            self.words[text] += 1
        if self.numeric:
            number = as_number(text)
            self.numeric = number is not None
            if number is not None:
                self._sample(number)
        if self.timely:
            self.timely = as_moment(text) is not None

    def _sample(self, number: float) -> None:
        """Keep the first numbers; if they are all equal, half of them and later ones."""
        if len(self.floats) == FIRST_ROWS and not self.varies and number != self.floats[0]:
            del self.floats[FIRST_ROWS // 2 :]
        if len(self.floats) < FIRST_ROWS:
            self.floats.append(number)
            self.varies = self.varies or number != self.floats[0]

    @property
    def known(self) -> int:
        """Cells that are not empty."""
        return self.rows - self.missing


class ColumnPlan(NamedTuple):
    """The columns that are used, and in plain words why the others are left out."""

    recipe: Recipe
    left_out: Mapping[str, str]


def profile_columns(
    names: Sequence[str], records: Iterable[Sequence[str]]
) -> dict[str, ColumnProfile]:
    """The profile of every column."""
    profiles = {name: ColumnProfile() for name in names}
    for cells in records:
        for profile, text in zip(profiles.values(), cells, strict=True):
            profile.add(text)
    return profiles


def columns(
    profiles: Mapping[str, ColumnProfile], options: ColumnOptions, apart: Collection[str]
) -> ColumnPlan:
    """Plan the columns, except those in `apart` (the outcome, the time)."""
    for named in {*options.numbers, *options.categories, *options.ignored, *options.allowed}:
        if named not in profiles:
            raise BadTable(f"There is no column {named!r}: take one of {', '.join(profiles)}.")
    numbers: dict[str, NumberColumn] = {}
    categories: dict[str, CategoryColumn] = {}
    left_out: dict[str, str] = {}
    for name, profile in profiles.items():
        if name in apart:
            continue
        why = _why_not(name, profile, options)
        made = None if why else _made(name, profile, options)
        if isinstance(made, NumberColumn):
            numbers[name] = made
        elif made is not None:
            categories[name] = made
        else:
            left_out[name] = why or "always the same"
    if not numbers and not categories:
        raise BadTable(
            "No column is left to predict from: "
            + "; ".join(f"{name} is {why}" for name, why in left_out.items())
            + ". Name some with --number or --category."
        )
    return ColumnPlan(Recipe(numbers, categories), left_out)


def row(recipe: Recipe, names: Sequence[str], cells: Sequence[str]) -> dict[str, Cell]:
    """A record as a row of the recipe."""
    found: dict[str, Cell] = {}
    for name, raw in zip(names, cells, strict=True):
        text = raw.strip()
        if text.lower() in NOTHING:
            found[name] = None
        elif name in recipe.numbers:
            found[name] = as_number(text)
        else:
            found[name] = text
    return found


def positive_value(name: str, profile: ColumnProfile, named: str | None) -> str:
    """The value of the outcome that is a yes.

    Raises:
        BadTable: it has other than two values, or neither is known to be a yes.
    """
    values = sorted(str(word) for word in profile.words if word is not None)
    shown = ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")
    if named is not None:
        if named not in values:
            raise BadTable(f"{name} is never {named!r}: it is {shown}.")
        return named
    if len(values) != 2:
        raise BadTable(
            f"{name} has {len(values)} values ({shown}) and an outcome has two: take another "
            "column, or say with --positive which of them is a yes."
        )
    for yes in TRUE:
        for value in values:
            if value.lower() == yes:
                return value
    raise BadTable(f"Say with --positive which value of {name} is a yes: {shown}.")


def as_number(text: str) -> float | None:
    """The text as a finite number; None if it is not one.

    >>> as_number("1e3"), as_number("inf"), as_number("twelve")
    (1000.0, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def as_moment(text: str) -> float | None:
    """The text as a moment in ISO 8601 or in seconds since 1970; None if it is neither.

    Eight digits are a day, never seconds, so that a column is read in one way.

    >>> as_moment("1970-01-02"), as_moment("19700102"), as_moment("3600.5"), as_moment("soon")
    (86400.0, 86400.0, 3600.5, None)
    >>> as_moment("20260231") is None
    True
    """
    is_day = len(text) == 8 and text.isdigit()
    try:
        if is_day:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None if is_day else as_number(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _why_not(name: str, profile: ColumnProfile, options: ColumnOptions) -> str | None:
    """Why a column is left out; None if it is used."""
    if name in options.ignored:
        return "left out by --ignore"
    if (word := _protected(name)) and name not in options.allowed:
        return f"protected, by its name ({word}): nobody is ranked by it unless --allow says so"
    if name in options.numbers or name in options.categories:
        return None
    return _looks_useless(name, profile)


def _looks_useless(name: str, profile: ColumnProfile) -> str | None:
    if not profile.known:
        return "empty"
    distinct = len(profile.words) - (None in profile.words)
    if _is_id(name, profile, distinct):
        return "an id"
    if profile.numeric:
        return None
    if profile.timely:
        return "a time: use --time or --category"
    if profile.spaces / profile.known + 1 >= WORDS_OF_A_TEXT:
        return "a text"
    if distinct > TOO_MANY_VALUES or distinct > max(20, profile.known / 2):
        return "different in nearly every row, as ids and names are"
    return None


def _made(
    name: str, profile: ColumnProfile, options: ColumnOptions
) -> NumberColumn | CategoryColumn | None:
    if name in options.numbers and not profile.numeric:
        raise BadTable(f"{name} cannot be a number, since it has words: use --category.")
    if profile.numeric and name not in options.categories:
        return number_column(profile.floats, sometimes_missing=profile.missing > 0)
    return category_column(profile.words)


def _is_id(name: str, profile: ColumnProfile, distinct: int) -> bool:
    words = _words(name)
    called = bool(words) and (words[-1] in {"id", "uuid", "key"} or words[0] == "id")
    return called and distinct > min(profile.known / 2, TOO_MANY_VALUES)


def _protected(name: str) -> str | None:
    return next((word for word in _words(name) if word in PROTECTED), None)


def _words(name: str) -> list[str]:
    """The words of a name in camel case or snake case.

    >>> _words("candidateAge"), _words("relevent_experience")
    (['candidate', 'age'], ['relevent', 'experience'])
    """
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]

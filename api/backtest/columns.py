"""What the columns of a table are: numbers, categories, or nothing that is looked at."""

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
"""What stands in a cell, in any case of letters, where there is nothing."""

PROTECTED = frozenset(
    {"age", "birth", "birthday", "birthdate", "dob", "gender", "sex", "sexuality", "orientation"}
    | {"ethnicity", "ethnic", "race", "racial", "caste", "religion", "religious", "nationality"}
    | {"citizenship", "disability", "disabled", "handicap", "marital", "married", "pregnancy"}
)
"""Words in the name of a column that make it one that nobody should be ranked by."""

TOO_MANY_VALUES = MOST_VALUES * 4
"""Different words from which a column is no category, however long the table is."""

WORDS_OF_A_TEXT = 4.0
"""Words in a cell, on average, from which a column is a text."""

TRUE = ("1", "1.0", "true", "t", "yes", "y", "positive", "accepted", "answered", "responded")
"""Values of an outcome that count as a yes unless told otherwise."""


class ColumnOptions(NamedTuple):
    """What whoever asks for a backtest says of the columns."""

    numbers: Collection[str] = ()
    categories: Collection[str] = ()
    ignored: Collection[str] = ()
    allowed: Collection[str] = ()


@dataclass
class ColumnProfile:
    """What has been seen of a column."""

    floats: list[float] = field(default_factory=list)
    words: Counter[str | None] = field(default_factory=Counter)
    rows: int = 0
    missing: int = 0
    numeric: bool = True
    timely: bool = True
    spaces: int = 0
    varies: bool = False

    def add(self, text: str) -> None:
        """One more cell."""
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
        """Keep the first numbers; where they are all the same, half of them and what comes then."""
        if len(self.floats) == FIRST_ROWS and not self.varies and number != self.floats[0]:
            del self.floats[FIRST_ROWS // 2 :]
        if len(self.floats) < FIRST_ROWS:
            self.floats.append(number)
            self.varies = self.varies or number != self.floats[0]

    @property
    def known(self) -> int:
        """Cells in which there is something."""
        return self.rows - self.missing


class ColumnPlan(NamedTuple):
    """What is made of a table's columns, and in plain words why the others are left out."""

    recipe: Recipe
    left_out: Mapping[str, str]


def profile_columns(
    names: Sequence[str], records: Iterable[Sequence[str]]
) -> dict[str, ColumnProfile]:
    """Every column, looked through."""
    surveys = {name: ColumnProfile() for name in names}
    for cells in records:
        for survey, text in zip(surveys.values(), cells, strict=True):
            survey.add(text)
    return surveys


def columns(
    surveys: Mapping[str, ColumnProfile], wishes: ColumnOptions, apart: Collection[str]
) -> ColumnPlan:
    """What each column is, but for those that are set apart (the outcome, the time)."""
    for wished in {*wishes.numbers, *wishes.categories, *wishes.ignored, *wishes.allowed}:
        if wished not in surveys:
            raise BadTable(f"There is no column {wished!r}: take one of {', '.join(surveys)}.")
    numbers: dict[str, NumberColumn] = {}
    categories: dict[str, CategoryColumn] = {}
    left_out: dict[str, str] = {}
    for name, survey in surveys.items():
        if name in apart:
            continue
        why = _why_not(name, survey, wishes)
        made = None if why else _made(name, survey, wishes)
        if isinstance(made, NumberColumn):
            numbers[name] = made
        elif made is not None:
            categories[name] = made
        else:
            left_out[name] = why or "always the same"
    if not numbers and not categories:
        raise BadTable(
            "No column is left to foretell from: "
            + "; ".join(f"{name} is {why}" for name, why in left_out.items())
            + ". Name some with --number or --category."
        )
    return ColumnPlan(Recipe(numbers, categories), left_out)


def row(recipe: Recipe, names: Sequence[str], cells: Sequence[str]) -> dict[str, Cell]:
    """A record as the recipe takes it.

    Raises:
        BadTable: there is a word where a number should be.
    """
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


def positive_value(name: str, survey: ColumnProfile, wished: str | None) -> str:
    """Which value of the outcome is a yes.

    Raises:
        BadTable: it has more values than two, or none that says yes by itself.
    """
    values = sorted(str(word) for word in survey.words if word is not None)
    shown = ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")
    if wished is not None:
        if wished not in values:
            raise BadTable(f"{name} is never {wished!r}: it is {shown}.")
        return wished
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
    """The finite number that is written there, if one is.

    >>> as_number("1e3"), as_number("inf"), as_number("twelve")
    (1000.0, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def as_moment(text: str) -> float | None:
    """The moment that is written there in ISO 8601, or as a number of seconds, if one is.

    Eight digits are a day, never seconds: a column must not be read in two ways.

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


def _why_not(name: str, survey: ColumnProfile, wishes: ColumnOptions) -> str | None:
    """Why a column is not looked at, if it is not."""
    if name in wishes.ignored:
        return "left out as asked"
    if (word := _protected(name)) and name not in wishes.allowed:
        return f"protected, by its name ({word}): nobody is ranked by it unless --allow says so"
    if name in wishes.numbers or name in wishes.categories:
        return None
    return _looks_useless(name, survey)


def _looks_useless(name: str, survey: ColumnProfile) -> str | None:
    if not survey.known:
        return "empty"
    distinct = len(survey.words) - (None in survey.words)
    if _is_id(name, survey, distinct):
        return "an id"
    if survey.numeric:
        return None
    if survey.timely:
        return "a time: give it with --time, or take it for a category"
    if survey.spaces / survey.known + 1 >= WORDS_OF_A_TEXT:
        return "a text"
    if distinct > TOO_MANY_VALUES or distinct > max(20, survey.known / 2):
        return "different in nearly every row, as ids and names are"
    return None


def _made(
    name: str, survey: ColumnProfile, wishes: ColumnOptions
) -> NumberColumn | CategoryColumn | None:
    if name in wishes.numbers and not survey.numeric:
        raise BadTable(f"{name} is to be a number and has words: take it for a category.")
    if survey.numeric and name not in wishes.categories:
        return number_column(survey.floats, sometimes_missing=survey.missing > 0)
    return category_column(survey.words)


def _is_id(name: str, survey: ColumnProfile, distinct: int) -> bool:
    words = _words(name)
    called = bool(words) and (words[-1] in {"id", "uuid", "key"} or words[0] == "id")
    return called and distinct > min(survey.known / 2, TOO_MANY_VALUES)


def _protected(name: str) -> str | None:
    return next((word for word in _words(name) if word in PROTECTED), None)


def _words(name: str) -> list[str]:
    """The words of a name, however they are put together.

    >>> _words("candidateAge"), _words("relevent_experience")
    (['candidate', 'age'], ['relevent', 'experience'])
    """
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]

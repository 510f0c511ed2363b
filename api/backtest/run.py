"""A backtest from the file to the report."""

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from api.backtest.columns import (
    NOTHING,
    ColumnOptions,
    ColumnPlan,
    as_moment,
    columns,
    positive_value,
    profile_columns,
    row,
)
from api.backtest.prequential import Case, Delays, run_prequential
from api.backtest.records import BadTable, Records, column, opened
from api.backtest.report import BacktestReport, reported
from projections.likelihood.estimator.model import LikelihoodModel

Progress = Callable[[str, int, int], None]
"""Is told what goes on, how much of it is done, and out of how much."""


class BacktestOptions(NamedTuple):
    """What is asked of a table."""

    label: str
    time: str | None = None
    positive: str | None = None
    answered: str | None = None
    wishes: ColumnOptions = ColumnOptions()
    delays: Delays = Delays()


def run(file: Path, asked: BacktestOptions, progress: Progress) -> BacktestReport:
    """Try the estimator on a table.

    The file is read three times, what its columns are first, and only a record of it is held.

    Raises:
        BadTable: the file cannot be used as asked.
    """
    with opened(file) as table:
        apart = [name for name in (asked.label, asked.time, asked.answered) if name is not None]
        places = [column(table.names, name) for name in apart]
        surveys = profile_columns(table.names, _told(table, progress))
        yes = positive_value(asked.label, surveys[asked.label], asked.positive)
        made = columns(surveys, asked.wishes, apart)
        order, moments = _in_time(table, asked.time, places[0])
        trial = run_prequential(
            LikelihoodModel(made.recipe.schema()),
            _cases(table, made, asked, yes, order, moments),
            asked.delays,
            lambda done: progress("Rows estimated and learned", done, len(order)),
        )
        return reported(
            trial,
            made,
            timed=asked.time is not None,
            file=file.name,
            label=asked.label,
            positive=yes,
            without_outcome=len(table) - len(order),
            options={
                "in the order of": asked.time,
                "answers known after days": asked.delays.days,
                "a no learned after hours of silence": asked.delays.silence_hours,
            },
        )


def _cases(
    table: Records,
    made: ColumnPlan,
    asked: BacktestOptions,
    yes: str,
    order: list[int],
    moments: "array[float]",
) -> Iterator[Case]:
    outcome = column(table.names, asked.label)
    answers = column(table.names, asked.answered) if asked.answered else None
    for number, cells in zip(order, table.in_order(order), strict=True):
        came = cells[outcome].strip() == yes
        answered_at = None
        if came and answers is not None and cells[answers].strip().lower() not in NOTHING:
            answered_at = _moment(table, number, answers, cells)
        features = made.recipe.features(row(made.recipe, table.names, cells))
        yield Case(moments[number], features, came, answered_at)


def _told(table: Records, progress: Progress) -> Iterator[list[str]]:
    for done, cells in enumerate(table, start=1):
        progress("Rows looked through", done, len(table))
        yield cells


def _in_time(table: Records, time: str | None, outcome: int) -> tuple[list[int], "array[float]"]:
    """The numbers of the records that have an outcome, in the order of time, and all moments."""
    which = column(table.names, time) if time is not None else None
    moments, order = array("d"), []
    for number, cells in enumerate(table):
        if cells[outcome].strip().lower() not in NOTHING:
            order.append(number)
        moments.append(float(number) if which is None else _moment(table, number, which, cells))
    order.sort(key=lambda number: moments[number])  # in file order within a moment
    return order, moments


def _moment(table: Records, number: int, which: int, cells: list[str]) -> float:
    moment = as_moment(cells[which].strip())
    if moment is None:
        raise BadTable(
            f"Line {table.line(number)}: {cells[which]!r} in {table.names[which]} is no time: "
            "write it as 2026-07-01, 2026-07-01T12:00 or a number of seconds."
        )
    return moment

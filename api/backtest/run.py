"""A backtest, from the file to the report."""

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
from api.backtest.report import BacktestReport, report_of
from projections.likelihood.estimator.model import LikelihoodModel

Progress = Callable[[str, int, int], None]
"""Called with what is under way, how much of it is done, and the total."""


class BacktestOptions(NamedTuple):
    """The options of a backtest."""

    label: str
    time: str | None = None
    positive: str | None = None
    answered: str | None = None
    columns: ColumnOptions = ColumnOptions()
    delays: Delays = Delays()


def run(file: Path, options: BacktestOptions, progress: Progress) -> BacktestReport:
    """Backtest the estimator on a table.

    The file is read three times, the columns first, with one record in memory at a time.

    Raises:
        BadTable: the file cannot be used with these options.
    """
    with opened(file) as table:
        apart = [
            name for name in (options.label, options.time, options.answered) if name is not None
        ]
        places = [column(table.names, name) for name in apart]
        profiles = profile_columns(table.names, _profiled(table, progress))
        yes = positive_value(options.label, profiles[options.label], options.positive)
        made = columns(profiles, options.columns, apart)
        order, moments = _in_time(table, options.time, places[0])
        results = run_prequential(
            LikelihoodModel(made.recipe.schema()),
            _cases(table, made, options, yes, order, moments),
            options.delays,
            lambda done: progress("Rows estimated and learned", done, len(order)),
        )
        return report_of(
            results,
            made,
            timed=options.time is not None,
            file=file.name,
            label=options.label,
            positive=yes,
            without_outcome=len(table) - len(order),
            options={
                "in the order of": options.time,
                "answers known after days": options.delays.days,
                "a no learned after hours of silence": options.delays.silence_hours,
            },
        )


def _cases(
    table: Records,
    made: ColumnPlan,
    options: BacktestOptions,
    yes: str,
    order: list[int],
    moments: "array[float]",
) -> Iterator[Case]:
    outcome = column(table.names, options.label)
    answers = column(table.names, options.answered) if options.answered else None
    for number, cells in zip(order, table.in_order(order), strict=True):
        came = cells[outcome].strip() == yes
        answered_at = None
        if came and answers is not None and cells[answers].strip().lower() not in NOTHING:
            answered_at = _moment(table, number, answers, cells)
        features = made.recipe.features(row(made.recipe, table.names, cells))
        yield Case(moments[number], features, came, answered_at)


def _profiled(table: Records, progress: Progress) -> Iterator[list[str]]:
    for done, cells in enumerate(table, start=1):
        progress("Rows profiled", done, len(table))
        yield cells


def _in_time(table: Records, time: str | None, outcome: int) -> tuple[list[int], "array[float]"]:
    """The records with an outcome, by number in the order of time, and the moments of all."""
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

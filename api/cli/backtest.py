"""`backtest`: tries the estimator on somebody's own table of past outcomes."""

from pathlib import Path
from typing import Annotated

import typer

from api.backtest.columns import ColumnOptions
from api.backtest.prequential import Delays
from api.backtest.records import BadTable
from api.backtest.report import BacktestReport, measures, written
from api.backtest.run import BacktestOptions, run
from api.cli.exit_codes import CannotGoOn, Exit
from api.cli.terminal import progress

MOST_DAYS = 36_525
"""A century."""


def backtest(  # noqa: PLR0913 - each is an option of the command
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="A header, then a record a line.")
    ],
    *,
    label: Annotated[str, typer.Option(metavar="COLUMN", help="The outcome: yes or no.")],
    time: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="When each row was; without it, file order."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(metavar="VALUE", help="The outcome that counts as a yes.")
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Take it for a number.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Take it for a category.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Leave it out.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Use it although its name says it is protected."),
    ] = None,
    delay_days: Annotated[
        float,
        typer.Option(min=0, max=MOST_DAYS, help="A no is known after so many days, a yes by then."),
    ] = 0,
    answered: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="When each yes came; without it, drawn."),
    ] = None,
    silence_hours: Annotated[
        float | None,
        typer.Option(min=0, help="Learn a no after so long, and take it back upon a yes."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the curves there, as HTML and as JSON."),
    ] = None,
) -> None:
    """Try the estimator on a table of past outcomes.

    Every row is estimated before its outcome is learned, as it would have been live, and the
    estimates are measured beside the running share of positives. What the columns are is found out:
    numbers, categories, or ids, times and texts, which are left out. So are columns whose names say
    that nobody should be ranked by them, such as age and gender.
    """
    if (delay_days or answered or silence_hours is not None) and time is None:
        raise _misused("Delays need to know when each row was: name its column with --time.")
    if (answered or silence_hours is not None) and not delay_days:
        raise _misused("Say with --delay-days how long a yes may take.")
    if silence_hours is not None and silence_hours > delay_days * 24:
        raise _misused("After --delay-days a no is known: give fewer --silence-hours.")
    if report is not None:
        try:
            report.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _misused(f"--report {report} cannot be a folder: {error.strerror}.") from None
    wishes = ColumnOptions(number or (), category or (), ignore or (), allow or ())
    asked = BacktestOptions(
        label, time, positive, answered, wishes, Delays(delay_days, silence_hours)
    )
    try:
        with progress() as told:
            found = run(file, asked, told)
    except BadTable as error:
        raise _misused(str(error)) from error
    _tell(found)
    if report is not None:
        for path in written(found, report):
            typer.echo(f"Written: {path}")


def _tell(report: BacktestReport) -> None:
    share = report.model.base_rate or 0.0
    typer.echo(
        f"{report.rows:,} rows, {report.label} is {report.positive} in {share:.1%} of them, "
        f"foretold from {len(report.columns)} columns: {', '.join(report.columns)}."
    )
    for name, why in report.left_out.items():
        typer.echo(f"Left out: {name} ({why}).")
    if report.without_outcome:
        typer.echo(f"Left out: {report.without_outcome:,} rows without an outcome.")
    headings, lines = measures(report)
    typer.echo(f"\n{headings[0]:<20}" + "".join(f"{heading:>10}" for heading in headings[1:]))
    for name, *values in lines:
        typer.echo(f"{name:<20}" + "".join(f"{value:>10}" for value in values))


def _misused(sentence: str) -> CannotGoOn:
    return CannotGoOn(sentence, Exit.WRONG_USAGE)

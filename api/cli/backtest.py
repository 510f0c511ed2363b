"""`backtest`: tries the estimator on a table of past outcomes."""

from pathlib import Path
from typing import Annotated

import typer

from api.backtest.columns import ColumnOptions
from api.backtest.prequential import Delays
from api.backtest.records import BadTable
from api.backtest.report import BacktestReport, measures, written
from api.backtest.run import BacktestOptions, run
from api.charts import axes
from api.cli.exit_codes import CannotGoOn, Exit
from api.cli.terminal import progress

MOST_DAYS = 36_525
"""A century."""


def backtest(  # noqa: PLR0913 - each is an option of the command
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="A header, then one record a line.")
    ],
    *,
    label: Annotated[str, typer.Option(metavar="COLUMN", help="The outcome: yes or no.")],
    time: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The time of each row; without it, file order."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(metavar="VALUE", help="The outcome that counts as a yes.")
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Use it as a number.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Use it as a category.")
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
        typer.Option(metavar="COLUMN", help="When each yes came; without it, drawn at random."),
    ] = None,
    silence_hours: Annotated[
        float | None,
        typer.Option(min=0, help="Learn a no after this time, and revoke it if a yes comes."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the report there, as HTML and as JSON."),
    ] = None,
) -> None:
    """Try the estimator on a table of past outcomes.

    Every row is predicted before its outcome is learned, as it would have been live, and the
    predictions are compared with the running share of positives. Columns are recognized as numbers
    or categories; ids, times and texts are left out. So are columns with the name of a protected
    attribute, such as age and gender.
    """
    if (delay_days or answered or silence_hours is not None) and time is None:
        raise _misused("Delays need the time of each row: name its column with --time.")
    if (answered or silence_hours is not None) and not delay_days:
        raise _misused("Say how long a yes may take with --delay-days.")
    if silence_hours is not None and silence_hours > delay_days * 24:
        raise _misused(
            "--silence-hours must be shorter than --delay-days, after which a no is known."
        )
    if report is not None:
        try:
            report.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _misused(f"--report {report} cannot be a folder: {error.strerror}.") from None
    columns = ColumnOptions(number or (), category or (), ignore or (), allow or ())
    options = BacktestOptions(
        label, time, positive, answered, columns, Delays(delay_days, silence_hours)
    )
    try:
        with progress() as report_progress:
            found = run(file, options, report_progress)
    except BadTable as error:
        raise _misused(str(error)) from error
    _print(found)
    if report is not None:
        for path in written(found, report):
            typer.echo(f"Written: {path}")


def _print(report: BacktestReport) -> None:
    share = report.model.base_rate or 0.0
    typer.echo(
        f"{report.rows:,} rows, {report.label} is {report.positive} in {axes.share(share)} of"
        f" them, predicted from {len(report.columns)} columns: {', '.join(report.columns)}."
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

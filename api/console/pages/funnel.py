"""The analyst's funnel: how many candidates came how far, over time and by likelihood."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ValidationInfo, field_validator

from api.charts import axes, charts
from api.charts.charts import Chart
from api.console.session import Analyst, Visit
from api.formats import csv, tables
from api.marketplace import now
from api.web.forms import REFUSED, Faults, Sent
from domain.likelihood import BAND_FROM
from projections import funnel
from projections.funnel import Funnel, Interval, Split, Steps

router = APIRouter()

NUMBERS = ("shown", "opened", "messaged", "accepted", "declined", "answered", "interviews")
FILES = ("csv", "xlsx")
CANDIDATES = {"passive": True, "active": False, "all": None}

Table = Literal["over-time", "by-band", "over-time-by-band"]
TABLES: dict[Table, str] = {
    "over-time": "Over time",
    "by-band": "By likelihood band",
    "over-time-by-band": "Over time, by likelihood band",
}

USUALLY = timedelta(weeks=13)
"""How far back the page looks by default; a blank first day is the beginning."""


class Asked(BaseModel):
    """Which part of the funnel is asked for."""

    interval: Interval
    since: date | None = None
    until: date | None = None
    candidates: Literal["passive", "active", "all"]

    @field_validator("until")
    @classmethod
    def _after_since(cls, until: date | None, info: ValidationInfo) -> date | None:
        since = info.data.get("since")
        if since and until and since >= until:
            raise ValueError("choose a day after the one in Since.")
        return until

    def steps(self, visit: Visit, interval: Interval | None, *by: Split) -> list[Steps]:
        """The rows, split by period and by the chosen splits."""
        passive = CANDIDATES[self.candidates]
        with visit.caller.reading(Funnel) as db:
            return funnel.steps(
                db,
                since=self.since,
                until=self.until,
                interval=interval,
                by=by,
                only={} if passive is None else {"passive": passive},
            )

    def address(self, path: str) -> str:
        """A page about the same part."""
        said = {"interval": self.interval, "since": self.since, "until": self.until}
        shown = {name: value or "" for name, value in said.items()}
        return f"{path}?{urlencode({**shown, 'candidates': self.candidates})}"


def asked_by(request: Request) -> Asked:
    """The part that a page's address names. Raises `RequestValidationError` if it names none."""
    return _typed(request).read(Asked)


def _typed(request: Request) -> Sent:
    since = (now() - USUALLY).date().isoformat()
    usual = {"interval": Interval.WEEK.value, "candidates": "passive", "since": since}
    return Sent([*{**usual, **request.query_params}.items()])


@router.get("/funnel")
def funnel_page(visit: Analyst) -> Response:
    """The funnel as charts, each beside its table."""
    try:
        asked = asked_by(visit.request)
    except REFUSED as error:
        return _page(visit, faults=Faults(error))
    rows = asked.steps(visit, asked.interval, Split.BAND)
    whole = _summed(rows, lambda _: True)
    by_period = _summed(rows, lambda row: row.period)
    by_band = _summed(rows, lambda row: row.band)
    order = [*BAND_FROM, funnel.UNKNOWN]
    bands = sorted(by_band, key=lambda row: order.index(row.band or funnel.UNKNOWN))
    drawn = [_overall(whole), *_over_time(by_period), *_by_band(bands)] if whole else []
    return _page(
        visit,
        charts=drawn,
        downloads=[
            (name, [(asked.address(f"/funnel/{table}.{kind}"), kind.upper()) for kind in FILES])
            for table, name in TABLES.items()
        ],
    )


def _page(visit: Visit, faults: Faults | None = None, **shown: Any) -> Response:
    return visit.page(
        "funnel.html",
        faults,
        sent=_typed(visit.request),
        intervals=[(interval.value, interval.value.capitalize()) for interval in Interval],
        **shown,
    )


@router.get("/funnel/{table}.csv")
def download_csv(
    visit: Analyst, table: Table, asked: Annotated[Asked, Depends(asked_by)]
) -> Response:
    """The funnel by period, by likelihood band or by both, as CSV."""
    return csv.download(Steps, _rows(visit, table, asked), f"funnel-{table}")


@router.get("/funnel/{table}.xlsx")
def download_xlsx(
    visit: Analyst, table: Table, asked: Annotated[Asked, Depends(asked_by)]
) -> Response:
    """The same for a spreadsheet."""
    columns, rows = tables.of_model(Steps), _rows(visit, table, asked)
    return tables.download(tables.TableFormat.XLSX, columns, rows, f"funnel-{table}")


def _rows(visit: Visit, table: Table, asked: Asked) -> list[Steps]:
    interval = None if table == "by-band" else asked.interval
    by = () if table == "over-time" else (Split.BAND,)
    return asked.steps(visit, interval, *by)


def _summed(rows: Iterable[Steps], of: Callable[[Steps], object]) -> list[Steps]:
    """The rows with those of one kind put together, in the order in which the kinds come."""
    together: dict[object, Steps] = {}
    for row in rows:
        first = together.get(of(row))
        sums = {n: getattr(row, n) + (getattr(first, n) if first else 0) for n in NUMBERS}
        together[of(row)] = row.model_copy(update=sums)
    return [*together.values()]


def _overall(whole: Sequence[Steps]) -> Chart:
    (all_of_it,) = whole
    steps = ("shown", "opened", "messaged", "answered", "interviews")
    return charts.funnel(
        "From shown to interviewed", [(s.capitalize(), getattr(all_of_it, s)) for s in steps]
    )


def _over_time(periods: Sequence[Steps]) -> list[Chart]:
    def over_time(title: str, *steps: str) -> Chart:
        series = [
            charts.Series(
                step.capitalize(),
                [(row.period, getattr(row, step)) for row in periods if row.period],
            )
            for step in steps
        ]
        return charts.lines(title, series, x="Begins on", y="Candidates", from_zero=True)

    return [
        over_time("What recruiters saw", "shown", "opened"),
        over_time("What came of it", "messaged", "answered", "interviews"),
    ]


def _by_band(bands: Sequence[Steps]) -> list[Chart]:
    names = [(row.band or "unknown").capitalize() for row in bands]
    ways = [("Opened of shown", "opened", "shown"), ("Messaged of opened", "messaged", "opened")]
    ways += [("Answered of messaged", "answered", "messaged")]
    ways += [("Accepted of messaged", "accepted", "messaged")]
    shares = [
        (name, [_share(getattr(row, part), getattr(row, whole)) for row in bands])
        for name, part, whole in ways
    ]
    counts = [
        (s.capitalize(), [getattr(row, s) for row in bands]) for s in ("messaged", "answered")
    ]
    return [
        charts.bars("Answers by likelihood band", names, counts, x="Band", y="Candidates"),
        charts.bars(
            "Shares by likelihood band", names, shares, x="Band", y="Share", text=axes.share
        ),
    ]


def _share(part: int, whole: int) -> float | None:
    # Who is written to may not have been shown here: a share of more than one would mislead.
    return min(1.0, part / whole) if whole else None

"""The analyst's pages of the likelihood model: performance, drift, fairness, model card."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from fastapi import APIRouter, Response

from api.charts import axes, charts
from api.charts.charts import Chart
from api.console.session import Analyst
from api.console.wording.group_words import group_name
from api.formats import csv
from api.routes import model as model_routes
from api.web.words import words
from projections.adverse_impact import FOUR_FIFTHS, Comparison
from projections.funnel import Funnel, Interval
from projections.likelihood.monitoring import performance
from projections.likelihood.monitoring.drift import FEWEST
from projections.likelihood.monitoring.performance import (
    MODEL,
    Drifted,
    Exploration,
    Performance,
    Slice,
)
from projections.likelihood.projection import Likelihoods

router = APIRouter(prefix="/model")

Window = Literal["100", "500", "1000", "week", "month"]
WINDOWS: dict[Window, str] = {
    "100": "100 outreaches",
    "500": "500 outreaches",
    "1000": "1,000 outreaches",
    "week": "a week",
    "month": "a month",
}
MOST_WINDOWS = 40
LATEST = 5_000
"""Predictions in the diagram and in the slices."""

Latest = Literal["100", "500", "1000", "5000"]
MEASURES = [
    ("log_loss", "Log loss", "lower is better", axes.number),
    ("calibration_error", "Expected calibration error", "lower is better", axes.number),
    ("roc_auc", "ROC AUC", "higher is better", axes.number),
    ("base_rate", "Response rate", "what the model predicts", axes.share),
]


@router.get("")
def performance_page(
    visit: Analyst, window: Window = "500", by: Slice = Slice.SENIORITY
) -> Response:
    """How good predictions are: over time, by slice, and as a reliability diagram."""
    at = visit.caller.at
    with visit.caller.reading(Likelihoods, Funnel) as db:
        over_time = performance.performance(db, at, **_windows(window))
        by_slice = performance.performance(db, at, window=LATEST, windows=1, by=by)
        points = performance.diagram(db, at, last=LATEST)
    diagram = [(p.predicted, p.observed, p.count) for p in points if p.judged == MODEL]
    return visit.page(
        "model.html",
        windows=[*WINDOWS.items()],
        window=window,
        slices=[(one.value, one.value.capitalize()) for one in Slice],
        by=by,
        charts=[*_measures(over_time), charts.reliability("Reliability", diagram)],
        by_slice=[row for row in by_slice if row.judged == MODEL],
        latest=LATEST,
    )


@router.get("/performance.csv")
def performance_csv(visit: Analyst, window: Window = "500") -> Response:
    """How good predictions were, window by window, as CSV."""
    with visit.caller.reading(Likelihoods, Funnel) as db:
        rows = performance.performance(db, visit.caller.at, **_windows(window))
    return csv.download(Performance, rows, "performance")


@router.get("/drift")
def drift_page(visit: Analyst, latest: Latest = "500") -> Response:
    """What has drifted, and how much exploration was shown."""
    count = int(latest)
    with visit.caller.reading(Likelihoods, Funnel) as db:
        drifted = performance.drift(db, visit.caller.at, latest=count, reference=3 * count)
        exploration = performance.exploration(db, interval=Interval.WEEK)
    measured = [row for row in drifted if row.stability_index is not None]
    return visit.page(
        "model_drift.html",
        drifted=sorted(measured, key=lambda row: -(row.stability_index or 0)),
        latest=latest,
        sizes=get_args(Latest),
        charts=[_indexes(measured), _explored(exploration)],
        fewest=FEWEST,
    )


@router.get("/adverse-impact")
def adverse_impact_page(
    visit: Analyst, candidates: Literal["passive", "active", "all"] = "all"
) -> Response:
    """Whether scores favour or disfavour groups of candidates."""
    passive = {"passive": True, "active": False}.get(candidates)
    report = model_routes.read_adverse_impact(visit.caller, passive)
    return visit.page(
        "model_adverse_impact.html",
        report=report,
        candidates=candidates,
        compared=[(_named(one), one, _ratios(one)) for one in report.comparisons],
    )


@router.get("/card")
def card_page(visit: Analyst) -> Response:
    """The model card."""
    return visit.page("model_card.html", card=model_routes.read_model(visit.caller))


def _windows(window: str) -> dict[str, Any]:
    if window.isdigit():
        return {"window": int(window), "windows": MOST_WINDOWS}
    return {"interval": Interval(window), "windows": MOST_WINDOWS}


def _measures(rows: Sequence[Performance]) -> list[Chart]:
    judged = [*dict.fromkeys(row.judged for row in rows)]
    return [
        charts.lines(
            f"{name} ({direction})",
            [
                charts.Series(
                    who.capitalize(),
                    [(row.sent_to, getattr(row, measure)) for row in rows if row.judged == who],
                )
                for who in (judged if measure != "base_rate" else judged[:1])
            ],
            x="Sent until",
            y=name,
            text=text,
        )
        for measure, name, direction, text in MEASURES
    ]


def _indexes(drifted: Iterable[Drifted]) -> Chart:
    most = sorted(drifted, key=lambda row: -(row.stability_index or 0))[:10]
    return charts.signed(
        "Largest drift (population stability index)",
        [(words(row.name), row.stability_index or 0) for row in most],
        of="Of",
    )


def _explored(rows: Sequence[Exploration]) -> Chart:
    shares = [(row.period, row.share) for row in rows if row.period]
    title = "Random picks shown as exploration"
    return charts.lines(
        title,
        [charts.Series("Share", shares)],
        x="Week from",
        y="Share of what was shown",
        text=axes.share,
        from_zero=True,
    )


def _named(comparison: Comparison) -> str:
    return " and ".join(name.replace("_", " ") for name in comparison.by).capitalize()


def _ratios(comparison: Comparison) -> Chart:
    return charts.signed(
        f"Impact ratio by {_named(comparison).lower()}",
        [(group_name(g.name), g.impact_ratio) for g in comparison.groups if g.impact_ratio],
        of="Group",
        text=axes.number,
        limit=float(FOUR_FIFTHS),
    )

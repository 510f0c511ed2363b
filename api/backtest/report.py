"""A backtest's results as figures, as JSON, and as a self-contained HTML page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.backtest.columns import ColumnPlan
from api.backtest.prequential import PrequentialRun
from api.charts import STATIC, TEMPLATES, axes, charts
from projections.likelihood.estimator.model import ESTIMATOR
from projections.likelihood.monitoring import metrics as likelihood_metrics
from projections.likelihood.monitoring.metrics import BINS, Metrics, ReliabilityBin

WINDOWS = 40
"""Windows of equal length over which the measures are drawn."""

WEIGHTIEST = 12


@dataclass(frozen=True)
class Window:
    """The measures of a window, with its first row and when that was."""

    first_row: int
    begins_at: str | None
    log_loss: float | None
    prior_log_loss: float | None
    roc_auc: float | None


@dataclass(frozen=True)
class BacktestReport:
    """A backtest's results."""

    file: str
    label: str
    positive: str
    rows: int
    without_outcome: int
    options: Mapping[str, Any]
    model: Metrics
    prior: Metrics
    bins: int
    windows: Sequence[Window]
    reliability: Sequence[ReliabilityBin]
    weightiest: Sequence[tuple[str, float]]
    columns: Mapping[str, str]
    left_out: Mapping[str, str]
    estimator: int
    state_hash: str


def report_of(
    run: PrequentialRun, columns: ColumnPlan, *, timed: bool, **table: Any
) -> BacktestReport:
    """The results of a run, with facts of the table."""
    p, prior = np.array(run.probabilities), np.array(run.priors)
    y = np.array(run.outcomes, dtype=np.bool_)
    kinds = {
        name: "number, by its logarithm" if column.logged else "number"
        for name, column in columns.recipe.numbers.items()
    } | {
        name: f"category of {len(column.values) - 1} values"
        for name, column in columns.recipe.categories.items()
    }
    return BacktestReport(
        rows=len(y),
        model=likelihood_metrics.metrics(p, y),
        prior=likelihood_metrics.metrics(prior, y),
        bins=BINS,
        windows=_windows(run, p, prior, y, timed=timed),
        reliability=likelihood_metrics.reliability(p, y),
        weightiest=run.weightiest(WEIGHTIEST),
        columns=kinds,
        left_out=columns.left_out,
        estimator=ESTIMATOR,
        state_hash=run.model.hash(),
        **table,
    )


def measures(report: BacktestReport) -> tuple[list[str], list[list[str]]]:
    """Headings and lines of the table of measures."""
    lines = [
        ("Log loss", report.model.log_loss, report.prior.log_loss),
        ("Brier score", report.model.brier, report.prior.brier),
        ("ROC AUC", report.model.roc_auc, report.prior.roc_auc),
        ("Calibration error", report.model.calibration_error, report.prior.calibration_error),
    ]
    rows = [
        [name, *(axes.NOTHING if v is None else f"{v:.4f}" for v in two)] for name, *two in lines
    ]
    return ["Measure", "Model", "Prior"], rows


def written(report: BacktestReport, folder: Path) -> tuple[Path, Path]:
    """Write the report into an existing folder, as a page and as JSON."""
    page, figures = folder / "backtest.html", folder / "backtest.json"
    page.write_text(_page(report), encoding="utf-8")
    figures.write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")
    return page, figures


def _windows(run: PrequentialRun, p: Any, prior: Any, y: Any, *, timed: bool) -> list[Window]:
    edges = np.unique(np.linspace(0, len(y), min(WINDOWS, len(y)) + 1).astype(int)).tolist()
    found = []
    for start, end in pairwise(edges):
        part = slice(start, end)
        begins = _written_out(run.moments[start]) if timed else None
        found.append(
            Window(
                start,
                begins,
                likelihood_metrics.log_loss(p[part], y[part]),
                likelihood_metrics.log_loss(prior[part], y[part]),
                likelihood_metrics.roc_auc(p[part], y[part]),
            )
        )
    return found


def _written_out(moment: float) -> str | None:
    """A moment in ISO 8601; None for a number outside the calendar."""
    try:
        return datetime.fromtimestamp(moment, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _page(report: BacktestReport) -> str:
    columns, rows = measures(report)
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent / "templates", TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
    )
    style = (STATIC / "charts.css").read_text(encoding="utf-8")
    return environment.get_template("report.html").render(
        report=report,
        summary=_summary(report),
        measures={"columns": columns, "rows": rows},
        charts=_charts(report),
        used=[[*column] for column in report.columns.items()],
        left_out=[[*column] for column in report.left_out.items()],
        style=Markup(style),  # noqa: S704 - our own style sheet, not the table's words
    )


def _summary(report: BacktestReport) -> str:
    share = axes.share(report.model.base_rate)
    return (
        f"{report.rows:,} rows; {report.label} is {report.positive} in {share} of them. "
        + "; ".join(f"{name}: {value}" for name, value in report.options.items() if value)
    )


def _charts(report: BacktestReport) -> list[charts.Chart]:
    moments = [w.begins_at for w in report.windows if w.begins_at]
    places: list[charts.X] = [datetime.fromisoformat(moment) for moment in moments]
    x = "Begins at"
    if len(moments) < len(report.windows):
        places, x = [float(w.first_row) for w in report.windows], "From row"

    def followed(name: str, values: Sequence[float | None]) -> charts.Series:
        return charts.Series(name, [*zip(places, values, strict=True)])

    return [
        charts.lines(
            "Log loss over time",
            [
                followed("Model", [w.log_loss for w in report.windows]),
                followed("Prior", [w.prior_log_loss for w in report.windows]),
            ],
            x=x,
            y="Log loss",
            text=_three_places,
        ),
        charts.lines(
            "ROC AUC over time",
            [followed("Model", [w.roc_auc for w in report.windows])],
            x=x,
            y="ROC AUC",
            text=_three_places,
        ),
        charts.reliability(
            "Reliability", [(b.predicted, b.observed, b.count) for b in report.reliability]
        ),
        charts.signed(
            "How much each feature moves the logit, either way",
            report.weightiest,
            of="Feature",
            text=_three_places,
        ),
    ]


def _three_places(value: float | None) -> str:
    return axes.NOTHING if value is None else f"{value:.3f}"

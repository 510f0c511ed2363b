"""How well the likelihood's estimator predicts real outcomes, compared with common alternatives.

    python -m benchmarks likelihood [--table hr_job_change] [--rows 5000]
        [--without "LightGBM, refitted"]

LightGBM's refits take ten minutes, most of the time. Every row is predicted before its outcome is
known. The targets are printed below the figures.
"""

import argparse
import time
from collections.abc import Mapping
from typing import NamedTuple

from rich.console import Console
from rich.table import Table as Printed

from api.backtest.recipe import recipe_of
from benchmarks.anchors import ANCHORS, Estimator, Probabilities, online
from benchmarks.tables import Table, cdnow, hr_job_change
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.monitoring.metrics import Metrics, metrics

TABLES = {"hr_job_change": hr_job_change, "cdnow": cdnow}

TARGETS = {
    "hr_job_change": "log loss <= .455 and <= 1.02 of the best anchor, AUC >= .785, error <= .02",
    "cdnow": "log loss <= 1.005 of the best anchor, calibration error <= .005",
}

OURS = "ours"


class Result(NamedTuple):
    """An estimator's metrics on a table, and its processor time per row."""

    metrics: Metrics
    microseconds: float


def ours(table: Table) -> Probabilities:
    """The production estimator, as `sourcing backtest` uses it."""
    recipe = recipe_of(table.rows)
    model = LikelihoodModel(recipe.schema())
    features = [recipe.features(row) for row in table.rows]

    def learn(row: int) -> None:
        model.learn(features[row], bool(table.outcomes[row]))

    return online(table, learn, lambda row: model.probability(model.logit(features[row])))


def measured(table: Table, anchors: Mapping[str, Estimator] = ANCHORS) -> dict[str, Result]:
    """The results of ours and of these estimators."""
    results = {}
    for name, estimator in {OURS: ours, **anchors}.items():
        started = time.process_time()
        probabilities = estimator(table)
        took = (time.process_time() - started) / len(table.rows) * 1e6
        results[name] = Result(metrics(probabilities, table.outcomes), took)
    return results


def printed(table: Table, results: dict[str, Result]) -> Printed:
    """The results as a table, with the ratio of each log loss to the best anchor's."""
    shown = Printed(title=f"{table.name}: {len(table.rows):,} rows", title_justify="left")
    for heading in (
        "",
        "log loss",
        "to best",
        "ROC AUC",
        "Brier",
        "calibration error",
        "CPU us a row",
    ):
        shown.add_column(heading, justify="left" if not heading else "right")
    best = min(_loss(result) for name, result in results.items() if name != OURS)
    for name, result in results.items():
        figures = result.metrics
        shown.add_row(
            name,
            f"{_loss(result):.4f}",
            f"{_loss(result) / best:.4f}",
            f"{figures.roc_auc or 0:.4f}",
            f"{figures.brier or 0:.4f}",
            f"{figures.calibration_error or 0:.4f}",
            f"{result.microseconds:,.0f}",
        )
    return shown


def _loss(result: Result) -> float:
    return result.metrics.log_loss or 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", choices=TABLES, help="one of the tables alone")
    parser.add_argument("--rows", type=int, help="the first rows of it alone")
    parser.add_argument("--without", choices=ANCHORS, action="append", default=[], help="an anchor")
    options = parser.parse_args()
    anchors = {name: each for name, each in ANCHORS.items() if name not in options.without}
    console = Console(width=110)
    for name, load in TABLES.items():
        if options.table in (None, name):
            table = load()
            table = table.head(options.rows) if options.rows else table
            console.print(printed(table, measured(table, anchors)))
            console.print(f"Target: {TARGETS[name]}.\n")


if __name__ == "__main__":
    main()

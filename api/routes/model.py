"""The likelihood model for analysts: model card, performance, drift, exploration, fairness."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.http.access import Analyst
from domain.values import Day
from projections import adverse_impact
from projections.adverse_impact import AdverseImpact
from projections.funnel import Funnel, Interval
from projections.likelihood.monitoring import model_card, performance
from projections.likelihood.monitoring.model_card import ModelCard
from projections.likelihood.monitoring.performance import (
    WINDOW,
    WINDOWS,
    Drifted,
    Exploration,
    Performance,
    Reliable,
    Slice,
)
from projections.likelihood.projection import Likelihoods

router = APIRouter(prefix="/model", tags=["Model"])

By = Annotated[Slice | None, Query(description="what to slice by")]
Period = Annotated[Interval | None, Query(description="how long a period is")]
Window = Annotated[int, Query(ge=1, le=50_000, description="how many predictions")]


@router.get("")
def read_model(caller: Analyst) -> ModelCard:
    """The model card: purpose, data, features, limits and current performance."""
    with caller.reading(Likelihoods, Funnel) as db:
        return model_card.model_card(db, caller.at)


@router.get("/performance")
def read_performance(
    caller: Analyst,
    window: Window = WINDOW,
    windows: Annotated[
        int, Query(ge=1, le=200, description="how many windows, at most: the latest")
    ] = WINDOWS,
    interval: Period = None,
    by: By = None,
) -> list[Performance]:
    """How good predictions were, window by window, beside the running prior and the challengers.

    Predictions are those of the sending, once the answer window has closed. Windows have equally
    many predictions, or with an `interval` those sent in each.
    """
    with caller.reading(Likelihoods, Funnel) as db:
        return performance.performance(
            db, caller.at, window=window, windows=windows, interval=interval, by=by
        )


@router.get("/reliability")
def read_reliability(
    caller: Analyst,
    last: Window = 5 * WINDOW,
    bins: Annotated[int, Query(ge=1, le=100, description="points of each diagram")] = 10,
    by: By = None,
) -> list[Reliable]:
    """Reliability diagrams: predicted probabilities and observed shares, in bins of equal mass."""
    with caller.reading(Likelihoods, Funnel) as db:
        return performance.diagram(db, caller.at, last=last, bins=bins, by=by)


@router.get("/drift")
def read_drift(
    caller: Analyst, latest: Window = WINDOW, reference: Window = 3 * WINDOW
) -> list[Drifted]:
    """How far features, predictions and outcomes have drifted: population stability indexes.

    Compares the latest predictions with the `reference` ones before them.
    """
    with caller.reading(Likelihoods, Funnel) as db:
        return performance.drift(db, caller.at, latest=latest, reference=reference)


@router.get("/exploration")
def read_exploration(
    caller: Analyst,
    interval: Period = None,
    since: Annotated[Day | None, Query(description="the first day that counts")] = None,
    until: Annotated[Day | None, Query(description="the day after the last that counts")] = None,
) -> list[Exploration]:
    """How many of the candidates shown to recruiters were random picks, and their outcomes."""
    with caller.reading(Funnel) as db:
        return performance.exploration(db, since=since, until=until, interval=interval)


@router.get("/adverse-impact")
def read_adverse_impact(
    caller: Analyst,
    passive: Annotated[
        bool | None, Query(description="only passive candidates, or only active ones")
    ] = None,
) -> adverse_impact.Report:
    """Whether scores favour or disfavour groups of candidates now.

    By the rules of New York City's Local Law 144: each group's share of scores above the overall
    median, relative to the highest group's; under four fifths is flagged.
    """
    with caller.reading(AdverseImpact) as db:
        return adverse_impact.report(db, caller.at, passive=passive)

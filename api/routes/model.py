"""The likelihood model for analysts: what it is made of, how good it is, and what has moved."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from api.http.access import Analyst
from projections import adverse_impact
from projections.adverse_impact import AdverseImpact
from projections.candidate_pool import CandidatePool
from projections.funnel import Funnel, Interval
from projections.likelihood.monitoring import model_card as likelihood_card
from projections.likelihood.monitoring import performance as likelihood_watch
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

By = Annotated[Slice | None, Query(description="what to tell apart")]
Period = Annotated[Interval | None, Query(description="how long a period is")]
Window = Annotated[int, Query(ge=1, le=50_000, description="how many predictions")]


@router.get("")
def read_model(caller: Analyst) -> ModelCard:
    """The model card: what it is for, what it looks at, its limits, and how it stands now."""
    with caller.reading(Likelihoods, Funnel) as db:
        return likelihood_card.model_card(db, caller.at)


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

    Predictions are those made when an outreach was sent, once its answer window has closed. With an
    `interval` windows are told apart by when they were sent, otherwise each has as many.
    """
    with caller.reading(Likelihoods, Funnel) as db:
        return likelihood_watch.performance(
            db, caller.at, window=window, windows=windows, interval=interval, by=by
        )


@router.get("/reliability")
def read_reliability(
    caller: Analyst,
    last: Window = 5 * WINDOW,
    bins: Annotated[int, Query(ge=1, le=100, description="points of each diagram")] = 10,
    by: By = None,
) -> list[Reliable]:
    """How likely an answer was said to be, and how often it came: points of equal mass."""
    with caller.reading(Likelihoods, Funnel) as db:
        return likelihood_watch.diagram(db, caller.at, last=last, bins=bins, by=by)


@router.get("/drift")
def read_drift(
    caller: Analyst, latest: Window = WINDOW, reference: Window = 3 * WINDOW
) -> list[Drifted]:
    """How far features, predictions and outcomes have moved: population stability indexes.

    The latest predictions are compared with the `reference` ones right before them.
    """
    with caller.reading(Likelihoods, Funnel) as db:
        return likelihood_watch.drift(db, caller.at, latest=latest, reference=reference)


@router.get("/exploration")
def read_exploration(
    caller: Analyst,
    interval: Period = None,
    since: Annotated[date | None, Query(description="the first day that counts")] = None,
    until: Annotated[date | None, Query(description="the first day that no longer does")] = None,
) -> list[Exploration]:
    """How much of what recruiters were shown stood there by lot, and what came of it."""
    with caller.reading(Funnel) as db:
        return likelihood_watch.exploration(db, since=since, until=until, interval=interval)


@router.get("/adverse-impact")
def read_adverse_impact(
    caller: Analyst,
    passive: Annotated[
        bool | None, Query(description="only passive candidates, or only active ones")
    ] = None,
) -> adverse_impact.Report:
    """Whether scores favour or disfavour people for who they say they are, as of now.

    By the rules of New York City's Local Law 144: each group's share of scores above the overall
    median, relative to the highest group's; under four fifths is flagged.
    """
    with caller.reading(AdverseImpact, CandidatePool, Likelihoods) as db:
        return adverse_impact.report(db, caller.at, passive=passive)

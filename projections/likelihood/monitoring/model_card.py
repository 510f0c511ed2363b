"""The model card: the model's purpose, data, features, performance and limits.

After Mitchell et al., "Model Cards for Model Reporting" (2019).
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from psycopg import Connection
from pydantic import BaseModel, Field

from projections.likelihood.estimator.model import ESTIMATOR, RIVER_VERSION
from projections.likelihood.features.catalogue import (
    CATEGORIES,
    FEATURE_VERSION,
    NUMBERS,
    ORDER,
    UNKNOWN_IF,
    Number,
    Subject,
)
from projections.likelihood.monitoring.performance import Performance, performance
from projections.likelihood.scoring import current

PURPOSE = (
    "Estimates how likely a candidate is to answer an employer's message within 14 days, yes or no,"
    " to rank a position's candidates and to tell recruiters why. It decides nothing: rules decide"
    " who may be contacted."
)
DATA = (
    "Learned online from every outreach of this marketplace, with what was known when it was sent:"
    " as unanswered after 24 hours, corrected when an answer comes. Features follow from events"
    " alone. No name, no message, no text of a profile or a position, and no protected attribute"
    " is among them."
)
LIMITS = """\
It learns only from candidates who were contacted; a small share of the passive feed is picked at
random, so that it learns about others too.
It has not learned the outcome of the last day's outreach; of the last 14 days' outreach it may have
learned as unanswered what is still answered.
It uses what candidates entered and did here, and nothing else about them; an unknown value is a
value of its own.
It does not predict whether an answer leads to an interview or a job."""


class Feature(BaseModel):
    """A feature of the model."""

    name: str
    part: Subject
    unit: str = Field(description="of a number; of a category, its values")
    source: str
    unknown: int = Field(description="how many of the latest 10,000 outreaches it was unknown for")


class ModelCard(BaseModel):
    """The model's purpose, state and performance."""

    purpose: str
    data: str
    limits: str
    log_position: int = Field(description="of the last event that it learned from")
    hash: str = Field(description="SHA-256 of its state")
    as_of_log_position: int = Field(description="log position up to which the log is known")
    observed: int = Field(description="outreach that it has learned from")
    answered_share: float | None
    performance: list[Performance] = Field(
        description="of the latest predictions whose answer window has closed, beside the prior"
    )
    feature_version: int
    estimator_version: int
    river_version: str
    features: list[Feature]


def model_card(db: Connection, at: datetime) -> ModelCard:
    """The card of the current model."""
    snapshot, _ = current(db)
    model = snapshot.model
    rows = db.execute(_UNKNOWN, (LATEST,))
    unknown = Counter({(name, value): times for name, value, times in rows})
    return ModelCard(
        purpose=PURPOSE,
        data=DATA,
        limits=LIMITS,
        log_position=snapshot.log_position,
        hash=snapshot.hash,
        as_of_log_position=snapshot.as_of_log_position,
        observed=round(model.observed),
        answered_share=model.positive / model.observed if model.observed else None,
        performance=performance(db, at, windows=1),
        feature_version=FEATURE_VERSION,
        estimator_version=ESTIMATOR,
        river_version=RIVER_VERSION,
        features=[_feature(name, unknown) for name in ORDER],
    )


LATEST = 10_000
"""Outreach in which unknown values are counted: of all, each read of the card would take longer."""

_UNKNOWN = """
    SELECT key, value, count(*)
    FROM (
        SELECT features FROM likelihood_predictions ORDER BY sent_log_position DESC LIMIT %s
    ) AS latest, jsonb_each_text(features -> 'categories')
    WHERE value IN ('unknown', 'no', 'never', 'none_expected', 'none_offered')
    GROUP BY key, value"""


def _feature(name: str, unknown: Mapping[tuple[str, str], int]) -> Feature:
    feature = NUMBERS.get(name) or CATEGORIES[name]
    category, values = UNKNOWN_IF.get(name, (name, ("unknown",)))
    times = sum(unknown[category, value] for value in values)
    unit = feature.unit if isinstance(feature, Number) else ", ".join(feature.values)
    return Feature(name=name, part=feature.subject, unit=unit, source=feature.source, unknown=times)

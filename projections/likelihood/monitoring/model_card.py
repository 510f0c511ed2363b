"""The model card: what the model is for, what it looks at, how good it is now, and its limits.

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
    Number,
    Subject,
)
from projections.likelihood.monitoring.performance import Performance, performance
from projections.likelihood.scoring import current

PURPOSE = (
    "Estimates how likely a candidate is to answer an employer's message within 14 days, yes or no,"
    " to rank a position's candidates and to tell recruiters why. It decides nothing by itself: who"
    " may be written to is decided by rules."
)
DATA = (
    "Learned online from every outreach of this marketplace, with what was known when it was sent:"
    " as unanswered after 24 hours, corrected when an answer comes. Features follow from events"
    " alone. No name, no message, no text of a profile or a position, and no protected attribute"
    " is among them."
)
LIMITS = """\
Only who was written to teaches it; a small share of the passive feed is shown by chance, so that
it hears of others too.
Of the last day's outreach it does not know yet how it ends; of the last 14 days' it may have
learned a silence that still becomes an answer.
It sees what members tell and do here, and nothing else about them; what is not known is a value
of its own.
It knows nothing of how an answer leads to an interview or a job."""


class Feature(BaseModel):
    """Something that the model looks at."""

    name: str
    part: Subject
    unit: str = Field(description="of a number; of a category, its values")
    source: str
    unknown: int = Field(description="outreach for which it was not known")


class ModelCard(BaseModel):
    """What the model is, and how it stands."""

    purpose: str
    data: str
    limits: str
    log_position: int = Field(description="of the last event that it has learned from")
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
    """The card of the model as it is now."""
    standing, _ = current(db)
    model = standing.model
    unknown = _unknown(db)
    return ModelCard(
        purpose=PURPOSE,
        data=DATA,
        limits=LIMITS,
        log_position=standing.log_position,
        hash=standing.hash,
        as_of_log_position=standing.as_of_log_position,
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

_SAYS_UNKNOWN = {
    **{name: ("present_job", "unknown") for name in NUMBERS if name.startswith("job_")},
    "consent_age": ("consented", "no"),
    "since_contact": ("contacted", "never"),
    "years": ("seniority", "unknown"),
    "pay": ("position_pay", "unknown"),
}
"""The category that says that a number is not known."""


def _feature(name: str, unknown: Mapping[tuple[str, str], int]) -> Feature:
    feature = NUMBERS.get(name) or CATEGORIES[name]
    if name == "offer":
        times = sum(unknown["offer_known", value] for value in ("none_expected", "none_offered"))
    else:
        times = unknown[_SAYS_UNKNOWN.get(name, (name, "unknown"))]
    unit = feature.unit if isinstance(feature, Number) else ", ".join(feature.values)
    return Feature(name=name, part=feature.subject, unit=unit, source=feature.source, unknown=times)


def _unknown(db: Connection) -> Mapping[tuple[str, str], int]:
    rows = db.execute(_UNKNOWN, (LATEST,))
    return Counter({(name, value): times for name, value, times in rows})

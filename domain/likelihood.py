"""The likelihood to respond as it is recorded with an outreach, and its bands."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.values import Value


class Likelihood(Value):
    """The likelihood to respond that the sender saw, and the model that estimated it.

    `model_position` is the log position up to which that model had learned, `model_hash` the
    SHA-256 of its state, `as_of_position` the log position of the newest event about the candidate
    that it used, and `estimator_version` the arithmetic: another version gives other bits.
    """

    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    logit: Annotated[float, Field(allow_inf_nan=False)]
    model_position: Annotated[int, Field(ge=0)]
    feature_version: Annotated[int, Field(ge=1)]
    model_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    as_of_position: Annotated[int, Field(ge=0)] | None = None
    estimator_version: Annotated[int, Field(ge=1)] | None = None


class Band(StrEnum):
    """A likelihood in one word."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


BAND_FROM = {Band.HIGH: 0.25, Band.MEDIUM: 0.1, Band.LOW: 0.0}
"""The lowest probability of each band, from the highest to the lowest."""


def band(probability: float) -> Band:
    """The word for a probability.

    >>> band(0.3), band(0.15), band(0.02)
    (<Band.HIGH: 'high'>, <Band.MEDIUM: 'medium'>, <Band.LOW: 'low'>)
    """
    return next(word for word, lowest in BAND_FROM.items() if probability >= lowest)

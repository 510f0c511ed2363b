"""The estimator: online logistic regression with calibrated probabilities.

`terms` encodes features, `regression` learns the weights, `calibration` turns logits into
probabilities. A logit is a sum, so each feature's contribution explains it. Two models that learned
the same in the same order are bitwise equal, however often they were stored and restored between.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from river.base import Classifier
from river.base.typing import ClfTarget, FeatureName

from projections.likelihood.estimator.calibration import Calibrator
from projections.likelihood.estimator.regression import Regressions, Vector
from projections.likelihood.estimator.schema import (
    LARGEST,
    BadFeatures,
    Columns,
    Features,
    Scale,
    Schema,
)
from projections.likelihood.estimator.terms import Active, Kind, Terms

RIVER_VERSION = version("river")
"""The version of River whose interface the model implements."""

ESTIMATOR = 5
"""Raise this with any change after which the same observations give other bits."""

BASE_RATE = 0.1
"""The prior probability of an answer."""

FEW_FEATURES = 24
"""With more features the prior variance of each shrinks, so that their sum does not grow."""


class Member(NamedTuple):
    """One of the regressions that the model averages."""

    odds: float
    drift: float
    crosses: bool


STEADY = Member(odds=100.0, drift=0.0, crosses=False)
"""Weighs all observations alike; has the highest prior odds."""

FORGETFUL = Member(odds=1.0, drift=1e-4, crosses=False)
"""Has process noise, so it follows when the world changes."""

CROSSED = Member(odds=1.0, drift=0.0, crosses=True)
"""Has the terms of crossed features as well."""


class ForeignModel(ValueError):
    """A stored model that this program cannot continue bit for bit."""


class LikelihoodModel(Classifier):
    """Learns one observation at a time; predicting does not change it.

    It is a River classifier, so River's metrics, evaluation and pipelines work on it, with rows as
    dictionaries. The marketplace calls `learn`, which can be revoked, and `logit`.

    >>> model = LikelihoodModel(Schema(1, {"visits": None}, {"role": ["tester", "other"]}))
    >>> for answered in [True, False] * 50:
    ...     _ = model.learn(Features({"visits": 3.0 * answered}, {"role": "tester"}), answered)
    >>> keen, silent = (Features({"visits": visits}, {"role": "tester"}) for visits in (3.0, 0.0))
    >>> model.logit(keen) > model.logit(silent)
    True
    >>> LikelihoodModel.from_json(model.to_json()).hash() == model.hash()
    True
    """

    def __init__(self, schema: Schema, *, base_rate: float = BASE_RATE) -> None:
        self.schema = schema
        self.base_rate = base_rate
        self.observed = 0.0
        self.positive = 0.0
        self._terms = Terms(schema)
        self._regressions = _regressions(self._terms, math.log(base_rate / (1 - base_rate)))
        self._calibrator = Calibrator()
        self._mixed: Vector | None = None
        self._json: str | None = None

    def learn(self, x: Features, y: bool, weight: float = 1.0) -> float:
        """Learn whether an outreach with these features was answered.

        Returns:
            The logit before, which `revoke` needs.

        Raises:
            BadFeatures: the features are not those of the schema, their values are not plain finite
                numbers, or the outcome or the weight is invalid.
        """
        _check_observation(y, weight)
        active = self._terms.of(x)
        logit = summed(self._parts(active))
        self._step(active, y, weight, logit)
        return logit

    def revoke(self, x: Features, y: bool, logit: float, weight: float = 1.0) -> None:
        """Revoke what was learned as `y` at this logit.

        Counts and calibrator forget it exactly. The regressions step back along the present
        gradient, which undoes the step as far as later observations have not moved it.

        Raises:
            BadFeatures: as `learn` does.
        """
        _check_observation(y, weight)
        if not math.isfinite(logit):
            raise BadFeatures(f"logit is {logit}; give the one that learning returned")
        self._step(self._terms.of(x), y, -weight, logit)

    def logit(self, x: Features, names: tuple[str, ...] | None = None) -> float:
        """The log-odds of an answer before calibration, which rank candidates.

        With names, `x` has only those features, and the logit is the sum of their part.
        """
        return summed(self._parts(self._terms.of(x, names)))

    def logits(
        self,
        x: Columns,
        count: int,
        names: tuple[str, ...] | None = None,
        start: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """The logits of many observations, each bitwise equal to `logit`.

        With names, of only those features, added to `start` if given. Columns are added one by one,
        since a matrix product rounds by the shape of the matrix.
        """
        weights = self._weights()
        total = np.full(count, weights[0]) if start is None else start.copy()
        for part in self._terms.columns(x, weights, names):
            total += part
        return total

    def span(self, name: str, low: float = 0.0, high: float = 0.0) -> tuple[float, float]:
        """The least and the most that a feature can contribute; a number from `low` to `high`."""
        return self._terms.span(name, self._weights(), low, high)

    def probability(self, logit: float) -> float:
        """The calibrated probability of an answer at this logit."""
        return self._calibrator.probability(logit)

    def learn_one(self, x: dict[FeatureName, Any], y: ClfTarget, w: float = 1.0) -> None:
        """Learn a row, as River calls it. Raises `BadFeatures` as `learn` does."""
        _check_observation(y, w)
        self.learn(self._features(x), bool(y), w)

    def predict_proba_one(self, x: dict[FeatureName, Any], **_: Any) -> dict[ClfTarget, float]:
        """The calibrated probability of either outcome of a row, as River calls it."""
        answered = self.probability(self.logit(self._features(x)))
        return {False: 1.0 - answered, True: answered}

    def contributions(
        self, x: Features, names: tuple[str, ...] | None = None
    ) -> list[tuple[str, float]]:
        """The intercept and each feature's contribution to the logit.

        Summed up from the first to the last, they are the logit bit for bit.
        """
        active = self._terms.of(x, names)
        return [*zip(active.plan.labels, self._parts(active), strict=True)]

    def to_json(self) -> str:
        """The state as canonical JSON: equal states have equal text."""
        if self._json is None:
            regressions, schema = self._regressions, self.schema
            state = {
                "estimator": ESTIMATOR,
                "schema": {
                    "version": schema.version,
                    "numbers": [[name, scale] for name, scale in schema.numbers.items()],
                    "categories": [[n, [*values]] for n, values in schema.categories.items()],
                    "order": [*schema.order],
                    "crosses": [*schema.crosses],
                },
                "base_rate": self.base_rate,
                "observed": self.observed,
                "positive": self.positive,
                **regressions.state(),
                "calibrator": {"mass": self._calibrator.mass, "excess": self._calibrator.excess},
            }
            self._json = json.dumps(
                state, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
            )
        return self._json

    @classmethod
    def from_json(cls, text: str) -> "LikelihoodModel":
        """The stored model; it predicts and learns the same bits as the original.

        Raises:
            ForeignModel: it was made by another estimator, or its state is damaged.
        """
        try:
            state = json.loads(text)
            model = cls._restored(state)
            whole = json.loads(model.to_json()) == state
        except ForeignModel:
            raise
        except (ValueError, LookupError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise ForeignModel("The model's state is damaged: rebuild the projection from the log.")
        return model

    @classmethod
    def _restored(cls, state: dict[str, Any]) -> "LikelihoodModel":
        if state.get("estimator") != ESTIMATOR:
            raise ForeignModel(
                f"The model was made by estimator {state.get('estimator', 1)}, this is {ESTIMATOR}:"
                " rebuild the projection under a new version."
            )
        schema = state["schema"]
        model = cls(
            Schema(
                schema["version"],
                {
                    name: scale and Scale(scale[0], scale[1], tuple(scale[2]))
                    for name, scale in schema["numbers"]
                },
                {name: tuple(values) for name, values in schema["categories"]},
                tuple(schema["order"]),
                tuple((first, second) for first, second in schema["crosses"]),
            ),
            base_rate=state["base_rate"],
        )
        model.observed, model.positive = float(state["observed"]), float(state["positive"])
        model._regressions.restore(state)
        model._calibrator = Calibrator(**state["calibrator"])
        return model

    def hash(self) -> str:
        """The SHA-256 of the state."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def _features(self, x: Mapping[FeatureName, Any]) -> Features:
        categories = self.schema.categories
        return Features(
            {str(name): value for name, value in x.items() if name not in categories},
            {str(name): value for name, value in x.items() if name in categories},
        )

    def _step(self, active: Active, y: bool, weight: float, logit: float) -> None:
        self._regressions.learn(active.places, active.values, y, weight)
        self._calibrator.learn(logit, y, weight)
        self.observed += weight
        self.positive += weight * y
        self._mixed = self._json = None

    def _parts(self, active: Active) -> list[float]:
        return active.parts(self._weights()[active.places])

    def _weights(self) -> Vector:
        if self._mixed is None:
            self._mixed = self._regressions.mixed()
        return self._mixed


def _check_observation(y: object, weight: float) -> None:
    if y not in (False, True):
        raise BadFeatures(f"the outcome is {y!r}; give True or False")
    if not 0 < weight <= LARGEST:
        raise BadFeatures(f"the weight is {weight!r}; give a number above 0 and up to {LARGEST:g}")


def summed(parts: Iterable[float]) -> float:
    """The sum from the first to the last, in the order in which columns are added."""
    total = 0.0
    for part in parts:
        total += part
    return total


def _regressions(terms: Terms, intercept: float) -> Regressions:
    """The untrained regressions, at the base rate.

    A weight's prior precision is four times the number of observations of its term at even odds
    that it is worth.
    """
    schema, kinds = terms.schema, np.array(terms.kinds)
    members = (STEADY, FORGETFUL, CROSSED) if schema.crosses else (STEADY, FORGETFUL)
    crowd = max(1.0, len(schema.names()) / FEW_FEATURES)
    precision = {
        Kind.INTERCEPT: 1.0,
        Kind.NUMBER: 5.0 * crowd,
        Kind.KNOT: 20.0 * crowd,
        Kind.CATEGORY: 4.0 * crowd,
        Kind.PAIR: 5.0 + len(schema.crosses) ** 2 / 30.0,
    }
    variances = np.array([1.0 / precision[kind] for kind in terms.kinds])
    priors = np.array(
        [np.where(kinds == Kind.PAIR, m.crosses * variances, variances) for m in members]
    )
    regressions = Regressions(
        priors,
        [m.drift for m in members],
        [m.odds for m in members],
        joint=int(np.sum(kinds != Kind.PAIR)),
    )
    regressions.weights[:, 0] = intercept
    return regressions

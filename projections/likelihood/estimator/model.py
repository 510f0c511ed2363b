"""The model behind the likelihood to respond: logistic regression that learns answer by answer.

A score is a sum, each of its terms a reason: `likelihood_terms` makes terms of features,
`likelihood_regression` learns their weights, `likelihood_calibration` turns scores into
probabilities. Two models that learned the same in the same order are the same bits, wherever and
however often they were written down and restored in between.
"""

import hashlib
import json
import math
from collections.abc import Mapping
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
"""What the model is an estimator of, and challengers are made with."""

ESTIMATOR = 4
"""Raise it with any change after which the same observations give other bits."""

BASE_RATE = 0.1
"""The share of outreach thought to be answered before anything is known."""

FEW_FEATURES = 24
"""With more features each is thought to matter less, so that all together never matter more."""


class Member(NamedTuple):
    """One of the regressions that the model mixes."""

    odds: float
    drift: float
    crosses: bool


STEADY = Member(odds=100.0, drift=0.0, crosses=False)
"""Averages over all that it has seen; thought the best before there is data."""

FORGETFUL = Member(odds=1.0, drift=1e-4, crosses=False)
"""Takes each weight for one that wanders, and so follows when the world changes."""

CROSSED = Member(odds=1.0, drift=0.0, crosses=True)
"""Looks at pairs of features as well."""


class ForeignModel(ValueError):
    """A stored model that this program would not continue bit for bit."""


class Weights(NamedTuple):
    """The scaling folded into the regression: a logit is the bias plus the weighted features.

    A category's value has the name `category=value`, and counts as one. What bends or is crossed
    has no place here.
    """

    bias: float
    of: Mapping[str, float]


class LikelihoodModel(Classifier):
    """Learns from one observation at a time; predicting never changes it.

    It is a River classifier, so River's metrics, evaluation and pipelines work on it, and its rows
    are dictionaries there. The marketplace calls `learn`, which can be taken back, and `logit`,
    whose parts explain it.

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
        """Learn that somebody with these features answered, or did not.

        Returns:
            The logit that was theirs before, which taking it back needs.

        Raises:
            BadFeatures: the features are not those of the schema, or are no plain finite numbers,
                or the outcome or the weight is none.
        """
        _check_lesson(y, weight)
        active = self._terms.of(x)
        logit = _sum(self._parts(active))
        self._step(active, y, weight, logit)
        return logit

    def revoke(self, x: Features, y: bool, logit: float, weight: float = 1.0) -> None:
        """Take back what was learned as `y` at this logit.

        The counts and the calibrator forget it wholly. The regressions step back along the gradient
        as it is now, which undoes the step as far as others have not moved it since.

        Raises:
            BadFeatures: as `learn` does.
        """
        _check_lesson(y, weight)
        if not math.isfinite(logit):
            raise BadFeatures(f"logit is {logit}; give the one that learning returned")
        self._step(self._terms.of(x), y, -weight, logit)

    def logit(self, x: Features, names: tuple[str, ...] | None = None) -> float:
        """How likely an answer is, on the scale that ranks: any real number.

        With names of features, which are then all that is given, as far as those tell.
        """
        return _sum(self._parts(self._terms.of(x, names)))

    def logits(
        self,
        x: Columns,
        count: int,
        names: tuple[str, ...] | None = None,
        start: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """The logits of many candidates, each the same bits as `logit` gives.

        With names of features only as far as those tell, added to the `start` if there is one.
        Column is added to column: a matrix product would round by the shape of the matrix.
        """
        weights = self._weights()
        total = np.full(count, weights[0]) if start is None else start.copy()
        for part in self._terms.columns(x, weights, names):
            total += part
        return total

    def span(self, name: str, low: float = 0.0, high: float = 0.0) -> tuple[float, float]:
        """The least and the most that a feature can add: a number from `low` to `high`."""
        return self._terms.span(name, self._weights(), low, high)

    def probability(self, logit: float) -> float:
        """The calibrated probability of an answer at this logit."""
        return self._calibrator.probability(logit)

    def learn_one(self, x: dict[FeatureName, Any], y: ClfTarget, w: float = 1.0) -> None:
        """Learn a row, as River has it. Raises `BadFeatures` as `learn` does."""
        _check_lesson(y, w)
        self.learn(self._features(x), bool(y), w)

    def predict_proba_one(self, x: dict[FeatureName, Any], **_: Any) -> dict[ClfTarget, float]:
        """The calibrated probability of either outcome of a row, as River has it."""
        answered = self.probability(self.logit(self._features(x)))
        return {False: 1.0 - answered, True: answered}

    def weights(self) -> Weights:
        """The scaling folded into the regression."""
        mixed = self._weights().tolist()
        bias = mixed[0]
        of: dict[str, float] = {}
        for name, number in self._terms.numbers.items():
            of[name] = mixed[number.place] / number.scale.spread
            bias -= of[name] * number.scale.typical
        for name, one_hot in self._terms.one_hot.items():
            of |= {f"{name}={value}": mixed[place] for value, place in one_hot.items()}
        return Weights(bias, of)

    def contributions(
        self, x: Features, names: tuple[str, ...] | None = None
    ) -> list[tuple[str, float]]:
        """What the logit is made of: the intercept, and what each feature adds.

        Added up one by one, from the first to the last, they are the logit bit for bit.
        """
        active = self._terms.of(x, names)
        return [*zip(active.plan.labels, self._parts(active), strict=True)]

    def to_json(self) -> str:
        """The whole state, canonical: the same state is the same text."""
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
        """The model that was written down, to predict and learn on as if it never had been.

        Raises:
            ForeignModel: it was made by another estimator, whose next bits may differ, or it is
                not all that was written down.
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
                {name: _scale(*scale) if scale else None for name, scale in schema["numbers"]},
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


def _check_lesson(y: object, weight: float) -> None:
    if y not in (False, True):
        raise BadFeatures(f"the outcome is {y!r}; give True or False")
    if not 0 < weight <= LARGEST:
        raise BadFeatures(f"the weight is {weight!r}; give a number above 0 and up to {LARGEST:g}")


def _sum(parts: list[float]) -> float:
    """From the first to the last, as columns are added up."""
    total = 0.0
    for part in parts:
        total += part
    return total


def _scale(typical: float, spread: float, knots: list[float]) -> Scale:
    return Scale(typical, spread, tuple(knots))


def _regressions(terms: Terms, intercept: float) -> Regressions:
    """The regressions that are mixed, none of them knowing anything but the base rate.

    How sure one is beforehand that a weight is 0 is its prior precision, in observations of its
    term at even odds, times four.
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

"""The model behind the likelihood to respond: logistic regression that learns answer by answer.

River's logistic regression over standard-scaled numbers and one-hot categories, whose scaling folds
into one vector of weights and a bias: a score is a sum, each of its terms a reason. An online
calibrator turns scores into probabilities. Two models that learned the same in the same order are
the same bits, wherever and however often they were written down and restored in between.
"""

import hashlib
import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from river import linear_model, optim, preprocessing, utils

from projections.likelihood_features import (
    CATEGORIES,
    FEATURE_VERSION,
    NUMBERS,
    ORDER,
    Columns,
    Features,
)

RIVER_VERSION = version("river")

BASE_RATE = 0.2
"""The share of outreach thought to be answered before anything is known."""

PRIOR_OBSERVATIONS = 50
"""How many observations the typical value and spread of a number count for in its scaling."""

LARGEST = 1e9
"""Larger numbers are refused: no feature is, and their squares would spoil the model for ever."""


class BadFeatures(ValueError):
    """Features that the model refuses; it is left as it was."""


class ForeignModel(ValueError):
    """A stored model that this program would not continue bit for bit."""


class Scale(NamedTuple):
    """What a number's scaling starts from, before there is data."""

    typical: float
    spread: float


@dataclass(frozen=True)
class Schema:
    """The features of a model, and the order in which they are summed up.

    Without an order of their own it is the numbers, then the categories.
    """

    version: int
    numbers: Mapping[str, Scale | None]
    categories: Mapping[str, Sequence[str]]
    order: Sequence[str] = ()

    def names(self) -> tuple[str, ...]:
        """Every feature in the order of the sum."""
        return tuple(self.order) or (*self.numbers, *self.categories)


CANDIDATE_SCHEMA = Schema(
    version=FEATURE_VERSION,
    numbers={name: Scale(number.typical, number.spread) for name, number in NUMBERS.items()},
    categories={name: category.values for name, category in CATEGORIES.items()},
    order=ORDER,
)


class Weights(NamedTuple):
    """The scaling folded into the regression: a logit is the bias plus the weighted features.

    A category's value has the name `category=value`, and counts as one.
    """

    bias: float
    of: Mapping[str, float]


class LikelihoodModel:
    """Learns from one observation at a time; predicting never changes it.

    >>> model = LikelihoodModel(Schema(1, {"visits": None}, {"role": ["tester", "other"]}))
    >>> for answered in [True, False] * 50:
    ...     _ = model.learn(Features({"visits": 3.0 * answered}, {"role": "tester"}), answered)
    >>> keen, silent = (Features({"visits": visits}, {"role": "tester"}) for visits in (3.0, 0.0))
    >>> model.logit(keen) > model.logit(silent)
    True
    >>> LikelihoodModel.from_json(model.to_json()).hash() == model.hash()
    True
    """

    def __init__(self, schema: Schema = CANDIDATE_SCHEMA, *, base_rate: float = BASE_RATE) -> None:
        self.schema = schema
        self.prior_rate = base_rate
        self.observed = 0.0
        self.positive = 0.0
        self._scaler: Any = preprocessing.StandardScaler()
        self._regression: Any = linear_model.LogisticRegression(
            optimizer=optim.RMSProp(lr=0.0015, rho=0.999),
            intercept_lr=0.02,
            intercept_init=math.log(base_rate / (1 - base_rate)),
        )
        self._calibrator = Calibrator()
        self._one_hot = {
            name: {value: f"{name}={value}" for value in values}
            for name, values in schema.categories.items()
        }
        self._names = schema.names()
        self._splits: dict[tuple[str, ...], tuple[dict[str, None], dict[str, dict[str, str]]]] = {}
        self._terms: dict[str, Any] | None = None
        self._json: str | None = None
        # Every number is in the scaler from the start, or else transforming one would add it.
        for name, scale in schema.numbers.items():
            typical, spread = scale or (0.0, 0.0)
            self._scaler.counts[name] = PRIOR_OBSERVATIONS if scale else 0
            self._scaler.means[name] = typical
            self._scaler.vars[name] = spread * spread

    def learn(self, x: Features, y: bool, weight: float = 1.0) -> float:
        """Learn that somebody with these features answered, or did not.

        Returns:
            The logit that was theirs before, which taking it back needs.

        Raises:
            BadFeatures: the features are not those of the schema, or are no plain finite numbers.
        """
        if not (math.isfinite(weight) and weight > 0):
            raise BadFeatures(f"weight is {weight}; give a positive number")
        numbers, ones = self._checked(x, self._names)
        logit = self._sum(x, self._names)
        self._scaler.learn_one(numbers)
        self._step(numbers, ones, y, weight, logit)
        return logit

    def revoke(self, x: Features, y: bool, logit: float, weight: float = 1.0) -> None:
        """Take back what was learned as `y` at this logit.

        The counts and the calibrator forget it wholly. The regression steps back along the gradient
        as it is now, which undoes the step as far as others have not moved it since. The scaler
        keeps the features: they were seen, whatever became of them.
        """
        if not math.isfinite(logit):
            raise BadFeatures(f"logit is {logit}; give the one that learning returned")
        self._step(*self._checked(x, self._names), y, -weight, logit)

    def logit(self, x: Features, names: tuple[str, ...] | None = None) -> float:
        """How likely an answer is, on the scale that ranks: any real number.

        With names of features, which are then all that is given, as far as those tell.
        """
        names = names or self._names
        self._checked(x, names)
        return self._sum(x, names)

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
        total = np.full(count, self._regression.intercept) if start is None else start.copy()
        terms = self._told()
        for name in names or self._names:
            if name in self._one_hot:
                of_value = terms[name]
                total += np.array([of_value[value] for value in x.categories[name]])
            else:
                weight, mean = terms[name]
                total += weight * (x.numbers[name] - mean)
        return total

    def span(self, name: str, low: float = 0.0, high: float = 0.0) -> tuple[float, float]:
        """The least and the most that a feature can add: a number from `low` to `high`."""
        term = self._told()[name]
        if name in self._one_hot:
            return min(term.values()), max(term.values())
        weight, mean = term
        ends = weight * (low - mean), weight * (high - mean)
        return min(ends), max(ends)

    def probability(self, logit: float) -> float:
        """The calibrated probability of an answer at this logit."""
        return self._calibrator.probability(logit)

    def weights(self) -> Weights:
        """The scaling folded into the regression."""
        bias = self._regression.intercept
        folded: dict[str, float] = {}
        for name, term in self._told().items():
            if one_hot := self._one_hot.get(name):
                folded |= {key: term[value] for value, key in one_hot.items()}
            else:
                folded[name], mean = term
                bias -= folded[name] * mean
        return Weights(bias, folded)

    def contributions(
        self, x: Features, names: tuple[str, ...] | None = None
    ) -> list[tuple[str, float]]:
        """What the logit is made of: the intercept, and each feature's distance from the mean.

        Added up one by one, from the first to the last, they are the logit bit for bit.
        """
        names = names or self._names
        self._checked(x, names)
        return [("intercept", self._regression.intercept), *self._parts(x, names, self._told())]

    def to_json(self) -> str:
        """The whole state, canonical: the same state is the same text."""
        if self._json is None:
            regression, scaler = self._regression, self._scaler
            squares = regression.optimizer.g2
            state = {
                "river": RIVER_VERSION,
                "schema": {
                    "version": self.schema.version,
                    "numbers": [[name, scale] for name, scale in self.schema.numbers.items()],
                    "categories": [[n, [*values]] for n, values in self.schema.categories.items()],
                    "order": [*self.schema.order],
                },
                "prior_rate": self.prior_rate,
                "observed": self.observed,
                "positive": self.positive,
                "intercept": regression.intercept,
                "weights": regression.weights,
                "squares": squares.to_dict() if squares is not None else {},
                "steps": regression.optimizer.n_iterations,
                "scaler": {"counts": scaler.counts, "means": scaler.means, "vars": scaler.vars},
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
            ForeignModel: it was made by another version of River, whose next bits may differ.
        """
        state = json.loads(text)
        if state["river"] != RIVER_VERSION:
            raise ForeignModel(
                f"The model was made by River {state['river']}, this is {RIVER_VERSION}:"
                " rebuild the projection under a new version."
            )
        schema = state["schema"]
        model = cls(
            Schema(
                schema["version"],
                {name: Scale(*scale) if scale else None for name, scale in schema["numbers"]},
                {name: tuple(values) for name, values in schema["categories"]},
                tuple(schema["order"]),
            ),
            base_rate=state["prior_rate"],
        )
        model.observed, model.positive = state["observed"], state["positive"]
        regression = model._regression
        regression.intercept = state["intercept"]
        regression._weights = utils.VectorDict(state["weights"])  # noqa: SLF001 - no other way in
        regression.optimizer.n_iterations = state["steps"]
        if state["squares"]:
            regression.optimizer.g2 = utils.VectorDict(state["squares"])
        for part, values in state["scaler"].items():
            for name, value in values.items():  # `update` would add to the counts
                getattr(model._scaler, part)[name] = value
        model._calibrator = Calibrator(**state["calibrator"])
        return model

    def hash(self) -> str:
        """The SHA-256 of the state."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def _step(
        self, numbers: dict[str, float], ones: list[str], y: bool, weight: float, logit: float
    ) -> None:
        x = self._scaler.transform_one(numbers)
        x.update(dict.fromkeys(ones, 1.0))
        self._regression.learn_one(x, y, w=weight)
        self._calibrator.learn(logit, y, weight)
        self.observed += weight
        self.positive += weight * y
        self._terms = self._json = None

    def _told(self) -> dict[str, Any]:
        """What each feature adds: of a number its weight and mean, of a category by its value."""
        if self._terms is None:
            raw = self._regression.weights
            means, variances = self._scaler.means, self._scaler.vars
            terms: dict[str, Any] = {}
            for name in self._names:
                if one_hot := self._one_hot.get(name):
                    terms[name] = {value: raw.get(key, 0.0) for value, key in one_hot.items()}
                else:
                    variance = variances[name]
                    weight = raw.get(name, 0.0) / variance**0.5 if variance else 0.0
                    terms[name] = weight, means[name]
            self._terms = terms
        return self._terms

    def _sum(self, x: Features, names: tuple[str, ...]) -> float:
        total: float = self._regression.intercept
        for _, part in self._parts(x, names, self._told()):
            total += part
        return total

    def _parts(
        self, x: Features, names: tuple[str, ...], terms: dict[str, Any]
    ) -> Iterator[tuple[str, float]]:
        numbers, categories = x
        for name in names:
            if name in categories:
                yield name, terms[name][categories[name]]
            else:
                weight, mean = terms[name]
                yield name, weight * (numbers[name] - mean)

    def _checked(self, x: Features, names: tuple[str, ...]) -> tuple[dict[str, float], list[str]]:
        """The features in the order of the schema, the categories as names of weights."""
        wanted_numbers, wanted_categories = self._split(names)
        _refuse_other_keys("number", x.numbers, wanted_numbers)
        _refuse_other_keys("category", x.categories, wanted_categories)
        numbers = {name: x.numbers[name] for name in wanted_numbers}
        if not _plain(numbers.values()):
            name = next(name for name, value in numbers.items() if not _plain([value]))
            raise BadFeatures(
                f"{name} is {numbers[name]!r};"
                f" give a finite float between {-LARGEST:g} and {LARGEST:g}"
            )
        try:
            ones = [one_hot[x.categories[name]] for name, one_hot in wanted_categories.items()]
        except (KeyError, TypeError) as error:
            raise BadFeatures(f"{dict(x.categories)} has a value that the schema lacks") from error
        return numbers, ones

    def _split(self, names: tuple[str, ...]) -> tuple[dict[str, None], dict[str, dict[str, str]]]:
        """Which of these features are numbers, and which categories."""
        if names not in self._splits:
            self._splits[names] = (
                {name: None for name in self.schema.numbers if name in names},
                {name: values for name, values in self._one_hot.items() if name in names},
            )
        return self._splits[names]


def _plain(values: Collection[Any]) -> bool:
    if {*map(type, values)} - {float} or not math.isfinite(sum(values)):
        return False
    return not values or (min(values) >= -LARGEST and max(values) <= LARGEST)


def _refuse_other_keys(kind: str, given: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    if given.keys() != wanted.keys():
        unknown, missing = (
            sorted(given.keys() - wanted.keys()),
            sorted(wanted.keys() - given.keys()),
        )
        raise BadFeatures(f"{kind} features unknown: {unknown}, missing: {missing}")


class Calibrator:
    """By how much answers exceed what the regression says, at 21 logits and linear in between.

    Each knot keeps the mean excess of the observations around it, shrunk towards none.

    >>> calibrator = Calibrator()
    >>> for _ in range(1000):
    ...     calibrator.learn(0.0, False, 1.0)
    >>> calibrator.probability(0.0) < 0.02 < 0.4 < calibrator.probability(1.0)
    True
    """

    LOWEST, HIGHEST, KNOTS = -5.0, 2.0, 21
    SHRINKAGE = 20.0
    CLOSEST_TO_CERTAINTY = 1e-4

    def __init__(
        self, mass: Sequence[float] | None = None, excess: Sequence[float] | None = None
    ) -> None:
        self.mass = list(mass or [0.0] * self.KNOTS)
        self.excess = list(excess or [0.0] * self.KNOTS)

    def learn(self, logit: float, y: bool, weight: float) -> None:
        """Note what came of this logit; with a negative weight, take it back."""
        knot, part = self._place(logit)
        excess = y - _sigmoid(logit)
        for index, share in ((knot, 1.0 - part), (knot + 1, part)):
            self.mass[index] += weight * share
            self.excess[index] += weight * share * excess

    def probability(self, logit: float) -> float:
        """The probability of an answer, never quite 0 or 1."""
        knot, part = self._place(logit)
        excess = (1.0 - part) * self._mean(knot) + part * self._mean(knot + 1)
        return min(
            max(_sigmoid(logit) + excess, self.CLOSEST_TO_CERTAINTY),
            1.0 - self.CLOSEST_TO_CERTAINTY,
        )

    def _mean(self, knot: int) -> float:
        return self.excess[knot] / (max(self.mass[knot], 0.0) + self.SHRINKAGE)

    def _place(self, logit: float) -> tuple[int, float]:
        bounded = min(max(logit, self.LOWEST), self.HIGHEST)
        place = (bounded - self.LOWEST) / (self.HIGHEST - self.LOWEST) * (self.KNOTS - 1)
        knot = min(int(place), self.KNOTS - 2)
        return knot, place - knot


def _sigmoid(logit: float) -> float:
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1.0 + odds)

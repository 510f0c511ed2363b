"""River classifiers that learn and predict beside the model, to compare; nobody is shown them.

None of them can revoke an observation, so each learns an outcome once it is final. Their state is
in memory alone: after a start they catch up on the outcomes that the read model keeps.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import Any

from psycopg import Connection

from infrastructure.settings import SettingsError
from projections.likelihood.estimator.schema import Features

logger = logging.getLogger(__name__)

CATCH_UP = 1_000
"""Outcomes learned at the start of a batch, at most: the checkpoint is locked meanwhile."""


def _river(name: str, **arguments: Any) -> Any:
    """Make one of River's classifiers; its module is imported only now, since all take seconds."""
    module, _, kind = name.rpartition(".")
    return getattr(import_module(f"river.{module}"), kind)(**arguments)


CHALLENGERS: Mapping[str, Callable[[], Any]] = {
    "bayes": lambda: _river("naive_bayes.GaussianNB"),
    "logistic": lambda: (
        _river("preprocessing.StandardScaler") | _river("linear_model.LogisticRegression")
    ),
    "tree": lambda: _river("tree.HoeffdingAdaptiveTreeClassifier", seed=1),
    "forest": lambda: _river("forest.ARFClassifier", n_models=5, seed=1),
}
"""By name, what makes each challenger."""


class Challengers:
    """Challengers, and the log position of the last outcome that they learned.

    While they are behind the outcomes that are kept, they predict nothing.
    """

    OUTCOMES = """
        SELECT settled_log_position, features, outcome FROM likelihood_predictions
        WHERE outcome IS NOT NULL AND settled_log_position > %s
        ORDER BY settled_log_position LIMIT %s"""

    def __init__(self, makers: Mapping[str, Callable[[], Any]] = MappingProxyType({})) -> None:
        self._makers = makers
        self._classifiers = {name: make() for name, make in makers.items()}
        self._log_position = 0
        self._are_behind = False

    def untrained(self) -> "Challengers":
        """The same challengers before they learned anything."""
        return Challengers(self._makers)

    def catch_up(self, db: Connection) -> None:
        """Learn the next kept outcomes, at most `CATCH_UP` of them."""
        if not self._classifiers:
            return
        outcomes = db.execute(self.OUTCOMES, (self._log_position, CATCH_UP)).fetchall()
        self._are_behind = False
        for log_position, features, outcome in outcomes:
            self.learn(log_position, Features(**features), answered=outcome)
        self._are_behind = len(outcomes) == CATCH_UP

    def probabilities(self, x: Features) -> dict[str, float]:
        """The probability of an answer by each challenger's name; none by one that fails."""
        found: dict[str, float] = {}
        for name, classifier in self._classifiers.items() if not self._are_behind else ():
            with _failing_alone(name):
                given = classifier.predict_proba_one(_flat(x))
                answer = float(given.get(True, 0.0 if given else math.nan))
                if 0.0 <= answer <= 1.0:
                    found[name] = answer
        return found

    def learn(self, log_position: int, x: Features, *, answered: bool) -> None:
        """Learn an outcome that became known at this log position, once, after all earlier ones."""
        if self._are_behind or log_position <= self._log_position:
            return
        self._log_position = log_position
        for name, classifier in self._classifiers.items():
            with _failing_alone(name):
                classifier.learn_one(_flat(x), answered)


def challengers(names: str) -> Challengers:
    """The challengers of a comma-separated list of names. Raises `SettingsError` for unknown ones.

    >>> challengers("bayes").probabilities(Features({"visits": 1.0}, {}))
    {}
    """
    chosen = dict.fromkeys(name.strip() for name in names.split(",") if name.strip())
    for name in chosen:
        if name not in CHALLENGERS:
            raise SettingsError(
                f"SOURCING_CHALLENGERS is {names!r}. There is no challenger {name!r}: choose from"
                f" {', '.join(CHALLENGERS)}."
            )
    return Challengers({name: CHALLENGERS[name] for name in chosen})


@contextmanager
def _failing_alone(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - others' code must not hold up the log
        logger.warning("challenger %s: %s", name, type(error).__name__)


def _flat(x: Features) -> dict[str, float]:
    """Numbers and one-hot categories, sorted by name: River's bits depend on the order."""
    ones = {f"{name}={value}": 1.0 for name, value in x.categories.items()}
    return dict(sorted({**x.numbers, **ones}.items()))

"""Other classifiers beside the model: they learn and predict the same, and are never shown.

They are River's, named by configuration. None of them can take a lesson back, so each learns an
outcome once it is final. Their state is kept in memory alone: after a start it is learned anew from
the predictions whose outcome is known, in the order in which it became known.
"""

import ast
import logging
import math
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from psycopg import Connection
from river.base import Classifier

from projections.likelihood.estimator.schema import Features

logger = logging.getLogger(__name__)

EXAMPLE = "forest=river.forest.ARFClassifier(n_models=5, seed=1)"

Make = Callable[[], Any]


class BadChallenger(ValueError):
    """A challenger that cannot be made of what was asked for."""

    def __init__(self, asked: str, wrong: str) -> None:
        super().__init__(f"The challenger {asked!r} {wrong}; write it as {EXAMPLE}.")


class Challenger:
    """A classifier that learns from nothing at first."""

    def __init__(self, name: str, make: Make) -> None:
        self.name = name
        self._make = make
        self._model = make()

    def renewed(self) -> "Challenger":
        """The same, with everything forgotten."""
        return Challenger(self.name, self._make)

    def probability(self, x: Features) -> float | None:
        """How likely it thinks an answer; None where it says nothing that is a probability."""
        try:
            said = self._model.predict_proba_one(_flat(x))
            answer = float(said.get(True, 0.0 if said else math.nan))
        except Exception as error:  # noqa: BLE001 - others' code, and nobody is shown what it says
            logger.warning("challenger %s: %s", self.name, type(error).__name__)
            return None
        return answer if 0.0 <= answer <= 1.0 else None

    def learn(self, x: Features, *, answered: bool) -> None:
        """Learn how an outreach with these features ended."""
        try:
            self._model.learn_one(_flat(x), answered)
        except Exception as error:  # noqa: BLE001 - others' code must not hold up the log
            logger.warning("challenger %s: %s", self.name, type(error).__name__)


class Challengers:
    """All of them, and up to where they have learned."""

    SETTLED = """
        SELECT features, outcome FROM likelihood_predictions
        WHERE outcome IS NOT NULL ORDER BY settled_log_position"""

    def __init__(self, challengers: Sequence[Challenger] = ()) -> None:
        self._all = challengers

    def renewed(self, db: Connection) -> "Challengers":
        """The same, having learned from every outcome that is kept and nothing else."""
        renewed = Challengers([challenger.renewed() for challenger in self._all])
        if renewed._all:
            for features, outcome in db.execute(self.SETTLED):
                renewed.learn(Features(**features), answered=outcome)
        return renewed

    def probabilities(self, x: Features) -> dict[str, float]:
        """How likely an answer each thinks, by its name."""
        said = ((challenger.name, challenger.probability(x)) for challenger in self._all)
        return {name: probability for name, probability in said if probability is not None}

    def learn(self, x: Features, *, answered: bool) -> None:
        """Tell all of them how an outreach with these features ended."""
        for challenger in self._all:
            challenger.learn(x, answered=answered)


def challengers(asked: str) -> Challengers:
    """The challengers of a configuration: `name=river.class(arguments)`, with `;` between them.

    >>> made = challengers("bayes=river.naive_bayes.GaussianNB()")
    >>> made.probabilities(Features({"visits": 1.0}, {}))
    {}

    Raises:
        BadChallenger: one is no classifier of River's with plain values as arguments.
    """
    made = [_challenger(one.strip()) for one in asked.split(";") if one.strip()]
    names = [challenger.name for challenger in made]
    for name in names:
        if names.count(name) > 1 or name in ("model", "running prior"):
            raise BadChallenger(name, "has the name of another")
    return Challengers(made)


def _challenger(asked: str) -> Challenger:
    name, _, call = asked.partition("=")
    try:
        expression = ast.parse(call.strip(), mode="eval").body
        assert isinstance(expression, ast.Call)
        assert all(key.arg for key in expression.keywords), "no ** of a dictionary"
        path = ast.unparse(expression.func).split(".")
        positional = [ast.literal_eval(value) for value in expression.args]
        named = {str(key.arg): ast.literal_eval(key.value) for key in expression.keywords}
    except (SyntaxError, ValueError, TypeError, AssertionError):
        raise BadChallenger(asked, "is no call with plain values as arguments") from None
    kind = _classifier(asked, path)
    challenger = name.strip()
    if not challenger.isidentifier():
        raise BadChallenger(asked, "has no name")
    try:
        return Challenger(challenger, lambda: kind(*positional, **named))
    except Exception as error:
        raise BadChallenger(asked, f"cannot be made: {error}") from error


def _classifier(asked: str, path: Sequence[str]) -> type[Classifier]:
    wrong = "names no classifier of River's"
    if path[0] != "river" or len(path) < 2 or any(part.startswith("_") for part in path):
        raise BadChallenger(asked, wrong)
    try:
        kind = getattr(import_module(".".join(path[:-1])), path[-1])
    except (ImportError, AttributeError):
        raise BadChallenger(asked, wrong) from None
    if not (isinstance(kind, type) and issubclass(kind, Classifier)):
        raise BadChallenger(asked, wrong)
    return kind


def _flat(x: Features) -> dict[str, float]:
    """Numbers as they are, categories as ones, always in one order: River's bits depend on it."""
    ones = {f"{name}={value}": 1.0 for name, value in x.categories.items()}
    return dict(sorted({**x.numbers, **ones}.items()))

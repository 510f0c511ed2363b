"""Challengers learn and predict beside the model, and neither a bad one nor a bug of one harms."""

import random
from typing import Any

import pytest

from infrastructure.database.postgres import Pool
from infrastructure.projecting.projection import LoggedEvent
from projections.likelihood.challengers import (
    BadChallenger,
    Challenger,
    Challengers,
    challengers,
)
from projections.likelihood.estimator.schema import Features
from projections.likelihood.learner import FOLLOWED
from projections.likelihood.projection import Likelihoods
from tests.support.history import History, days, hours

ASKED = (
    "bayes=river.naive_bayes.GaussianNB(); forest=river.forest.ARFClassifier(n_models=2, seed=1)"
)


@pytest.mark.parametrize(
    "asked",
    [
        "forest",
        "x=river()",
        "x=river.naive_bayes.GaussianNB({[]})",
        'x=river.linear_model.LogisticRegression(**{"l2": 5})',
        "=river.forest.ARFClassifier()",
        "x=__import__('os').system('true')",
        "x=os.system('true')",
        "x=river.forest.ARFClassifier(open('/etc/passwd'))",
        "x=river.forest.ARFClassifier(n_models=",
        "x=river.nowhere.Classifier()",
        "x=river.forest.ARFRegressor()",
        "x=river.preprocessing.StandardScaler()",
        "x=river.forest.ARFClassifier(nonsense=1)",
        "x=river.naive_bayes.GaussianNB(); x=river.naive_bayes.GaussianNB()",
        "model=river.naive_bayes.GaussianNB()",
    ],
)
def test_what_is_no_classifier_of_rivers_is_refused_with_an_example(asked: str) -> None:
    with pytest.raises(BadChallenger, match="write it as forest=river"):
        challengers(asked)


def test_a_challenger_learns_what_decides() -> None:
    made, rng = challengers(ASKED), random.Random(1)
    for _ in range(300):
        keen = rng.random() < 0.5
        made.learn(Features({"visits": 3.0 * keen + rng.random()}, {}), answered=keen)
    high, low = (made.probabilities(Features({"visits": v}, {})) for v in (3.5, 0.5))
    assert {*high} == {"bayes", "forest"}
    assert min(high.values()) > 0.7
    assert max(low.values()) < 0.3


class Broken:
    def predict_proba_one(self, _: Any) -> Any:
        raise ZeroDivisionError

    def learn_one(self, *_: Any) -> None:
        raise ZeroDivisionError


def test_a_challenger_that_fails_says_nothing_and_holds_nothing_up() -> None:
    made = Challengers([Challenger("broken", Broken)])
    x = Features({"visits": 1.0}, {})
    made.learn(x, answered=True)
    assert made.probabilities(x) == {}


def some_outreach() -> History:
    history = History()
    history.sign_up(*range(60), years_experience=3)
    history.now += days(300)
    for name in range(60):
        if name % 2:
            history.be_active(name, "applied")
        history.send(name)
        history.now += hours(3)
        if name % 2:
            history.accept(name)
        elif name > 10:
            history.expire(name - 10)
    return history


@pytest.mark.parametrize("cuts", [(), (100,), (60, 100, 140)])
@pytest.mark.parametrize("restarted", [False, True])
def test_after_a_restart_they_go_on_as_if_there_had_been_none(
    pool: Pool, cuts: tuple[int, ...], *, restarted: bool
) -> None:
    def predicted(cuts: tuple[int, ...], *, restarted: bool) -> Any:
        events = [
            LoggedEvent(number, event)
            for number, event in enumerate(some_outreach().events, 1)
            if type(event) in FOLLOWED
        ]
        projection = Likelihoods()
        with pool.connection() as db, db.transaction(force_rollback=True):
            for first, last in zip((0, *cuts), (*cuts, len(events)), strict=True):
                if restarted or first == 0:
                    projection = Likelihoods()
                    projection.challengers = challengers(ASKED)
                with db.transaction():
                    projection.apply(db, events[first:last])
            return db.execute(
                "SELECT outreach_id, challengers FROM likelihood_predictions"
                " ORDER BY sent_log_position"
            ).fetchall()

    at_once = predicted((), restarted=False)
    assert predicted(cuts, restarted=restarted) == at_once
    assert {*at_once[-1][1]} == {"bayes", "forest"}

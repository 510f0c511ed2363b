"""Challengers learn and predict beside the model, and a failing one harms nothing."""

import random
from typing import Any

import pytest

from infrastructure.database.postgres import Pool
from infrastructure.projecting.projection import LoggedEvent
from infrastructure.settings import SettingsError
from projections.likelihood.challengers import (
    CHALLENGERS,
    Challengers,
    challengers,
)
from projections.likelihood.estimator.schema import Features
from projections.likelihood.learner import FOLLOWED
from projections.likelihood.projection import Likelihoods
from tests.support.history import History, days, hours

NAMES = "bayes, forest"


def test_an_unknown_challenger_is_refused_with_the_names_to_choose_from() -> None:
    with pytest.raises(SettingsError, match=r"'oak': choose from bayes, .*forest"):
        challengers("forest, oak")


@pytest.mark.parametrize("name", CHALLENGERS)
def test_each_challenger_learns_what_decides(name: str) -> None:
    challenger, rng = challengers(name), random.Random(1)
    for log_position in range(1, 301):
        keen = rng.random() < 0.5
        x = Features({"visits": 3.0 * keen + rng.random()}, {})
        challenger.learn(log_position, x, answered=keen)
    high, low = (challenger.probabilities(Features({"visits": v}, {}))[name] for v in (3.5, 0.5))
    assert high > 0.7
    assert low < 0.3


class Broken:
    def predict_proba_one(self, _: Any) -> Any:
        raise ZeroDivisionError

    def learn_one(self, *_: Any) -> None:
        raise ZeroDivisionError


def test_a_challenger_that_fails_predicts_nothing_and_stops_nothing() -> None:
    made = Challengers({"broken": Broken})
    x = Features({"visits": 1.0}, {})
    made.learn(1, x, answered=True)
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


@pytest.mark.slow
@pytest.mark.parametrize("cuts", [(), (100,), (60, 100, 140)])
@pytest.mark.parametrize("restarted", [False, True])
def test_after_a_restart_they_predict_as_if_there_had_been_none(
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
                    projection.challengers = challengers(NAMES)
                with db.transaction():
                    projection.apply(db, events[first:last])
            return db.execute(
                "SELECT outreach_id, challengers FROM likelihood_predictions"
                " ORDER BY sent_log_position"
            ).fetchall()

    at_once = predicted((), restarted=False)
    assert predicted(cuts, restarted=restarted) == at_once
    assert {*at_once[-1][1]} == {"bayes", "forest"}


class Counting:
    """Counts what it learns."""

    learned = 0

    def predict_proba_one(self, _: Any) -> dict[bool, float]:
        return {True: 0.5}

    def learn_one(self, *_: Any) -> None:
        Counting.learned += 1


def counting() -> Likelihoods:
    projection = Likelihoods()
    projection.challengers = Challengers({"counting": Counting})
    return projection


def outreach_events() -> list[LoggedEvent]:
    return [
        LoggedEvent(number, event)
        for number, event in enumerate(some_outreach().events, 1)
        if type(event) in FOLLOWED
    ]


def test_a_worker_that_takes_over_learns_only_the_outcomes_since_it_worked_last(pool: Pool) -> None:
    events, first, second = outreach_events(), counting(), counting()
    learned = []
    with pool.connection() as db:
        for batch, worker in zip(
            (events[:120], events[120:160], events[160:]), (first, second, first), strict=True
        ):
            Counting.learned = 0
            with db.transaction():
                worker.apply(db, batch)
            learned.append(Counting.learned)
        (outcomes,) = db.execute(
            "SELECT count(*) FROM likelihood_predictions WHERE outcome IS NOT NULL"
        ).fetchall()[0]
    assert learned[1] <= learned[0] + 20, "the second starts from nothing"
    assert learned[0] + learned[2] == outcomes, "the first learns each outcome once"


def test_a_batch_learns_a_bounded_number_of_old_outcomes_and_predicts_once_it_has_all(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.likelihood.challengers.CATCH_UP", 40)
    events, late = outreach_events(), counting()
    with pool.connection() as db:
        with db.transaction():
            counting().apply(db, events[:-30])
        Counting.learned = 0
        with db.transaction():
            late.apply(db, events[-30:-20])
        assert Counting.learned == 40
        for batch in (events[-20:-10], events[-10:]):
            with db.transaction():
                late.apply(db, batch)
        predicted = db.execute(
            "SELECT challengers FROM likelihood_predictions ORDER BY sent_log_position"
        ).fetchall()
    sent = [row[0] for row in predicted]
    assert {} in sent, "while it was behind it predicted nothing"
    assert sent[-1] == {"counting": 0.5}

"""All threads of a process share the models that it has read."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from infrastructure.database.postgres import Pool
from infrastructure.projecting.projection import LoggedEvent
from projections.likelihood import scoring
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.learner import FOLLOWED
from projections.likelihood.model_state import restored_model
from projections.likelihood.projection import Likelihoods
from tests.support.concurrency import SECONDS
from tests.support.history import History, hours

THREADS = 4


def test_after_learning_one_thread_restores_the_model_for_all(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History()
    history.sign_up("Ada")
    history.send("Ada")
    history.now += hours(3)
    history.accept("Ada")
    events: list[LoggedEvent] = [
        LoggedEvent(number, event)
        for number, event in enumerate(history.events, 1)
        if isinstance(event, FOLLOWED)
    ]
    with pool.connection() as db, db.transaction():
        Likelihoods().apply(db, events)
    restored, together = [], Barrier(THREADS)

    def counted(state: str, hash: str) -> LikelihoodModel:
        restored.append(hash)
        return restored_model(state, hash)

    def read(_: int) -> LikelihoodModel:
        with pool.connection() as db:
            together.wait(SECONDS)
            return scoring.current(db)[0].model

    monkeypatch.setattr(scoring, "restored_model", counted)
    monkeypatch.setattr(scoring, "_MODELS", {})
    with ThreadPoolExecutor(THREADS) as threads:
        models = [*threads.map(read, range(THREADS))]
    assert len(restored) == 1
    assert {model.observed for model in models} == {1.0}

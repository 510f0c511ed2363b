"""A sweep rescores all candidates while others read the scores."""

from datetime import UTC, datetime

from infrastructure.database.postgres import Pool
from infrastructure.projecting.projection import LoggedEvent
from projections.likelihood import rescoring
from projections.likelihood.learner import FOLLOWED
from projections.likelihood.model_state import untrained_model
from projections.likelihood.projection import Likelihoods
from tests.support.history import History


def test_scores_can_be_read_while_a_sweep_is_not_committed(pool: Pool) -> None:
    history, at = History(), datetime(2026, 7, 1, tzinfo=UTC)
    history.sign_up("Ada", "Bo", "Cy")
    events: list[LoggedEvent] = [
        LoggedEvent(number, event)
        for number, event in enumerate(history.events, 1)
        if isinstance(event, FOLLOWED)
    ]
    scored_at = "SELECT DISTINCT scored_at = %s FROM likelihood_scores"
    with pool.connection() as db, pool.connection() as reader:
        with db.transaction():
            Likelihoods().apply(db, events)
        reader.execute("SET lock_timeout = '2s'")
        with db.transaction():
            rescoring.sweep(db, untrained_model(), 7, at)
            assert reader.execute(scored_at, [at]).fetchall() == [(False,)]
        assert reader.execute(scored_at, [at]).fetchall() == [(True,)]
        reader.execute("RESET lock_timeout")

"""A replay may start from any snapshot, and ends at the same bits as one from the beginning."""

from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.event import Event
from domain.outreach_events import OutreachWithdrawn
from infrastructure.database.postgres import Pool
from infrastructure.projecting.projection import LoggedEvent
from projections.likelihood import batch
from projections.likelihood.learner import FOLLOWED, SILENCE, Learner
from projections.likelihood.model_state import LearnerSnapshot
from projections.likelihood.projection import Likelihoods
from tests.support.history import History, days, hours, somebody
from tests.support.learned_lives import a_life, replayed


@pytest.mark.slow
def test_resumed_from_a_snapshot_at_any_event_it_ends_at_the_same_bits() -> None:
    events = a_life(1)
    full = Learner()
    snapshots = {0: full.snapshot()}
    for position, event in enumerate(events, 1):
        full.apply(position, event)
        if position % 7 == 0:
            snapshots[position] = full.snapshot()
    for place, snapshot in snapshots.items():
        learner = Learner()
        for position, event in enumerate(events[:place], 1):
            learner.recall(position, event)
        learner.resume(LearnerSnapshot.from_json(snapshot))
        assert learner.snapshot() == snapshot
        for position, event in enumerate(events[place:], place + 1):
            learner.apply(position, event)
        assert learner.snapshot() == full.snapshot()
        assert learner.states == full.states


def test_the_model_learns_nothing_from_recalled_events() -> None:
    learner = Learner()
    untrained = learner.model.hash()
    for position, event in enumerate(a_life(2), 1):
        learner.recall(position, event)
    assert learner.model.hash() == untrained


def test_a_snapshot_is_not_resumed_without_its_open_outreach() -> None:
    history = History()
    history.sign_up(1)
    history.send(1)
    events: list[Event] = [event for event in history.events if isinstance(event, FOLLOWED)]
    snapshot = LearnerSnapshot.from_json(replayed(events).snapshot())
    with pytest.raises(ValueError, match="Other outreach is open"):
        Learner().resume(snapshot)


def test_the_projection_keeps_snapshots_that_a_replay_can_start_from(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "SNAPSHOT_EVERY", 20)
    events = a_life(3)
    with pool.connection() as db:
        for cut in (0, 33, 250):
            with db.transaction(force_rollback=True):
                kept = _snapshots(db, events, cut)
                assert len(kept) > 8
                for place, hash, state in kept[::3]:
                    learner = Learner()
                    for position, event in enumerate(events[:place], 1):
                        learner.recall(position, event)
                    learner.resume(LearnerSnapshot.from_json(state))
                    early = replayed(events[:place])
                    assert learner.model.hash() == hash == early.model.hash()
                    assert state == early.snapshot()


def _snapshots(db: Connection[TupleRow], events: list[Event], cut: int) -> list[Any]:
    projection = Likelihoods()
    positioned = [LoggedEvent(position, event) for position, event in enumerate(events, 1)]
    for part in (positioned[:cut], positioned[cut:]):
        if part:
            with db.transaction():
                projection.apply(db, part)
    return db.execute(
        "SELECT log_position, hash, state FROM likelihood_snapshots ORDER BY log_position"
    ).fetchall()


def test_each_outreach_keeps_the_prediction_of_the_model_of_its_sending(pool: Pool) -> None:
    history = History()
    history.open_position(1)
    history.sign_up(*range(30), country="France")
    history.now += days(300)
    for name in range(30):
        history.send(name)
        history.now += hours(2)
        if name % 3 == 0:
            history.accept(name)
    history.now += SILENCE
    history.expire(1)
    history.settle(OutreachWithdrawn, 2)
    events: list[Event] = [e for e in history.events if isinstance(e, FOLLOWED)]
    with pool.connection() as db, db.transaction(force_rollback=True):
        with db.transaction():
            Likelihoods().apply(db, [LoggedEvent(n, event) for n, event in enumerate(events, 1)])
        rows = db.execute(
            "SELECT candidate_id, sent_log_position, model_log_position, logit, probability,"
            " outcome FROM likelihood_predictions ORDER BY sent_log_position"
        ).fetchall()
    assert len(rows) == 29, "the withdrawn one is not kept"
    assert {row[0]: row[-1] for row in rows} == {
        somebody(name): True if name % 3 == 0 else False if name == 1 else None
        for name in range(30)
        if name != 2
    }
    for candidate_id, sent, model_log_position, logit, probability, _ in rows[::5]:
        then = replayed(events[:sent])
        assert then.model_log_position == model_log_position
        (prediction,) = [p for p in then.open.values() if p.candidate_id == candidate_id]
        assert (prediction.logit, prediction.probability) == (logit, probability)


def contacts(history: History) -> tuple[float, float]:
    """How often the first candidate was contacted, in all and lately."""
    events = [event for event in history.events if isinstance(event, FOLLOWED)]
    state = replayed(events).states[somebody(1)]
    return state.received, state.received_30


def test_what_did_not_reach_anybody_is_not_learned_and_does_not_count() -> None:
    history = History()
    history.sign_up(1)
    before = contacts(history)
    history.now += days(1)
    history.send(1)
    history.retract(1)
    history.now += days(3)
    history.be_active(1)
    assert contacts(history) == before
    learner = replayed([event for event in history.events if isinstance(event, FOLLOWED)])
    assert learner.model.hash() == Learner().model.hash()


def test_a_follow_up_is_one_more_contact() -> None:
    history = History()
    history.sign_up(1)
    history.send(1)
    history.now += days(6)
    history.follow_up(1)
    assert contacts(history)[0] == 2


def test_what_somebody_wrote_back_is_an_answer() -> None:
    written, silent = History(), History()
    for history in (written, silent):
        history.sign_up(1)
        history.send(1)
        history.now += hours(2)
    written.reply(1)
    silent.expire(1)
    learned = [
        replayed([event for event in history.events if isinstance(event, FOLLOWED)])
        for history in (written, silent)
    ]
    outcomes = [learner.changes.predictions.popitem()[1].outcome for learner in learned]
    assert outcomes == [True, False]

"""A replay leaves out the events that the read model has skipped, and so comes to its model."""

import pytest

from domain.event import Event
from domain.outreach_events import MessageSent, OutreachAccepted
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking
from infrastructure.projecting.projector import Projector
from projections.likelihood.audit.replay import replay
from projections.likelihood.projection import Likelihoods
from tests.support.history import days
from tests.support.ledger import drain
from tests.support.trail import RecordedHistory


@pytest.fixture
def log(store: EventStore) -> list[tuple[int, Event]]:
    """Three people hear of a position; two of them answer."""
    history = RecordedHistory(store)
    history.open_position()
    history.sign_up("Ada", "Bo", "Cy")
    history.now += days(200)
    for name in ("Ada", "Bo", "Cy"):
        history.send(name)
    history.now += days(2)
    history.accept("Ada")
    history.accept("Bo")
    history.now += days(2)
    history.be_active("Cy")
    return history.record()


@pytest.mark.parametrize("kind", [MessageSent, OutreachAccepted])
@pytest.mark.parametrize("from_scratch", [True, False])
def test_a_replay_comes_to_the_model_that_skipped_an_event(
    store: EventStore,
    pool: Pool,
    log: list[tuple[int, Event]],
    kind: type[Event],
    from_scratch: bool,
) -> None:
    poison = next(log_position for log_position, event in log if isinstance(event, kind))
    with pool.connection() as db:
        db.execute("UPDATE events SET state = '{}' WHERE log_position = %s", [poison])
    drain(Projector([Likelihoods()], store, pool))
    with pool.connection() as db:
        assert [one.log_position for one in parking.listed(db)] == [poison]
        rebuilt = replay(store, db, log[-1][0], from_scratch=from_scratch)
    assert rebuilt.agreed["read model"] == 1
    assert rebuilt.model.observed > 0

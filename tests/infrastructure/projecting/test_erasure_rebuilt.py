"""After an erasure a read model has the rows that it has once it is rebuilt (kind 16)."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.demo import fill
from domain.answering import AcceptOutreach, DeclineOutreach
from domain.candidate_commands import EraseCandidate
from domain.outreach_events import DeclineReason
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from projections.read_models import read_models
from tests.support.databases import SECRET, Databases
from tests.support.history import START
from tests.support.ledger import drain
from tests.support.stored import BY, a_message
from tests.support.trail import restart_at, rows

ANSWERS: list[tuple[Any, dict[str, Any]]] = [
    (AcceptOutreach, {"note": "Call me"}),
    (AcceptOutreach, {}),
    (DeclineOutreach, {"reason": DeclineReason.SALARY, "note": "Too little"}),
    (DeclineOutreach, {"reason": DeclineReason.SALARY}),
]


@pytest.fixture(scope="module")
def erased(databases: Databases) -> Iterator[tuple[EventStore, Pool]]:
    """A marketplace whose read models were up to date when people were erased."""
    with (
        databases.prepared() as url,
        open_pool(url, name="erased") as pool,
        EventStore(url, pool, SECRET) as store,
    ):
        fill(store, candidates=20, seed=3, until=START, progress=lambda *_: None)
        candidates = []
        for answer, says in ANSWERS:
            message = a_message(store)
            store.execute(answer(**BY, outreach_id=store.execute(message).id, **says))
            candidates.append(message.candidate_id)
        for projection in read_models():
            drain(Projector([projection], store, pool))
        with pool.connection() as db:
            filled = db.execute("SELECT DISTINCT candidate_id FROM outreach_timeline").fetchall()
        candidates += [id for (id,) in filled[:10]]
        for candidate_id in dict.fromkeys(candidates):
            store.execute(EraseCandidate(**BY, candidate_id=candidate_id))
        for projection in read_models():
            drain(Projector([projection], store, pool))
        yield store, pool


@pytest.mark.parametrize("projection", read_models(), ids=lambda projection: projection.name)
def test_a_read_model_after_erasures_has_the_rows_of_a_rebuilt_one(
    erased: tuple[EventStore, Pool], projection: Projection
) -> None:
    store, pool = erased
    live = rows(projection, pool)
    restart_at(0, projection, pool)
    drain(Projector([projection], store, pool))
    assert rows(projection, pool) == live

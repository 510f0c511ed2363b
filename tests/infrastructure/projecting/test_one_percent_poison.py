"""With one poison event in a hundred, every other stream is as complete as without."""

import pytest

from api.demo import fill
from benchmarks.poison import poisoned
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking
from infrastructure.projecting.projector import Projector
from projections.read_models import read_models
from tests.support.history import START
from tests.support.ledger import drain
from tests.support.trail import restart_at, rows

OF_ALL_STREAMS = {"candidate_terms"}
"""Tables that count what every stream says, the parked ones left out."""


@pytest.mark.slow
def test_the_rows_of_all_other_streams_are_complete(store: EventStore, pool: Pool) -> None:
    fill(store, candidates=200, seed=5, until=START, progress=lambda *_: None)
    parked: dict[str, int] = {}
    for projection in (each for each in read_models() if each.key):
        drain(Projector([projection], store, pool))
        complete = rows(projection, pool)
        restart_at(0, projection, pool)
        drain(Projector([poisoned(type(projection)())], store, pool))
        with pool.connection() as db:
            blocked = {
                str(one.stream) for one in parking.listed(db) if one.projection == projection.name
            }
        parked[projection.name] = len(blocked)
        for table, found in rows(projection, pool).items():
            if table in OF_ALL_STREAMS:
                continue
            assert others(found, blocked) == others(complete[table], blocked), table
    assert parked["candidate_pool"] > 5
    assert sum(parked.values()) > 20


def others(of: list[str], blocked: set[str]) -> list[str]:
    """The rows that are not about a parked stream."""
    return [row for row in of if not any(stream in row for stream in blocked)]

"""Workers are killed at random moments, and the server fails: each letter arrives, under one id."""

import pytest

from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from tests.support.killed_deliveries import deliver_while_killing

LETTERS = 50
OPT_OUTS = 15


@pytest.mark.slow
def test_whatever_is_killed_each_letter_arrives_unless_its_reader_has_opted_out(
    store: EventStore, pool: Pool, database_url: str
) -> None:
    ended = deliver_while_killing(database_url, store, letters=LETTERS, opt_outs=OPT_OUTS, seed=7)
    assert ended.kills >= 5
    assert {"refused", "stalled", "dropped"} == {*ended.server.failures}
    assert ended.lost == []
    assert ended.too_late == []
    ours = {f"<{id}.1@localhost>" for id in ended.correspondence.addresses}
    assert {*ended.server.copies} <= ours
    assert "outreach.letter_failed" not in ended.settled.values()
    assert ended.stopped <= {*ended.correspondence.opted_out_at}

"""A history that is recorded in the test's own log, beside a read model of its trail."""

import pytest

from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.versions import create_tables
from tests.support.trail import RecordedHistory, Trail


@pytest.fixture
def history(store: EventStore, pool: Pool) -> RecordedHistory:
    create_tables([Trail()], pool)
    return RecordedHistory(store)

"""A log of some hundred events that is signed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from infrastructure.database.postgres import open_pool
from infrastructure.evidence import sealing
from infrastructure.evidence.checkpoints import Signer
from tests.support.databases import Databases
from tests.support.event_logs import event_log

SIGNER = Signer("log.example/sourcing", "s" * 40)
EVENTS = 700
"""Two full tiles and a part of a third."""

NOW = datetime(2026, 5, 6, tzinfo=UTC)


@contextmanager
def signed_log(databases: Databases) -> Iterator[str]:
    with databases.prepared() as url, event_log(url) as recorder:
        recorder.insert_events(
            [StoredEvent(UUID(int=n), 1, "it.happened", b"%d" % n) for n in range(1, EVENTS + 1)]
        )
        with open_pool(url, name="evidence", max_size=1) as pool:
            sealing.seal(pool, SIGNER, NOW)
        yield url

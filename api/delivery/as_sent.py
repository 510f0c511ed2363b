"""A position as it was when a message about it was sent, whatever its employer changed since."""

from uuid import UUID

from domain.position import Position
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.store import EventStore, folded


def position_as_sent(
    store: EventStore, db: Database, position_id: UUID, log_position: int
) -> Position | None:
    """The position as of the message at this log position. None if there was none."""
    logged = queries.of_aggregate(db, position_id, log_position)
    events = store.mapper.read([entry.stored for entry in logged])
    return folded(Position, position_id, events, len(logged)) if logged else None

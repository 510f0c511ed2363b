"""Reads the event log for those who ask what happened: in order, or of one aggregate."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from infrastructure.postgres import Database

COLUMNS = "position, recorded_at, originator_id, originator_version, topic, state"

AFTER = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = 0 AND position > %(after)s
      AND (%(topics)s::text[] = '{{}}' OR topic = ANY(%(topics)s::text[]))
    ORDER BY position LIMIT %(limit)s"""  # noqa: S608 - our own text

OF_AGGREGATE = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = 0 AND originator_id = %(id)s
      AND (%(until)s::bigint IS NULL OR position <= %(until)s)
    ORDER BY originator_version"""  # noqa: S608 - our own text

HEAD = "SELECT position FROM log_head WHERE log_id = 0"

POSITION = """
    SELECT position FROM events
    WHERE log_id = 0 AND originator_id = %s AND originator_version = %s"""


class Logged(NamedTuple):
    """A stored event with its place in the log and the moment it got there."""

    position: int
    recorded_at: datetime
    stored: StoredEvent


def head(db: Database) -> int:
    """The position of the last event; whatever is read later shows all events up to it."""
    row = db.execute(HEAD).fetchone()
    return int(row[0]) if row else 0


def after(db: Database, position: int, limit: int, topics: Sequence[str] = ()) -> list[Logged]:
    """The events after a position, perhaps only those of some names."""
    parameters = {"after": position, "limit": limit, "topics": [*topics]}
    return [_logged(*row) for row in db.execute(AFTER, parameters)]


def of_aggregate(db: Database, id: UUID, until: int | None = None) -> list[Logged]:
    """All that happened to one aggregate, perhaps only up to a position."""
    return [_logged(*row) for row in db.execute(OF_AGGREGATE, {"id": id, "until": until})]


def position_of(db: Database, id: UUID, version: int) -> int:
    """Where in the log an aggregate's event of this version stands. Raises `LookupError`."""
    row = db.execute(POSITION, [id, version]).fetchone()
    if row is None:
        raise LookupError(f"{id} has no version {version}")
    return int(row[0])


def _logged(
    position: int, recorded_at: datetime, id: UUID, version: int, topic: str, state: bytes
) -> Logged:
    return Logged(position, recorded_at, StoredEvent(id, version, topic, bytes(state)))

"""Events written into the log by hand, past all that the program checks."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

INSERT = """
    WITH head AS (UPDATE log_head SET log_position = log_position + 1 RETURNING log_position)
    INSERT INTO events
        (log_id, log_position, originator_id, originator_version, topic, state, recorded_at)
    SELECT 0, log_position, %(id)s, 1 + coalesce((
        SELECT max(originator_version) FROM events WHERE originator_id = %(id)s), 0),
        %(topic)s, %(state)s, %(at)s
    FROM head RETURNING log_position"""

STATE = "SELECT state FROM events WHERE originator_id = %s AND topic = %s LIMIT 1"


def insert(db: Connection[Any], id: UUID | str, topic: str, state: bytes) -> int:
    """Write an event at the end of the log, as the next of its aggregate."""
    asked = {"id": str(id), "topic": topic, "state": state, "at": datetime.now(UTC)}
    ((log_position,),) = db.execute(INSERT, asked).fetchall()
    return int(log_position)


def state_of(db: Connection[Any], id: UUID | str, topic: str) -> bytes:
    """What an event of an aggregate says, as it is stored."""
    ((state,),) = db.execute(STATE, [str(id), topic]).fetchall()
    return bytes(state)

"""What a leaf of the log's tree says: an event as it is stored, its content as a hash.

The content is hashed as it is stored, with personal data encrypted. So the tree still proves it
after somebody's key was destroyed, and an entry can be shown without showing anybody's data.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from infrastructure.database.postgres import Database
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.evidence.merkle import leaf_hash

READ = f"""
    SELECT log_position, originator_id, originator_version, topic, state, recorded_at
    FROM events WHERE log_id = {LOG_ID} AND log_position BETWEEN %s AND %s
    ORDER BY log_position"""  # noqa: S608 - our own constant


class Entry(NamedTuple):
    """An event as the tree has it. Its leaf's index is its log position less one."""

    log_position: int
    originator_id: UUID
    originator_version: int
    topic: str
    content_hash: bytes
    recorded_at: datetime

    def text(self) -> bytes:
        """The leaf's content."""
        lines = (
            self.originator_id,
            self.originator_version,
            self.topic,
            self.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.content_hash.hex(),
        )
        return "".join(f"{line}\n" for line in lines).encode()

    def leaf(self) -> bytes:
        """The leaf's hash."""
        return leaf_hash(self.text())


def entries(db: Database, first: int, last: int) -> Iterator[Entry]:
    """The entries at these log positions, as the events are now."""
    with db.cursor(binary=True) as cursor:
        for position, id, version, topic, state, at in cursor.execute(READ.encode(), [first, last]):
            yield Entry(position, id, version, topic, sha256(state).digest(), at)

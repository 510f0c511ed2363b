"""Which log the events are in, and where it ends."""

from infrastructure.database.postgres import Database

LOG_ID = 0
"""The one log there is; a permanent function of the stream once there are more."""

HEAD = f"SELECT log_position FROM log_head WHERE log_id = {LOG_ID}"  # noqa: S608 - our constant


def head(db: Database) -> int:
    """The log position of the last event, 0 for an empty log. Later reads see all up to it."""
    row = db.execute(HEAD).fetchone()
    return int(row[0]) if row else 0

"""Events of kinds that this program does not know: no read model follows them, so they are told.

They were written by a newer program, or by hand.
"""

from datetime import datetime

from domain.event import TYPES
from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log.log_head import LOG_ID, head

STRIDE = 100_000
"""How many events one transaction looks at."""

# Of many workers one looks, and none waits.
LOCK = """
    SELECT log_position FROM unknown_events_searched WHERE log_id = %s FOR UPDATE SKIP LOCKED"""

ADD = """
    INSERT INTO unknown_events (log_id, log_position, kind, found_at)
    SELECT log_id, log_position, topic, %s::timestamptz FROM events
    WHERE log_id = %s AND log_position > %s AND log_position <= %s AND topic <> ALL(%s::text[])"""

MOVE = "UPDATE unknown_events_searched SET log_position = %s WHERE log_id = %s"

FORGET_KNOWN = "DELETE FROM unknown_events WHERE log_id = %s AND kind = ANY(%s::text[])"

FIRST = """
    SELECT kind, min(log_position), count(*) FROM unknown_events WHERE log_id = %s
    GROUP BY kind ORDER BY kind"""


def search(pool: Pool, at: datetime) -> None:
    """Find those that came since the last search; forget those that this program knows."""
    while _search_part(pool, at):
        pass


def _search_part(pool: Pool, at: datetime) -> bool:
    known = [*TYPES]
    with pool.connection() as db, db.transaction():
        row = db.execute(LOCK, [LOG_ID]).fetchone()
        if row is None:
            return False
        end = head(db)
        reached = min(end, row[0] + STRIDE)
        db.execute(FORGET_KNOWN, (LOG_ID, known))
        if reached > row[0]:
            db.execute(ADD, (at, LOG_ID, row[0], reached, known))
            db.execute(MOVE, (reached, LOG_ID))
        return bool(reached < end)


def first_of_each_kind(db: Database) -> list[tuple[str, int, int]]:
    """Each kind, with the log position of its first event and how many there are."""
    return db.execute(FIRST, [LOG_ID]).fetchall()

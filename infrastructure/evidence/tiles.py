"""The tree's tiles in the database, and how they grow with the log."""

from functools import cache

from infrastructure.database.postgres import Database
from infrastructure.event_log import log_head
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.evidence.entries import entries
from infrastructure.evidence.merkle import Tree, grown

AT_ONCE = 20_000
"""Events that are added in one transaction."""

SIZE = f"SELECT size FROM log_tree WHERE log_id = {LOG_ID}"  # noqa: S608 - our own constant

TAKE = f"{SIZE} FOR UPDATE SKIP LOCKED"
GROW = f"UPDATE log_tree SET size = %s WHERE log_id = {LOG_ID}"  # noqa: S608 - our own constant

READ = f"""
    SELECT hashes FROM log_tree_tiles
    WHERE log_id = {LOG_ID} AND level = %s AND number = %s"""  # noqa: S608 - our own constant

KEEP = f"""
    INSERT INTO log_tree_tiles (log_id, level, number, hashes) VALUES ({LOG_ID}, %s, %s, %s)
    ON CONFLICT (log_id, level, number) DO UPDATE SET hashes = excluded.hashes"""  # noqa: S608 - our own constant


def tree(db: Database, size: int | None = None) -> Tree:
    """The log's tree, or as it was at an earlier size. Each tile is read once."""
    if size is None:
        ((size,),) = db.execute(SIZE.encode()).fetchall()
    return Tree(cache(lambda level, number: tile(db, level, number)), size)


def tile(db: Database, level: int, number: int) -> bytes:
    """The hashes of a tile, as far as they are there."""
    row = db.execute(READ.encode(), [level, number]).fetchone()
    return bytes(row[0]) if row else b""


def grow(db: Database) -> int:
    """Add events that the tree lacks, not all if there are many. Returns how many.

    Two processes never do this at once: one of them adds none.
    """
    with db.transaction():
        row = db.execute(TAKE.encode()).fetchone()
        if row is None:
            return 0
        (size,) = row
        last = min(log_head.head(db), size + AT_ONCE)
        leaves = [entry.leaf() for entry in entries(db, size + 1, last)]
        if len(leaves) != last - size:
            raise MissingEvents(size + 1, last)
        if leaves:
            changed = list(grown(lambda level, number: tile(db, level, number), size, leaves))
            db.cursor().executemany(KEEP.encode(), changed)
            db.execute(GROW.encode(), [last])
        return len(leaves)


class MissingEvents(Exception):
    """The log has a gap, which it never has by itself: events were deleted."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__(f"Of the events from {first} to {last} some are missing in the log.")

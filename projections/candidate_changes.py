"""Which candidates each batch of events changed, noted for the index in memory.

A reader that saw all up to a number reads those after it. If that is not there any more, it has
missed some and reads everything anew.
"""

from collections.abc import Collection
from uuid import UUID

from psycopg import Connection, sql

TABLES = ("candidate_pool_changes", "likelihood_changes")
"""They say how events were batched, so after a rebuild they are others."""

KEPT = 2_000
"""Notes that are kept: some minutes of a busy marketplace."""

TABLE = """
    CREATE TABLE {} (
        number         bigint PRIMARY KEY,  -- one more than the one before
        candidate_ids  uuid[] NOT NULL,
        terms          boolean NOT NULL  -- whether more than numbers and moments changed
    )"""

_NOTE = """
    INSERT INTO {table} (number, candidate_ids, terms)
    SELECT coalesce(max(number), 0) + 1, %b::uuid[], %b FROM {table} RETURNING number"""

_FORGET = "DELETE FROM {table} WHERE number <= %s"


def note(db: Connection, table: str, candidate_ids: Collection[UUID], *, terms: bool) -> None:
    """Note that these candidates' rows changed, in the transaction that changes them."""
    if not candidate_ids:
        return
    name = sql.Identifier(table)
    noted = db.execute(sql.SQL(_NOTE).format(table=name), [[*candidate_ids], terms])
    ((number,),) = noted.fetchall()
    db.execute(sql.SQL(_FORGET).format(table=name), [number - KEPT])

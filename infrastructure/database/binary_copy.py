"""Rows of fixed width as binary COPY has them, which NumPy reads and builds by column.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infrastructure.database.postgres import Database

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What stands before the first row."""

CHUNK = 50_000
"""Rows that are read at once, at most."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def row_of(fields: Mapping[str, str]) -> np.dtype[Any]:
    """The layout of a row with these fields, each a NumPy type of the size PostgreSQL sends."""
    described: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in fields.items():
        described += [(f"{name} length", ">i4"), (name, kind)]
    return np.dtype(described)


def rows_of(
    db: Database, query: str, parameters: Mapping[str, Any], layout: np.dtype[Any]
) -> Iterator[NDArray[Any]]:
    """What a query finds, chunk by chunk. No value may be null: all rows are equally wide."""
    buffer, begun = bytearray(), False
    with db.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT binary)", parameters) as copy:
        for block in copy:
            buffer += block
            if not begun and len(buffer) >= len(HEADER):
                del buffer[: len(HEADER)]
                begun = True
            if len(buffer) >= CHUNK * layout.itemsize:
                yield _chunk(buffer, layout)
    if len(buffer) > layout.itemsize:
        yield _chunk(buffer, layout)


def _chunk(buffer: bytearray, layout: np.dtype[Any]) -> NDArray[Any]:
    whole = len(buffer) // layout.itemsize
    rows = np.frombuffer(bytes(buffer[: whole * layout.itemsize]), layout)
    del buffer[: whole * layout.itemsize]
    return rows


def microseconds(moment: datetime) -> int:
    """A moment as binary timestamps have it: microseconds since 2000.

    >>> microseconds(datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

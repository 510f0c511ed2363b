"""Poison events, which a projection cannot handle, parked with the later ones of their stream.

A stream is what a projection's key groups changes by. Its first parked event has an error; those
behind it wait, so that what belongs to one row stays in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import Notification
from psycopg.rows import class_row

from infrastructure.database.postgres import Database
from infrastructure.error_redaction import error_summary
from infrastructure.event_log.keys import WrongSecret
from infrastructure.event_log.unreadable import NewerEvent


class Checkpoint(NamedTuple):
    """A version of a projection on its way through a log, live or still being built."""

    projection: str
    version: int
    log_id: int
    live: bool


MAX_BLOCKED_STREAMS = 1_000
"""How many streams of a projection may be parked: beyond, the projection itself is broken."""

DATA_ERROR_CLASSES = {"21", "22", "23", "54"}
"""Classes of SQLSTATE that come from the values of a statement (PostgreSQL, Appendix A): a wrong
number of rows, bad data, a broken constraint, a limit exceeded."""

TYPE_ERROR_CODES = {"42725", "42804", "42846", "42883", "42P18"}
"""SQLSTATEs of a value whose type does not fit the statement."""

RETRYABLE_ERRORS = (OSError, MemoryError, NewerEvent, WrongSecret)
"""What a handler raises for reasons that are not in the event."""


def is_poison_event(error: Exception) -> bool:
    """Whether this event would fail again, and others would not.

    True of every error that a handler raises, and of those of the database that are about values.

    >>> is_poison_event(psycopg.errors.CheckViolation()), is_poison_event(KeyError())
    (True, True)
    >>> is_poison_event(psycopg.errors.DiskFull()), is_poison_event(ConnectionError())
    (False, False)
    """
    if not isinstance(error, psycopg.Error):
        return not isinstance(error, RETRYABLE_ERRORS)
    if error.sqlstate is None:  # psycopg's own: it could not even send the values
        return isinstance(error, psycopg.DataError | psycopg.ProgrammingError)
    return error.sqlstate[:2] in DATA_ERROR_CLASSES or error.sqlstate in TYPE_ERROR_CODES


class TooManyParked(Exception):
    """So many streams would be parked that the projection must be broken."""

    def __init__(self) -> None:
        super().__init__(
            f"More than {MAX_BLOCKED_STREAMS:,} streams would be parked: mend the projection."
        )


BLOCKED_STREAMS = """
    SELECT stream, log_position FROM parked_events
    WHERE projection = %s AND version = %s AND log_id = %s AND live = %s AND error LIKE %s
    ORDER BY log_position"""

PARK = """
    INSERT INTO parked_events
        (projection, version, log_id, live, parked_at, stream, log_position, kind, error)
    SELECT %s, %s, %s, %s, %s::timestamptz, *
    FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[])"""

ALL_BLOCKED_STREAMS = """
    SELECT projection, version, log_id, live, stream, log_position FROM parked_events
    WHERE error IS NOT NULL"""

UNPARK = """
    DELETE FROM parked_events
    WHERE projection = %s AND version = %s AND log_id = %s AND live = %s AND stream = %s
    RETURNING log_position"""

STORED = """
    SELECT originator_id, originator_version, topic, state, log_position FROM events
    WHERE log_id = %s AND log_position = ANY(%s::bigint[]) ORDER BY log_position"""

FORGET = """
    DELETE FROM parked_events
    WHERE projection = %s AND version = %s AND log_id = %s AND live = %s"""

GO_LIVE = """
    UPDATE parked_events SET live = true
    WHERE projection = %s AND version = %s AND log_id = %s AND NOT live"""

COUNTS = "SELECT projection, count(*) FROM parked_events GROUP BY projection"

LISTED = """
    SELECT projection, live, log_position, stream, kind, error, parked_at,
        (SELECT count(*) FROM parked_events AS behind
         WHERE (behind.projection, behind.version, behind.log_id, behind.live, behind.stream)
             = (first.projection, first.version, first.log_id, first.live, first.stream)) - 1
            AS waiting
    FROM parked_events AS first WHERE error IS NOT NULL
    ORDER BY projection, live DESC, log_position"""


class Parked(NamedTuple):
    """A parked stream: its first event with the error, and how many wait behind it."""

    projection: str
    live: bool
    """Whether it is parked by the live read model, not by one that is being built."""
    log_position: int
    stream: UUID
    kind: str
    error: str
    parked_at: datetime
    waiting: int


def blocked_streams(
    db: Database,
    checkpoint: Checkpoint,
    of_newer_program: bool = False,
) -> dict[UUID, int]:
    """The parked streams, each with the log position of its first event, in their order.

    Perhaps only those whose first event was written by a program newer than its reader.
    """
    errors = f"{NewerEvent.__name__}%" if of_newer_program else "%"
    return dict(db.execute(BLOCKED_STREAMS, (*checkpoint, errors)).fetchall())


def all_blocked_streams(db: Database) -> dict[Checkpoint, dict[UUID, int]]:
    """The parked streams of every projection that has some, as `blocked_streams` has them."""
    found: dict[Checkpoint, dict[UUID, int]] = {}
    for *checkpoint, stream, log_position in db.execute(ALL_BLOCKED_STREAMS):
        found.setdefault(Checkpoint(*checkpoint), {})[stream] = log_position
    return found


def park(
    db: Database,
    checkpoint: Checkpoint,
    events: Iterable[tuple[UUID, Notification]],
    errors: Mapping[int, Exception],
    at: datetime,
) -> None:
    """Park events, each with its stream, in the transaction that also moves the projection on.

    `errors` has those of the poison events, by log position.
    """
    rows = [
        (stream, n.id, n.topic, error_summary(errors[n.id]) if n.id in errors else None)
        for stream, n in events
    ]
    if rows:
        columns = (list(column) for column in zip(*rows, strict=True))
        db.execute(PARK, (*checkpoint, at, *columns))


def unpark(db: Database, checkpoint: Checkpoint, stream: UUID) -> list[int]:
    """Unpark a stream's events. Returns their log positions in order."""
    return sorted(log_position for (log_position,) in db.execute(UNPARK, (*checkpoint, stream)))


def stored(db: Database, log_id: int, log_positions: Sequence[int]) -> list[Notification]:
    """The events at these log positions, in order."""
    return [Notification(*row) for row in db.execute(STORED, (log_id, [*log_positions]))]


def forget(db: Database, checkpoint: Checkpoint) -> None:
    """Delete what a version has parked, because its tables are gone."""
    db.execute(FORGET, checkpoint)


def go_live(db: Database, projection: str, version: int, log_id: int) -> None:
    """Keep what a version parked while it was built, now that it is live."""
    db.execute(GO_LIVE, (projection, version, log_id))


def listed(db: Database) -> list[Parked]:
    """All parked streams, by projection and log position."""
    return db.cursor(row_factory=class_row(Parked)).execute(LISTED).fetchall()


def counts(db: Database) -> dict[str, int]:
    """How many events of each projection are parked, of those that have any."""
    return dict(db.execute(COUNTS).fetchall())

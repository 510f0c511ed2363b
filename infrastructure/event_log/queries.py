"""Reads the event log for those who ask what happened: in order, of aggregates, or by when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from pydantic_core import to_json

from infrastructure.database.postgres import Database
from infrastructure.event_log.log_head import LOG_ID, head

COLUMNS = "log_position, recorded_at, originator_id, originator_version, topic, state"

AFTER = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = {LOG_ID} AND log_position > %(after)s
      AND (%(topics)s::text[] = '{{}}' OR topic = ANY(%(topics)s::text[]))
    ORDER BY log_position LIMIT %(limit)s"""  # noqa: S608 - our own text

OF_AGGREGATE = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = {LOG_ID} AND originator_id = %(id)s
      AND (%(until)s::bigint IS NULL OR log_position <= %(until)s)
    ORDER BY originator_version"""  # noqa: S608 - our own text

SECOND_FROM = len('{"timestamp":"') + 1
"""Where in an event, as it is stored, the second stands at which it happened, such as
2026-03-01T12:00:00. Bytes are compared before anything is parsed, which takes four times as long.
"""

BEFORE = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = {LOG_ID} AND log_position >= %(first)s AND log_position < %(before)s
      AND (%(topics)s::text[] = '{{}}' OR topic = ANY(%(topics)s::text[]))
      AND (%(id)s::uuid IS NULL OR originator_id = %(id)s)
      AND (%(actor)s::text IS NULL OR (
           position(%(actor_bytes)s IN state) > 0
           AND convert_from(state, 'UTF8')::json #>> '{{actor,id}}' = %(actor)s))
      AND (%(request)s::text IS NULL OR (
           position(%(request_bytes)s IN state) > 0
           AND convert_from(state, 'UTF8')::json ->> 'request_id' = %(request)s))
      AND (%(since)s::timestamptz IS NULL OR (
           substring(state FROM {SECOND_FROM} FOR 19) >= %(since_bytes)s
           AND (convert_from(state, 'UTF8')::json ->> 'timestamp')::timestamptz >= %(since)s))
      AND (%(until)s::timestamptz IS NULL OR (
           substring(state FROM {SECOND_FROM} FOR 19) <= %(until_bytes)s
           AND (convert_from(state, 'UTF8')::json ->> 'timestamp')::timestamptz < %(until)s))
    ORDER BY log_position DESC LIMIT %(limit)s"""  # noqa: S608 - our own text

# Stream by stream along the primary key, however many there are.
OF_AGGREGATES = f"""
    SELECT event.* FROM unnest(%(ids)b::uuid[]) AS wanted (id), LATERAL (
        SELECT {COLUMNS} FROM events
        WHERE log_id = {LOG_ID} AND originator_id = wanted.id AND log_position <= %(until)s
          AND topic = ANY(%(topics)s::text[])
        ORDER BY originator_version
    ) AS event LIMIT %(limit)s"""  # noqa: S608 - our own text

# The moment is cut out of the event where it stands, since parsing the whole takes four times as
# long; an event that is written in another way is parsed. Latin 1 can decode any bytes. OFFSET
# keeps whole events out of what is sorted for grouping.
MOMENTS = f"""
    SELECT log_position, CASE
        WHEN substring(state FOR {SECOND_FROM - 1}) = '{{"timestamp":"'::bytea
        THEN split_part(convert_from(substring(state FROM {SECOND_FROM} FOR 40), 'LATIN1'), '"', 1)
        ELSE convert_from(state, 'UTF8')::json ->> 'timestamp' END::timestamptz AS moment
    FROM events
    WHERE log_id = {LOG_ID} AND log_position > %(after)s AND log_position <= %(until)s
      AND topic = ANY(%(topics)s::text[])
    OFFSET 0"""  # noqa: S608 - our own text

FIRST_REACHING = f"""
    SELECT width_bucket(moment, %(moments)b::timestamptz[]) AS reached,
        min(log_position), max(moment)
    FROM ({MOMENTS}) AS told GROUP BY 1 ORDER BY 1 DESC"""  # noqa: S608 - our own text

NEXT = f"""
    SELECT DISTINCT next.log_position FROM unnest(%(after)b::bigint[]) AS wanted (after), LATERAL (
        SELECT log_position FROM events
        WHERE log_id = {LOG_ID} AND log_position > wanted.after AND topic = ANY(%(topics)s::text[])
        ORDER BY log_position LIMIT 1
    ) AS next ORDER BY 1"""  # noqa: S608 - our own text

STRIDE = 50_000
"""How many events a search looks at before it answers, in some 50 ms."""

POSITION = f"""
    SELECT log_position FROM events
    WHERE log_id = {LOG_ID} AND originator_id = %s AND originator_version = %s"""  # noqa: S608 - our own text


@dataclass(frozen=True)
class Wanted:
    """Which events somebody looks for; whatever is left out does not matter.

    A moment is the one when an event happened.
    """

    topics: Sequence[str] = ()
    aggregate_id: UUID | None = None
    actor_id: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Logged(NamedTuple):
    """A stored event with its place in the log and the moment it got there."""

    log_position: int
    recorded_at: datetime
    stored: StoredEvent


def after(db: Database, position: int, limit: int, topics: Sequence[str] = ()) -> list[Logged]:
    """The events after a position, perhaps only those of some names."""
    parameters = {"after": position, "limit": limit, "topics": [*topics]}
    return [_logged(*row) for row in db.execute(AFTER, parameters)]


def before(
    db: Database, position: int | None, limit: int, wanted: Wanted
) -> tuple[list[Logged], int | None]:
    """The wanted events before a position, or of the whole log, the latest first.

    Returns:
        At most as many as the limit says, and the position before which to look on; None where
        there is nothing more. A search for something rare looks at a part of the log at a time, so
        there may be more although few were found.
    """
    end = min(position or 2**62, head(db) + 1)
    whole = wanted.aggregate_id is not None  # of which an index knows all events
    first = 1 if whole else max(1, end - STRIDE)
    parameters = {
        "first": first,
        "before": end,
        "topics": [*wanted.topics],
        "id": wanted.aggregate_id,
        "actor": wanted.actor_id,
        "actor_bytes": b'"actor":{"id":' + to_json(wanted.actor_id),
        "request": wanted.request_id,
        "request_bytes": b'"request_id":' + to_json(wanted.request_id),
        "since": wanted.since,
        "since_bytes": _second(wanted.since),
        "until": wanted.until,
        "until_bytes": _second(wanted.until),
        "limit": limit + 1,
    }
    found = [_logged(*row) for row in db.execute(BEFORE, parameters)]
    if len(found) > limit:
        return found[:limit], found[limit - 1].log_position
    return found, first if first > 1 else None


def of_aggregate(db: Database, id: UUID, until: int | None = None) -> list[Logged]:
    """All that happened to one aggregate, perhaps only up to a position."""
    return [_logged(*row) for row in db.execute(OF_AGGREGATE, {"id": id, "until": until})]


def of_aggregates(
    db: Database, ids: Collection[UUID], until: int, topics: Sequence[str], limit: int | None = None
) -> list[Logged]:
    """What happened to these aggregates up to a position, by position; only events of some names.

    With a limit at most so many, and then not the first.
    """
    asked = {"ids": [*ids], "until": until, "topics": [*topics], "limit": limit}
    return sorted(_logged(*row) for row in db.execute(OF_AGGREGATES, asked, binary=True))


def first_reaching(
    db: Database, moments: Collection[datetime], after: int, until: int, topics: Sequence[str]
) -> tuple[dict[datetime, int], datetime | None]:
    """The first event, of those between two positions, that happened at or after each moment.

    Looks at all of them, a million in a second.

    Returns:
        The positions, of the moments that are reached; and the latest moment of all the events.
    """
    wanted = sorted(set(moments))
    asked = {"moments": wanted, "after": after, "until": until, "topics": [*topics]}
    rows = db.execute(FIRST_REACHING, asked, binary=True).fetchall()
    by_number = {number: position for number, position, _ in rows}
    first: dict[datetime, int] = {}
    earliest = None
    for number, moment in reversed([*enumerate(wanted, 1)]):
        position = by_number.get(number)
        earliest = min(filter(None, (earliest, position)), default=None)
        if earliest is not None:
            first[moment] = earliest
    return first, max((latest for *_, latest in rows), default=None)


def next_after(db: Database, positions: Collection[int], topics: Sequence[str]) -> list[int]:
    """Where the next event of some names stands after each position, as far as there is one."""
    asked = {"after": [*positions], "topics": [*topics]}
    return [position for (position,) in db.execute(NEXT, asked)]


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


def _second(moment: datetime | None) -> bytes | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19].encode()

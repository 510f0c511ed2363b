"""Searches the event log: forwards, backwards, by aggregate, and by when events happened."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from infrastructure.database.postgres import Database
from infrastructure.event_log.log_head import LOG_ID, head
from infrastructure.event_log.stored_fields import (
    MOMENT,
    MOMENT_OR_RECORDED,
    contains,
    spellings,
)

COLUMNS = "log_position, recorded_at, originator_id, originator_version, topic, state"

AFTER = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = {LOG_ID} AND log_position > %(after)s AND log_position <= %(reached)s
      AND (%(topics)s::text[] = '{{}}' OR topic = ANY(%(topics)s::text[]))
    ORDER BY log_position LIMIT %(limit)s"""  # noqa: S608 - our own text

AT = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = {LOG_ID} AND log_position = ANY(%s::bigint[])
    ORDER BY log_position"""  # noqa: S608 - our own text

OF_AGGREGATE = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = {LOG_ID} AND originator_id = %(id)s
      AND (%(until)s::bigint IS NULL OR log_position <= %(until)s)
    ORDER BY originator_version"""  # noqa: S608 - our own text

BEFORE = f"""
    SELECT {COLUMNS} FROM events
    WHERE log_id = {LOG_ID} AND log_position >= %(first)s AND log_position < %(before)s
      AND (%(topics)s::text[] = '{{}}' OR topic = ANY(%(topics)s::text[]))
      AND (%(id)s::uuid IS NULL OR originator_id = %(id)s)
      AND (%(actor)b::bytea[] IS NULL OR {contains("actor")})
      AND (%(request)b::bytea[] IS NULL OR {contains("request")})
      AND (%(since)s::timestamptz IS NULL OR {MOMENT_OR_RECORDED} >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR {MOMENT_OR_RECORDED} < %(until)s)
    ORDER BY log_position DESC LIMIT %(limit)s"""  # noqa: S608 - our own text

# Stream by stream along the primary key, however many there are.
OF_AGGREGATES = f"""
    SELECT event.* FROM unnest(%(ids)b::uuid[]) AS wanted (id), LATERAL (
        SELECT {COLUMNS} FROM events
        WHERE log_id = {LOG_ID} AND originator_id = wanted.id AND log_position <= %(until)s
          AND topic = ANY(%(topics)s::text[])
        ORDER BY originator_version
    ) AS event LIMIT %(limit)s"""  # noqa: S608 - our own text

# OFFSET keeps whole events out of what is sorted.
PASSING = f"""
    SELECT log_position, moment FROM (
        SELECT log_position, moment, max(moment) OVER () AS latest,
            coalesce(max(moment) OVER before, '-infinity') AS latest_before,
            coalesce(lag(log_position) OVER before, %(after)s) AS behind
        FROM (
            SELECT log_position, {MOMENT} AS moment FROM events
            WHERE log_id = {LOG_ID} AND log_position > %(after)s AND log_position <= %(until)s
              AND topic = ANY(%(topics)s::text[]) AND log_position <> ALL(%(skipped)b::bigint[])
            OFFSET 0
        ) AS happened
        WINDOW before AS (
            ORDER BY log_position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) AS followed
    WHERE moment = latest OR behind = ANY(%(behind)b::bigint[])
        OR width_bucket(moment, %(moments)b::timestamptz[])
            > width_bucket(latest_before, %(moments)b::timestamptz[])
    ORDER BY log_position"""  # noqa: S608 - our own text

STRIDE = 50_000
"""How many events a search looks at before it answers, in some 50 ms."""

POSITION = f"""
    SELECT log_position FROM events
    WHERE log_id = {LOG_ID} AND originator_id = %s AND originator_version = %s"""  # noqa: S608 - our own text


@dataclass(frozen=True)
class Wanted:
    """Which events to look for, by all that is given.

    The moments are those of happening, or of recording where the event's own cannot be read.
    """

    topics: Sequence[str] = ()
    aggregate_id: UUID | None = None
    actor_id: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Logged(NamedTuple):
    """A stored event with its log position and when it was recorded."""

    log_position: int
    recorded_at: datetime
    stored: StoredEvent


def after(
    db: Database, log_position: int, limit: int, topics: Sequence[str] = ()
) -> tuple[list[Logged], int]:
    """The next events, on these topics or on all, and the log position up to which that is all.

    One call looks at a part of the log, so there may be more although few or none were found; the
    log position returned does not move where the log ends.
    """
    reached = max(log_position, min(head(db), log_position + STRIDE))
    parameters = {"after": log_position, "reached": reached, "topics": [*topics], "limit": limit}
    found = [_logged(*row) for row in db.execute(AFTER, parameters)]
    return found, found[-1].log_position if len(found) == limit else reached


def before(
    db: Database, log_position: int | None, limit: int, wanted: Wanted
) -> tuple[list[Logged], int | None]:
    """The wanted events before a log position, or of the whole log, the latest first.

    With the log position before which to look on, None at the log's beginning. One call looks at a
    part of the log, so there may be more although few were found.
    """
    end = min(2**62 if log_position is None else log_position, head(db) + 1)
    by_index = wanted.aggregate_id is not None
    first = 1 if by_index else max(1, end - STRIDE)
    parameters = {
        "first": first,
        "before": end,
        "topics": [*wanted.topics],
        "id": wanted.aggregate_id,
        "actor": spellings('"actor":{"id":', wanted.actor_id),
        "request": spellings('"request_id":', wanted.request_id),
        "since": wanted.since,
        "until": wanted.until,
        "limit": limit + 1,
    }
    found = [_logged(*row) for row in db.execute(BEFORE, parameters)]
    if len(found) > limit:
        return found[:limit], found[limit - 1].log_position
    return found, first if first > 1 else None


def at(db: Database, log_positions: Collection[int]) -> list[Logged]:
    """The events at these log positions, in order."""
    return [_logged(*row) for row in db.execute(AT, [[*log_positions]])]


def of_aggregate(db: Database, id: UUID, until: int | None = None) -> list[Logged]:
    """The events of one aggregate, up to a log position if one is given."""
    return [_logged(*row) for row in db.execute(OF_AGGREGATE, {"id": id, "until": until})]


def of_aggregates(
    db: Database, ids: Collection[UUID], until: int, topics: Sequence[str], limit: int | None = None
) -> list[Logged]:
    """The events of these aggregates on these topics up to a log position, in log order.

    With a limit at most so many, and then not necessarily the first.
    """
    asked = {"ids": [*ids], "until": until, "topics": [*topics], "limit": limit}
    return sorted(_logged(*row) for row in db.execute(OF_AGGREGATES, asked, binary=True))


def passing(
    db: Database,
    moments: Collection[datetime],
    behind: Collection[int],
    after: int,
    until: int,
    topics: Sequence[str],
    skipped: Collection[int] = (),
) -> list[tuple[int, datetime]]:
    """The events by which time passes between two log positions, with when they happened.

    They are the first that reached each of these moments, those right behind these log positions,
    and the latest. Looks at all events in between, a million in a second or two, but for those
    at the log positions `skipped`.
    """
    asked = {"moments": sorted({*moments}), "behind": [*behind], "after": after, "until": until}
    named = {"topics": [*topics], "skipped": [*skipped]}
    return db.execute(PASSING, asked | named, binary=True).fetchall()


def log_position_of(db: Database, id: UUID, version: int) -> int:
    """The log position of an aggregate's event of this version. Raises `LookupError`."""
    row = db.execute(POSITION, [id, version]).fetchone()
    if row is None:
        raise LookupError(f"{id} has no version {version}")
    return int(row[0])


def _logged(
    position: int, recorded_at: datetime, id: UUID, version: int, topic: str, state: bytes
) -> Logged:
    return Logged(position, recorded_at, StoredEvent(id, version, topic, bytes(state)))

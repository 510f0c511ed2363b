"""The SQL that appends to the event log."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infrastructure.event_log.log_head import LOG_ID

Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]
"""SQL with its parameters, to be committed together with events."""

CHANNEL = "events"
"""Notified after each commit, as a hint."""

NO_EVENTS = -1
"""The version of a stream without events; the library's contract lets one begin at 0."""

# Appends a batch at a known end of the log, if each stream's version is within its bounds; appends
# nothing if the log has grown or a stream is elsewhere. The versions are checked against a snapshot
# from before the row lock, yet they hold under it: the log ended at the same place in both, so
# nothing was written in between.
APPEND = f"""
WITH head AS (
    UPDATE log_head SET log_position = log_position + %(count)s::bigint
    WHERE log_id = {LOG_ID} AND log_position = %(log_position)s::bigint AND NOT EXISTS (
        SELECT FROM unnest(%(streams)b::uuid[], %(lowest)s::bigint[], %(highest)s::bigint[])
            AS expected (originator_id, lowest, highest)
        WHERE coalesce((
            SELECT max(originator_version) FROM events
            WHERE log_id = {LOG_ID} AND events.originator_id = expected.originator_id
        ), {NO_EVENTS}) NOT BETWEEN lowest AND highest
    )
    RETURNING log_id
), recorded AS (
    INSERT INTO events
        (log_id, log_position, originator_id, originator_version, topic, state, recorded_at)
    SELECT head.log_id, %(log_position)s::bigint + event.number, event.originator_id,
        event.originator_version, event.topic, event.state, %(at)s::timestamptz
    FROM head, unnest(%(ids)b::uuid[], %(versions)s::bigint[], %(topics)b::text[],
        %(states)b::bytea[]) WITH ORDINALITY
        AS event (originator_id, originator_version, topic, state, number)
    RETURNING log_id
)
SELECT count(*), CASE WHEN count(*) > 0 THEN pg_notify('{CHANNEL}', '') END FROM recorded
"""  # noqa: S608 - built from our own constants

# Two statements in one round trip; the transaction's id tells later whether it was committed.
BEGIN_AND_LOCK = f"""
BEGIN;
SELECT log_position, pg_current_xact_id()::text FROM log_head WHERE log_id = {LOG_ID} FOR UPDATE
"""  # noqa: S608 - our own constants

VERSIONS = f"""
SELECT originator_id, version
FROM unnest(%b::uuid[]) AS stream (originator_id), LATERAL (
    SELECT max(originator_version) AS version FROM events
    WHERE log_id = {LOG_ID} AND events.originator_id = stream.originator_id
) AS last
WHERE version IS NOT NULL
"""  # noqa: S608 - our own constants

FIND = f"""
SELECT topic, state, recorded_at FROM events
WHERE log_id = {LOG_ID} AND log_position = %s AND originator_id = %s AND originator_version = %s
"""  # noqa: S608 - our own constants

WAS_COMMITTED = "SELECT pg_xact_status(%s::xid8) = 'committed'"


def array(values: Iterable[object]) -> str:
    """Numbers, ids or topics as PostgreSQL writes an array.

    psycopg looks at each element of a list first, which costs several times as much.

    >>> array([1, 2])
    '{1,2}'
    """
    return "{" + ",".join(map(str, values)) + "}"

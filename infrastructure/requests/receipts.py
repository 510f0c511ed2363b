"""Which activities have been taken, so that each counts once however often its source tells it."""

from collections.abc import Sequence
from uuid import UUID

from infrastructure.database.postgres import Database
from infrastructure.event_log.statements import Statement

Receipt = tuple[UUID, str, str]
"""A candidate, a source, and the activity's id at that source."""

FIND = """
    SELECT candidate_id, source, source_id FROM activity_receipts
    JOIN unnest(%s::uuid[], %s::text[], %s::text[]) AS asked (candidate_id, source, source_id)
    USING (candidate_id, source, source_id)"""

KEEP = """
    INSERT INTO activity_receipts (candidate_id, source, source_id)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[])"""


def known(db: Database, receipts: Sequence[Receipt]) -> set[Receipt]:
    """The receipts among these that were kept before."""
    return set(db.execute(FIND, _columns(receipts)).fetchall())


def keeping(receipts: Sequence[Receipt]) -> Statement:
    """The statement that keeps new receipts. It fails if one was kept meanwhile."""
    return KEEP, _columns(receipts)


def _columns(receipts: Sequence[Receipt]) -> list[list[object]]:
    return [list(column) for column in zip(*receipts, strict=True)] or [[], [], []]

"""Expires outreaches whose answer window has closed: the one thing that happens by itself."""

from datetime import datetime
from uuid import uuid4

from domain.actor import Actor, Role
from domain.aggregate import Refused
from domain.outreach import ExpireOutreach
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from projections import interview_list

EXPIRY = Actor(id="expiry", role=Role.SYSTEM)
AT_ONCE = 500


def expire_overdue(store: EventStore, pool: Pool, at: datetime) -> int:
    """Expire what is overdue. Returns how many did; the aggregate has the last word on each."""
    with pool.connection() as db:
        overdue = interview_list.overdue(db, at, AT_ONCE)
    expired = 0
    for outreach_id in overdue:
        try:
            store.execute(
                ExpireOutreach(by=EXPIRY, at=at, request_id=str(uuid4()), outreach_id=outreach_id)
            )
            expired += 1
        except Refused:  # answered or expired meanwhile, which the list does not show yet
            continue
    return expired

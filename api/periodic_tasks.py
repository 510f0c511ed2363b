"""Expires outreaches whose answer window has closed, which no one asks for."""

from datetime import datetime
from uuid import uuid4

from domain.actor import Actor, Role
from domain.aggregate import Refused
from domain.outreach import ExpireOutreach
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.reading import ReadModels
from projections import interview_list
from projections.interview_list import InterviewList

EXPIRY = Actor(id="expiry", role=Role.SYSTEM)
AT_ONCE = 500


def expire_overdue(store: EventStore, read_models: ReadModels, at: datetime) -> int:
    """Expire what is overdue. Returns how many did; the aggregate has the last word on each."""
    with read_models.reading(InterviewList) as db:
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

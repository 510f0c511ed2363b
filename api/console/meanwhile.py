"""What others changed about a position since a form was made of it."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.audit import past_state
from api.cloud_events import cloud_events
from api.console.session import Visit
from domain.event import Event
from domain.position import Position
from infrastructure.event_log import queries


class Meanwhile(NamedTuple):
    """A position as the form shows it and as it is now, and who changed it last, and when."""

    seen: Position
    current: Position
    by: str | None
    at: datetime


def changed_meanwhile(
    visit: Visit, position_id: UUID, kinds: Collection[type[Event]]
) -> Meanwhile | None:
    """What events of these kinds changed since the version of a form. None if there are none."""
    with visit.caller.reading() as db:
        logged = queries.of_aggregate(db, position_id)
    version, topics = visit.sent.version(), {kind.TOPIC for kind in kinds}
    since = [entry for entry in logged[version:] if entry.stored.topic in topics]
    if not since:
        return None
    store = visit.caller.marketplace.store
    (last,) = cloud_events(store, since[-1:])
    return Meanwhile(
        past_state.folded_from(store, Position, position_id, logged[:version]),
        past_state.folded_from(store, Position, position_id, logged),
        last.actorid,
        last.time,
    )

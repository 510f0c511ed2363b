"""Follows the event log, and queues each event for the webhooks that are to be told of it.

What is queued commits with the log position reached, so each event is queued exactly once, for the
webhooks that were subscribed and enabled at its place in the log.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.event import Event
from domain.event_disclosure import KINDS_FOR_EMPLOYERS, employer_of
from domain.webhook import (
    DeadLettersReplayed,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRemoved,
    WebhookSubscribed,
)
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.log_head import LOG_ID, head
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore
from infrastructure.event_log.unreadable import UnreadableEvent

BATCH_SIZE = 1000

CHANGING = {
    event.TOPIC
    for event in (
        WebhookSubscribed,
        WebhookDisabled,
        WebhookEnabled,
        DeadLettersReplayed,
        WebhookRemoved,
    )
}

PROGRESS = f"""
    SELECT log_position FROM webhook_progress WHERE log_id = {LOG_ID}
    FOR UPDATE SKIP LOCKED"""  # noqa: S608 - our constant

ADVANCE = f"UPDATE webhook_progress SET log_position = %s WHERE log_id = {LOG_ID}"  # noqa: S608 - our constant

SUBSCRIPTIONS = "SELECT webhook_id, employer_id, kinds FROM webhook_subscriptions WHERE enabled"

QUEUE = """
    INSERT INTO webhook_deliveries (
        webhook_id, log_position, kind, status, attempts, queued_at, due_at)
    SELECT webhook_id, log_position, kind, 'queued', 0, %(at)s, %(at)s
    FROM unnest(%(ids)s::uuid[], %(positions)s::bigint[], %(kinds)s::text[])
        AS event (webhook_id, log_position, kind)"""

SUBSCRIBE = """
    INSERT INTO webhook_subscriptions (webhook_id, employer_id, kinds, enabled)
    VALUES (%(id)s, %(employer_id)s, %(kinds)s::text[], true)"""

SET_ENABLED = "UPDATE webhook_subscriptions SET enabled = %(enabled)s WHERE webhook_id = %(id)s"

BURY = """
    UPDATE webhook_deliveries SET status = 'dead', failure = 'the webhook was disabled'
    WHERE webhook_id = %(id)s AND status = 'queued'"""

REPLAY = """
    UPDATE webhook_deliveries
    SET status = 'queued', attempts = 0, queued_at = %(at)s, due_at = %(at)s
    WHERE webhook_id = %(id)s AND status = 'dead'
      AND (%(positions)s::bigint[] IS NULL OR log_position = ANY(%(positions)s::bigint[]))"""

UNSUBSCRIBE = "DELETE FROM webhook_subscriptions WHERE webhook_id = %(id)s"

FORGET = "DELETE FROM webhook_deliveries WHERE webhook_id = %(id)s"


class Subscription(NamedTuple):
    """Which events an enabled webhook is told of."""

    webhook_id: UUID
    employer_id: UUID | None
    kinds: list[str]

    @property
    def topics(self) -> set[str]:
        """The kinds of events; none for all."""
        chosen = set(self.kinds)
        if self.employer_id is None:
            return chosen
        return chosen & KINDS_FOR_EMPLOYERS if chosen else {*KINDS_FOR_EMPLOYERS}


def fan_out(db: Database, store: EventStore, at: datetime) -> bool:
    """Queue what comes next in the log. Returns whether there may be more.

    One worker at a time does it; the others find nothing to do.
    """
    with db.transaction():
        row = db.execute(PROGRESS).fetchone()
        if row is None or head(db) <= row[0]:
            return False
        subscriptions = [Subscription(*each) for each in db.execute(SUBSCRIPTIONS)]
        logged, reached = queries.after(db, row[0], BATCH_SIZE, _topics(subscriptions))
        # What changes the webhooks ends the batch: after it others are to be told.
        change = next((entry for entry in logged if entry.stored.topic in CHANGING), None)
        if change is not None:
            reached = change.log_position
        _queue(db, (entry for entry in logged if entry.log_position <= reached), subscriptions, at)
        if change is not None:
            _apply(db, store, change, at)
        if db.execute(ADVANCE, [reached]).rowcount != 1:
            raise LookupError("The table webhook_progress has lost its row: insert it again.")
        return reached < head(db)


def _topics(subscriptions: Sequence[Subscription]) -> list[str]:
    each = [subscription.topics for subscription in subscriptions]
    follows_all = any(
        not topics and subscription.employer_id is None
        for topics, subscription in zip(each, subscriptions, strict=True)
    )
    return [] if follows_all else sorted(CHANGING.union(*each))


def _queue(
    db: Database, logged: Iterable[Logged], subscriptions: Sequence[Subscription], at: datetime
) -> None:
    wanting = [(subscription, subscription.topics) for subscription in subscriptions]
    for_employers = any(subscription.employer_id for subscription in subscriptions)
    ids: list[UUID] = []
    positions: list[int] = []
    kinds: list[str] = []
    for entry in logged:
        topic = entry.stored.topic
        employer = _employer(entry) if for_employers else None
        for subscription, topics in wanting:
            if subscription.employer_id in (None, employer) and (not topics or topic in topics):
                ids.append(subscription.webhook_id)
                positions.append(entry.log_position)
                kinds.append(topic)
    if ids:
        db.execute(QUEUE, {"ids": ids, "positions": positions, "kinds": kinds, "at": at})


def _employer(entry: Logged) -> UUID | None:
    stored = entry.stored
    return employer_of(stored.topic, UUID(str(stored.originator_id)), stored.state)


def _apply(db: Database, store: EventStore, change: Logged, at: datetime) -> None:
    (event,) = store.mapper.read([change.stored])
    if isinstance(event, UnreadableEvent):
        return
    for statement, more in _changes(event):
        db.execute(statement, {"id": event.originator_id, "at": at, **more})


def _changes(event: Event) -> list[tuple[str, dict[str, object]]]:
    match event:
        case WebhookSubscribed():
            return [
                (SUBSCRIBE, {"employer_id": event.employer_id, "kinds": [*event.kinds]}),
            ]
        case WebhookDisabled():
            return [(SET_ENABLED, {"enabled": False}), (BURY, {})]
        case WebhookEnabled():
            return [(SET_ENABLED, {"enabled": True})]
        case DeadLettersReplayed():
            named = event.log_positions
            return [(REPLAY, {"positions": None if named is None else [*named]})]
        case _:
            return [(UNSUBSCRIBE, {}), (FORGET, {})]

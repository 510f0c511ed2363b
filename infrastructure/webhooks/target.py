"""Where a webhook leads and what signs for it, read from the log, where alone it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.event import ERASED
from domain.webhook import SecretRotated, WebhookSubscribed
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore


class Target(NamedTuple):
    """Where to send, the secrets that sign, the newest first, and for whom."""

    url: str
    secrets: tuple[str, ...]
    employer_id: UUID | None


def target_of(store: EventStore, history: Sequence[Logged], at: datetime) -> Target | None:
    """The target as of this moment, by the webhook's events. None if it was removed."""
    events = store.mapper.read([entry.stored for entry in history], personal=True)
    subscribed = next((event for event in events if isinstance(event, WebhookSubscribed)), None)
    if subscribed is None:
        return None
    secrets = [subscribed.secret]
    for event in events:
        if isinstance(event, SecretRotated):
            still_valid = secrets if at < event.overlap_until else []
            secrets = [event.secret, *still_valid]
    if ERASED in secrets:
        return None
    return Target(subscribed.url, tuple(secrets), subscribed.employer_id)


def secret_of(store: EventStore, history: Sequence[Logged], version: int) -> str | None:
    """The secret that the event of this version made. None if the webhook was removed since."""
    (event,) = store.mapper.read([history[version - 1].stored], personal=True)
    known = isinstance(event, WebhookSubscribed | SecretRotated) and event.secret != ERASED
    return event.secret if known else None  # type: ignore[union-attr] # known says which it is

"""The webhooks that there are: where each leads to and what it is told of."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.handlers import on
from domain.webhook import (
    DeadLettersReplayed,
    SecretRotated,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRemoved,
    WebhookSubscribed,
)
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, WholeNumber, after, page


class WebhookStatus(StrEnum):
    """Whether the address is told of events."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class Webhooks(Projection, name="webhooks", version=1, key="id", personal=True):
    """Every webhook with its address, without its secrets."""

    TABLES = """
        CREATE TABLE webhooks (
            webhook_id        uuid PRIMARY KEY,
            employer_id       uuid,
            url               text NOT NULL,
            kinds             text[] NOT NULL,
            status            text NOT NULL,
            disabled_for      text,
            subscribed_by     text NOT NULL,
            subscribed_at     timestamptz NOT NULL,
            secret_rotated_at timestamptz,
            log_position      bigint NOT NULL,
            version           bigint NOT NULL
        );
        CREATE INDEX webhooks_by_age ON webhooks (log_position DESC)"""

    ADD = """
        INSERT INTO webhooks (
            webhook_id, employer_id, url, kinds, status, subscribed_by, subscribed_at, log_position,
            version)
        VALUES (
            %(id)s, %(employer_id)s, %(url)s, %(kinds)s::text[], 'enabled', %(by)s, %(at)s,
            %(log_position)s, %(version)s)"""

    SET_STATUS = """
        UPDATE webhooks SET status = %(status)s, disabled_for = %(reason)s, version = %(version)s
        WHERE webhook_id = %(id)s"""

    ROTATE = """
        UPDATE webhooks SET secret_rotated_at = %(at)s, version = %(version)s
        WHERE webhook_id = %(id)s"""

    SET_VERSION = "UPDATE webhooks SET version = %(version)s WHERE webhook_id = %(id)s"

    REMOVE = "DELETE FROM webhooks WHERE webhook_id = %(id)s"

    @on(WebhookSubscribed)
    def on_webhook_subscribed(self, event: WebhookSubscribed) -> Change:
        return self.ADD, {"kinds": [*event.kinds]}

    @on(SecretRotated)
    def on_secret_rotated(self, _event: SecretRotated) -> Change:
        return self.ROTATE, {}

    @on(WebhookDisabled)
    def on_webhook_disabled(self, _event: WebhookDisabled) -> Change:
        return self.SET_STATUS, {"status": WebhookStatus.DISABLED}

    @on(WebhookEnabled)
    def on_webhook_enabled(self, _event: WebhookEnabled) -> Change:
        return self.SET_STATUS, {"status": WebhookStatus.ENABLED, "reason": None}

    @on(DeadLettersReplayed)
    def on_dead_letters_replayed(self, _event: DeadLettersReplayed) -> Change:
        return self.SET_VERSION, {}

    @on(WebhookRemoved)
    def on_webhook_removed(self, _event: WebhookRemoved) -> Change:
        return self.REMOVE, {}


class Webhook(BaseModel):
    """An address that is told of events."""

    webhook_id: UUID
    employer_id: UUID | None = Field(description="whose events; null for the whole marketplace")
    url: str
    kinds: list[str] = Field(description="only these types; none for all that it may see")
    status: WebhookStatus
    disabled_for: str | None
    subscribed_by: str
    subscribed_at: datetime
    secret_rotated_at: datetime | None
    log_position: int
    version: int


def one(db: Connection, webhook_id: UUID) -> Webhook | None:
    """This webhook."""
    return fetch_one(db, Webhook, "SELECT * FROM webhooks WHERE webhook_id = %s", [webhook_id])


def listed(
    db: Connection, limit: int, cursor: str | None, employer_id: UUID | None = None
) -> Listed[Webhook]:
    """Webhooks, the newest first; perhaps only those of an employer."""
    _, before = after(cursor, tuple[Literal["webhooks"], WholeNumber]) or (None, None)
    rows = fetch_all(
        db,
        Webhook,
        """
        SELECT * FROM webhooks
        WHERE (%(before)s::bigint IS NULL OR log_position < %(before)s)
          AND (%(employer)s::uuid IS NULL OR employer_id = %(employer)s)
        ORDER BY log_position DESC LIMIT %(limit)s""",
        {"before": before, "employer": employer_id, "limit": limit + 1},
    )
    return page(rows, limit, lambda row: ["webhooks", row.log_position])

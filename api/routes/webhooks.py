"""Webhooks: addresses that are told of events as they happen.

Messages follow Standard Webhooks, their bodies are CloudEvents 1.0. A recruiter subscribes to the
events of their own employer, an admin to those of any employer or of the whole marketplace.
"""

import socket
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

import domain.webhook
from api.http.access import Recruiter
from api.http.caller import Caller, CommandResult
from api.http.lists import Cursor, Limit
from api.http.problems import Problem, Reason
from domain.actor import Role
from domain.command import NotFound
from domain.event import TYPES
from domain.event_disclosure import KINDS_FOR_EMPLOYERS
from domain.values import Value
from domain.webhook import (
    Address,
    DeadLetters,
    DisableWebhook,
    EnableWebhook,
    Kinds,
    RemoveWebhook,
    ReplayDeadLetters,
    RotateSecret,
    SubscribeWebhook,
)
from infrastructure.event_log import queries
from infrastructure.webhooks import queue, signing
from infrastructure.webhooks.addresses import AddressRefused, check_addresses, check_url
from infrastructure.webhooks.queue import Delivery, DeliveryStatus
from infrastructure.webhooks.target import secret_of
from projections import webhooks
from projections.paging import Listed, WholeNumber, after, page
from projections.webhooks import Webhook, Webhooks

router = APIRouter(prefix="/webhooks", tags=["Webhooks"])


class NewWebhook(Value):
    """Where to send, and what."""

    url: Address = Field(
        description="https, on a public address", examples=["https://hooks.example.com/"]
    )
    kinds: Kinds = Field(
        (), description="only these types of events, such as outreach.accepted; none for all"
    )
    employer_id: UUID | None = Field(
        None, description="whose events; a recruiter's own employer if left out, else everybody's"
    )


class Replay(Value):
    """Which dead letters to send again."""

    log_positions: DeadLetters | None = Field(
        None, description="of the events; null for all that were given up"
    )


class WithSecret(CommandResult):
    """A webhook with its new secret, which is told here alone."""

    secret: str = Field(description="verifies signatures: `whsec_` and base64; keep it")


@router.post("", status_code=201)
def subscribe_webhook(body: NewWebhook, caller: Recruiter) -> WithSecret:
    """Subscribe an address to events from now on. The answer has the secret of the signatures."""
    asked = {**dict(body), "employer_id": body.employer_id or _whose(caller)}
    _check_kinds(body.kinds, is_of_employer=asked["employer_id"] is not None)
    _check_address(body.url, caller.marketplace.settings.allowed_webhook_hosts)
    result = caller.run(
        SubscribeWebhook,
        payload=asked,
        webhook_id=caller.new_id(),
        secret=signing.new_secret(),
        **asked,
    )
    return _with_secret(caller, result)


@router.get("")
def list_webhooks(caller: Recruiter, limit: Limit = 50, cursor: Cursor = None) -> Listed[Webhook]:
    """Webhooks, the newest first; a recruiter sees their employer's alone."""
    with caller.reading(Webhooks) as db:
        return webhooks.listed(db, limit, cursor, _whose(caller))


@router.get("/{webhook_id}")
def read_webhook(webhook_id: UUID, caller: Recruiter) -> Webhook:
    """A webhook, without its secret."""
    with caller.reading(Webhooks) as db:
        webhook = _found(caller, webhook_id, webhooks.one(db, webhook_id))
    caller.set_etag(webhook.version)
    return webhook


@router.delete("/{webhook_id}")
def remove_webhook(webhook_id: UUID, caller: Recruiter) -> CommandResult:
    """Remove a webhook: its address, its secrets and its deliveries are forgotten."""
    return caller.run(RemoveWebhook, webhook_id=webhook_id)


@router.post("/{webhook_id}/secret", status_code=201)
def rotate_secret(webhook_id: UUID, caller: Recruiter) -> WithSecret:
    """Make a new secret. For 24 hours messages carry the signatures of both."""
    result = caller.run(
        RotateSecret,
        payload=str(webhook_id),
        webhook_id=webhook_id,
        secret=signing.new_secret(),
    )
    return _with_secret(caller, result)


@router.post("/{webhook_id}/disablement", status_code=201)
def disable_webhook(webhook_id: UUID, caller: Recruiter) -> CommandResult:
    """Send nothing for now. What waits becomes dead letters."""
    return caller.run(DisableWebhook, webhook_id=webhook_id, reason="asked for")


@router.post("/{webhook_id}/enablement", status_code=201)
def enable_webhook(webhook_id: UUID, caller: Recruiter) -> CommandResult:
    """Send again: events from now on, and dead letters once they are replayed."""
    return caller.run(EnableWebhook, webhook_id=webhook_id)


@router.get("/{webhook_id}/deliveries")
def list_deliveries(
    webhook_id: UUID,
    caller: Recruiter,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[DeliveryStatus | None, Query(description="only these")] = None,
) -> Listed[Delivery]:
    """What was sent in the last 30 days, is to be sent, or was given up; the latest first."""
    key = after(cursor, tuple[Literal["deliveries"], WholeNumber])
    with caller.reading(Webhooks) as db:
        _found(caller, webhook_id, webhooks.one(db, webhook_id))
        rows = queue.listed(db, webhook_id, limit + 1, key[1] if key else None, status)
    return page(rows, limit, lambda row: ["deliveries", row.log_position])


@router.post("/{webhook_id}/replay", status_code=201)
def replay_dead_letters(webhook_id: UUID, body: Replay, caller: Recruiter) -> CommandResult:
    """Send what was given up again, each event under the same `webhook-id` as before."""
    return caller.run(ReplayDeadLetters, webhook_id=webhook_id, log_positions=body.log_positions)


def _whose(caller: Caller) -> UUID | None:
    """The employer that a recruiter acts for; None for an admin, who acts for all."""
    return caller.actor.employer_id if caller.actor.role is Role.RECRUITER else None


def _found(caller: Caller, webhook_id: UUID, webhook: Webhook | None) -> Webhook:
    own = _whose(caller)
    if webhook is None or (own is not None and webhook.employer_id != own):
        raise NotFound(domain.webhook.Webhook, webhook_id)
    return webhook


def _with_secret(caller: Caller, result: CommandResult) -> WithSecret:
    # Read from the log, so that the same request again is answered with the same secret.
    marketplace = caller.marketplace
    with marketplace.pool.connection() as db:
        history = queries.of_aggregate(db, result.id)
    secret = secret_of(marketplace.store, history, result.version)
    if secret is None:
        raise NotFound(domain.webhook.Webhook, result.id)
    return WithSecret(**dict(result), secret=secret)


def _check_kinds(kinds: Kinds, *, is_of_employer: bool) -> None:
    known = KINDS_FOR_EMPLOYERS if is_of_employer else TYPES.keys()
    if unknown := [kind for kind in kinds if kind not in known]:
        detail = f"There are no such events for this webhook: {', '.join(unknown)}."
        reasons = [Reason(code="unknown_kind", detail=f"{kind} is unknown.") for kind in unknown]
        raise Problem(422, "invalid", detail, reasons)


def _check_address(url: str, allowed: frozenset[str]) -> None:
    """Refuse early what is refused when it is sent; names may lead elsewhere by then."""
    try:
        host, port = check_url(url, allowed)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        check_addresses(host, [str(sockaddr[0]) for *_, sockaddr in found], allowed)
    except (OSError, UnicodeError):
        _refuse_address("The address's host is not to be found; check it.")
    except AddressRefused as refused:
        _refuse_address(str(refused))


def _refuse_address(detail: str) -> None:
    reason = Reason(code="address_refused", detail=detail, field="url")
    raise Problem(422, "invalid", detail, [reason])

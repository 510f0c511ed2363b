"""A webhook: an address that is told of events as they happen, each signed with a secret."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.actor import Cause, Role
from domain.aggregate import Aggregate, Refusal, Refused
from domain.command import Command, NotFound, Work
from domain.employer import own_employer
from domain.event import Event, Personal
from domain.handlers import on
from domain.values import NUMBER, Moment, StorableText

SECRETS_OVERLAP = timedelta(hours=24)
"""How long a secret goes on signing, beside its successor."""

MOST_KINDS = 100
MOST_REPLAYED = 1000
"""Dead letters that one command may name."""

Address = Annotated[
    StorableText, Field(min_length=1, max_length=2000, pattern=r"^https?://[!-~]+$")
]
Kind = Annotated[StorableText, Field(min_length=1, max_length=100)]
Kinds = Annotated[tuple[Kind, ...], Field(max_length=MOST_KINDS)]
LogPosition = Annotated[int, NUMBER, Field(ge=1, le=2**63 - 1)]
DeadLetters = Annotated[tuple[LogPosition, ...], Field(max_length=MOST_REPLAYED)]


class WebhookSubscribed(Event, name="webhook.subscribed", version=1, redacted_in_log=True):
    """An address is told of events of these kinds from now on: of one employer, or of all.

    Without kinds it is told of every event that it may see.
    """

    url: Personal[str]
    secret: Personal[str]
    kinds: Kinds
    employer_id: UUID | None


class SecretRotated(Event, name="webhook.secret_rotated", version=1, redacted_in_log=True):
    """Another secret signs from now on; until then its predecessors sign as well."""

    secret: Personal[str]
    overlap_until: Moment


class WebhookDisabled(Event, name="webhook.disabled", version=1):
    """The address is told of nothing until the webhook is enabled; what waits is a dead letter."""

    reason: str


class WebhookEnabled(Event, name="webhook.enabled", version=1):
    """The address is told of events again."""


class DeadLettersReplayed(Event, name="webhook.dead_letters_replayed", version=1):
    """Events that the address did not take are sent again: those at these log positions, or all."""

    log_positions: tuple[int, ...] | None


class WebhookRemoved(Event, name="webhook.removed", version=1, erases=True):
    """The address is told of nothing any more; it and its secrets are forgotten."""


class EmployerNotNamed(Refusal):
    """Say whose events the webhook is told of; only an admin's is told of everybody's."""


class WebhookAlreadySubscribed(Refusal):
    """A webhook with this id exists already; use another id."""


class WebhookAlreadyDisabled(Refusal):
    """The webhook is disabled already ({reason})."""


class WebhookAlreadyEnabled(Refusal):
    """The webhook is enabled already."""


class WebhookIsDisabled(Refusal):
    """The webhook is disabled ({reason}); enable it first."""


class Webhook(Aggregate, kind="webhook"):
    """Subscribed, perhaps disabled and enabled again, removed once."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.employer_id: UUID | None = None
        self.disabled_for: str | None = None
        self.removed = False

    # Decisions: check the rule, then state the fact. Never run on replay.

    def subscribe(
        self, cause: Cause, *, url: str, secret: str, kinds: Sequence[str], employer_id: UUID | None
    ) -> None:
        """Tell the address of events from now on."""
        if self.exists:
            raise Refused(WebhookAlreadySubscribed())
        self.record(
            WebhookSubscribed,
            cause,
            url=url,
            secret=secret,
            kinds=tuple(kinds),
            employer_id=employer_id,
        )

    def rotate_secret(self, cause: Cause, *, secret: str) -> None:
        """Sign with another secret."""
        self.record(SecretRotated, cause, secret=secret, overlap_until=cause.at + SECRETS_OVERLAP)

    def disable(self, cause: Cause, *, reason: str) -> None:
        """Stop telling the address of events."""
        if self.disabled_for is not None:
            raise Refused(WebhookAlreadyDisabled(reason=self.disabled_for))
        self.record(WebhookDisabled, cause, reason=reason)

    def enable(self, cause: Cause) -> None:
        """Tell the address of events again."""
        if self.disabled_for is None:
            raise Refused(WebhookAlreadyEnabled())
        self.record(WebhookEnabled, cause)

    def replay_dead_letters(self, cause: Cause, *, log_positions: Sequence[int] | None) -> None:
        """Send dead letters again."""
        if self.disabled_for is not None:
            raise Refused(WebhookIsDisabled(reason=self.disabled_for))
        named = None if log_positions is None else tuple(log_positions)
        self.record(DeadLettersReplayed, cause, log_positions=named)

    def remove(self, cause: Cause) -> None:
        """Forget the address and its secrets."""
        self.record(WebhookRemoved, cause)

    # Facts: fold into state. Never raise, never decide.

    @on(WebhookSubscribed)
    def on_webhook_subscribed(self, event: WebhookSubscribed) -> None:
        self.employer_id = event.employer_id

    @on(WebhookDisabled)
    def on_webhook_disabled(self, event: WebhookDisabled) -> None:
        self.disabled_for = event.reason

    @on(WebhookEnabled)
    def on_webhook_enabled(self, _: WebhookEnabled) -> None:
        self.disabled_for = None

    @on(WebhookRemoved)
    def on_webhook_removed(self, _: WebhookRemoved) -> None:
        self.removed = True


def own_webhook(work: Work, cause: Cause, webhook_id: UUID) -> Webhook:
    """The webhook, if the caller may change it. Raises `NotFound` otherwise."""
    webhook = work.get(Webhook, webhook_id)
    is_anothers = cause.by.role is Role.RECRUITER and (
        webhook.employer_id is None or webhook.employer_id != cause.by.employer_id
    )
    if webhook.removed or is_anothers:
        raise NotFound(Webhook, webhook_id)
    return webhook


class SubscribeWebhook(Command):
    """Tell an address of events from now on: of one employer, or of the whole marketplace."""

    webhook_id: UUID
    url: Address
    secret: StorableText
    kinds: Kinds = ()
    employer_id: UUID | None = None

    def execute(self, work: Work) -> Webhook:
        if self.employer_id is not None:
            own_employer(work, self, self.employer_id)
        elif self.by.role is not Role.ADMIN:
            raise Refused(EmployerNotNamed())
        webhook = work.find(Webhook, self.webhook_id)
        webhook.subscribe(
            self,
            url=self.url,
            secret=self.secret,
            kinds=self.kinds,
            employer_id=self.employer_id,
        )
        return webhook


class RotateSecret(Command):
    """Sign with another secret, and for a day with the one before as well."""

    webhook_id: UUID
    secret: StorableText

    def execute(self, work: Work) -> Webhook:
        webhook = own_webhook(work, self, self.webhook_id)
        webhook.rotate_secret(self, secret=self.secret)
        return webhook


class DisableWebhook(Command):
    """Stop telling an address of events."""

    webhook_id: UUID
    reason: StorableText

    def execute(self, work: Work) -> Webhook:
        webhook = own_webhook(work, self, self.webhook_id)
        webhook.disable(self, reason=self.reason)
        return webhook


class EnableWebhook(Command):
    """Tell an address of events again."""

    webhook_id: UUID

    def execute(self, work: Work) -> Webhook:
        webhook = own_webhook(work, self, self.webhook_id)
        webhook.enable(self)
        return webhook


class ReplayDeadLetters(Command):
    """Send what an address did not take again: all of it, or the events at these log positions."""

    webhook_id: UUID
    log_positions: DeadLetters | None = None

    def execute(self, work: Work) -> Webhook:
        webhook = own_webhook(work, self, self.webhook_id)
        webhook.replay_dead_letters(self, log_positions=self.log_positions)
        return webhook


class RemoveWebhook(Command):
    """Forget an address and its secrets."""

    webhook_id: UUID

    def execute(self, work: Work) -> Webhook:
        webhook = own_webhook(work, self, self.webhook_id)
        webhook.remove(self)
        return webhook

"""A webhook is subscribed by an employer's recruiter or an admin, and its secret is sealed."""

from typing import Any

import pytest

from domain.actor import Actor
from domain.event import ERASED
from domain.webhook import (
    SECRETS_OVERLAP,
    DeadLettersReplayed,
    DisableWebhook,
    EnableWebhook,
    RemoveWebhook,
    ReplayDeadLetters,
    RotateSecret,
    SecretRotated,
    SubscribeWebhook,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRemoved,
    WebhookSubscribed,
)
from infrastructure.event_log.codec import EventMapper
from tests.support.given import (
    ACME,
    GLOBEX,
    NOW,
    acmes_recruiter,
    approved_employer,
    by,
    fact,
    given,
    globexs_recruiter,
    named,
    the_admin,
    the_platform,
    then,
    then_refused,
    told,
    when,
)

HOOK = named("a webhook")
ASKED: dict[str, Any] = {
    "url": "https://hooks.example.com/acme",
    "secret": "whsec_b25lIHNlY3JldA==",
    "kinds": ("outreach.accepted",),
}
subscribed = fact(WebhookSubscribed, HOOK, **ASKED, employer_id=ACME)
of_all = fact(WebhookSubscribed, HOOK, **ASKED, employer_id=None)
disabled = fact(WebhookDisabled, HOOK, reason="gone")
removed = fact(WebhookRemoved, HOOK)

CHANGES = [
    RotateSecret(webhook_id=HOOK, secret="whsec_eA==", **by(acmes_recruiter)),
    DisableWebhook(webhook_id=HOOK, reason="asked", **by(acmes_recruiter)),
    EnableWebhook(webhook_id=HOOK, **by(acmes_recruiter)),
    ReplayDeadLetters(webhook_id=HOOK, **by(acmes_recruiter)),
    RemoveWebhook(webhook_id=HOOK, **by(acmes_recruiter)),
]


def test_a_recruiter_subscribes_for_their_employer() -> None:
    given(approved_employer)
    when(SubscribeWebhook(webhook_id=HOOK, employer_id=ACME, **ASKED, **by(acmes_recruiter)))
    then(fact(WebhookSubscribed, HOOK, **ASKED, employer_id=ACME))


def test_a_recruiter_does_not_subscribe_for_another_employer() -> None:
    given(approved_employer)
    when(SubscribeWebhook(webhook_id=HOOK, employer_id=ACME, **ASKED, **by(globexs_recruiter)))
    then_refused("unknown")


def test_nobody_subscribes_for_an_employer_that_is_not_there() -> None:
    given()
    when(SubscribeWebhook(webhook_id=HOOK, employer_id=GLOBEX, **ASKED, **by(the_admin)))
    then_refused("unknown")


def test_an_admin_subscribes_for_the_whole_marketplace() -> None:
    given()
    when(SubscribeWebhook(webhook_id=HOOK, **ASKED, **by(the_admin)))
    then(fact(WebhookSubscribed, HOOK, **ASKED, employer_id=None))


@pytest.mark.parametrize("actor", [acmes_recruiter, the_platform])
def test_nobody_else_subscribes_for_the_whole_marketplace(actor: Actor) -> None:
    given(approved_employer)
    when(SubscribeWebhook(webhook_id=HOOK, **ASKED, **by(actor)))
    then_refused("employer_not_named")


def test_a_webhook_is_subscribed_once() -> None:
    given(of_all)
    when(SubscribeWebhook(webhook_id=HOOK, **ASKED, **by(the_admin)))
    then_refused("webhook_already_subscribed")


@pytest.mark.parametrize("command", CHANGES, ids=lambda command: type(command).__name__)
def test_a_recruiter_changes_no_webhook_of_another_or_of_all(command: Any) -> None:
    stranger = command.model_copy(update={"by": globexs_recruiter})
    for history, who in ((subscribed, stranger), (of_all, command)):
        given(approved_employer, history)
        when(who)
        then_refused("unknown")


@pytest.mark.parametrize("command", CHANGES, ids=lambda command: type(command).__name__)
def test_a_removed_webhook_is_no_more(command: Any) -> None:
    given(approved_employer, subscribed, removed)
    when(command)
    then_refused("unknown")


def test_the_secret_before_signs_for_a_day_beside_the_new_one() -> None:
    given(approved_employer, subscribed)
    when(RotateSecret(webhook_id=HOOK, secret="whsec_eA==", **by(acmes_recruiter)))
    then(
        fact(SecretRotated, HOOK, secret="whsec_eA==", overlap_until=NOW + SECRETS_OVERLAP),
    )


def test_a_webhook_is_disabled_once_and_enabled_once() -> None:
    given(approved_employer, subscribed)
    when(DisableWebhook(webhook_id=HOOK, reason="gone", **by(the_admin)))
    then(disabled)
    when(DisableWebhook(webhook_id=HOOK, reason="gone", **by(the_admin)))
    then_refused("webhook_already_disabled")
    when(EnableWebhook(webhook_id=HOOK, **by(the_admin)))
    then(fact(WebhookEnabled, HOOK))
    when(EnableWebhook(webhook_id=HOOK, **by(the_admin)))
    then_refused("webhook_already_enabled")


def test_dead_letters_are_replayed_while_the_webhook_is_enabled() -> None:
    given(approved_employer, subscribed)
    when(ReplayDeadLetters(webhook_id=HOOK, log_positions=(3, 5), **by(acmes_recruiter)))
    then(fact(DeadLettersReplayed, HOOK, log_positions=(3, 5)))
    given(approved_employer, subscribed, disabled)
    when(ReplayDeadLetters(webhook_id=HOOK, **by(acmes_recruiter)))
    then_refused("webhook_is_disabled")


def test_address_and_secrets_are_sealed_hidden_in_the_log_and_gone_with_the_webhook() -> None:
    rotated = fact(SecretRotated, HOOK, secret="whsec_eA==", overlap_until=NOW)
    given(approved_employer, subscribed, rotated)
    mapper = EventMapper(told().keys)
    for event in told().happened:
        state = mapper.to_stored_event(event).state
        assert b"whsec_" not in state
        assert b"hooks.example.com" not in state
    *_, first, second = told().read()
    assert isinstance(first, WebhookSubscribed)
    assert (first.url, first.secret) == (ASKED["url"], ASKED["secret"])
    assert isinstance(seen := first.redacted(), WebhookSubscribed)
    assert (seen.url, seen.secret) == (ERASED, ERASED)
    assert isinstance(second, SecretRotated)
    when(RemoveWebhook(webhook_id=HOOK, **by(acmes_recruiter)))
    *_, first, second, _ = told().read()
    assert isinstance(first, WebhookSubscribed)
    assert isinstance(second, SecretRotated)
    assert (first.url, first.secret, second.secret) == (ERASED, ERASED, ERASED)

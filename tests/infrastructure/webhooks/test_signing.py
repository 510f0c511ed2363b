"""The library of Standard Webhooks accepts what leaves, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from infrastructure.webhooks.signing import headers, new_secret

BODY = '{"specversion": "1.0", "data": {"text": "Grüße"}}'.encode()


def now() -> datetime:
    return datetime.now(UTC)


def test_what_is_signed_is_accepted() -> None:
    secret = new_secret()
    assert Webhook(secret).verify(BODY, headers("1", now(), BODY, [secret])) is not None


def test_receivers_with_either_secret_accept_what_both_signed() -> None:
    old, new = new_secret(), new_secret()
    signed = headers("1", now(), BODY, [new, old])
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, signed) is not None


def test_another_secret_is_refused() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers("1", now(), BODY, [new_secret()]))


@pytest.mark.parametrize(
    "tampered",
    [
        {"webhook-id": "2"},
        {"webhook-timestamp": str(int(now().timestamp()) + 60)},
        {"webhook-signature": "v1,AAAA"},
    ],
)
def test_a_header_that_was_changed_is_refused(tampered: dict[str, str]) -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers("1", now(), BODY, [secret]) | tampered)


def test_a_body_that_was_changed_is_refused() -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers("1", now(), BODY, [secret]))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_recorded_and_is_sent_again_later_is_refused(minutes: int) -> None:
    secret = new_secret()
    then = now() + timedelta(minutes=minutes)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers("1", then, BODY, [secret]))


def test_no_two_secrets_are_the_same_and_each_is_long_enough() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(len(Webhook(secret)._whsecret) == 32 for secret in secrets)

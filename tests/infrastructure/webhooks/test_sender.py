"""What happens is sent to who subscribed: at least once, under one id, until it is taken."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook

from domain.actor import Actor, Role
from domain.employer import ApproveEmployer
from domain.webhook import (
    SECRETS_OVERLAP,
    EnableWebhook,
    RemoveWebhook,
    ReplayDeadLetters,
    RotateSecret,
)
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.webhooks import schedule, signing
from infrastructure.webhooks.queue import DeliveryStatus
from tests.support.concurrency import wait_until
from tests.support.receiver import OK, Receiver, a_receiver
from tests.support.stored import employer, position
from tests.support.webhooks import Hooks, arrived

QUEUED, DELIVERED, DEAD = DeliveryStatus
OPENED = "position.opened"
A_DAY = schedule.GIVEN_UP_AFTER


@pytest.fixture
def hooks(store: EventStore, pool: Pool) -> Hooks:
    return Hooks(store, pool)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiver:
        yield receiver


@pytest.fixture
def acme(store: EventStore) -> UUID:
    return employer(store, ApproveEmployer)


def opens(hooks: Hooks, employer_id: UUID, times: int = 1) -> list[int]:
    """Positions are opened. Returns the log positions of the events."""
    before = hooks.store.head()
    for _ in range(times):
        position(hooks.store, employer_id)
    return [*range(before + 1, before + times + 1)]


def test_an_event_arrives_as_a_cloud_event_signed_by_standard_webhooks(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    secret = signing.new_secret()
    webhook = hooks.subscribed(receiver.url, OPENED, secret=secret)
    (opened,) = opens(hooks, acme)
    with hooks.sending():
        hooks.wait_for(webhook, DELIVERED, 1)
    (request,) = receiver.received
    assert Webhook(secret).verify(request.body, request.headers)
    assert request.id == f"msg_{webhook.hex}_{opened}"
    message = HTTPMessage(headers=request.headers, body=request.body)
    event = from_structured_event(message, JSONFormat())
    assert (event.get_specversion(), event.get_id()) == ("1.0", str(opened))
    assert (event.get_type(), event.get_source()) == (OPENED, "urn:sourcing:position")
    data = event.get_data()
    assert isinstance(data, dict)
    assert (data["title"], data["employer_id"]) == ("Developer", str(acme))


def test_who_subscribed_is_told_of_what_happens_afterwards_and_of_nothing_else(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    globex = employer(hooks.store, ApproveEmployer)
    opens(hooks, acme)
    of_acme = hooks.subscribed(receiver.url, OPENED, employer_id=acme)
    everything = hooks.subscribed(receiver.url)
    (ours,) = opens(hooks, acme)
    (theirs,) = opens(hooks, globex)
    employer(hooks.store)
    with hooks.sending():
        hooks.wait_until_followed()
        assert [d.log_position for d in hooks.deliveries(of_acme)] == [ours]
        of_all = {d.log_position: d.kind for d in hooks.deliveries(everything)}
    assert of_all == {ours: OPENED, theirs: OPENED, hooks.store.head(): "employer.registered"}


def test_an_employer_is_told_of_what_is_its_own_and_may_be_seen(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhook = hooks.subscribed(receiver.url, employer_id=acme)
    hooks.subscribed(receiver.url, employer_id=employer(hooks.store))
    hooks.subscribed("http://localhost:1/", employer_id=acme)
    (opened,) = opens(hooks, acme)
    with hooks.sending():
        hooks.wait_until_followed()
        assert [d.log_position for d in hooks.deliveries(webhook)] == [opened]


def test_what_fails_is_tried_again_under_the_same_id_with_a_later_moment(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhook = hooks.subscribed(receiver.url, OPENED)
    opens(hooks, acme)
    receiver.answers(500, 404)
    with hooks.sending():
        first = hooks.wait_for_attempts(webhook, 1)
        assert (first.status, first.response_status) == (QUEUED, 500)
        assert first.next_attempt_at
        assert first.next_attempt_at <= hooks.clock() + timedelta(seconds=7.5)
        hooks.clock.ahead += timedelta(seconds=8)
        hooks.wait_for_attempts(webhook, 2)
        hooks.clock.ahead += timedelta(seconds=25)
        (delivered,) = hooks.wait_for(webhook, DELIVERED, 1)
    assert (delivered.attempts, delivered.failure, delivered.response_status) == (3, None, 204)
    assert len({*receiver.ids}) == 1
    moments = [int(request.headers["webhook-timestamp"]) for request in receiver.received]
    assert moments == sorted({*moments})


def test_nobody_listening_is_a_failure_as_any_other(hooks: Hooks, acme: UUID) -> None:
    with a_receiver() as gone:
        url = gone.url
    webhook = hooks.subscribed(url, OPENED)
    opens(hooks, acme)
    with hooks.sending():
        delivery = hooks.wait_for_attempts(webhook, 1)
    assert delivery.status is QUEUED
    assert delivery.failure == "It cannot be reached (ConnectError)."


def test_a_receiver_that_asks_to_wait_is_left_alone_so_long(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhook = hooks.subscribed(receiver.url, OPENED)
    opens(hooks, acme)
    receiver.answers((503, {"Retry-After": "3600"}))
    with hooks.sending():
        first = hooks.wait_for_attempts(webhook, 1)
        assert first.next_attempt_at
        assert first.next_attempt_at > hooks.clock() + timedelta(seconds=3500)
        hooks.clock.ahead += timedelta(seconds=3700)
        hooks.wait_for(webhook, DELIVERED, 1)


@pytest.mark.slow
def test_while_it_asks_to_wait_nothing_else_that_waits_is_sent_either(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhook = hooks.subscribed(receiver.url, OPENED)
    opens(hooks, acme, 15)
    receiver.answer = lambda _: (429, {"Retry-After": "3600"})

    def all_wait() -> bool:
        later = hooks.clock() + timedelta(seconds=3000)
        due = [delivery.next_attempt_at for delivery in hooks.deliveries(webhook)]
        return len(due) == 15 and all(at and at > later for at in due)

    with hooks.sending():
        wait_until(all_wait)
        assert 1 <= len(receiver.received) <= 10  # of one webhook no more are on their way at once
        receiver.answer = lambda _: OK
        hooks.clock.ahead += timedelta(seconds=3700)
        hooks.wait_for(webhook, DELIVERED, 15)


def test_an_address_that_is_gone_is_disabled(hooks: Hooks, receiver: Receiver, acme: UUID) -> None:
    webhook = hooks.subscribed(receiver.url, OPENED)
    opens(hooks, acme)
    receiver.answers(410)
    with hooks.sending():
        hooks.wait_for(webhook, DEAD, 1)
        wait_until(lambda: topics(hooks, webhook)[-1] == "webhook.disabled")
        hooks.wait_until_followed()
        opens(hooks, acme)
        hooks.wait_until_followed()
        assert len(hooks.deliveries(webhook)) == 1
        hooks.store.execute(EnableWebhook(**hooks.cause(), webhook_id=webhook))
        opens(hooks, acme)
        hooks.wait_for(webhook, DELIVERED, 1)
    assert len(receiver.received) == 2


def topics(hooks: Hooks, webhook: UUID) -> list[str]:
    with hooks.pool.connection() as db:
        rows = db.execute(
            "SELECT topic FROM events WHERE originator_id = %s ORDER BY log_position", [webhook]
        )
        return [topic for (topic,) in rows]


def test_a_redirect_is_not_followed(hooks: Hooks, receiver: Receiver, acme: UUID) -> None:
    with a_receiver() as elsewhere:
        webhook = hooks.subscribed(receiver.url, OPENED)
        opens(hooks, acme)
        receiver.answers((307, {"Location": elsewhere.url}))
        with hooks.sending():
            assert hooks.wait_for_attempts(webhook, 1).response_status == 307
        assert elsewhere.received == []


def test_into_the_own_network_nothing_is_sent(hooks: Hooks, receiver: Receiver, acme: UUID) -> None:
    webhook = hooks.subscribed(receiver.url.replace("http:", "https:"), OPENED)
    opens(hooks, acme)
    with hooks.sending(frozenset()):
        delivery = hooks.wait_for_attempts(webhook, 1)
    assert delivery.failure == "The address leads into a private network; use a public one."
    assert receiver.received == []


def test_without_tls_nothing_is_sent_but_to_hosts_that_are_allowed(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhook = hooks.subscribed("http://example.com/", OPENED)
    opens(hooks, acme)
    with hooks.sending():
        assert "not https" in str(hooks.wait_for_attempts(webhook, 1).failure)


@pytest.mark.slow
def test_what_is_not_taken_within_a_day_is_a_dead_letter_and_can_be_replayed(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhook = hooks.subscribed(receiver.url, OPENED)
    opens(hooks, acme)
    receiver.answer = lambda _: (500, {})
    with hooks.sending():
        attempts = 1
        while (delivery := hooks.wait_for_attempts(webhook, attempts)).next_attempt_at:
            hooks.clock.ahead += delivery.next_attempt_at - hooks.clock()
            attempts += 1
        assert delivery.status == DEAD
        assert 10 <= attempts <= 20
        assert hooks.clock.ahead >= A_DAY - timedelta(minutes=1)
        receiver.answer = lambda _: OK
        hooks.store.execute(ReplayDeadLetters(**hooks.cause(), webhook_id=webhook))
        (replayed,) = hooks.wait_for(webhook, DELIVERED, 1)
    assert replayed.attempts == 1
    assert len({*receiver.ids}) == 1


def test_only_the_dead_letters_that_are_named_are_replayed(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhook = hooks.subscribed(receiver.url, OPENED)
    first, *_ = opens(hooks, acme, 3)
    receiver.answer = lambda _: (500, {})
    with hooks.sending():
        wait_until(lambda: len(receiver.received) == 3)
        hooks.clock.ahead += 2 * A_DAY
        hooks.wait_for(webhook, DEAD, 3)
        receiver.answer = lambda _: OK
        hooks.store.execute(
            ReplayDeadLetters(**hooks.cause(), webhook_id=webhook, log_positions=(first, 10**6))
        )
        (replayed,) = hooks.wait_for(webhook, DELIVERED, 1)
    assert replayed.log_position == first
    assert len(hooks.deliveries(webhook, DEAD)) == 2


def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    old, new = signing.new_secret(), signing.new_secret()
    webhook = hooks.subscribed(receiver.url, OPENED, secret=old)
    hooks.store.execute(RotateSecret(**hooks.cause(), webhook_id=webhook, secret=new))
    opens(hooks, acme)
    with hooks.sending():
        hooks.wait_for(webhook, DELIVERED, 1)
        (request,) = receiver.received
        for secret in (old, new):
            assert Webhook(secret).verify(request.body, request.headers)
        hooks.clock.ahead += SECRETS_OVERLAP
        opens(hooks, acme)
        hooks.wait_for(webhook, DELIVERED, 2)
    assert len(receiver.received[-1].headers["webhook-signature"].split(" ")) == 1
    signed = receiver.received[-1]
    at = int(signed.headers["webhook-timestamp"])
    assert signature(new, signed.id, at, signed.body) == signed.headers["webhook-signature"]


def signature(secret: str, id: str, at: int, body: bytes) -> str:

    return Webhook(secret).sign(id, datetime.fromtimestamp(at, UTC), body.decode())


def test_a_webhook_that_was_removed_is_told_of_nothing_and_forgotten(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhook = hooks.subscribed(receiver.url, OPENED)
    opens(hooks, acme)
    receiver.answers(500)
    with hooks.sending():
        hooks.wait_for_attempts(webhook, 1)
        hooks.store.execute(RemoveWebhook(**hooks.cause(), webhook_id=webhook))
        opens(hooks, acme)
        hooks.wait_until_followed()
        hooks.clock.ahead += timedelta(hours=1)
        other = hooks.subscribed(receiver.url, OPENED)
        opens(hooks, acme)
        hooks.wait_for(other, DELIVERED, 1)
    assert hooks.deliveries(webhook) == []
    assert len(receiver.received) == 2


def test_a_receiver_that_is_slow_holds_up_no_other(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:

    answered = threading.Event()
    with a_receiver() as slow:

        def after_the_other(_: object) -> tuple[int, dict[str, str]]:
            assert answered.wait(60)
            return 204, {}

        slow.answer = after_the_other
        stuck = hooks.subscribed(slow.url, OPENED)
        quick = hooks.subscribed(receiver.url, OPENED)
        opens(hooks, acme, 30)
        with hooks.sending():
            hooks.wait_for(quick, DELIVERED, 30)
            assert hooks.deliveries(stuck, DELIVERED) == []
            answered.set()
            hooks.wait_for(stuck, DELIVERED, 30)


def test_several_workers_at_once_send_each_event_once(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    webhooks = [hooks.subscribed(f"{receiver.url}/{n}", OPENED) for n in range(4)]
    with hooks.sending(), hooks.sending(), hooks.sending():
        opened = opens(hooks, acme, 50)
        for webhook in webhooks:
            hooks.wait_for(webhook, DELIVERED, 50)
    expected = {f"msg_{webhook.hex}_{at}" for webhook in webhooks for at in opened}
    assert sorted(receiver.ids) == sorted(expected)


def test_the_queue_holds_no_address_no_secret_and_no_word_of_an_event(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    secret = signing.new_secret()
    webhook = hooks.subscribed(receiver.url, OPENED, secret=secret)
    opens(hooks, acme)
    receiver.answer = lambda _: (500, {})
    with hooks.sending():
        hooks.wait_for_attempts(webhook, 1)
    with hooks.pool.connection() as db:
        rows = [
            *db.execute("SELECT d::text FROM webhook_deliveries AS d"),
            *db.execute("SELECT s::text FROM webhook_subscriptions AS s"),
        ]
    text = json.dumps(rows)
    for word in ("Developer", receiver.url, secret):
        assert word not in text


def test_recruiters_webhooks_are_disabled_by_the_system_too(
    hooks: Hooks, receiver: Receiver, acme: UUID
) -> None:
    robin = Actor(id="robin", role=Role.RECRUITER, employer_id=acme)
    webhook = hooks.subscribed(receiver.url, OPENED, employer_id=robin.employer_id)
    opens(hooks, acme)
    receiver.answers(410)
    with hooks.sending():
        wait_until(lambda: topics(hooks, webhook)[-1] == "webhook.disabled")
    assert arrived(receiver, 1)

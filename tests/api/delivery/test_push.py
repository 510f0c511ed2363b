"""Letters go as signed webhooks to a platform that delivers them: once, and to nobody too late."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from pydantic import SecretStr
from standardwebhooks import Webhook

import api.delivery.push
from api.delivery.deliver import LEASE
from api.marketplace import now, open_marketplace
from domain.actor import Role
from infrastructure.settings import Settings
from infrastructure.webhooks import schedule
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.databases import SECRET, Databases
from tests.support.killed import forks
from tests.support.mail_servers import certificate
from tests.support.post_office import NEXT, WHSEC, Sent, pushing
from tests.support.receiver import OK, Answer, Received, Receiver, a_receiver
from tests.support.stage import Stage, own_stage

SOON = timedelta(seconds=8)
"""After the first retry, however it is spread."""

Send = Callable[[], Sent]


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases, undo_seconds=0, mail_from="jobs@example.org") as stage:
        yield stage


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiver:
        yield receiver


@pytest.fixture
def platform(stage: Stage, receiver: Receiver) -> "Platform":
    return Platform(stage, receiver.url)


@dataclass
class Platform:
    """Where the letters of a stage are sent, at a clock that the test moves on."""

    stage: Stage
    url: str
    later: timedelta = field(default=timedelta())

    def now(self) -> datetime:
        return now() + self.later

    def send(self, later: timedelta = timedelta()) -> None:
        """Send what is due by then."""
        self.later += later
        self.stage.catch_up()
        pushing(self.stage.marketplace, self.url, self.now).send_due()
        self.stage.catch_up()


def about(receiver: Receiver, sent: Sent) -> list[Received]:
    """What the platform got of an outreach."""
    return [one for one in receiver.received if sent.outreach.encode() in one.body]


def opt_out(sent: Sent) -> None:
    done(sent.scene.platform.post(f"/candidates/{sent.candidate}/opt-out"))


def test_a_letter_arrives_as_a_cloud_event(
    platform: Platform, receiver: Receiver, send: Send
) -> None:
    sent = send()
    platform.send()
    (request,) = about(receiver, sent)
    event = from_structured_event(
        HTTPMessage(headers=request.headers, body=request.body), JSONFormat()
    )
    assert (event.get_specversion(), event.get_type()) == ("1.0", "letter.released")
    assert (event.get_id(), event.get_subject()) == (f"{sent.outreach}.1", sent.outreach)


@pytest.mark.parametrize("secret", [WHSEC, NEXT], ids=["current", "next"])
def test_it_is_signed_by_standard_webhooks_with_each_secret(
    platform: Platform, receiver: Receiver, send: Send, secret: str
) -> None:
    sent = send()
    platform.send()
    (request,) = about(receiver, sent)
    assert Webhook(secret).verify(request.body, request.headers)


def test_it_says_what_the_outbox_says(platform: Platform, receiver: Receiver, send: Send) -> None:
    sent = send()
    deliverer = platform.stage.as_(Role.DELIVERY)
    platform.stage.catch_up()
    fetched = done(deliverer.post(f"/outbox/{sent.outreach}/1/release"))
    platform.send(LEASE)
    (request,) = about(receiver, sent)
    data = json.loads(request.body)["data"]
    assert data == {"outreach_id": sent.outreach, "letter": 1, **fetched}
    assert "We build robots, and would like to talk." in data["text"]


def test_what_was_taken_is_delivered_and_not_sent_again(
    platform: Platform, receiver: Receiver, send: Send
) -> None:
    sent = send()
    platform.send()
    platform.send(timedelta(days=1))
    assert len(about(receiver, sent)) == 1
    assert sent.happened()[-1] == "outreach.letter_delivered"


def test_what_fails_is_sent_again_as_the_same_message(
    platform: Platform, receiver: Receiver, send: Send
) -> None:
    sent = send()
    receiver.answers(500, 404)
    platform.send()
    platform.send()
    assert len(about(receiver, sent)) == 1
    platform.send(SOON)
    platform.send(SOON * 3)
    tries = about(receiver, sent)
    assert {(one.id, one.body) for one in tries} == {(tries[0].id, tries[0].body)}
    assert len(tries) == 3
    assert sent.happened()[-1] == "outreach.letter_delivered"


def test_a_platform_that_asks_to_wait_is_left_alone_so_long(
    platform: Platform, receiver: Receiver, send: Send
) -> None:
    sent = send()
    receiver.answers((503, {"retry-after": "3600"}))
    platform.send()
    platform.send(timedelta(minutes=59))
    assert len(about(receiver, sent)) == 1
    platform.send(timedelta(minutes=2))
    assert sent.happened()[-1] == "outreach.letter_delivered"


def test_after_a_day_a_letter_is_given_up(
    platform: Platform, receiver: Receiver, send: Send
) -> None:
    sent = send()
    receiver.answer = lambda _: (500, {})
    platform.send()
    platform.send(schedule.GIVEN_UP_AFTER)
    assert sent.happened()[-1] == "outreach.letter_failed"
    assert sent.status() == "undelivered"


def test_a_letter_to_who_opted_out_does_not_leave(
    platform: Platform, receiver: Receiver, send: Send
) -> None:
    sent = send()
    opt_out(sent)
    platform.send()
    assert about(receiver, sent) == []
    assert sent.happened()[-1] == "outreach.letter_stopped"


def test_a_retry_to_who_opted_out_meanwhile_does_not_leave(
    platform: Platform, receiver: Receiver, send: Send
) -> None:
    sent = send()
    receiver.answers(500)
    platform.send()
    opt_out(sent)
    platform.send(SOON)
    assert len(about(receiver, sent)) == 1


@contextmanager
def hesitating(
    context: ssl.SSLContext, reached: Callable[[], object]
) -> Iterator[tuple[int, Callable[[], bytes]]]:
    """A platform that does something between being reached and taking what is sent."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            connection, _ = listener.accept()
            reached()
            with context.wrap_socket(connection, server_side=True) as line:
                while part := line.recv(65_536):
                    came.append(part)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()

        def all_that_came() -> bytes:
            thread.join()
            return b"".join(came)

        yield listener.getsockname()[1], all_that_came


def test_an_opt_out_while_the_platform_is_being_reached_holds_the_letter_back(
    stage: Stage, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = send()
    trusted, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setattr(api.delivery.push, "RELEASE_HOLDS_SECONDS", 0)
    with hesitating(context, lambda: opt_out(sent)) as (port, came):
        Platform(stage, f"https://localhost:{port}/").send()
        assert came().startswith(b"POST / ")
        assert b"robots" not in came()
    assert sent.happened()[-1] == "outreach.letter_stopped"


def send_until_killed(url: str, to: str) -> None:
    """What a worker's process does."""
    settings = Settings(
        database_url=SecretStr(url), secret=SecretStr(SECRET), mail_from="jobs@example.org"
    )
    with open_marketplace(settings) as market:
        pushing(market, to, now).send_due()


@pytest.mark.slow
def test_after_a_crash_it_comes_again_as_the_same_message(
    platform: Platform, receiver: Receiver, send: Send
) -> None:
    sent = send()
    platform.stage.catch_up()
    killed = threading.Event()

    def killed_meanwhile(_: Received) -> Answer:
        killed.wait()
        return OK

    receiver.answer = killed_meanwhile
    worker = forks.Process(
        target=send_until_killed, args=(platform.stage.marketplace.database_url, receiver.url)
    )
    worker.start()
    wait_until(lambda: about(receiver, sent))
    worker.kill()
    worker.join()
    killed.set()
    platform.send()
    assert len(about(receiver, sent)) == 1
    platform.send(LEASE)
    first, second = about(receiver, sent)
    assert (first.id, first.body) == (second.id, second.body)
    assert sent.happened().count("outreach.letter_delivered") == 1


def test_two_workers_send_a_letter_once(platform: Platform, receiver: Receiver, send: Send) -> None:
    sent = [send() for _ in range(5)]
    workers = [threading.Thread(target=platform.send) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [len(about(receiver, one)) for one in sent] == [1] * 5


def test_the_platform_may_still_say_that_it_could_not_deliver(
    platform: Platform, send: Send
) -> None:
    sent = send()
    platform.send()
    deliverer = platform.stage.as_(Role.DELIVERY)
    failure = {"code": "550 5.1.1", "bad_address": True}
    done(deliverer.post(f"/outbox/{sent.outreach}/1/failure", failure))
    assert sent.status() == "undelivered"


def test_a_marketplace_with_an_address_for_letters_sends_them_by_itself(
    databases: Databases, receiver: Receiver
) -> None:
    to = {"letters_url": receiver.url, "letters_secret": SecretStr(WHSEC)}
    with own_stage(databases, undo_seconds=0, **to) as stage:
        scene = stage.scene().in_beta()
        candidate = scene.member("Silent", silent_days=400)
        outreach = done(scene.message(scene.position(), candidate))["id"]
        sent = Sent(scene, candidate, outreach)
        wait_until(lambda: "outreach.letter_delivered" in sent.happened())
    assert len(about(receiver, sent)) == 1

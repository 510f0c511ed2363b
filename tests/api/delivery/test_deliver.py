"""Letters leave when they are due, each once for its receiver, and nobody is written to in vain."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from api.delivery.deliver import LEASE, RELEASE_HOLDS_SECONDS
from infrastructure.mail.server import MailServer
from infrastructure.telemetry import figures
from tests.support.client import done
from tests.support.concurrency import SECONDS
from tests.support.mail_servers import answering, at, drops, says, stalls
from tests.support.post_office import PostOffice, Sent, body

Send = Callable[[], Sent]


def test_a_letter_leaves_when_the_undo_window_ends(office: PostOffice, send: Send) -> None:
    sent = send()
    assert office.deliver(minutes=4) == []
    (letter,) = office.deliver(minutes=2)
    assert "We build robots, and would like to talk." in body(letter)
    assert sent.happened()[1:] == ["outreach.letter_released", "outreach.letter_delivered"]
    assert office.deliver(minutes=60) == []


def test_a_letter_says_how_to_answer_and_how_to_stop(office: PostOffice, send: Send) -> None:
    send()
    (letter,) = office.deliver()
    assert str(letter["From"]) == '"Robin, Acme" <jobs@example.org>'
    assert str(letter["Reply-To"]).startswith("reply+")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = letter["List-Unsubscribe"].strip("<>")
    for kind in ("plain", "html"):
        text = body(letter, kind)
        assert stop in text
        assert "/p/" in text


def test_a_message_that_was_undone_does_not_leave(office: PostOffice, send: Send) -> None:
    sent = send()
    done(sent.scene.recruiter.post(f"/outreach/{sent.outreach}/withdrawal"))
    assert office.deliver() == []
    assert sent.status() == "undone"


def test_an_edited_message_leaves_as_it_was_edited(office: PostOffice, send: Send) -> None:
    sent = send()
    written = {
        "subject": "Robots",
        "text": "Better words.",
        "remote": True,
        "salary": {"minimum": 1, "maximum": 2, "currency": "EUR"},
        "sender_name": "Robin",
        "sender_role": "CTO",
    }
    done(sent.scene.recruiter("PUT", f"/outreach/{sent.outreach}/message", json=written))
    (letter,) = office.deliver()
    assert letter["Subject"] == "Robots"
    assert "Better words." in body(letter)


def test_nobody_who_opted_out_meanwhile_gets_a_letter(office: PostOffice, send: Send) -> None:
    sent = send()
    done(sent.scene.platform.post(f"/candidates/{sent.candidate}/opt-out"))
    assert office.deliver() == []
    assert sent.status() == "undelivered"


def test_attempts_are_counted_by_their_outcome(office: PostOffice, send: Send) -> None:
    def counted() -> list[float]:
        outcomes = ("delivered", "retry", "rejected")
        return [figures.LETTERS.labels(outcome)._value.get() for outcome in outcomes]

    before = counted()
    send()
    office.mailbox.data_answers = [says("451 4.3.0 Try later"), says("554 5.7.1 No")]
    office.deliver()
    office.deliver(minutes=5)
    send()
    office.deliver()
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 1]


def test_a_letter_that_is_tried_again_has_the_same_id(office: PostOffice, send: Send) -> None:
    send()
    office.mailbox.data_answers = [says("451 4.3.0 Try later"), drops]
    first = office.deliver()
    second = office.deliver(minutes=5)
    third = office.deliver(minutes=5)
    ids = {letter["Message-ID"] for letter in (*first, *second, *third)}
    assert (len(first), len(second), len(third), len(ids)) == (1, 1, 1, 1)
    assert office.deliver(minutes=600) == []


def test_an_opt_out_between_two_attempts_stops_the_letter(office: PostOffice, send: Send) -> None:
    sent = send()
    office.mailbox.data_answers = [says("451 4.3.0 Try later")]
    office.deliver()
    done(sent.scene.platform.post(f"/candidates/{sent.candidate}/opt-out"))
    assert office.deliver(minutes=5) == []
    assert sent.happened()[-1] == "outreach.letter_stopped"


@pytest.mark.parametrize(
    ("answer", "bounced"), [("550 5.1.1 No such user", True), ("554 5.7.1 Spam", False)]
)
def test_a_refused_letter_ends_the_outreach(
    office: PostOffice, send: Send, answer: str, bounced: bool
) -> None:
    sent = send()
    with MailServer(answering("recipient", says(answer))) as server:
        office.later += timedelta(minutes=6)
        office.stage.catch_up()
        office.delivery(server.port).deliver_due()
    assert sent.status() == "undelivered"
    topics = [topic for _, topic in office.stage.topics(sent.candidate)]
    assert ("candidate.address_bounced" in topics) == bounced
    assert "candidate.contact_retracted" in topics


def test_a_server_that_stalls_is_tried_again(office: PostOffice, send: Send) -> None:
    sent = send()
    with MailServer(answering("data", stalls)) as server:
        office.later += timedelta(minutes=6)
        office.stage.catch_up()
        office.delivery(server.port).deliver_due()
    assert sent.happened()[-1] == "outreach.letter_released"
    assert len(office.deliver(minutes=5)) == 1


def test_workers_side_by_side_deliver_each_letter_once(office: PostOffice, send: Send) -> None:
    for _ in range(6):
        send()
    office.later += timedelta(minutes=6)
    office.stage.catch_up()
    with ThreadPoolExecutor(3) as threads:
        for tried in [threads.submit(office.delivery().deliver_due) for _ in range(3)]:
            tried.result()
    assert len(office.mailbox.mails) == 6


def test_a_letter_whose_worker_died_leaves_when_its_lease_ends(
    office: PostOffice, send: Send
) -> None:
    send()
    office.later += timedelta(minutes=6)
    office.stage.catch_up()
    assert len(office.delivery()._lease()) == 1  # and it dies here
    assert office.deliver(minutes=0) == []
    assert len(office.deliver(minutes=LEASE.total_seconds() / 60 + 1)) == 1


def test_a_follow_up_answers_the_first_letter(office: PostOffice, send: Send) -> None:
    sent = send()
    (first,) = office.deliver()
    written: dict[str, Any] = {"text": "Why us?", "understood": "unclear"}
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/candidate-replies", written))
    reply = {"text": "Because of robots.", "sender_name": "Robin"}
    done(sent.scene.recruiter.post(f"/outreach/{sent.outreach}/replies", reply))
    (second,) = office.deliver(minutes=0)
    assert second["Subject"] == f"Re: {first['Subject']}"
    assert second["In-Reply-To"] == first["Message-ID"]
    assert "Because of robots." in body(second)


def test_an_opt_out_while_the_server_takes_its_time_stops_the_letter(
    office: PostOffice, send: Send
) -> None:
    sent = send()

    async def slowly(server: SMTP, envelope: Envelope) -> str:
        await asyncio.sleep(RELEASE_HOLDS_SECONDS)
        opts_out = partial(sent.scene.platform.post, f"/candidates/{sent.candidate}/opt-out")
        done(await asyncio.to_thread(opts_out))
        return "250 OK"

    office.mailbox.on_recipient = slowly
    assert office.deliver() == []
    assert sent.status() == "undelivered"


def test_a_letter_that_stalls_does_not_hold_up_those_due_later(
    office: PostOffice, send: Send
) -> None:
    send()
    arrived = asyncio.Event()

    def sends_another() -> None:
        send()
        office.later += timedelta(minutes=6)
        office.stage.catch_up()

    async def takes(server: SMTP, envelope: Envelope) -> str:
        arrived.set()
        return "250 OK"

    async def waits_for_another(server: SMTP, envelope: Envelope) -> str:
        office.mailbox.on_recipient = takes
        await asyncio.to_thread(sends_another)
        await asyncio.wait_for(arrived.wait(), SECONDS)
        return "250 OK"

    office.mailbox.on_recipient = waits_for_another
    office.later += timedelta(minutes=6)
    office.stage.catch_up()
    server = at(office.port, timeout=2 * SECONDS)
    delivery = replace(office.delivery(), server=server, lease=timedelta(hours=1))
    assert delivery.deliver_due() == 2
    assert len(office.mailbox.mails) == 2

import asyncio
from dataclasses import replace
from pathlib import Path
from ssl import SSLContext

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from infrastructure.mail.outcomes import Outcome, Stage
from infrastructure.mail.server import MailServer
from infrastructure.mail.smtp import SmtpConnections, SmtpServer, send
from tests.support.mail_servers import (
    OK,
    Answer,
    Mailbox,
    answering,
    at,
    certificate,
    drops,
    knows_robin,
    says,
    stalls,
)

RAW = b"From: us@example.org\r\nTo: jo@example.org\r\nSubject: Hello\r\n\r\n.A dot first\r\n"


def sent(server: SmtpServer, recipient: str = "jo@example.org", raw: bytes = RAW) -> Outcome:
    return asyncio.run(send(server, raw, "us@example.org", recipient))


def test_a_letter_arrives_as_it_was() -> None:
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        outcome = sent(at(server.port))
    assert (outcome.kind, outcome.code) == ("delivered", 250)
    assert (mailbox.mails, mailbox.recipients) == ([RAW], ["jo@example.org"])


def test_a_domain_outside_ascii_is_sent_in_its_ascii_form() -> None:
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        sent(at(server.port), "jo@bücher.example")
    assert mailbox.recipients == ["jo@xn--bcher-kva.example"]


def test_a_local_part_outside_ascii_needs_a_server_with_smtputf8() -> None:
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        assert sent(at(server.port), "jürgen@example.org").kind == "delivered"
    assert mailbox.recipients == ["jürgen@example.org"]
    with MailServer(Mailbox(), enable_SMTPUTF8=False) as server:
        outcome = sent(at(server.port), "jürgen@example.org")
    assert (outcome.kind, outcome.bad_address) == ("rejected", False)
    assert "SMTPUTF8" in outcome.text


@pytest.mark.parametrize(
    "no_address", ["", "jo", "jo@", "jo@a b", "jo@x>\r\nRCPT TO:<b@example.org"]
)
def test_what_is_no_address_is_not_sent_to(no_address: str) -> None:
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        outcome = sent(at(server.port), no_address)
    assert (outcome.kind, outcome.bad_address, mailbox.mails) == ("rejected", True, [])


def test_a_recipient_whom_the_server_does_not_know_is_a_bad_address() -> None:
    with MailServer(Mailbox(on_recipient=says("550-5.1.1 No such\r\n550 5.1.1 user"))) as server:
        outcome = sent(at(server.port))
    assert outcome == Outcome(
        "rejected", "recipient", 550, "5.1.1", "5.1.1 No such 5.1.1 user", bad_address=True
    )


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("sender", "550 5.1.8 Sender address rejected"),
        ("sender", "553 5.1.2 No such domain"),
        ("recipient", "550 5.7.1 Relaying denied"),
        ("recipient", "550 Blocked: listed by a block list"),
        ("recipient", "552 5.2.2 Mailbox full"),
        ("data", "554 5.7.1 Message looks like spam"),
        ("data", "552 5.3.4 Message too big"),
        ("data", "550 Rejected for its content"),
    ],
)
def test_a_rejection_that_is_not_about_the_address_leaves_it_good(
    stage: Stage, answer: str
) -> None:
    with MailServer(answering(stage, says(answer))) as server:
        outcome = sent(at(server.port))
    assert (outcome.kind, outcome.stage) == ("rejected", stage)
    assert not outcome.bad_address


def test_an_address_that_is_refused_only_after_the_letter_is_a_bad_one() -> None:
    with MailServer(Mailbox(on_data=says("554 5.1.1 This user has no account"))) as server:
        assert sent(at(server.port)).bad_address


@pytest.mark.parametrize("stage", ["sender", "recipient", "data"])
def test_a_reply_that_says_later_is_retried(stage: Stage) -> None:
    with MailServer(answering(stage, says("451 4.3.2 Later, please"))) as server:
        outcome = sent(at(server.port))
    assert outcome == Outcome("retry", outcome.stage, 451, "4.3.2", "4.3.2 Later, please")
    assert outcome.stage == stage


def test_a_server_that_is_not_there_is_retried() -> None:
    with MailServer(Mailbox()) as server:
        port = server.port
    assert (sent(at(port)).kind, sent(at(port)).stage) == ("retry", "connect")


def test_a_server_that_does_not_answer_is_given_up_after_the_timeout() -> None:
    with MailServer(Mailbox(on_recipient=stalls)) as server:
        outcome = sent(at(server.port, timeout=0.2))
    assert (outcome.kind, outcome.stage, outcome.accepted_maybe) == ("retry", "recipient", False)


@pytest.mark.parametrize("ends", [drops, stalls])
def test_a_letter_without_an_answer_may_have_been_accepted(ends: Answer) -> None:
    mailbox = Mailbox(on_data=ends)
    with MailServer(mailbox) as server:
        outcome = sent(at(server.port, timeout=0.5))
    assert (outcome.kind, outcome.stage, outcome.accepted_maybe) == ("retry", "data", True)
    assert mailbox.mails == [RAW]


def test_a_connection_that_drops_before_the_letter_has_not_delivered_it() -> None:
    with MailServer(Mailbox(on_recipient=drops)) as server:
        outcome = sent(at(server.port))
    assert (outcome.kind, outcome.stage, outcome.accepted_maybe) == ("retry", "recipient", False)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SSLContext:
    trusted, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return context


def test_a_letter_goes_to_a_known_user_over_tls(tls: SSLContext) -> None:
    mailbox = Mailbox()
    with MailServer(
        mailbox, tls_context=tls, auth_required=True, authenticator=knows_robin
    ) as server:
        known = SmtpServer("localhost", server.port, "robin", "secret", client_name="localhost")
        assert sent(known).kind == "delivered"
        refused = sent(replace(known, password="wrong"))
    assert (refused.kind, refused.stage, refused.code) == ("rejected", "connect", 535)
    assert not refused.bad_address


def test_a_letter_never_goes_to_a_server_without_the_tls_that_is_set() -> None:
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        plain = at(server.port, timeout=0.5)
        for other in (replace(plain, security="starttls"), replace(plain, security="tls")):
            outcome = sent(other)
            assert (outcome.kind, outcome.stage) == ("retry", "connect")
    assert mailbox.mails == []


def test_a_server_that_nobody_vouches_for_gets_no_letter(tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    mailbox = Mailbox()
    with MailServer(mailbox, tls_context=context) as server:
        outcome = sent(SmtpServer("localhost", server.port, client_name="localhost"))
    assert (outcome.kind, outcome.stage, mailbox.mails) == ("retry", "connect", [])


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(SmtpServer("localhost", 587, "robin", "secret"))


def sent_together(server: SmtpServer, letters: int, limit: int) -> list[Outcome]:
    async def send_all() -> list[Outcome]:
        async with SmtpConnections(server, limit) as connections:
            sending = [
                connections.send(RAW, "us@example.org", f"p{n}@example.org") for n in range(letters)
            ]
            return await asyncio.gather(*sending)

    return asyncio.run(send_all())


def test_many_letters_share_few_connections() -> None:
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        outcomes = sent_together(at(server.port), letters=100, limit=3)
    assert {outcome.kind for outcome in outcomes} == {"delivered"}
    assert sorted(mailbox.recipients) == sorted(f"p{n}@example.org" for n in range(100))
    assert len(mailbox.connections) == 3


def test_a_broken_connection_is_made_anew_for_the_next_letter() -> None:
    mailbox = Mailbox(data_answers=[OK, drops, says("554 5.7.1 Spam")])
    with MailServer(mailbox) as server:
        outcomes = sent_together(at(server.port), letters=5, limit=1)
    assert [o.kind for o in outcomes] == [
        "delivered",
        "retry",
        "rejected",
        "delivered",
        "delivered",
    ]
    assert len(mailbox.connections) == 2


def test_after_a_refusal_the_same_connection_takes_the_next_letter() -> None:
    async def refuses_once(server: SMTP, envelope: Envelope) -> str:
        mailbox.on_recipient = OK
        return "550 5.1.1 No such user"

    mailbox = Mailbox(on_recipient=refuses_once)
    with MailServer(mailbox) as server:
        outcomes = sent_together(at(server.port), letters=2, limit=1)
    assert [outcome.kind for outcome in outcomes] == ["rejected", "delivered"]
    assert len(mailbox.connections) == 1


def test_an_idle_connection_that_the_server_ends_costs_no_letter() -> None:
    async def send_twice(port: int, mailbox: Mailbox) -> list[Outcome]:
        async with SmtpConnections(at(port), limit=1) as connections:
            first = await connections.send(RAW, "us@example.org", "one@example.org")
            mailbox.on_sender = closes_once(mailbox)
            return [first, await connections.send(RAW, "us@example.org", "two@example.org")]

    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        outcomes = asyncio.run(send_twice(server.port, mailbox))
    assert [outcome.kind for outcome in outcomes] == ["delivered", "delivered"]
    assert mailbox.recipients == ["one@example.org", "two@example.org"]


def closes_once(mailbox: Mailbox) -> Answer:
    async def answer(server: SMTP, envelope: Envelope) -> str:
        mailbox.on_sender = OK
        return "421 4.4.2 Idle for too long"

    return answer

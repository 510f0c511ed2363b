import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Literal

import pytest

from infrastructure.mail.receiving import Receiving
from infrastructure.mail.server import LARGEST_MAIL
from infrastructure.mail.sink import Sink

MAIL = b"From: jo@example.org\r\nSubject: Re: A role\r\n\r\nYes!\r\n"
OURS = "reply@sourcing.example"


class Taken:
    """Takes mail, or fails to."""

    def __init__(self) -> None:
        self.mails: list[tuple[bytes, list[str]]] = []
        self.fails = False

    def __call__(self, raw: bytes, recipients: list[str]) -> None:
        if self.fails:
            raise OSError("the database of jo@example.org is away")
        self.mails.append((raw, recipients))


@contextmanager
def receiving(taken: Taken, protocol: Literal["lmtp", "smtp"] = "smtp") -> Iterator[smtplib.SMTP]:
    client = smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP
    with (
        Receiving(taken, [OURS, "bounces@sourcing.example"], protocol=protocol) as server,
        client("127.0.0.1", server.port, local_hostname="localhost") as connection,
    ):
        connection.ehlo_or_helo_if_needed()
        yield connection


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_a_mail_to_the_reply_address_is_taken_with_its_envelope(
    protocol: Literal["lmtp", "smtp"],
) -> None:
    taken = Taken()
    with receiving(taken, protocol) as connection:
        connection.sendmail("jo@example.org", ["Reply+k7q2@Sourcing.example"], MAIL)
    [(raw, recipients)] = taken.mails
    assert raw == b"Return-Path: <jo@example.org>\r\n" + MAIL
    assert recipients == ["Reply+k7q2@Sourcing.example"]


def test_a_bounce_has_an_empty_sender() -> None:
    taken = Taken()
    with receiving(taken) as connection:
        connection.sendmail("", ["bounces+k7q2@sourcing.example"], MAIL)
    assert taken.mails[0][0].startswith(b"Return-Path: <>\r\n")


@pytest.mark.parametrize(
    "other", ["jo@example.org", "replying@sourcing.example", "reply@other.example", "postmaster"]
)
def test_mail_to_others_is_refused(other: str) -> None:
    taken = Taken()
    with (
        receiving(taken) as connection,
        pytest.raises(smtplib.SMTPRecipientsRefused) as refused,
    ):
        connection.sendmail("jo@example.org", [other], MAIL)
    assert refused.value.recipients[other][0] == 550
    assert taken.mails == []


def test_a_mail_that_could_not_be_taken_is_to_be_sent_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken = Taken()
    with receiving(taken) as connection:
        taken.fails = True
        with pytest.raises(smtplib.SMTPDataError) as refused:
            connection.sendmail("jo@example.org", [OURS], MAIL)
        assert refused.value.smtp_code == 451
        taken.fails = False
        connection.sendmail("jo@example.org", [OURS], MAIL)
    assert len(taken.mails) == 1
    assert "OSError" in caplog.text
    assert "jo@example.org" not in caplog.text


def test_lmtp_answers_for_each_recipient() -> None:
    taken = Taken()
    two = ["reply+one@sourcing.example", "reply+two@sourcing.example"]
    with receiving(taken, "lmtp") as connection:
        connection.sendmail("jo@example.org", two, MAIL)
        assert connection.getreply()[0] == 250
        assert connection.noop() == (250, b"OK")
    assert taken.mails[0][1] == two


def test_a_mail_is_answered_only_when_it_has_been_taken() -> None:
    go_on, answered = Event(), Event()

    def take(raw: bytes, recipients: list[str]) -> None:
        go_on.wait(timeout=10)

    with Receiving(take, [OURS], protocol="smtp") as server:

        def write() -> None:
            with smtplib.SMTP("127.0.0.1", server.port, local_hostname="localhost") as connection:
                connection.sendmail("jo@example.org", [OURS], MAIL)
                answered.set()

        writing = Thread(target=write)
        writing.start()
        # While one mail waits, the server still answers others.
        with smtplib.SMTP("127.0.0.1", server.port, local_hostname="localhost") as other:
            assert other.noop()[0] == 250
        assert not answered.is_set()
        go_on.set()
        writing.join(timeout=10)
    assert answered.is_set()


def test_a_mail_that_is_too_large_is_refused() -> None:
    taken = Taken()
    with receiving(taken) as connection:
        connection.mail("jo@example.org")
        connection.rcpt(OURS)
        assert connection.data((b"x" * 998 + b"\r\n") * (LARGEST_MAIL // 1000 + 1))[0] == 552
    assert taken.mails == []


def test_a_paragraph_in_one_line_is_taken() -> None:
    taken = Taken()
    with receiving(taken) as connection:
        connection.sendmail("jo@example.org", [OURS], MAIL + b"x" * 50_000 + b"\r\n")
    assert len(taken.mails) == 1


def test_the_sink_keeps_letters_to_anybody() -> None:
    taken = Taken()
    with (
        Sink(taken) as sink,
        smtplib.SMTP("127.0.0.1", sink.port, local_hostname="localhost") as connection,
    ):
        connection.sendmail("us@sourcing.example", ["jo@example.org", "jo@example.net"], MAIL)
    assert taken.mails == [(MAIL, ["jo@example.org", "jo@example.net"])]


def test_two_servers_cannot_have_one_port() -> None:
    with Sink(Taken()) as sink, pytest.raises(OSError, match="in use"), Sink(Taken(), sink.port):
        pass


def test_a_server_ends_though_clients_are_connected() -> None:
    with Sink(Taken()) as sink:
        connection = smtplib.SMTP("127.0.0.1", sink.port, local_hostname="localhost")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        connection.noop()
    connection.close()

"""What comes back by mail finds its outreach, is taken once, and for no more than it is."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from api.delivery.inbound import Inbox
from domain.actor import Role
from tests.support.client import done
from tests.support.post_office import PostOffice, Sent, body

Send = Callable[[], Sent]


def reply(
    letter: EmailMessage, text: str, *, to: str | None = None, sender: str | None = None
) -> tuple[bytes, list[str]]:
    mail = EmailMessage()
    recipient = to or str(letter["Reply-To"])
    mail["From"], mail["To"] = sender or str(letter["To"]), recipient
    mail["Subject"] = f"Re: {letter['Subject']}"
    mail["Message-ID"] = "<1@mail.example.com>"
    mail["In-Reply-To"] = letter["Message-ID"]
    quoted = "\n".join(f"> {line}" for line in body(letter).splitlines())
    mail.set_content(f"{text}\n\nOn Monday, Robin wrote:\n{quoted}\n")
    return mail.as_bytes(), [recipient]


def thread(sent: Sent) -> list[dict[str, Any]]:
    path = f"/outreach/{sent.outreach}/timeline"
    return done(sent.scene.recruiter.get(path, after=sent.scene.latest()))  # type: ignore[no-any-return]  # JSON


def test_a_question_is_shown_without_what_it_quotes(
    office: PostOffice, send: Send, inbox: Inbox
) -> None:
    sent = send()
    (letter,) = office.deliver()
    inbox.take(*reply(letter, "Which robots?"))
    last = thread(sent)[-1]
    assert (last["what"], last["personal"]["text"]) == ("reply_received", "Which robots?")
    assert (last["actor_role"], last["actor_id"]) == (Role.CANDIDATE, sent.candidate)
    assert sent.status() == "wrote_back"


def test_a_clear_yes_accepts(office: PostOffice, send: Send, inbox: Inbox) -> None:
    sent = send()
    (letter,) = office.deliver()
    inbox.take(*reply(letter, "Yes, I'd love to talk."))
    assert sent.status() == "accepted"


def test_a_mail_that_comes_twice_is_taken_once(
    office: PostOffice, send: Send, inbox: Inbox
) -> None:
    sent = send()
    (letter,) = office.deliver()
    for _ in range(2):
        inbox.take(*reply(letter, "Which robots?"))
    assert sent.happened().count("outreach.reply_received") == 1


def test_without_the_token_the_letters_id_and_the_persons_address_name_it(
    office: PostOffice, send: Send, inbox: Inbox
) -> None:
    sent = send()
    (letter,) = office.deliver()
    inbox.take(*reply(letter, "Which robots?", to="reply@example.org"))
    assert sent.status() == "wrote_back"


def test_nobody_else_answers_by_a_letters_id(office: PostOffice, send: Send, inbox: Inbox) -> None:
    sent = send()
    (letter,) = office.deliver()
    inbox.take(*reply(letter, "Yes.", to="reply@example.org", sender="eve@example.com"))
    assert sent.status() == "awaiting_answer"


@pytest.mark.parametrize("token", ["", "x" * 52, "a" * 60])
def test_a_made_up_token_names_nothing(
    office: PostOffice, send: Send, inbox: Inbox, token: str
) -> None:
    sent = send()
    (letter,) = office.deliver()
    inbox.take(*reply(letter, "Yes.", to=f"reply+{token}@example.org", sender="eve@example.com"))
    assert sent.status() == "awaiting_answer"


def test_an_out_of_office_answer_is_no_answer(office: PostOffice, send: Send, inbox: Inbox) -> None:
    sent = send()
    (letter,) = office.deliver()
    raw, recipients = reply(letter, "Yes, I am on holiday.")
    inbox.take(b"Auto-Submitted: auto-replied\r\n" + raw, recipients)
    assert sent.status() == "awaiting_answer"


DSN = """\
From: MAILER-DAEMON@mx.example.com
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} No such user

--b
Content-Type: text/rfc822-headers

Message-ID: {id}

--b--
"""


@pytest.mark.parametrize(
    ("action", "status", "outcome"),
    [("failed", "5.1.1", "undelivered"), ("delayed", "4.4.1", "awaiting_answer")],
)
def test_a_bounce_ends_the_outreach_and_a_delay_does_not(
    office: PostOffice, send: Send, inbox: Inbox, action: str, status: str, outcome: str
) -> None:
    sent = send()
    (letter,) = office.deliver()
    told = {"to": letter["Reply-To"], "recipient": letter["To"], "id": letter["Message-ID"]}
    inbox.take(DSN.format(**told, action=action, status=status).encode(), [letter["Reply-To"]])
    assert sent.status() == outcome


def test_after_an_erasure_nothing_is_taken(office: PostOffice, send: Send, inbox: Inbox) -> None:
    sent = send()
    (letter,) = office.deliver()
    done(sent.scene.platform("DELETE", f"/candidates/{sent.candidate}"))
    inbox.take(*reply(letter, "Yes."))
    assert "outreach.reply_received" not in sent.happened()

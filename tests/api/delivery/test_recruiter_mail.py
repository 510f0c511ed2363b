"""Recruiters write to candidates by replying to the mail that told them of an answer."""

import smtplib
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from api.delivery.inbound import Inbox
from api.delivery.notices import Notices
from api.delivery.shown_letters import ShownLetters
from domain.actor import CompanyRole, Role
from infrastructure.mail.receiving import Receiving
from tests.support.client import Client, done
from tests.support.mail_servers import says
from tests.support.post_office import PostOffice, Sent, body, read
from tests.support.teams import joined

Send = Callable[[], Sent]

BACK_HOME = b"Auto-Submitted: auto-replied\r\n"


@pytest.fixture
def receiver(inbox: Inbox) -> Iterator[Receiving]:
    with Receiving(inbox.take, ["reply@example.org"], protocol="smtp") as server:
        yield server


def robins(sent: Sent, name: str = "robin") -> str:
    """The address of a recruiter who wrote this."""
    return f"{name}@{sent.scene.employer_id}.example"


def wants_mail(recruiter: Client, address: str) -> None:
    wish = {"frequency": "each", "email": address}
    done(recruiter("PUT", "/me/notification", json=wish))


def tell(office: PostOffice, sent: Sent, *, minutes: float = 0) -> list[EmailMessage]:
    """The mails to the recruiters of this employer that are due after these minutes."""
    office.later += timedelta(minutes=minutes)
    office.stage.catch_up()
    before = len(office.mailbox.mails)
    Notices(office.delivery()).send_due()
    mails = [read(raw) for raw in office.mailbox.mails[before:]]
    return [mail for mail in mails if sent.scene.employer_id in str(mail["To"])]


def said_yes(sent: Sent, note: str | None = "Gladly.") -> None:
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/acceptance", {"note": note}))


def answered(office: PostOffice, send: Send) -> tuple[Sent, EmailMessage]:
    """An outreach that was accepted, and the mail that says so."""
    sent = send()
    wants_mail(sent.scene.recruiter, robins(sent))
    said_yes(sent)
    (mail,) = tell(office, sent)
    return sent, mail


def mail_back(
    receiver: Receiving,
    told: EmailMessage,
    text: str,
    *,
    sender: str | None = None,
    envelope: str | None = None,
    more: bytes = b"",
) -> None:
    mail, sender = EmailMessage(), sender or str(told["To"])
    mail["From"], mail["To"], mail["Subject"] = sender, told["Reply-To"], f"Re: {told['Subject']}"
    mail["Message-ID"], mail["In-Reply-To"] = "<9@mail.acme.example>", told["Message-ID"]
    quoted = "\n".join(f"> {line}" for line in body(told).splitlines())
    mail.set_content(f"{text}\n\nOn Monday, jobs@example.org wrote:\n{quoted}\n")
    with smtplib.SMTP("127.0.0.1", receiver.port) as server:
        server.sendmail(
            sender if envelope is None else envelope,
            [str(told["Reply-To"])],
            more + mail.as_bytes(),
        )


def written(sent: Sent) -> list[dict[str, Any]]:
    """What the employer wrote in the thread after its first message."""
    path = f"/outreach/{sent.outreach}/timeline"
    steps = done(sent.scene.recruiter.get(path, after=sent.scene.latest()))
    return [step for step in steps if step["what"] == "reply_sent"]


def refusals(office: PostOffice) -> list[EmailMessage]:
    every = [read(raw) for raw in office.mailbox.mails]
    return [mail for mail in every if mail["Subject"] == "Your reply was not sent"]


def test_a_reply_becomes_the_recruiters_message(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent, told = answered(office, send)
    mail_back(receiver, told, "How about Tuesday?")
    (step,) = written(sent)
    assert step["personal"] == {"text": "How about Tuesday?", "sender_name": "Robin"}
    assert (step["actor_role"], step["actor_id"]) == (Role.RECRUITER, "recruiter@test")
    assert refusals(office) == []


def test_a_member_who_may_only_look_does_not_write_by_mail(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent = send()
    member = joined(sent.scene, CompanyRole.READ_ONLY)
    wants_mail(member.call, robins(sent, "rita"))
    said_yes(sent)
    (told,) = tell(office, sent)
    mail_back(receiver, told, "How about Tuesday?")
    assert written(sent) == []
    assert "ask an owner for another role" in body(refusals(office)[-1])


def test_who_was_removed_is_told_of_no_answers(office: PostOffice, send: Send) -> None:
    sent = send()
    member = joined(sent.scene)
    wants_mail(member.call, robins(sent, "rita"))
    done(sent.scene.owner("DELETE", f"/employers/{sent.scene.employer_id}/team/{member.id}"))
    said_yes(sent)
    assert tell(office, sent) == []


def test_the_candidate_gets_it_as_a_letter(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent, told = answered(office, send)
    mail_back(receiver, told, "How about Tuesday?")
    letters = [mail for mail in office.deliver() if sent.outreach in str(mail["Message-ID"])]
    letter = next(mail for mail in letters if str(mail["Subject"]).startswith("Re: "))
    assert "How about Tuesday?" in body(letter)
    assert str(told["To"]) not in letter.as_string()


def test_a_reply_is_not_told_to_the_one_who_wrote_it(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent, told = answered(office, send)
    mail_back(receiver, told, "How about Tuesday?")
    assert tell(office, sent, minutes=2) == []


def test_after_a_yes_the_mail_says_what_the_candidate_wrote(office: PostOffice, send: Send) -> None:
    _, told = answered(office, send)
    assert "Gladly." in body(told)


def test_a_text_that_was_told_is_not_told_again(office: PostOffice, send: Send) -> None:
    sent, _ = answered(office, send)
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/candidate-replies", {"text": "Hm."}))
    (told,) = tell(office, sent, minutes=2)
    assert "Hm." in body(told)
    assert "Gladly." not in body(told)


def test_an_erased_candidates_words_are_not_told(office: PostOffice, send: Send) -> None:
    sent = send()
    wants_mail(sent.scene.recruiter, robins(sent))
    said_yes(sent)
    done(sent.scene.platform("DELETE", f"/candidates/{sent.candidate}"))
    assert all("Gladly." not in mail.as_string() for mail in tell(office, sent))


def test_the_mails_about_one_outreach_are_one_thread(office: PostOffice, send: Send) -> None:
    sent, first = answered(office, send)
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/candidate-replies", {"text": "Hm."}))
    (second,) = tell(office, sent, minutes=2)
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]


def test_each_of_two_answers_can_be_replied_to(office: PostOffice, send: Send) -> None:
    sent = send()
    other = sent.scene.member("Silent too", silent_days=400)
    outreach = done(sent.scene.message(sent.scene.position(), other))["id"]
    wants_mail(sent.scene.recruiter, robins(sent))
    for one in (sent, Sent(sent.scene, other, outreach)):
        said_yes(one)
    assert len({mail["Reply-To"] for mail in tell(office, sent)}) == 2


def test_a_no_cannot_be_replied_to(office: PostOffice, send: Send) -> None:
    sent = send()
    wants_mail(sent.scene.recruiter, robins(sent))
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/decline", {"reason": "salary"}))
    (told,) = tell(office, sent)
    assert told["Reply-To"] is None


def test_a_mail_that_comes_twice_is_taken_once(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent, told = answered(office, send)
    for _ in range(2):
        mail_back(receiver, told, "How about Tuesday?")
    assert len(written(sent)) == 1
    assert refusals(office) == []


def test_a_mail_that_was_taken_is_not_refused_after_an_opt_out(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent, told = answered(office, send)
    mail_back(receiver, told, "How about Tuesday?")
    done(sent.scene.platform.post(f"/candidates/{sent.candidate}/opt-out"))
    mail_back(receiver, told, "How about Tuesday?")
    assert refusals(office) == []


def test_a_forged_sender_is_refused_and_the_recruiter_told(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent, told = answered(office, send)
    mail_back(receiver, told, "Send me money.", sender="eve@example.com")
    assert written(sent) == []
    (refusal,) = refusals(office)
    assert refusal["To"] == told["To"]
    assert "another address" in body(refusal)
    assert "money" not in refusal.as_string()


def test_another_recruiters_address_does_not_take_it(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent, _ = answered(office, send)
    sam = office.stage.as_(Role.RECRUITER, sent.scene.employer_id, "sam")
    wants_mail(sam, robins(sent, "sam"))
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/candidate-replies", {"text": "Hm."}))
    told = tell(office, sent, minutes=2)
    sams = next(mail for mail in told if mail["To"] == robins(sent, "sam"))
    mail_back(receiver, sams, "How about Tuesday?", sender=robins(sent))
    assert written(sent) == []
    assert [mail["To"] for mail in refusals(office)] == [robins(sent, "sam")]


def test_who_wants_no_mails_any_more_writes_none(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent, told = answered(office, send)
    done(sent.scene.recruiter("PUT", "/me/notification", json={"frequency": "never"}))
    office.stage.catch_up()
    mail_back(receiver, told, "How about Tuesday?")
    assert written(sent) == []


def test_a_candidates_address_is_not_a_recruiters(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    sent = send()
    (letter,) = [mail for mail in office.deliver() if sent.outreach in str(mail["Message-ID"])]
    wants_mail(sent.scene.recruiter, robins(sent))
    said_yes(sent)
    tell(office, sent)
    mail_back(receiver, letter, "How about Tuesday?")
    assert written(sent) == []


def opt_out(sent: Sent) -> None:
    done(sent.scene.platform.post(f"/candidates/{sent.candidate}/opt-out"))


def erase(sent: Sent) -> None:
    done(sent.scene.platform("DELETE", f"/candidates/{sent.candidate}"))


def suspend(sent: Sent) -> None:
    path = f"/employers/{sent.scene.employer_id}/suspension"
    done(sent.scene.admin.post(path, {"reason": "Unpaid"}))


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [(opt_out, "not opted in"), (erase, "erased"), (suspend, "suspended")],
)
def test_a_refused_reply_is_answered_with_the_reason(
    office: PostOffice,
    send: Send,
    receiver: Receiving,
    meanwhile: Callable[[Sent], None],
    why: str,
) -> None:
    sent, told = answered(office, send)
    meanwhile(sent)
    mail_back(receiver, told, "How about Tuesday?")
    assert "outreach.reply_sent" not in sent.happened()
    (refusal,) = refusals(office)
    assert (refusal["To"], refusal["Auto-Submitted"]) == (told["To"], "auto-replied")
    assert why in body(refusal)
    assert f"/outreach/{sent.outreach}" in body(refusal)


def test_an_empty_reply_is_answered(office: PostOffice, send: Send, receiver: Receiving) -> None:
    sent, told = answered(office, send)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = told["To"], told["Reply-To"], "<8@mail.example>"
    mail.set_content("")
    with smtplib.SMTP("127.0.0.1", receiver.port) as server:
        server.send_message(mail)
    assert written(sent) == []
    assert "no text" in body(refusals(office)[0])


@pytest.mark.parametrize(
    ("envelope", "more"),
    [(None, BACK_HOME), (None, b"Precedence: bulk\r\n"), ("", b"")],
)
def test_an_automatic_mail_is_neither_taken_nor_answered(
    office: PostOffice, send: Send, receiver: Receiving, envelope: str | None, more: bytes
) -> None:
    sent, told = answered(office, send)
    mail_back(receiver, told, "I am away.", envelope=envelope, more=more)
    assert written(sent) == []
    assert refusals(office) == []


def test_a_bounce_of_a_mail_to_a_recruiter_ends_nothing(
    office: PostOffice, send: Send, inbox: Inbox
) -> None:
    sent, told = answered(office, send)
    bounce = (
        f"From: MAILER-DAEMON@mx.example.com\r\nTo: {told['Reply-To']}\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {told['To']}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    inbox.take(bounce.encode(), [str(told["Reply-To"])])
    assert sent.status() == "accepted"
    assert refusals(office) == []


def test_a_refusal_that_cannot_be_sent_is_asked_for_again(
    office: PostOffice, send: Send, receiver: Receiving
) -> None:
    _, told = answered(office, send)
    office.mailbox.on_data = says("451 Later")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        mail_back(receiver, told, "Hello", sender="eve@example.com")
    assert refused.value.smtp_code == 451


def test_a_shown_mail_with_the_candidates_words_is_gone_with_them(
    office: PostOffice, send: Send
) -> None:
    sent, told = answered(office, send)
    shown = ShownLetters(office.stage.marketplace.store, office.stage.marketplace.pool)
    shown.keep(told.as_bytes(), office.now())
    id = str(told["Message-ID"])
    assert shown.latest(1, id)
    erase(sent)
    assert not shown.latest(1, id)

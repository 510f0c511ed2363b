"""Recruiters are told of new answers as often as they chose."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest

from api.delivery.notices import Notices
from domain.actor import Role
from tests.support.client import done
from tests.support.post_office import PostOffice, Sent, body, read

Send = Callable[[], Sent]


def chosen(sent: Sent, frequency: str) -> None:
    wish = {"frequency": frequency, "email": "robin@acme.example"}
    done(sent.scene.recruiter("PUT", "/me/notification", json=wish))


def answered(sent: Sent) -> None:
    reply = {"text": "Which robots?"}
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/candidate-replies", reply))


def told(office: PostOffice, minutes: float = 0) -> list[EmailMessage]:
    office.later += timedelta(minutes=minutes)
    office.stage.catch_up()
    before = len(office.mailbox.mails)
    Notices(office.delivery()).send_due()
    return [read(raw) for raw in office.mailbox.mails[before:]]


def test_a_new_answer_is_told_once(office: PostOffice, send: Send) -> None:
    sent = send()
    chosen(sent, "each")
    assert told(office) == []
    answered(sent)
    (mail,) = told(office, minutes=2)
    assert mail["To"] == "robin@acme.example"
    assert "New answer: Backend developer" in body(mail)
    assert "robots" not in mail.as_string()
    assert told(office, minutes=10) == []


def test_once_a_day_is_once_a_day(office: PostOffice, send: Send) -> None:
    sent = send()
    chosen(sent, "daily")
    assert told(office) == []
    answered(sent)
    assert told(office, minutes=60) == []
    assert len(told(office, minutes=24 * 60)) == 1


def test_several_answers_of_a_day_are_counted_in_one_mail(office: PostOffice, send: Send) -> None:
    sent = send()
    other = sent.scene.member("Silent too", silent_days=400)
    outreach = done(sent.scene.message(sent.scene.position(), other))["id"]
    chosen(sent, "daily")
    told(office)
    answered(sent)
    answered(Sent(sent.scene, other, outreach))
    (mail,) = told(office, minutes=25 * 60)
    assert "Backend developer: 2 new answers" in body(mail)
    assert mail["Reply-To"] is None


@pytest.mark.parametrize("frequency", ["never", None])
def test_who_did_not_choose_it_is_not_told(
    office: PostOffice, send: Send, frequency: str | None
) -> None:
    sent = send()
    if frequency:
        chosen(sent, frequency)
    answered(sent)
    assert told(office, minutes=2000) == []


def test_what_was_read_is_not_told(office: PostOffice, send: Send) -> None:
    sent = send()
    chosen(sent, "each")
    answered(sent)
    done(sent.scene.recruiter.post(f"/outreach/{sent.outreach}/reading", {"step": 99}))
    assert told(office, minutes=2) == []


def test_an_address_that_no_mail_can_go_to_keeps_no_one_else_from_being_told(
    office: PostOffice, send: Send
) -> None:
    wishes = {"(robin@acme.example": send(), "sam@globex.example": send()}
    for address, sent in wishes.items():
        wish = {"frequency": "each", "email": address}
        done(sent.scene.recruiter("PUT", "/me/notification", json=wish))
        answered(sent)
    assert "sam@globex.example" in [mail["To"] for mail in told(office)]


def test_an_answer_of_support_is_told_once_and_not_carried(office: PostOffice, send: Send) -> None:
    sent = send()
    chosen(sent, "each")
    asked = {"subject": "No candidates", "text": "My feed is empty."}
    ticket = done(sent.scene.recruiter.post("/tickets", asked))["id"]
    assert told(office) == []
    answer = {"text": "Which filter?", "signed_by": "Ola Berg"}
    done(office.stage.as_(Role.SUPPORT).post(f"/tickets/{ticket}/answers", answer))
    (mail,) = told(office, minutes=2)
    assert 'Support answered your ticket "No candidates".' in body(mail)
    assert f"/help/tickets/{ticket}" in body(mail)
    assert "filter" not in mail.as_string()
    assert told(office, minutes=10) == []


def test_an_answer_of_support_that_was_read_is_not_told(office: PostOffice, send: Send) -> None:
    sent = send()
    chosen(sent, "each")
    ticket = done(sent.scene.recruiter.post("/tickets", {"subject": "Where?", "text": "Help."}))
    assert told(office) == []
    support = office.stage.as_(Role.SUPPORT)
    answer = {"text": "Here.", "signed_by": "Ola Berg"}
    step = done(support.post(f"/tickets/{ticket['id']}/answers", answer))["version"]
    done(sent.scene.recruiter.post(f"/me/tickets/{ticket['id']}/reading", {"step": step}))
    assert told(office, minutes=2) == []


def test_an_answer_to_feedback_is_told_once(office: PostOffice, send: Send) -> None:
    sent = send()
    chosen(sent, "each")
    path = f"/employers/{sent.scene.employer_id}/feedback"
    number = done(sent.scene.recruiter.post(path, {"text": "Fine cards."}))["version"]
    assert told(office) == []
    answer = {"text": "Secret plans.", "signed_by": "Casey"}
    done(office.stage.as_(Role.CSM).post(f"{path}/{number}/answers", answer))
    (mail,) = told(office, minutes=2)
    assert "answered your feedback." in body(mail)
    assert "/feedback/yours" in body(mail)
    assert "Secret" not in mail.as_string()
    assert told(office, minutes=10) == []

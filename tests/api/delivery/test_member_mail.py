"""Mails to members are sent once, however often the mail server or a worker fails."""

from datetime import timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest

from api.delivery.member_mail import MemberMail
from api.identifiers import of_address
from domain.actor import CompanyRole
from infrastructure.requests import sign_in_links
from tests.support.client import done
from tests.support.concurrency import at_once
from tests.support.mail_servers import Answer, drops, says
from tests.support.post_office import PostOffice, body, read
from tests.support.stage import Scene, Stage
from tests.support.teams import invited, joined

LATER = says("451 4.3.0 Try again later")


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def sent(office: PostOffice, address: str, *, minutes: float = 0) -> list[EmailMessage]:
    """What comes to an address when mails are sent these minutes later."""
    office.later += timedelta(minutes=minutes)
    office.stage.catch_up()
    before = len(office.mailbox.mails)
    MemberMail(office.delivery()).send_due()
    mails = [read(raw) for raw in office.mailbox.mails[before:]]
    return [mail for mail in mails if mail["To"] == address]


def address() -> str:
    return f"{uuid4().hex[:12]}@acme.example"


@pytest.mark.parametrize("failure", [LATER, drops], ids=["greylisted", "broken off"])
def test_an_invitation_that_the_mail_server_does_not_take_is_sent_again(
    office: PostOffice, scene: Scene, failure: Answer
) -> None:
    to = address()
    invited(scene, CompanyRole.RECRUITER, email=to)
    office.mailbox.on_recipient = failure
    assert sent(office, to) == []
    office.mailbox.on_recipient = says("250 OK")
    assert sent(office, to) == []  # it waits for some time first
    assert len(sent(office, to, minutes=2)) == 1
    assert sent(office, to, minutes=600) == []


def test_a_lost_answer_of_the_mail_server_gives_the_same_message_again(
    office: PostOffice, scene: Scene
) -> None:
    to = address()
    invited(scene, CompanyRole.RECRUITER, email=to)
    office.mailbox.data_answers = [drops]
    first = sent(office, to)
    (again,) = sent(office, to, minutes=2)
    assert {mail["Message-ID"] for mail in [*first, again]} == {again["Message-ID"]}


def test_an_invitation_that_expired_unsent_is_not_sent(office: PostOffice, scene: Scene) -> None:
    to = address()
    invited(scene, CompanyRole.RECRUITER, email=to)
    assert sent(office, to, minutes=8 * 24 * 60) == []


def test_an_address_that_no_mail_can_go_to_keeps_no_one_else_from_joining(
    office: PostOffice, scene: Scene
) -> None:
    to = address()
    invited(scene, CompanyRole.RECRUITER, email="(robin@acme.example")
    invited(scene, CompanyRole.RECRUITER, email=to)
    assert len(sent(office, to)) == 1


def asked(office: PostOffice, to: str) -> None:
    market = office.stage.marketplace
    key = of_address(market.address_key, to)
    with market.pool.connection() as db:
        sign_in_links.ask(db, uuid4(), key, "/team", office.now())


def test_a_link_that_the_mail_server_does_not_take_is_sent_again(
    office: PostOffice, scene: Scene
) -> None:
    member = joined(scene)
    office.stage.catch_up()
    asked(office, member.email)
    office.mailbox.on_recipient = LATER
    assert sent(office, member.email) == []
    office.mailbox.on_recipient = says("250 OK")
    (mail,) = sent(office, member.email, minutes=2)
    assert "/s/" in body(mail)
    assert sent(office, member.email, minutes=2) == []


def test_of_two_workers_one_sends_a_link(office: PostOffice, scene: Scene) -> None:
    member = joined(scene)
    office.stage.catch_up()
    asked(office, member.email)
    at_once(*[MemberMail(office.delivery()).send_due] * 2)
    came = [read(raw)["To"] for raw in office.mailbox.mails]
    assert came.count(member.email) == 1


def test_of_leaving_the_beta_others_are_told_once(office: PostOffice, scene: Scene) -> None:
    owner = joined(scene, CompanyRole.OWNER)
    done(scene.owner("DELETE", f"/employers/{scene.employer_id}/beta"))
    assert len(sent(office, owner.email)) == 1
    assert sent(office, owner.email, minutes=60) == []


def test_of_leaving_the_beta_long_ago_nobody_is_told(office: PostOffice, scene: Scene) -> None:
    owner = joined(scene, CompanyRole.OWNER)
    done(scene.owner("DELETE", f"/employers/{scene.employer_id}/beta"))
    assert sent(office, owner.email, minutes=25 * 60) == []

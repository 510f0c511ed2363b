"""Recruiter and candidate side by side in two browsers, and a real mail server between them."""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from domain.actor import Role
from infrastructure.mail.server import MailServer
from tests.support.browser import Desk, Desks
from tests.support.client import done
from tests.support.concurrency import SECONDS
from tests.support.databases import Databases
from tests.support.letters import Writing, fill_in, writing
from tests.support.mail_servers import Mailbox
from tests.support.post_office import body, read
from tests.support.stage import Stage, own_stage

pytestmark = pytest.mark.slow

MAILBOX = Mailbox()

UNDO_SECONDS = 6
"""Time enough to undo, however busy the machine is."""


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    """A marketplace that delivers by mail, a few seconds after a message is sent."""
    with MailServer(MAILBOX) as server:
        mail: dict[str, Any] = {
            "smtp_host": "127.0.0.1",
            "smtp_port": server.port,
            "smtp_security": "none",
        }
        mail |= {"mail_from": "jobs@example.org", "public_url": "http://testserver"}
        with own_stage(databases, undo_seconds=UNDO_SECONDS, **mail) as stage:
            yield stage


def letters_to(name: str, number: int) -> list[EmailMessage]:
    """So many letters to somebody, once they have come."""
    theirs: list[EmailMessage] = []
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        mails = [read(raw) for raw in [*MAILBOX.mails]]
        theirs = [mail for mail in mails if str(mail["To"]).startswith(name)]
        if len(theirs) >= number:
            return theirs
        time.sleep(0.1)
    raise AssertionError(f"{len(theirs)} letters to {name}, not {number}")


def page_in(letter: EmailMessage) -> str:
    found = re.search(r"/p/[a-z2-7]+", body(letter))
    assert found
    return found[0]


def sends(recruiter: Desk, at: Writing) -> None:
    page = recruiter.go(at.after(at.profile))
    fill_in(page)
    page.get_by_role("button", name="Send message").click()
    page.get_by_text("Your message leaves soon.").wait_for()


def test_from_the_message_to_an_interview_in_both_calendars(desk: Desks, stage: Stage) -> None:
    at = writing(stage, "Ada")
    recruiter = desk(Role.RECRUITER, at.scene.employer_id)
    console = recruiter.go(at.after(at.profile))

    # She is written to by mistake, which is undone; then as it was meant.
    sends(recruiter, at)
    console.get_by_role("link", name="undo or edit").click()
    console.get_by_role("button", name="Undo").click()
    console.get_by_text("Undone. Nothing was sent.").wait_for()
    sends(recruiter, at)
    (letter,) = letters_to("Ada", 1)

    # She asks back, and is answered.
    theirs = desk(None).go(page_in(letter))
    theirs.get_by_label("Write back").fill("Which robots?")
    theirs.get_by_role("button", name="Send").click()
    theirs.get_by_text("Which robots?").wait_for()
    console.goto(recruiter.address + "/needs-you")
    console.get_by_role("link", name="Ada").click()
    console.get_by_label("Reply to Ada").fill("All of them.")
    console.get_by_role("button", name="Send reply").click()
    console.get_by_text("Your reply is on its way.").wait_for()
    assert "All of them." in body(letters_to("Ada", 2)[1])

    # She is interested, and says how to reach her.
    theirs.goto(theirs.url.partition("?")[0])
    theirs.get_by_role("link", name="I am interested").click()
    theirs.get_by_role("checkbox", name="Tell them my e-mail").check()
    theirs.get_by_role("button").first.click()
    theirs.get_by_text("Your answer is sent: you are interested.").wait_for()

    # They agree on a time.
    console.reload()
    console.get_by_text("How to reach them").wait_for()
    console.get_by_label("Time 1", exact=True).fill("2040-05-07T09:30")
    console.get_by_label("Time 2", exact=True).fill("2040-05-08T09:30")
    console.locator("#meeting\\.zone").fill("Europe/Berlin")
    console.locator("#meeting\\.organizer_email").fill("robin@acme.example")
    console.get_by_role("button", name="Offer these times").click()
    console.get_by_text("Your times are on their way.").wait_for()
    letters_to("Ada", 3)
    theirs.goto(theirs.url.partition("?")[0])
    theirs.get_by_role("link", name="Pick a time").click()
    theirs.get_by_label("Tuesday, 8 May 2040, 09:30 (Europe/Berlin)").check()
    theirs.get_by_role("button", name="Pick this time").click()
    theirs.get_by_text("The interview is agreed.").wait_for()
    invitations = [letters_to("Ada", 4)[3], letters_to("Robin", 1)[0]]
    starts: list[datetime] = []
    for mail in invitations:
        (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
        (event,) = Calendar.from_ical(str(part.get_content())).walk("VEVENT")
        starts.append(event.decoded("DTSTART"))
    assert starts == [datetime(2040, 5, 8, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))] * 2
    console.reload()
    console.get_by_text("Interview scheduled").first.wait_for()


def test_a_no_a_later_a_stop_and_an_erasure(desk: Desks, stage: Stage) -> None:
    at = writing(stage, "Nora")
    others = {name: at.scene.member(name, silent_days=400) for name in ("Lara", "Stan", "Erin")}
    for candidate in (at.candidate, *others.values()):
        done(at.scene.message(at.position, candidate))
    pages = {name: desk(None).go(page_in(letters_to(name, 1)[0])) for name in ("Nora", *others)}

    nora = pages["Nora"]
    nora.get_by_role("link", name="Not for me").click()
    nora.get_by_label("The pay").check()
    nora.get_by_role("button").first.click()
    nora.get_by_text("Your answer is sent: this is not for you.").wait_for()

    lara = pages["Lara"]
    lara.get_by_role("link", name="Not now").click()
    lara.get_by_label("three months", exact=False).check()
    lara.get_by_role("button").first.click()
    lara.get_by_text("Nobody writes to you about this position before that day.").wait_for()

    stan = pages["Stan"]
    stan.get_by_role("button", name="Stop all messages").click()
    stan.get_by_text("Nobody writes to you any more.").wait_for()
    stan.get_by_role("button", name="Allow messages again").click()
    stan.get_by_text("Employers may write to you again.").wait_for()

    erin = pages["Erin"]
    link = erin.url
    erin.goto(f"{link}/erasure")
    erin.get_by_role("checkbox").check()
    erin.get_by_role("button").last.click()
    erin.wait_for_load_state()
    assert erin.goto(link).status == 404  # type: ignore[union-attr]  # there is an answer

    console = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(at.interviews))
    said = console.inner_text("main")
    assert "Reason: salary" in said
    assert "Write again from" in said
    assert "Erin" not in said

"""How pages answer: what goes on is said, Back works, typed words stay, notices are not forged."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

import api
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.stage import Scene, Stage
from tests.support.visitor import text_of, visitor

SHARED = {"text": "Fine cards.", "page": "/help"}
THANKS = "Thank you. Your Customer Success Manager will read it."


# --- Notices


def test_a_notice_is_shown_to_the_session_whose_form_was_done(stage: Stage, scene: Scene) -> None:
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    location = recruiter.post("/feedback", SHARED).headers["location"]
    assert THANKS in text_of(recruiter.get(location))


@pytest.mark.parametrize("notice", ["feedback-shared", "feedback-shared.0123456789abcdef"])
def test_a_link_cannot_forge_a_notice(stage: Stage, scene: Scene, notice: str) -> None:
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    assert THANKS not in text_of(recruiter.get(f"/help?notice={notice}"))


def test_a_notice_of_one_session_is_none_of_anothers(stage: Stage, scene: Scene) -> None:
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    location = recruiter.post("/feedback", SHARED).headers["location"]
    assert THANKS not in text_of(visitor(stage, Role.CSM).get(location))


def test_who_signs_out_is_told_so(stage: Stage) -> None:
    reader = visitor(stage, Role.AUDITOR)
    location = reader.post("/sign-out", {}).headers["location"]
    assert parse_qs(urlsplit(location).query)["notice"]
    signed_out = reader.http.get(location, headers={"Accept": "text/html"})
    assert "You are signed out." in text_of(signed_out)


# --- Times


def test_times_are_said_in_the_zone_of_the_browser(stage: Stage, scene: Scene) -> None:
    support = visitor(stage, Role.SUPPORT)
    path = f"/positions?employer={scene.employer_id}&after={stage.reached()}"
    support.get(path)
    visitor(stage, Role.RECRUITER, scene.employer_id).post(
        "/help/tickets", {"subject": "When?", "text": "Now."}
    )
    cookie = support._headers["Cookie"]
    page = f"/tickets?q=When%3F&after={stage.reached()}"
    assert " UTC" in support.get(page).text
    there = support.get(page, Cookie=f"{cookie}; sourcing_zone=Asia%2FTokyo").text
    assert " JST" in there
    assert " UTC" not in there
    nowhere = support.get(page, Cookie=f"{cookie}; sourcing_zone=..%2F..%2Fetc%2Fpasswd").text
    assert " UTC" in nowhere


# --- In the browser


@pytest.mark.parametrize("script", [True, False], ids=["scripted", "plain"])
def test_back_leads_to_what_a_refused_form_was_answered_with(
    desk: Desks, scene: Scene, script: bool
) -> None:
    page = desk(Role.RECRUITER, scene.employer_id, script=script).go("/help")
    page.get_by_label("Subject").fill("No text")
    page.get_by_role("button", name="Submit ticket").click()
    page.get_by_text("Enter a message.").first.wait_for()
    page.get_by_role("link", name="Positions").click()
    page.get_by_role("heading", name="Positions", exact=True).wait_for()
    page.go_back()
    page.get_by_text("Enter a message.").first.wait_for()
    assert page.get_by_label("Subject").input_value() == "No text"


def test_a_reload_does_not_repeat_a_notice(desk: Desks, scene: Scene) -> None:
    page = desk(Role.RECRUITER, scene.employer_id).go("/help")
    page.get_by_label("Subject").fill("Once")
    page.get_by_label("What happened?").fill("Nothing.")
    page.get_by_role("button", name="Submit ticket").click()
    page.get_by_text("Your ticket has reached support.").wait_for()
    assert "notice" not in page.url
    page.reload()
    page.get_by_role("link", name="Once").first.wait_for()
    assert page.get_by_text("Your ticket has reached support.").count() == 0


def test_offline_is_said_and_what_was_typed_stays(desk: Desks, scene: Scene) -> None:
    page = desk(Role.RECRUITER, scene.employer_id).go("/help")
    page.get_by_label("Subject").fill("Kept")
    page.get_by_label("What happened?").fill("The line broke.")
    page.context.set_offline(True)
    page.get_by_text("You're offline.").wait_for()
    page.get_by_role("button", name="Submit ticket").click()
    assert page.get_by_label("Subject").input_value() == "Kept"
    page.context.set_offline(False)
    page.get_by_text("You're offline.").wait_for(state="hidden")
    page.get_by_role("button", name="Submit ticket").click()
    page.get_by_text("Your ticket has reached support.").wait_for()


def test_a_form_says_that_it_is_sent(desk: Desks, scene: Scene) -> None:
    page = desk(Role.RECRUITER, scene.employer_id).go("/help")
    page.get_by_label("Subject").fill("Slow")
    page.get_by_label("What happened?").fill("The line is slow.")
    # It stays on its way.
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Submit ticket").click()
    page.locator("button.is-sending").wait_for()
    assert page.locator("#progress").text_content() == "Sending…"


@pytest.mark.parametrize("height", [900, 768])
def test_the_button_that_sends_a_message_is_in_sight(
    desk: Desks, stage: Stage, height: int
) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    scene.member("Silent", silent_days=400)
    page = desk(Role.RECRUITER, scene.employer_id).go(
        f"/positions/{position}/passive-candidates?after={stage.reached()}"
    )
    page.set_viewport_size({"width": 1366, "height": height})
    name = page.locator("#cards h2 a").first
    alone = name.get_attribute("href")
    name.click()
    send = page.locator("#letter").get_by_role("button", name="Send message")
    expect(send).to_be_in_viewport(ratio=1)
    page.goto(page.url.partition("/positions/")[0] + str(alone))
    expect(send).to_be_in_viewport(ratio=1)


# --- Numbers


def test_every_page_writes_percentages_without_a_space_as_the_filter_does() -> None:
    apart = re.compile(r"(?:\}\}|\d)\s%(?!\})")
    templates = [*Path(api.__file__).parent.rglob("templates/*.html")]
    assert len(templates) > 50
    assert [path.name for path in templates if apart.search(path.read_text("utf-8"))] == []

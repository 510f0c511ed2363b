"""The panel beside a list: a candidate's profile and the message, without leaving the place."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from domain.actor import Role
from tests.support.browser import Desk, Desks
from tests.support.client import done
from tests.support.letters import LETTER, fill_in
from tests.support.opened_list import feed, opening
from tests.support.stage import Scene, Stage
from tests.support.visitor import in_every_look, text_of, visitor

PARTS = {"HX-Request": "true"}


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def at_the_list(desk: Desks, stage: Stage, scene: Scene, position: str, **look: Any) -> Desk:
    recruiter = desk(Role.RECRUITER, scene.employer_id, **look)
    stage.catch_up()
    recruiter.go(feed(position))
    return recruiter


def loads(page: Page) -> list[str]:
    """The addresses of the pages that are loaded from now on."""
    loaded: list[str] = []
    page.on("load", lambda page: loaded.append(page.url))
    return loaded


def noted(stage: Stage, since: int) -> list[dict[str, Any]]:
    """The profiles that were opened, as the log tells."""
    stage.catch_up()
    events = done(stage.as_(Role.AUDITOR).get("/events", since=since))["events"]
    return [event for event in events if event["type"] == "viewing.profile_opened"]


# --- Over HTTP


def test_the_panel_is_a_part_with_history_likelihood_and_message(
    stage: Stage, scene: Scene
) -> None:
    position, (ada,) = opening(scene, "Ada")
    robin = visitor(stage, Role.RECRUITER, scene.employer_id)
    about = f"/positions/{position}/candidates/{ada}/panel"
    part = robin.get(f"{about}?after={stage.reached()}", **PARTS).text
    assert "<html" not in part
    assert part.index("Work history") < part.index("Likelihood to respond")
    assert 'name="subject"' in part


def test_opening_the_panel_is_noted_as_opening_the_profile_is(stage: Stage, scene: Scene) -> None:
    position, (ada, ben) = opening(scene, "Ada", "Ben")
    robin = visitor(stage, Role.RECRUITER, scene.employer_id)
    before = stage.reached()
    for path in (f"{ada}/panel", ben):
        robin.get(f"/positions/{position}/candidates/{path}?after={before}")
    in_panel, on_page = noted(stage, before)
    assert in_panel["data"].keys() == on_page["data"].keys()
    assert [event["data"]["candidate_id"] for event in (in_panel, on_page)] == [ada, ben]


def test_an_address_with_somebody_open_shows_the_list_and_the_person(
    stage: Stage, scene: Scene
) -> None:
    position, (ada, ben, cleo) = opening(scene, "Ada", "Ben", "Cleo")
    before = stage.reached()
    robin = visitor(stage, Role.RECRUITER, scene.employer_id)
    page = robin.get(f"{feed(position)}&open={ben}&after={before}")
    assert page.text.count('<li class="card candidate"') == 3
    assert 'id="person" tabindex="-1">Ben</h2>' in page.text
    assert f"&amp;open={ada}" in page.text.partition("panel-previous")[2]
    assert f"&amp;open={cleo}" in page.text.partition("panel-next")[2]
    assert [event["data"]["candidate_id"] for event in noted(stage, before)] == [ben]


def test_somebody_who_may_not_be_shown_is_not_shown_beside_the_list(
    stage: Stage, scene: Scene
) -> None:
    position, (ada,) = opening(scene, "Ada")
    done(scene.platform.post(f"/candidates/{ada}/opt-out"))
    robin = visitor(stage, Role.RECRUITER, scene.employer_id)
    page = robin.get(f"{feed(position)}&open={ada}&after={stage.reached()}")
    assert "This candidate can't be shown for this position any more." in text_of(page)
    assert ">Ada<" not in page.text
    about = f"/positions/{position}/candidates/{ada}/panel"
    assert robin.get(f"{about}?after={stage.reached()}", **PARTS).status_code == 404


def test_a_message_that_is_refused_stays_in_the_panel_as_it_was_typed(
    stage: Stage, scene: Scene
) -> None:
    position, (ada,) = opening(scene, "Ada")
    robin = visitor(stage, Role.RECRUITER, scene.employer_id)
    robin.get(f"{feed(position)}&after={stage.reached()}")
    form = {**LETTER, "_step": "send", "_by": "message", "subject": ""}
    answer = robin.post(f"/positions/{position}/candidates/{ada}", form, **PARTS)
    assert answer.status_code == 422
    assert "Enter a subject." in answer.text
    assert "<html" not in answer.text


def test_sent_from_a_list_without_scripts_one_is_in_the_list_again(
    stage: Stage, scene: Scene
) -> None:
    position, (ada, _) = opening(scene, "Ada", "Ben")
    robin = visitor(stage, Role.RECRUITER, scene.employer_id)
    robin.get(f"{feed(position)}&after={stage.reached()}")
    form = {**LETTER, "_step": "send", "_by": "message", "_back": f"{feed(position)}&open={ada}"}
    page = robin.sends(f"/positions/{position}/candidates/{ada}", form)
    assert "Your message leaves soon." in text_of(page)
    assert re.findall(r"<h2><a[^>]*>([^<]*)<", page.text) == ["Ben"]


# --- In the browser


def test_a_candidate_opens_beside_the_list_and_back_closes(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    position, (ada, ben) = opening(scene, "Ada", "Ben")
    page = at_the_list(desk, stage, scene, position).page
    loaded = loads(page)
    page.get_by_role("link", name="Ada", exact=True).click()
    expect(page.get_by_role("heading", name="Ada", level=2).last).to_be_focused()
    expect(page.get_by_label("Subject")).to_be_visible()
    assert page.url.endswith(f"&open={ada}")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#person")).to_have_text("Ben")
    assert page.url.endswith(f"&open={ben}")
    page.go_back()
    expect(page.locator("#panel-box")).to_be_hidden()
    assert "open=" not in page.url
    page.go_forward()
    expect(page.locator("#person")).to_have_text("Ben")
    assert loaded == []


def test_the_address_opens_the_same_for_somebody_else_and_closing_leads_to_the_list(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    position, (_, ben) = opening(scene, "Ada", "Ben")
    stage.catch_up()
    page = desk(Role.RECRUITER, scene.employer_id).go(f"{feed(position)}&open={ben}")
    expect(page.locator("#person")).to_have_text("Ben")
    page.get_by_role("link", name="Close", exact=True).click()
    expect(page.locator("#panel-box")).to_be_hidden()
    expect(page.get_by_role("link", name="Ben", exact=True)).to_be_focused()


def test_not_interested_hides_the_row_goes_on_and_can_be_undone(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    position, (ada, _) = opening(scene, "Ada", "Ben")
    page = at_the_list(desk, stage, scene, position).page
    loaded = loads(page)
    page.get_by_role("link", name="Ada", exact=True).click()
    panel = page.locator("#panel-box")
    panel.get_by_text("Not interested").click()
    panel.get_by_role("button", name="Salary too high").click()
    expect(page.locator("#person")).to_have_text("Ben")
    expect(page.locator(f"#c-{ada}").get_by_text("Salary too high")).to_be_visible()
    expect(page.locator("#count-passive-candidates")).to_have_text("1")
    page.locator("#panel-said").get_by_role("button", name="Undo").click()
    expect(page.locator(f"#c-{ada}").get_by_role("button", name="Shortlist")).to_be_visible()
    expect(page.locator("#count-passive-candidates")).to_have_text("2")
    assert loaded == []


def test_a_message_is_previewed_edited_and_sent_beside_the_list(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    position, (ada, _) = opening(scene, "Ada", "Ben")
    page = at_the_list(desk, stage, scene, position).page
    loaded = loads(page)
    page.get_by_role("link", name="Ada", exact=True).click()
    page.get_by_label("Subject").wait_for()
    fill_in(page)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="A role for you")).to_be_visible()
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_label("Subject")).to_have_value("A role for you")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#letter").get_by_text("Message sent")).to_be_visible()
    expect(page.locator(f"#c-{ada}").get_by_role("link", name="undo or edit")).to_be_visible()
    expect(page.locator("#count-interviews")).to_have_text("1")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#person")).to_have_text("Ben")
    assert loaded == []


def test_the_list_can_be_scrolled_while_somebody_is_open(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    names = [f"Member {number}" for number in range(14)]
    position, _ = opening(scene, *names)
    page = at_the_list(desk, stage, scene, position).page
    page.get_by_role("link", name="Member 0", exact=True).click()
    expect(page.locator("#person")).to_have_text("Member 0")
    page.evaluate("scrollTo(0, 900)")
    scrolled = page.evaluate("scrollY")
    scene.member("Joiner", silent_days=200, skills=(f"Skill Member 0 {scene.employer_id[:8]}",))
    page.get_by_text("1 more person matches now").wait_for(state="attached")
    assert page.evaluate("scrollY") >= scrolled > 0


def test_the_keys_go_through_the_list(desk: Desks, stage: Stage, scene: Scene) -> None:
    position, (ada, ben, cleo) = opening(scene, "Ada", "Ben", "Cleo")
    page = at_the_list(desk, stage, scene, position).page
    for key in "jo":
        page.keyboard.press(key)
    expect(page.locator("#person")).to_have_text("Ada")
    page.keyboard.press("s")
    expect(page.locator(f"#c-{ada}").get_by_text("On the shortlist")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#person")).to_have_text("Ben")
    page.keyboard.press("x")
    page.keyboard.press("3")
    expect(page.locator("#person")).to_have_text("Cleo")
    expect(page.locator(f"#c-{ben}").get_by_text("Location doesn't work")).to_be_visible()
    page.keyboard.press("m")
    page.keyboard.type("jks")
    expect(page.get_by_label("Subject")).to_have_value("jks")
    for _ in range(2):
        page.keyboard.press("Escape")
    expect(page.locator("#panel-box")).to_be_hidden()
    expect(page.locator(f"#c-{cleo} h2 a")).to_be_focused()


@in_every_look
def test_the_panel_is_fit(desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool) -> None:
    position, _ = opening(scene, "Ada", "Ben")
    recruiter = at_the_list(desk, stage, scene, position, width=width, dark=dark)
    recruiter.page.get_by_role("link", name="Ada", exact=True).click()
    recruiter.page.get_by_label("Subject").wait_for()
    recruiter.is_fit("panel-dark" if dark else "panel")

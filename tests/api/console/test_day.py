"""A recruiter's day: forty candidates read, twenty set aside, ten kept, ten written to."""

import re

import pytest
from playwright.sync_api import Page, expect

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage

MOST_CLICKS_AND_KEYS = 120

COUNTING = """() => {
    window.pressed = 0;
    for (const kind of ["keydown", "pointerdown"]) {
        addEventListener(kind, (event) => { window.pressed += event.isTrusted; }, true);
    }
}"""
"""Only what a person does: a script that clicks for a key is not counted again."""


def opening(scene: Scene) -> str:
    """A position with pay, and forty candidates whom only its list shows."""
    skill = f"Skill {scene.employer_id[:8]}"
    pay = {"minimum": 60_000, "maximum": 80_000, "currency": "EUR"}
    body = {"title": "Baker", "location": "Berlin", "salary": pay,
            "filters": {"required_skills": [skill]}}  # fmt: skip
    position = done(scene.recruiter.post(f"/employers/{scene.employer_id}/positions", body))["id"]
    for number in range(40):
        scene.member(f"Member {number:02}", silent_days=300 + number, skills=(skill,))
    says = {
        "title": "First message",
        "subject": "{position}?",
        "text": "Dear {first_name}, a talk?",
    }
    done(scene.recruiter.post(f"/employers/{scene.employer_id}/templates", says))
    # Somebody wrote before, so the name under the message is known.
    before = scene.member("Before", silent_days=500, skills=("Before",))
    done(scene.message(scene.position(required_skills=["Before"]), before))
    return str(position)


def opened(page: Page, name: str) -> None:
    """Wait until somebody stands beside the list, with all that is to be read."""
    expect(page.locator("#panel #person")).to_have_text(name)
    expect(page.locator("#panel #likelihood")).to_be_visible()


@pytest.mark.slow
def test_forty_candidates_take_at_most_120_clicks_and_keys_and_no_page_load(
    desk: Desks, stage: Stage
) -> None:
    scene = stage.scene().in_beta()
    position = opening(scene)
    stage.catch_up()
    page = desk(Role.RECRUITER, scene.employer_id).go(
        f"/positions/{position}/passive-candidates?sort=last_active"
    )
    loaded: list[str] = []
    page.on("load", lambda page: loaded.append(page.url))
    page.evaluate(COUNTING)

    page.get_by_role("link", name="Member 00", exact=True).click()
    for number in range(40):
        name = f"Member {number:02}"
        opened(page, name)
        match number % 4:
            case 0 | 2:
                page.keyboard.press("x")
                page.keyboard.press("1")  # which goes on to the next by itself
            case 1:
                page.keyboard.press("s")
                expect(page.locator("#panel").get_by_text("On the shortlist")).to_be_visible()
                page.keyboard.press("j")
            case 3:
                page.keyboard.press("1")
                expect(page.get_by_label("Subject")).to_have_value("{position}?")
                page.get_by_role("button", name="Send message").click()
                expect(page.locator("#letter").get_by_text("Message sent")).to_be_visible()
                page.keyboard.press("j")

    pressed = page.evaluate("window.pressed")
    print(f"{pressed} clicks and keys")  # noqa: T201 - the measure, for who asks for it with -s
    assert pressed <= MOST_CLICKS_AND_KEYS
    assert loaded == []
    for tab, count in (("passive-candidates", 10), ("shortlist", 10), ("interviews", 10)):
        expect(page.locator(f"#count-{tab}")).to_have_text(str(count))
    sent = done(
        scene.recruiter.get(f"/positions/{position}/interviews", after=scene.latest(), limit=50)
    )
    assert len(sent["items"]) == 10
    assert all(re.fullmatch(r"Member \d\d", one["candidate_name"]) for one in sent["items"])

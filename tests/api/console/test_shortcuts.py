"""Keyboard shortcuts: where they are listed, and that they can be turned off; and paper."""

from playwright.sync_api import expect

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.letters import writing
from tests.support.stage import Stage
from tests.support.visitor import in_every_look


def test_a_question_mark_lists_the_keys_over_the_list(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = desk(Role.RECRUITER, at.scene.employer_id).go(
        at.after(f"/positions/{at.position}/passive-candidates")
    )
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_text("Next candidate")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_keys_that_are_turned_off_do_nothing(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = desk(Role.RECRUITER, at.scene.employer_id).go("/help/shortcuts")
    page.get_by_role("button", name="Turn shortcuts off").click()
    page.goto(
        page.url.partition("/help")[0] + at.after(f"/positions/{at.position}/passive-candidates")
    )
    for key in "j?o":
        page.keyboard.press(key)
    expect(page.locator("#panel-box")).to_be_hidden()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(page.url.partition("/positions")[0] + "/help/shortcuts")
    page.get_by_role("button", name="Turn shortcuts on").click()
    expect(page.get_by_role("button", name="Turn shortcuts off")).to_be_visible()


def test_on_paper_are_the_people_and_nothing_to_press(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = desk(Role.RECRUITER, at.scene.employer_id).go(
        at.after(f"/positions/{at.position}/passive-candidates")
    )
    page.emulate_media(media="print")
    expect(page.locator(f"#c-{at.candidate} h2")).to_be_visible()
    expect(page.get_by_role("button", name="Shortlist").first).to_be_hidden()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.emulate_media(media="screen")
    page.goto(page.url.partition("/positions")[0] + at.profile)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Work history")).to_be_visible()
    expect(page.get_by_label("Subject")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.get_by_text("Member since")).to_be_visible()
    expect(page.get_by_text("Agreed to be contacted 13 months ago")).to_be_visible()


@in_every_look
def test_the_list_of_shortcuts_is_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    at = writing(stage)
    recruiter = desk(Role.RECRUITER, at.scene.employer_id, width=width, dark=dark)
    recruiter.go("/help/shortcuts")
    recruiter.is_fit("shortcuts-dark" if dark else "shortcuts")
    recruiter.go(at.after(f"/positions/{at.position}/passive-candidates"))
    recruiter.page.keyboard.press("?")
    recruiter.page.get_by_text("Next candidate").wait_for()
    recruiter.is_fit("shortcuts-dialog-dark" if dark else "shortcuts-dialog")

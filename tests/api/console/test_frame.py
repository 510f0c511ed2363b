"""What all pages have around them: the way in for keyboards, and a menu for each role."""

import pytest

from api.console.rendering import menu
from api.http.tokens import WITH_TOKENS
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.stage import Scene, Stage
from tests.support.visitor import visitor

PEOPLE = [role for role in WITH_TOKENS if role is not Role.PLATFORM]


@pytest.mark.parametrize("role", PEOPLE)
def test_the_menu_of_a_role_leads_only_where_it_may_go(
    stage: Stage, scene: Scene, role: Role
) -> None:
    one = visitor(stage, role, scene.employer_id if role is Role.RECRUITER else None)
    for path, name in menu(role):
        page = one.get(f"{path}?after={stage.reached()}")
        assert page.status_code == 200, name
        assert f'<a href="{path}" aria-current="page">{name}</a>' in page.text


def test_the_keyboard_may_skip_the_menu(desk: Desks) -> None:
    page = desk(Role.CSM).go("/help")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_keyboard_comes_by_the_frame_in_the_order_of_reading(desk: Desks) -> None:
    page = desk(Role.CSM, width="narrow").go("/help")
    named = []
    for _ in range(5):
        page.keyboard.press("Tab")
        named.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert named == ["Skip to the page", "Candidate sourcing", "Positions", "Accounts", "Feedback"]


def test_where_backgrounds_are_not_shown_a_line_marks_the_page_that_one_is_on(desk: Desks) -> None:
    page = desk(Role.CSM).go("/help")
    page.emulate_media(forced_colors="active")
    marked = page.locator(".menu a").evaluate_all(
        "links => links.filter(a => getComputedStyle(a).outlineStyle === 'solid')"
        ".map(a => a.textContent)"
    )
    assert marked == ["Help"]

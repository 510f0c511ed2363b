"""The search in the header, and the page of what it found."""

import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.opened_list import feed
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def robin(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


@pytest.fixture
def name(stage: Stage, scene: Scene) -> str:
    """Of three people: in a list, on the shortlist too, and in interviews; and of a position."""
    name = f"Ada{uuid4().hex[:8]}"
    position = scene.position()
    people = [scene.member(f"{name} {n}", silent_days=400) for n in ("Low", "Short", "Sent")]
    path = f"/positions/{position}/candidates/{people[1]}/shortlist"
    done(scene.recruiter.post(path, params={"after": scene.latest()}))
    done(scene.message(position, people[2]))
    details = {"title": f"Work with {name}"}
    done(scene.recruiter("PUT", f"/positions/{position}/details", details))
    stage.catch_up()
    return name


def test_what_is_found_is_grouped_by_where_it_is(robin: Visitor, name: str) -> None:
    page = robin.get(f"/search?q={name}")
    text = text_of(page)
    places = [
        text.index(said)
        for said in ("Positions", f"Work with {name}", "Shortlisted", f"{name} Short")
    ]
    assert places == sorted(places)
    interviews = text.partition("In interviews")[2]
    assert f"{name} Sent" in interviews.partition("In the lists of open positions")[0]
    lists = text.partition("In the lists of open positions")[2]
    assert f"{name} Low" in lists
    assert f"{name} Sent" not in lists


def test_a_result_leads_to_the_profile(robin: Visitor, name: str) -> None:
    page = robin.get(f"/search?q={name}+low")
    link = re.search(r'<h3><a href="([^"]+/candidates/[^"]+)"', page.text)
    assert link
    assert f'<h1 id="person" tabindex="-1">{name} Low</h1>' in robin.get(link[1]).text


def test_one_kind_is_shown_page_by_page(stage: Stage, scene: Scene, robin: Visitor) -> None:
    name = f"Ada{uuid4().hex[:8]}"
    scene.position()
    for days in range(400, 422):
        scene.member(f"{name} Nr{days}", silent_days=days)
    stage.catch_up()
    first = robin.get(f"/search?q={name}")
    assert text_of(first).count(f"{name} Nr") == 5
    more = re.search(r'<a class="button quiet" href="([^"]+)">More results', first.text)
    assert more
    second = robin.get(more[1].replace("&amp;", "&"))
    assert text_of(second).count(f"{name} Nr") == 20
    assert "All results" in second.text
    next_page = re.search(r'<a class="button quiet" href="([^"]+)">Next page', second.text)
    assert next_page
    last = robin.get(next_page[1].replace("&amp;", "&"))
    assert text_of(last).count(f"{name} Nr") == 2
    assert "Next page" not in last.text


@pytest.mark.parametrize("text", ["Nobodycalledthis", "...", "<b>x</b>"])
def test_nothing_found_says_what_was_searched(robin: Visitor, text: str) -> None:
    page = robin.get(f"/search?q={text}")
    assert f"Nothing found for “{text}”" in text_of(page) or "&lt;b&gt;" in page.text
    assert "Searched are your positions, the people you have contacted" in text_of(page)


def test_without_words_it_says_what_can_be_searched(robin: Visitor) -> None:
    for path in ("/search", "/search?q=+"):
        page = text_of(robin.get(path))
        assert "Searched are your positions" in page
        assert "Nothing found" not in page


def test_an_administrator_chooses_an_employer_first(stage: Stage, scene: Scene, name: str) -> None:
    admin = visitor(stage, Role.ADMIN)
    assert "Choose an employer" in text_of(admin.get(f"/search?q={name}"))
    page = admin.get(f"/search?q={name}&employer={scene.employer_id}")
    assert f"{name} Low" in text_of(page)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CSM, Role.ANALYST, Role.AUDITOR])
def test_others_have_no_search(stage: Stage, role: Role) -> None:
    one = visitor(stage, role)
    assert one.get("/search?q=ada").status_code == 403
    assert 'id="search"' not in one.get("/help").text


# --- In the browser


@in_every_look
def test_the_page_of_what_was_found_is_fit(
    desk: Desks, scene: Scene, name: str, width: str, dark: bool
) -> None:
    one = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    page = one.go("/search")
    one.is_fit("search-empty")
    page.locator("#q").fill(name)
    page.locator("#q").press("Enter")
    page.get_by_role("heading", name="In interviews").wait_for()
    one.is_fit("search")
    page.locator("#q").fill("Nobodycalledthis")
    page.locator("#q").press("Enter")
    page.get_by_text("Nothing found").wait_for()
    one.is_fit("search-nothing")


@pytest.mark.parametrize("width", ["narrow", "wide"])
def test_a_slash_leads_to_the_search_from_everywhere(
    desk: Desks, scene: Scene, name: str, width: str
) -> None:
    one = desk(Role.RECRUITER, scene.employer_id, width=width)
    page = one.go("/positions")
    page.keyboard.press("/")
    box: Any = page.locator("#search" if width == "wide" else "#q")
    expect(box).to_be_focused()
    box.type(f"{name}/")
    expect(box).to_have_value(f"{name}/")
    box.press("Enter")
    page.get_by_role("link", name=f"{name} Low").wait_for()


def test_a_slash_typed_into_a_field_stays_there(desk: Desks, stage: Stage, scene: Scene) -> None:
    position = scene.position()
    stage.catch_up()
    page = desk(Role.RECRUITER, scene.employer_id).go(f"/positions/{position}/details")
    page.get_by_label("Description").fill("")
    page.get_by_label("Description").press("/")
    expect(page.get_by_label("Description")).to_have_value("/")
    page.goto(page.url.replace(f"/positions/{position}/details", feed(position)))
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


def test_the_search_works_without_javascript(desk: Desks, scene: Scene, name: str) -> None:
    page = desk(Role.RECRUITER, scene.employer_id, script=False).go("/positions")
    page.locator("#search").fill(name)
    page.locator("#search").press("Enter")
    page.get_by_role("link", name=f"{name} Low").click()
    page.get_by_role("heading", name=f"{name} Low").wait_for()

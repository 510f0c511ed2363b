"""Notes and tags in the console: on the profile, in the panel, on cards and on the shortlist."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from domain.actor import Role
from domain.tagging import MOST_TAGS
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.opened_list import feed, opening
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

PARTS = {"HX-Request": "true"}


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def robin(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


@pytest.fixture
def about(stage: Stage, scene: Scene) -> str:
    """A candidate of a position's list."""
    position, (ada,) = opening(scene, "Ada")
    stage.catch_up()
    return f"/positions/{position}/candidates/{ada}"


def sends(robin: Visitor, about: str, step: str, **form: str) -> Any:
    return robin.sends(f"{about}/remarks", {"_step": step, **form}, at=about)


def told(scene: Scene, about: str) -> Any:
    return done(scene.recruiter.get(f"{about}/remarks", after=scene.latest()))


def test_a_note_is_written_and_read_on_the_profile(robin: Visitor, about: str) -> None:
    page = sends(robin, about, "note", note="Met at a fair.\n\nLikes <b>queues</b>.")
    assert "The note is saved." in page.text
    assert "Likes &lt;b&gt;queues&lt;/b&gt;." in page.text
    assert "recruiter@test, just now" in text_of(page)


def test_only_the_author_is_offered_to_edit_a_note(
    stage: Stage, scene: Scene, robin: Visitor, about: str
) -> None:
    page = sends(robin, about, "note", note="Met at a fair.")
    note = re.search(r'name="_note" value="([^"]+)"', page.text)
    assert note
    colleague = Visitor(stage.http, stage.token(Role.RECRUITER, scene.employer_id, "colleague"))
    assert "Met at a fair." in colleague.get(about).text
    assert 'name="_note"' not in colleague.get(about).text
    refused = colleague.post(f"{about}/remarks", {"_step": "remove", "_note": note[1]}, at=about)
    assert refused.status_code == 409
    assert "Only its author can change this note." in refused.text
    page = sends(robin, about, "edit", note="Met in May.", _note=note[1])
    assert "Met in May." in page.text
    page = sends(robin, about, "remove", _note=note[1])
    assert "The note is removed." in page.text
    assert "Met in May." not in page.text


def test_tags_are_given_and_taken_off_and_suggested(
    scene: Scene, robin: Visitor, about: str
) -> None:
    page = sends(robin, about, "tag", tag="Fair")
    assert "The tag is added." in page.text
    assert '<option value="Fair">' in page.text
    assert told(scene, about)["tags"] == ["Fair"]
    page = sends(robin, about, "untag", tag="Fair")
    assert told(scene, about)["tags"] == []


def test_what_was_typed_stays_when_it_is_refused(scene: Scene, robin: Visitor, about: str) -> None:
    for number in range(MOST_TAGS):
        done(scene.recruiter.post(f"{about}/tags", {"tag": f"Tag {number}"}))
    refused = robin.post(f"{about}/remarks", {"_step": "tag", "tag": "One more"}, at=about)
    assert refused.status_code == 409
    assert f"A candidate has at most {MOST_TAGS} tags" in refused.text
    assert 'value="One more"' in refused.text
    long = robin.post(f"{about}/remarks", {"_step": "note", "note": "word " * 1000}, at=about)
    assert long.status_code == 422
    assert 'href="#note"' in long.text
    assert long.text.count("word word") >= 1


def test_without_a_step_nothing_is_done(robin: Visitor, about: str) -> None:
    for form in ({}, {"_step": "sing"}, {"_step": "edit", "note": "x", "_note": "x"}):
        assert robin.post(f"{about}/remarks", form, at=about).status_code == 400


def test_support_sees_neither_notes_nor_tags(
    stage: Stage, scene: Scene, robin: Visitor, about: str
) -> None:
    sends(robin, about, "note", note="Met at a fair.")
    sends(robin, about, "tag", tag="Market fair")
    support = visitor(stage, Role.SUPPORT)
    position = about.split("/")[2]
    for path in (about, feed(position)):
        text = support.get(f"{path}?after={stage.reached()}").text
        assert "fair" not in text
        assert "Notes and tags" not in text


def test_a_part_has_the_notes_and_the_row_of_the_list(
    scene: Scene, robin: Visitor, about: str
) -> None:
    position = about.split("/")[2]
    form = {"_step": "tag", "tag": "Fair", "_back": feed(position)}
    part = robin.post(f"{about}/remarks", form, at=about, **PARTS)
    assert part.status_code == 200
    assert part.text.count("Fair") >= 2
    assert "hx-swap-oob" in part.text
    refused = robin.post(f"{about}/remarks", {"_step": "tag", "tag": " "}, at=about, **PARTS)
    assert refused.status_code == 422
    assert 'id="remarks"' in refused.text


def test_the_shortlist_is_filtered_by_a_tag(stage: Stage, scene: Scene, robin: Visitor) -> None:
    position, people = opening(scene, "Ada", "Ben")
    stage.catch_up()
    for each in people:
        path = f"/positions/{position}/candidates/{each}/shortlist"
        done(scene.recruiter.post(path, params={"after": scene.latest()}))
    sends(robin, f"/positions/{position}/candidates/{people[0]}", "tag", tag="Fair & square")
    shortlist = f"/positions/{position}/shortlist"
    page = robin.get(f"{shortlist}?after={stage.reached()}")
    link = re.search(r'href="([^"]*tag=[^"]*)"', page.text)
    assert link
    filtered = text_of(robin.get(link[1].replace("&amp;", "&")))
    assert "Ada" in filtered
    assert "Ben" not in filtered
    nobody = text_of(robin.get(f"{shortlist}?tag=Foul"))
    assert "Nobody here has the tag Foul" in nobody


# --- In the browser


@in_every_look
def test_notes_and_tags_in_the_panel_are_fit_and_keep_the_place(
    desk: Desks, stage: Stage, scene: Scene, about: str, width: str, dark: bool
) -> None:
    position = about.split("/")[2]
    one = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    page = one.go(feed(position))
    page.get_by_role("link", name="Ada").click()
    remarks = page.locator("#remarks")
    remarks.get_by_label("Tag", exact=True).fill("Fair")
    remarks.get_by_label("Tag", exact=True).press("Enter")
    expect(remarks.get_by_label("Tags").get_by_text("Fair")).to_be_visible()
    expect(remarks.get_by_label("Tag", exact=True)).to_be_focused()
    remarks.locator("#note").fill("Met at a fair.\nLikes queues.")
    remarks.get_by_role("button", name="Save note").first.click()
    expect(remarks.locator(".notes .said-text")).to_contain_text("Likes queues.")
    expect(page.locator("#cards .card-tags")).to_contain_text("Fair")
    one.is_fit("panel-remarks")
    remarks.locator(".notes summary").click()
    remarks.get_by_role("button", name="Remove note").click()
    expect(remarks.locator(".notes")).to_have_count(0)
    remarks.get_by_role("button", name="Remove the tag Fair").click()
    expect(page.locator("#cards .card-tags")).to_have_count(0)


def test_notes_and_tags_work_without_javascript(
    desk: Desks, stage: Stage, scene: Scene, about: str
) -> None:
    page = desk(Role.RECRUITER, scene.employer_id, script=False).go(about)
    page.get_by_label("Tag", exact=True).fill("Fair")
    page.get_by_role("button", name="Add tag").click()
    page.get_by_text("The tag is added.").wait_for()
    page.locator("#note").fill("Met at a fair.")
    page.get_by_role("button", name="Save note").first.click()
    page.get_by_text("The note is saved.").wait_for()
    page.locator(".notes summary").click()
    page.get_by_role("button", name="Remove note").click()
    page.get_by_text("The note is removed.").wait_for()
    page.get_by_role("button", name="Remove the tag Fair").click()
    page.get_by_text("The tag is removed.").wait_for()

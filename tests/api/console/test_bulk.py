"""Several candidates at once: each through the same rules, and who was skipped is told with why."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.letters import LETTER, fill_in
from tests.support.opened_list import feed, opening
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def robin(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


def for_all(robin: Visitor, position: str, people: list[str], step: str, **form: Any) -> Any:
    """What comes of a button for the ticked candidates."""
    fields = {"_candidate": people, "_step": step, "_back": feed(position), **form}
    return robin.post(f"/positions/{position}/bulk", fields)


def names_of(robin: Visitor, stage: Stage, position: str, tab: str) -> list[str]:
    page = robin.get(f"/positions/{position}/{tab}?after={stage.reached()}").text
    return re.findall(r"<h2><a[^>]*>([^<]*)</a>", page)


def test_the_ticked_are_shortlisted(stage: Stage, scene: Scene, robin: Visitor) -> None:
    position, people = opening(scene, "Ada", "Ben", "Cleo")
    stage.catch_up()
    page = text_of(for_all(robin, position, people[:2], "shortlist"))
    assert "2 shortlisted. Back to the list" in page
    assert sorted(names_of(robin, stage, position, "shortlist")) == ["Ada", "Ben"]


def test_the_ticked_are_set_aside_with_one_reason(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, people = opening(scene, "Ada", "Ben", "Cleo")
    stage.catch_up()
    page = text_of(for_all(robin, position, people[:2], "set-aside", reason="salary"))
    assert "2 hidden from this position." in page
    assert names_of(robin, stage, position, "passive-candidates") == ["Cleo"]


def test_each_gets_a_message_of_their_own_that_says_it_is_one_of_many(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, people = opening(scene, "Ada Lovelace", "Ben Bitdiddle")
    stage.catch_up()
    before = stage.reached()
    form = {**LETTER, "text": "Dear {first_name}, shall we talk?"}
    page = text_of(for_all(robin, position, people, "send", **form))
    assert "2 messages leave soon." in page
    events = done(stage.as_(Role.AUDITOR).get("/events", since=before))["events"]
    sent = [event["data"] for event in events if event["type"] == "outreach.message_sent"]
    assert [one["text"] for one in sent] == [
        "Dear Ada, shall we talk?",
        "Dear Ben, shall we talk?",
    ]
    assert [one["bulk"] for one in sent] == [True, True]


def test_who_is_skipped_is_told_with_the_reason_and_the_others_go_on(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada, ben, cleo, dan) = opening(scene, "Ada", "Ben", "Cleo", "Dan")
    job = {"employer": "Initech", "title": "Cook", "started_on": "2019"}
    for somebody in (ada, ben, dan):
        told = {"source": "page", "observed_on": "2026-01-01", "jobs": [job]}
        done(scene.platform.post(f"/candidates/{somebody}/observations", told))
    stage.catch_up()
    robin.get(feed(position))
    done(scene.message(position, ada))
    done(scene.platform.post(f"/candidates/{dan}/opt-out"))
    stage.catch_up()
    form = {**LETTER, "text": "How is {employer}?"}
    page = text_of(for_all(robin, position, [ada, ben, cleo, dan], "send", **form))
    assert "1 message leaves soon. Skipped:" in page
    assert re.search(r"Ada : [^:]*contacted", page)
    assert "Cleo : {employer} is not filled in." in page
    assert "A candidate who can't be shown any more : they can no longer be contacted." in page
    assert "Dan" not in page


def test_a_form_that_is_sent_again_sends_nobody_a_second_message(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, people = opening(scene, "Ada", "Ben")
    stage.catch_up()
    for _ in range(2):
        page = text_of(for_all(robin, position, people, "send", _key="one key", **LETTER))
        assert "2 messages leave soon." in page
    assert len(names_of(robin, stage, position, "interviews")) == 2


def test_the_preview_shows_each_and_who_would_be_skipped(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, people = opening(scene, "Ada", "Ben")
    stage.catch_up()
    form = {**LETTER, "subject": "For {first_name}", "text": "{reason}", "_field.reason": "Queues."}
    page = for_all(robin, position, people, "preview", **form)
    assert ">For Ada<" in page.text
    assert ">For Ben<" in page.text
    assert 'name="_field.reason" value="Queues."' in page.text
    page = for_all(robin, position, people, "preview", **{**form, "_field.reason": ""})
    assert text_of(page).count("skipped: {reason} not filled in") == 2
    assert names_of(robin, stage, position, "interviews") == []


def test_a_restricted_employer_is_told_why_nothing_was_sent(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, people = opening(scene, "Ada")
    for ago in (8, 0):
        scene.few_answers(days_ago=ago)
    stage.catch_up()
    page = text_of(for_all(robin, position, people, "send", **LETTER))
    assert "0 messages leave soon. Skipped:" in page
    assert "one by one" in page or "bulk" in page


@pytest.mark.parametrize(
    ("people", "status"), [([], 422), (["x"], 400), (["00000000-0000-0000-0000-%012d"], 422)]
)
def test_a_form_that_names_nobody_or_too_many_is_refused(
    stage: Stage, scene: Scene, robin: Visitor, people: list[str], status: int
) -> None:
    position, _ = opening(scene, "Ada")
    stage.catch_up()
    if people and "%" in people[0]:
        people = [people[0] % number for number in range(51)]
    assert for_all(robin, position, people, "shortlist").status_code == status


def test_without_scripts_a_template_can_be_chosen_for_all(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    position, _ = opening(scene, "Ada Lovelace", "Ben")
    says = {"title": "First message", "subject": "Hello {first_name}", "text": "Shall we talk?"}
    done(scene.recruiter.post(f"/employers/{scene.employer_id}/templates", says))
    stage.catch_up()
    page = desk(Role.RECRUITER, scene.employer_id, script=False).go(feed(position))
    for name in ("Ada Lovelace", "Ben"):
        page.get_by_label(f"Tick {name}").check()
    page.get_by_role("button", name="Message").click()
    page.get_by_role("heading", name="Message to 2 candidates").wait_for()
    page.get_by_role("button", name="First message").click()
    expect(page.get_by_label("Subject")).to_have_value("Hello {first_name}")
    for label, part in (("From", "minimum"), ("To", "maximum"), ("Currency", "currency")):
        page.get_by_label(label, exact=True).fill(LETTER[f"salary.{part}"])
    page.get_by_label("Your name").fill("Robin")
    page.get_by_label("Your role").fill("Recruiter")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    page.get_by_role("button", name="Send to 2").click()
    page.get_by_text("2 messages leave soon.").wait_for()
    page.get_by_role("link", name="Back to the list").click()
    page.get_by_text("No matches at the moment").wait_for()


@in_every_look
def test_in_the_list_all_happens_in_its_place_and_is_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    position, (ada, ben, _) = opening(scene, "Ada", "Ben", "Cleo")
    stage.catch_up()
    recruiter = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    page = recruiter.go(feed(position))
    loaded: list[str] = []
    page.on("load", lambda page: loaded.append(page.url))
    for name in ("Ada", "Ben"):
        page.get_by_label(f"Tick {name}").check()
    expect(page.get_by_text("2 ticked")).to_be_visible()
    recruiter.is_fit("bulk-ticked")
    bar = page.get_by_role("form", name="For the ticked candidates")
    bar.get_by_role("button", name="Message").click()
    page.get_by_role("heading", name="Message to 2 candidates").wait_for()
    fill_in(page)
    recruiter.is_fit("bulk-writing")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="A role for you").first.wait_for()
    recruiter.is_fit("bulk-preview")
    page.get_by_role("button", name="Send to 2").click()
    page.get_by_text("2 messages leave soon.").wait_for()
    for somebody in (ada, ben):
        expect(page.locator(f"#c-{somebody}").get_by_text("Message sent")).to_be_visible()
    expect(page.locator("#count-interviews")).to_have_text("2")
    recruiter.is_fit("bulk-sent")
    page.get_by_role("link", name="Back to the list").click()
    page.get_by_label("Tick Cleo").check()
    bar.get_by_role("button", name="Shortlist").click()
    page.get_by_text("1 shortlisted.").wait_for()
    expect(page.locator("#count-shortlist")).to_have_text("1")
    assert loaded == []

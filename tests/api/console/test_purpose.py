"""The whole purpose in a real browser: from joining the beta to an answer, and what is refused."""

from uuid import uuid4

import pytest
from playwright.sync_api import Page

from api.console.session import COOKIE
from domain.actor import Role
from tests.support.browser import Desk, Desks
from tests.support.client import done
from tests.support.letters import LETTER, Writing, fill_in, writing
from tests.support.stage import Scene, Stage, activity


def tab(page: Page, name: str) -> None:
    """Go to a tab of the position."""
    page.get_by_role("navigation", name="Of this position").get_by_role("link", name=name).click()


def names(page: Page) -> list[str]:
    """Whom a list shows."""
    return page.locator(".candidate h2").all_inner_texts()


@pytest.mark.parametrize(
    ("width", "script"), [("wide", True), ("narrow", False)], ids=["scripted", "plain"]
)
def test_the_purpose(desk: Desks, stage: Stage, scene: Scene, width: str, script: bool) -> None:
    skill = f"Skill {uuid4()}"  # that nobody has but these
    position = scene.approved().position(required_skills=[skill])
    silent = scene.member("Silent", silent_days=400, skills=(skill, "SQL"))
    scene.member("Other", silent_days=400, skills=("SQL",))
    scene.member("Busy", silent_days=10, skills=(skill,))
    writer = desk(Role.RECRUITER, scene.employer_id, width=width, script=script)

    # The tab, the introduction, and the way into the beta.
    page = writer.go(f"/positions/{position}/recommendations?after={stage.reached()}")
    assert names(page) == ["Busy"]
    tab(page, "Passive candidates")
    page.get_by_role("heading", name="Where they come from").wait_for()
    page.get_by_role("button", name="Join the Beta").click()
    page.get_by_text("You've joined the beta.").wait_for()

    # The feed keeps to the position's filters.
    assert names(page) == ["Silent"]
    card = page.locator(".candidate")
    assert card.locator(".matching").all_text_contents() == [f"{skill}, matches"]
    assert card.get_by_text("likely to respond").is_visible()

    # The profile, and a message where an interview request would be.
    page.get_by_role("link", name="Silent").click()
    page.get_by_role("heading", name="Send message").wait_for()
    fill_in(page)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("article", name="The message").wait_for()
    page.get_by_role("button", name="Send message").click()

    # One is in the list still. The Interviews tab, and the badge.
    page.get_by_text("Message sent" if script else "Your message leaves soon.").first.wait_for()
    tab(page, "Interviews")
    person = page.locator(".interview", has_text="Silent")
    assert person.get_by_text("Passive Candidate", exact=True).is_visible()
    assert person.get_by_text("Awaiting answer").is_visible()
    tab(page, "Passive candidates")
    assert names(page) == []
    tab(page, "Interviews")

    # The answer.
    (outreach,) = done(scene.recruiter.get(f"/positions/{position}/interviews"))["items"]
    assert outreach["candidate_id"] == silent
    answer = {"note": "Gladly."}
    done(scene.platform.post(f"/outreach/{outreach['outreach_id']}/acceptance", answer))
    if not script:
        writer.go(f"/positions/{position}/interviews?after={stage.reached()}")
    person.get_by_text("Accepted").wait_for()
    person.get_by_role("link").click()
    page.get_by_text("Gladly.").wait_for()

    # Feedback, which leads back to where one was.
    page.get_by_text("Share feedback on passive candidates").click()
    page.get_by_label("What should your Customer Success Manager know?").fill("It works.")
    page.get_by_role("button", name="Share feedback").click()
    page.get_by_text("Your Customer Success Manager will read it.").wait_for()
    page.get_by_text("Gladly.").wait_for()


# --- What is refused


def at_the_profile(desk: Desks, at: Writing, *, script: bool = True) -> Desk:
    """A recruiter who has typed a letter."""
    writer = desk(Role.RECRUITER, at.scene.employer_id, script=script)
    writer.go(at.profile)
    fill_in(writer.page)
    return writer


def send(page: Page) -> None:
    page.get_by_role("button", name="Send message").click()


def text(page: Page) -> str:
    return page.get_by_label("Message", exact=True).input_value()


def test_who_is_not_approved_reads_why_and_whom_to_ask(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    done(at.scene.owner("DELETE", f"/employers/{at.scene.employer_id}/beta"))
    reason = {"reason": "unpaid bills"}
    done(at.scene.admin.post(f"/employers/{at.scene.employer_id}/suspension", reason))
    page = desk(Role.RECRUITER, at.scene.employer_id).go(
        at.after(f"/positions/{at.position}/passive-candidates")
    )
    page.get_by_text("The employer is suspended (unpaid bills)").wait_for()
    assert page.get_by_role("link", name="casey@example.com").is_visible()
    assert not page.get_by_role("button", name="Join the Beta").is_visible()


def test_who_has_left_the_beta_meanwhile_sends_nothing(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = at_the_profile(desk, at).page
    done(at.scene.owner("DELETE", f"/employers/{at.scene.employer_id}/beta"))
    send(page)
    page.get_by_role("alert").get_by_text("has not joined the beta").wait_for()
    assert text(page) == LETTER["text"]


def test_who_has_opted_out_meanwhile_is_left_alone(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = at_the_profile(desk, at).page
    done(at.scene.platform.post(f"/candidates/{at.candidate}/opt-out"))
    send(page)
    page.get_by_role("alert").get_by_text("can no longer be contacted").wait_for()
    assert text(page) == LETTER["text"]


def test_a_blank_field_is_shown_and_led_to(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = at_the_profile(desk, at).page
    page.get_by_label("Subject").fill("")
    send(page)
    page.get_by_role("alert").get_by_role("link", name="Enter a subject.").click()
    assert page.evaluate("document.activeElement.name") == "subject"
    assert text(page) == LETTER["text"]


def test_a_stale_page_offers_what_may_be_done_now(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = at_the_profile(desk, at).page
    at.scene.tell(activity(at.candidate))
    send(page)
    page.get_by_role("alert").get_by_text("send an interview request instead").wait_for()
    page.get_by_role("button", name="Send interview request").click()
    page.get_by_text("Your request leaves soon.").wait_for()


def test_another_employers_position_is_a_page_that_is_not_there(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    stranger = desk(Role.RECRUITER, stage.scene().in_beta().employer_id)
    stranger.go(at.profile).get_by_role("heading", name="Page not found").wait_for()


@pytest.mark.parametrize("script", [True, False], ids=["scripted", "plain"])
def test_a_session_that_ends_while_writing_loses_nothing(
    desk: Desks, stage: Stage, script: bool
) -> None:
    at = writing(stage)
    writer = at_the_profile(desk, at, script=script)
    page = writer.page
    page.context.add_cookies([{"name": COOKIE, "value": "ended", "url": writer.address}])
    send(page)
    page.get_by_text("What you typed is kept").wait_for()
    page.get_by_label("Bearer token").fill(stage.token(Role.RECRUITER, at.scene.employer_id))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Your message leaves soon.").wait_for()

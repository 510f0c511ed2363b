"""Templates in the console: written once, begun from, filled in for each person."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.letters import LETTER, Writing, fill_in, writing
from tests.support.stage import Stage
from tests.support.visitor import in_every_look, text_of, visitor

SAYS = {
    "title": "First message",
    "subject": "A role for you, {first_name}",
    "text": "Dear {first_name}, {reason} Would you like to hear of {position}?",
}


def saved(at: Writing, **changed: str) -> str:
    path = f"/employers/{at.scene.employer_id}/templates"
    id = str(done(at.scene.recruiter.post(path, SAYS | changed))["id"])
    at.stage.catch_up()
    return id


def begun(at: Writing, template: str) -> Any:
    """The form after a template was chosen."""
    form = {**LETTER, "subject": "", "text": "", "_by": "message", "_template": template}
    return at.post(form)


def test_a_template_is_written_changed_and_removed(stage: Stage) -> None:
    at = writing(stage)
    robin = at.recruiter
    page = robin.sends("/templates", SAYS, at="/templates")
    assert "The template is saved." in text_of(page)
    form = re.search(r'action="/templates/([^"/]+)"', page.text)
    assert form
    page = robin.sends(f"/templates/{form[1]}", SAYS | {"title": "Other", "_version": "1"})
    assert "Other A role for you" in text_of(page)
    page = robin.sends(f"/templates/{form[1]}/removal", {})
    assert "There are no templates yet" in text_of(page)


def test_a_refused_template_keeps_what_was_typed(stage: Stage) -> None:
    at = writing(stage)
    answer = at.recruiter.post("/templates", SAYS | {"subject": ""})
    assert answer.status_code == 422
    assert "Enter a subject." in answer.text
    assert SAYS["text"] in answer.text


def test_a_template_that_a_colleague_changed_meanwhile_is_not_overwritten(stage: Stage) -> None:
    at = writing(stage)
    id = saved(at)
    form = SAYS | {"_version": "1"}
    assert at.recruiter.post(f"/templates/{id}", form).status_code == 303
    late = at.recruiter.post(f"/templates/{id}", form)
    assert late.status_code == 412
    assert "Somebody changed this since you opened it." in late.text


def test_a_chosen_template_fills_subject_and_message_and_asks_for_own_fields(
    stage: Stage,
) -> None:
    at = writing(stage)
    page = begun(at, saved(at)).text
    assert 'name="subject" type="text" value="A role for you, {first_name}"' in page
    assert 'name="_field.reason"' in page
    assert 'name="_field.first_name"' not in page
    assert 'name="sender_name" type="text" value="Robin"' in page


def test_the_preview_marks_what_is_missing_and_does_not_offer_to_send(stage: Stage) -> None:
    at = writing(stage)
    form = at.letter(
        "preview", subject=SAYS["subject"], text="Dear {first_name}, {reason} {employer}"
    )
    page = at.post(form)
    assert "A role for you, Silent" in page.text
    assert "Dear Silent, <mark>{reason}</mark> <mark>{employer}</mark>" in page.text
    assert 'value="send"' not in page.text
    assert "Not filled in yet: {reason} , {employer} ." in text_of(page)


def test_a_message_with_an_empty_field_is_not_sent(stage: Stage) -> None:
    at = writing(stage)
    answer = at.post(at.letter(text="Dear {first_name}, {reason}"))
    assert answer.status_code == 422
    assert "{reason} is not filled in." in answer.text
    assert "{first_name} is not filled in." not in answer.text


def test_what_is_sent_says_what_the_fields_stand_for(stage: Stage) -> None:
    at = writing(stage)
    text = "Dear {First name}, {reason} {position} at {company}. {my_name}"
    form = at.letter(text=text, **{"_field.reason": "your talk was great."})
    assert at.post(form).status_code == 303
    (outreach,) = done(
        at.scene.recruiter.get(f"/positions/{at.position}/interviews", after=stage.reached())
    )["items"]
    page = at.recruiter.get(at.after(f"/outreach/{outreach['outreach_id']}")).text
    assert "Dear Silent, your talk was great. Backend developer at Acme. Robin" in page


def test_of_somebody_who_may_not_be_seen_nothing_is_filled_in(stage: Stage) -> None:
    at = writing(stage)
    done(at.scene.platform.post(f"/candidates/{at.candidate}/opt-out"))
    stage.catch_up()
    answer = at.post(at.letter("preview", text="Dear {first_name}"))
    assert "Silent" not in answer.text


def test_templates_of_another_company_are_not_offered(stage: Stage) -> None:
    id = saved(writing(stage))
    at = writing(stage)
    assert "First message" not in at.recruiter.get(at.after(at.profile)).text
    assert "Dear" not in begun(at, id).text
    assert visitor(stage, Role.SUPPORT).get("/templates").status_code == 403


# --- In the browser


def test_in_the_panel_a_template_is_one_click_and_sending_another(
    desk: Desks, stage: Stage
) -> None:
    at = writing(stage)
    at.approached()
    other = at.scene.member("Ada Lovelace", silent_days=500)
    saved(at, text="Dear {first_name}, shall we talk of {position}?")
    page = desk(Role.RECRUITER, at.scene.employer_id).go(
        at.after(f"/positions/{at.position}/passive-candidates") + f"&open={other}"
    )
    page.get_by_role("button", name="First message").click()
    expect(page.get_by_label("Subject")).to_have_value("A role for you, {first_name}")
    for label, part in (("From", "minimum"), ("To", "maximum"), ("Currency", "currency")):
        page.get_by_label(label, exact=True).fill(LETTER[f"salary.{part}"])
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#letter").get_by_text("Message sent")).to_be_visible()


def test_a_draft_is_kept_until_it_is_sent(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(at.profile))
    page.get_by_label("Subject").fill("Queues")
    page.get_by_label("Message", exact=True).fill("Half a thought")
    page.goto(page.url)
    expect(page.get_by_text("Your draft is restored.")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Half a thought")
    fill_in(page)
    page.get_by_role("button", name="Send message").click()
    page.get_by_text("Your message leaves soon.").wait_for()
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_a_draft_can_be_discarded(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(at.profile))
    page.get_by_label("Subject").fill("Queues")
    page.reload()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Subject")).to_have_value("")
    page.reload()
    expect(page.get_by_label("Subject")).to_have_value("")


def test_signing_out_deletes_all_drafts(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(at.profile))
    page.get_by_label("Subject").fill("Queues")
    assert page.evaluate("Object.keys(localStorage).length") == 1
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()
    assert page.evaluate("Object.keys(localStorage).length") == 0


@pytest.mark.parametrize("change", ["draft.by = 'somebody else'", "draft.at -= 9 * 3_600_000"])
def test_a_draft_of_somebody_else_or_of_a_session_long_over_is_deleted(
    desk: Desks, stage: Stage, change: str
) -> None:
    at = writing(stage)
    page = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(at.profile))
    page.get_by_label("Subject").fill("Queues")
    page.evaluate(
        "() => { const [key] = Object.keys(localStorage);"
        " const draft = JSON.parse(localStorage.getItem(key));"
        f" {change}; localStorage.setItem(key, JSON.stringify(draft)); }}"
    )
    page.reload()
    expect(page.get_by_label("Subject")).to_have_value("")
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_the_draft_to_somebody_who_may_not_be_seen_any_more_is_deleted(
    desk: Desks, stage: Stage
) -> None:
    at = writing(stage)
    recruiter = desk(Role.RECRUITER, at.scene.employer_id)
    page = recruiter.go(
        at.after(f"/positions/{at.position}/passive-candidates") + f"&open={at.candidate}"
    )
    page.get_by_label("Subject").fill("Queues")
    page.get_by_role("link", name="Close", exact=True).click()
    done(at.scene.platform.post(f"/candidates/{at.candidate}/opt-out"))
    stage.catch_up()
    page.locator(f"#c-{at.candidate} h2 a").click()
    page.get_by_text("This candidate can't be shown for this position any more.").wait_for()
    page.wait_for_function("Object.keys(localStorage).length === 0")
    recruiter.errors[:] = [error for error in recruiter.errors if "Error Code 404" not in error]


@in_every_look
def test_the_pages_are_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    at = writing(stage)
    saved(at)
    recruiter = desk(Role.RECRUITER, at.scene.employer_id, width=width, dark=dark)
    page = recruiter.go("/templates")
    page.get_by_text("First message").first.click()
    recruiter.is_fit("templates-dark" if dark else "templates")
    recruiter.go(at.after(at.profile))
    page.get_by_role("button", name="First message").click()
    page.get_by_label("Reason", exact=False).first.wait_for()
    recruiter.is_fit("templates-letter-dark" if dark else "templates-letter")
    fill_in(page)
    page.get_by_label("Message", exact=True).fill("Dear {first_name}, {reason}")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("Not filled in yet").wait_for()
    recruiter.is_fit("templates-missing-dark" if dark else "templates-missing")

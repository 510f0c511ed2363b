"""Sending a letter: previewed, sent once, and refused with every reason and nothing lost."""

import re

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.concurrency import at_once
from tests.support.letters import LETTER, Writing, fill_in, writing
from tests.support.stage import Stage, activity
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

MARKUP = "</textarea><script>alert(1)</script>"


def codes(page: str) -> list[str]:
    return re.findall(r'<li data-code="([^"]*)"', page)


def keeps(page: str) -> bool:
    """Whether everything that was typed is still there."""
    short = {name: said for name, said in LETTER.items() if name != "text"}
    return f"{LETTER['text']}</textarea>" in page and all(
        re.search(rf'name="{re.escape(name)}"[^>]* value="{re.escape(said)}"', page)
        for name, said in short.items()
    )


def sent(stage: Stage, at: Writing) -> int:
    """How many letters the candidate has had from this employer."""
    listed = done(at.scene.recruiter.get(f"/positions/{at.position}/interviews",
                                         after=stage.reached()))  # fmt: skip
    return len(listed["items"])


def test_a_message_leads_to_the_interviews_with_the_person_and_the_badge(stage: Stage) -> None:
    at = writing(stage)
    page = text_of(at.recruiter.sends(at.profile, at.letter()))
    assert "Your message leaves soon." in page
    assert re.search(r"Silent Message sent .* Passive Candidate Awaiting answer", page)


def test_an_interview_request_leads_there_too_without_the_badge(stage: Stage) -> None:
    at = writing(stage, "Busy", silent_days=10)
    page = text_of(at.recruiter.sends(at.profile, at.letter(by="interview_request")))
    assert "Your request leaves soon." in page
    listed = page.partition("Busy Interview request sent")[2]
    assert "Awaiting answer" in listed
    assert "Passive Candidate" not in listed


def test_the_likelihood_that_was_shown_is_kept_with_the_message(stage: Stage) -> None:
    at = writing(stage)
    page = text_of(at.recruiter.sends(at.profile, at.letter()))
    assert re.search(r"\d+% likely when sent", page)


def test_the_preview_shows_the_letter_and_keeps_everything(stage: Stage) -> None:
    at = writing(stage)
    response = at.post(at.letter("preview"))
    page = text_of(response)
    assert "As Silent will see it A role for you From Robin, Head of engineering, Acme." in page
    assert "EUR 60,000 to 80,000 a year Location Berlin" in page
    assert sent(stage, at) == 0
    form = response.text.partition("<article")[2]
    kept = dict(re.findall(r'<input type="hidden" name="(?!_csrf)([^"]*)" value="([^"]*)"', form))
    again = at.post({**kept, "_step": "write"})
    assert keeps(again.text)
    final = at.post({**kept, "_step": "send"})
    assert final.status_code == 303
    assert sent(stage, at) == 1


@pytest.mark.parametrize("name", ["subject", "text", "sender_name", "sender_role", "location"])
def test_a_blank_field_is_told_beside_it_and_nothing_is_lost(stage: Stage, name: str) -> None:
    at = writing(stage)
    response = at.post(at.letter(**{name: "  "}))
    assert response.status_code == 422
    assert f'id="{name}-fault-1"' in response.text
    others = [said for field, said in LETTER.items() if field not in (name, "text")]
    assert all(f'value="{said}"' in response.text for said in others)
    assert sent(stage, at) == 0


def test_every_blank_field_is_told_at_once(stage: Stage) -> None:
    at = writing(stage)
    response = at.post({"_step": "send", "_by": "message"})
    for sentence in ("Enter a subject.", "Enter a message.", "Enter a salary.",
                     "Enter your name.", "Enter your role."):  # fmt: skip
        assert sentence in response.text
    assert "give a location or mark the work as remote" in response.text


def test_a_currency_in_small_letters_is_understood_and_another_word_is_refused_plainly(
    stage: Stage,
) -> None:
    at = writing(stage)
    page = at.post(at.letter(**{"salary.currency": "eur", "_step": "preview"}))
    assert "EUR 60,000 to 80,000 a year" in text_of(page)
    response = at.post(at.letter(**{"salary.currency": "euro"}))
    assert "Salary currency: write its three letters, such as EUR." in response.text


def test_a_salary_that_is_none_is_told_beside_it(stage: Stage) -> None:
    at = writing(stage)
    response = at.post(at.letter(**{"salary.minimum": "90000"}))
    assert "the minimum is above the maximum; swap them" in response.text
    assert 'value="90000" aria-required="true" aria-invalid="true"' in response.text


def test_a_preview_of_a_letter_with_faults_tells_them(stage: Stage) -> None:
    at = writing(stage)
    response = at.post(at.letter("preview", subject=""))
    assert response.status_code == 422
    assert 'id="subject-fault-1"' in response.text


def test_who_has_become_active_meanwhile_gets_an_interview_request_of_the_same_words(
    stage: Stage,
) -> None:
    at = writing(stage)
    at.scene.tell(activity(at.candidate))
    response = at.post(at.letter())
    assert response.status_code == 409
    assert codes(response.text) == ["candidate_not_passive"]
    assert keeps(response.text)
    assert 'name="_by" value="interview_request"' in response.text
    assert at.post(at.letter(by="interview_request")).status_code == 303


def test_who_has_opted_out_meanwhile_is_not_written_to_and_the_text_is_kept(stage: Stage) -> None:
    at = writing(stage)
    done(at.scene.platform.post(f"/candidates/{at.candidate}/opt-out"))
    response = at.post(at.letter())
    assert response.status_code == 409
    assert codes(response.text) == ["unavailable"]
    assert "Your message was not sent" in response.text
    assert "Silent" not in response.text
    assert keeps(response.text)


def test_a_position_closed_meanwhile_sends_nothing_and_the_text_is_kept(stage: Stage) -> None:
    at = writing(stage)
    done(at.scene.recruiter.post(f"/positions/{at.position}/closure", {"reason": "filled"}))
    response = at.post(at.letter())
    assert codes(response.text) == ["position_is_closed"]
    assert keeps(response.text)


def test_somebody_else_of_the_team_was_first_and_the_text_is_kept(stage: Stage) -> None:
    at = writing(stage)
    outreach = at.approached()
    response = at.post(at.letter())
    assert codes(response.text) == ["already_contacted"]
    assert f'href="/outreach/{outreach}"' in response.text
    assert keeps(response.text)


def test_every_reason_is_told_at_once(stage: Stage) -> None:
    at = writing(stage)
    done(at.scene.recruiter.post(f"/positions/{at.position}/closure", {"reason": "filled"}))
    done(at.scene.owner("DELETE", f"/employers/{at.scene.employer_id}/beta"))
    response = at.post(at.letter())
    assert codes(response.text) == ["not_in_beta", "position_is_closed"]


def test_a_form_sent_twice_sends_once_and_both_see_it_sent(stage: Stage) -> None:
    at = writing(stage)
    form = at.letter(_key="one key")
    responses = at_once(lambda: at.post(form), lambda: at.post(form))
    assert [response.status_code for response in responses] == [303, 303]
    assert sent(stage, at) == 1


def test_of_two_tabs_one_sends_and_the_other_is_told(stage: Stage) -> None:
    at = writing(stage)
    assert at.post(at.letter()).status_code == 303
    response = at.post(at.letter())
    assert codes(response.text) == ["already_contacted"]
    assert sent(stage, at) == 1


def test_a_letter_that_can_never_be_sent_is_kept_without_a_button_to_send_it(stage: Stage) -> None:
    at = writing(stage)
    assert at.post(at.letter()).status_code == 303
    page = at.post(at.letter()).text
    assert keeps(page)
    letter = page.partition('id="letter"')[2]
    assert "What you typed is kept here, to be copied." in letter
    assert 'name="_step"' not in letter
    assert 'name="_template"' not in letter


def test_support_sends_nothing(stage: Stage) -> None:
    at = writing(stage)
    response = visitor(stage, Role.SUPPORT).post(at.profile, at.letter())
    assert response.status_code == 403


def test_a_letter_about_another_employers_position_is_not_sent(stage: Stage) -> None:
    at = writing(stage)
    stranger = visitor(stage, Role.RECRUITER, stage.scene().in_beta().employer_id)
    assert stranger.post(at.profile, at.letter()).status_code == 404
    assert sent(stage, at) == 0


def test_a_form_that_does_not_say_how_to_approach_is_refused(stage: Stage) -> None:
    at = writing(stage)
    assert at.post(at.letter(by="carrier pigeon")).status_code == 400


def test_a_session_that_ended_while_writing_keeps_the_letter(stage: Stage) -> None:
    at = writing(stage)
    nobody = Visitor(stage.http, "ended")
    fields = {"_csrf": "old", "_key": "1", **at.letter()}
    response = nobody.http.post(at.profile, data=fields, headers={"Accept": "text/html",
        "Cookie": "sourcing_session=ended"}, follow_redirects=False)  # fmt: skip
    assert response.status_code == 401
    assert "What you typed is kept" in response.text
    assert 'name="_carried.subject" value="A role for you"' in response.text


def test_markup_in_a_letter_is_shown_as_text(stage: Stage) -> None:
    at = writing(stage)
    for step in ("preview", "write"):
        page = at.post(at.letter(step, subject=MARKUP, text=MARKUP)).text
        assert page.count("&lt;script&gt;") >= 2
        assert "<script>alert" not in page


# --- In the browser


def test_a_double_click_sends_once(desk: Desks, stage: Stage) -> None:
    for script in (True, False):
        at = writing(stage)
        page = desk(Role.RECRUITER, at.scene.employer_id, script=script).go(at.after(at.profile))
        fill_in(page)
        page.get_by_role("button", name="Send message").dblclick()
        page.get_by_text("Your message leaves soon.").wait_for()
        assert sent(stage, at) == 1


@in_every_look
def test_preview_and_refusal_are_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    at = writing(stage)
    writer = desk(Role.RECRUITER, at.scene.employer_id, width=width, dark=dark)
    page = writer.go(at.after(at.profile))
    page.get_by_role("button", name="Send message").click()
    page.get_by_role("alert").wait_for()
    writer.is_fit("refused-dark" if dark else "refused")
    fill_in(page)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="As Silent will see it").wait_for()
    writer.is_fit("preview-dark" if dark else "preview")
    done(at.scene.platform.post(f"/candidates/{at.candidate}/opt-out"))
    page.get_by_role("button", name="Send message").click()
    page.get_by_role("heading", name="Your message was not sent").wait_for()
    writer.is_fit("kept-dark" if dark else "kept")

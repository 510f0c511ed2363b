"""A conversation: undo and edit before it leaves, follow up, reply, correct; and what was read."""

from datetime import timedelta

import pytest

from api.marketplace import now
from domain.actor import Actor, Role
from domain.delivering import ReleaseLetter
from tests.support.client import done
from tests.support.letters import LETTER, Writing, writing
from tests.support.stage import Stage
from tests.support.visitor import text_of


@pytest.fixture
def at(stage: Stage) -> Writing:
    return writing(stage, "Ada")


def page_of(at: Writing, outreach: str) -> str:
    return text_of(at.recruiter.get(at.after(f"/outreach/{outreach}")))


def left(at: Writing) -> str:
    """An outreach whose letter has left."""
    outreach = at.approached()
    worker = Actor(id="test", role=Role.SYSTEM)
    later = now() + timedelta(minutes=6)
    at.stage.marketplace.store.execute(
        ReleaseLetter(by=worker, at=later, request_id="t", outreach_id=outreach, letter=1)  # type: ignore[arg-type]  # pydantic reads it
    )
    return outreach


def test_until_it_leaves_a_message_can_be_undone_or_edited(at: Writing) -> None:
    outreach = at.approached()
    page = page_of(at, outreach)
    assert "The message leaves at" in page
    assert "Undo" in page
    assert "undo or edit" in text_of(at.recruiter.get(at.after(at.interviews)))


def test_a_message_that_has_left_is_not_undone(at: Writing) -> None:
    assert "Undo" not in page_of(at, left(at))


def test_a_message_that_was_undone_can_be_written_again(at: Writing) -> None:
    at.recruiter.sends(f"/outreach/{at.approached()}/withdrawal", {})
    again = at.approached()
    assert "The message leaves at" in page_of(at, again)
    interviews = text_of(at.recruiter.get(at.after(at.interviews)))
    assert interviews.count("undo or edit") == 1


def test_an_edit_begins_with_what_was_written_and_is_what_is_said(at: Writing) -> None:
    outreach = at.approached()
    form = at.recruiter.get(at.after(f"/outreach/{outreach}/message")).text
    assert "We build robots, and would like to talk." in form
    edited = {**LETTER, "text": "Better words."}
    page = text_of(at.recruiter.sends(f"/outreach/{outreach}/message", edited))
    assert "Your changes are saved." in page
    assert "Better words." in page


def test_an_edit_that_is_wrong_keeps_what_was_typed(at: Writing) -> None:
    outreach = at.approached()
    at.recruiter.get(at.after(f"/outreach/{outreach}"))
    response = at.recruiter.post(
        f"/outreach/{outreach}/message", {**LETTER, "subject": "", "text": "Kept words."}
    )
    assert response.status_code == 422
    assert "Kept words." in response.text


def test_a_message_that_has_left_is_withdrawn(at: Writing) -> None:
    page = text_of(at.recruiter.sends(f"/outreach/{left(at)}/withdrawal", {}))
    assert "Message withdrawn." in page


def test_a_follow_up_is_offered_from_a_day_on(at: Writing) -> None:
    assert "You can follow up once from" in page_of(at, left(at))


def test_a_question_is_answered_in_the_thread(at: Writing) -> None:
    outreach = at.approached()
    question = {"text": "Which robots?"}
    done(at.scene.platform.post(f"/outreach/{outreach}/candidate-replies", question))
    assert "Ada wrote back." in page_of(at, outreach)
    typed = {"text": "All of them.", "sender_name": "Robin"}
    page = text_of(at.recruiter.sends(f"/outreach/{outreach}/reply", typed))
    assert page.index("Which robots?") < page.index("All of them.")


def test_what_was_taken_for_a_no_is_corrected(at: Writing) -> None:
    outreach = at.approached()
    reply = {"text": "No thanks to spam, yes to you.", "understood": "declined"}
    done(at.scene.platform.post(f"/outreach/{outreach}/candidate-replies", reply))
    assert "Declined" in page_of(at, outreach)
    page = text_of(at.recruiter.sends(f"/outreach/{outreach}/correction", {"status": "accepted"}))
    assert "Ada Passive Candidate Accepted" in page


def test_after_a_yes_the_contact_that_was_disclosed_is_shown(at: Writing) -> None:
    outreach = at.approached()
    assert "ada@example.org" not in page_of(at, outreach)
    body = {"contact": {"email": "ada@example.org"}}
    done(at.scene.platform.post(f"/outreach/{outreach}/acceptance", body))
    page = page_of(at, outreach)
    assert "How to reach them" in page
    assert "ada@example.org" in page


def test_whoever_asked_for_later_is_shown_with_the_day(at: Writing) -> None:
    outreach = at.approached()
    done(at.scene.platform.post(f"/outreach/{outreach}/postponement", {"until": "2040-05-06"}))
    assert "asked you to write again from 6 May 2040" in page_of(at, outreach)


def test_a_thread_that_was_opened_is_read(at: Writing) -> None:
    outreach = at.approached()
    done(at.scene.platform.post(f"/outreach/{outreach}/decline", {"reason": "salary"}))
    page_of(at, outreach)
    row = done(at.scene.recruiter.get(f"/outreach/{outreach}", after=at.stage.reached()))
    assert row["read_step"] == row["heard_step"]

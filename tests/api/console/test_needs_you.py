"""Needs you: what waits for a recruiter, until they have read it or said something."""

from typing import Any

import pytest

from domain.actor import Role
from tests.support.client import done
from tests.support.letters import Writing, writing
from tests.support.stage import Stage
from tests.support.visitor import text_of, visitor


@pytest.fixture
def at(stage: Stage) -> Writing:
    return writing(stage, "Ada")


def said(at: Writing, what: str, body: dict[str, Any]) -> str:
    outreach = at.approached()
    done(at.scene.platform.post(f"/outreach/{outreach}/{what}", body))
    return outreach


def page_of(at: Writing) -> str:
    return text_of(at.recruiter.get(at.after("/needs-you")))


def read(at: Writing, outreach: str) -> None:
    at.recruiter.get(at.after(f"/outreach/{outreach}"))


def test_without_answers_nothing_waits(at: Writing) -> None:
    at.approached()
    assert "Nothing waits for you" in page_of(at)
    assert at.recruiter.get(at.after("/needs-you/count")).text.strip() == ""


def test_a_question_waits_until_it_is_answered(at: Writing) -> None:
    outreach = said(at, "candidate-replies", {"text": "Which robots?"})
    assert "They wrote back 1 Ada New" in page_of(at)
    read(at, outreach)
    assert "They wrote back 1 Ada Backend developer" in page_of(at)
    at.recruiter.sends(f"/outreach/{outreach}/reply", {"text": "All.", "sender_name": "Robin"})
    assert "Nothing waits for you" in page_of(at)


def test_a_yes_waits_for_an_interview(at: Writing) -> None:
    outreach = said(at, "acceptance", {})
    read(at, outreach)
    assert "They are interested: agree on a time 1 Ada" in page_of(at)
    at.recruiter.sends(f"/outreach/{outreach}/interview", {"starts_at": "2040-05-06T09:30"})
    assert "Nothing waits for you" in page_of(at)


def test_a_no_waits_until_it_is_read(at: Writing) -> None:
    outreach = said(at, "decline", {"reason": "salary"})
    assert "New answers 1 Ada New" in page_of(at)
    read(at, outreach)
    assert "Nothing waits for you" in page_of(at)


def test_the_menu_counts_what_waits(at: Writing) -> None:
    said(at, "candidate-replies", {"text": "Which robots?"})
    assert ">1</span>" in at.recruiter.get(at.after("/needs-you/count")).text


def test_the_positions_show_new_answers(at: Writing) -> None:
    said(at, "candidate-replies", {"text": "Which robots?"})
    assert "Backend developer 1 new" in text_of(at.recruiter.get(at.after("/positions")))


def test_another_employer_sees_nothing_of_it(stage: Stage, at: Writing) -> None:
    said(at, "candidate-replies", {"text": "Which robots?"})
    other = visitor(stage, Role.RECRUITER, stage.scene().in_beta().employer_id)
    assert "Ada" not in other.get(at.after("/needs-you")).text


def test_interviews_show_first_what_waits(stage: Stage) -> None:
    at = writing(stage, "First")
    outreach = at.approached()
    later = at.scene.member("Second", silent_days=400)
    done(at.scene.message(at.position, later))
    page = text_of(at.recruiter.get(at.after(at.interviews)))
    assert page.index("Second") < page.index("First")
    done(at.scene.platform.post(f"/outreach/{outreach}/acceptance", {}))
    page = text_of(at.recruiter.get(at.after(at.interviews)))
    assert page.index("First") < page.index("Second")


def test_interviews_are_read_page_by_page_in_that_order(stage: Stage) -> None:
    at = writing(stage, "0")
    ids = [at.approached()]
    for name in "1234":
        candidate = at.scene.member(name, silent_days=400)
        ids.append(str(done(at.scene.message(at.position, candidate))["id"]))
    for outreach in (ids[1], ids[3]):
        done(at.scene.platform.post(f"/outreach/{outreach}/acceptance", {}))
    path = f"/positions/{at.position}/interviews"
    seen: list[str] = []
    here: dict[str, str] = {}
    while True:
        page = done(at.scene.recruiter.get(path, after=at.stage.reached(), limit=2, **here))
        seen += [one["outreach_id"] for one in page["items"]]
        if not page["next_cursor"]:
            break
        here = {"cursor": page["next_cursor"]}
    assert seen == [ids[3], ids[1], ids[4], ids[2], ids[0]]

"""The Interviews tab, and a conversation from its first word to its last."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from api.marketplace import now
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.letters import Writing, writing
from tests.support.stage import Stage
from tests.support.visitor import in_every_look, text_of, visitor

MARKUP = "<img src=x onerror=alert(1)>"


def both_kinds(stage: Stage) -> Writing:
    """A position with a message to Silent, and an interview request to Busy that was accepted."""
    at = writing(stage)
    at.approached()
    busy = at.scene.member("Busy", silent_days=10)
    body = {"candidate_id": busy, "message": {
        "subject": "Hello", "text": "Talk?", "remote": True, "sender_name": "Robin",
        "sender_role": "CTO", "salary": {"minimum": 1, "maximum": 2, "currency": "EUR"},
    }}  # fmt: skip
    sent = done(at.scene.recruiter.post(f"/positions/{at.position}/interview-requests", body))
    done(at.scene.platform.post(f"/outreach/{sent['id']}/acceptance", {}))
    return at


def names_on(page: str) -> list[str]:
    return re.findall(r'<h2><a id="o-[^"]*" href="/outreach/[^"]*">([^<]*)</a>', page)


# --- The tab


def test_both_kinds_stand_in_one_list_the_passive_ones_with_their_badge(stage: Stage) -> None:
    at = both_kinds(stage)
    response = at.recruiter.get(at.after(at.interviews))
    assert names_on(response.text) == ["Busy", "Silent"]
    page = text_of(response).partition("Filter Busy")[2]
    assert page.count("Passive Candidate Awaiting answer") == 1
    assert "Accepted" in page.partition("Silent")[0]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("badge=passive", ["Silent"]),
        ("badge=active", ["Busy"]),
        ("status=accepted", ["Busy"]),
        ("status=awaiting_answer&badge=", ["Silent"]),
        ("status=declined", []),
    ],
)
def test_the_list_is_filtered_by_status_and_badge(
    stage: Stage, query: str, names: list[str]
) -> None:
    at = both_kinds(stage)
    response = at.recruiter.get(f"{at.after(at.interviews)}&{query}")
    assert names_on(response.text) == names


def test_a_position_that_nobody_was_approached_for_says_where_to_begin(stage: Stage) -> None:
    at = writing(stage)
    page = text_of(at.recruiter.get(at.after(at.interviews)))
    assert "You haven't contacted anyone yet" in page


def test_a_list_that_has_not_changed_is_not_sent_again(stage: Stage) -> None:
    at = both_kinds(stage)
    assert updates(at, settled(at)).status_code == 204


def test_a_list_that_has_not_changed_tells_the_counts_of_those_that_have(stage: Stage) -> None:
    at = both_kinds(stage)
    page = settled(at)
    at.scene.member("Newcomer", silent_days=300)
    wait_until(lambda: updates(at, page).status_code == 200)  # open pages share counts for a while
    told = updates(at, page)
    assert told.headers["HX-Reswap"] == "none"
    assert "<li" not in told.text
    assert re.search(r'id="count-passive-candidates" hx-swap-oob="innerHTML">\d+<', told.text)
    assert updates(at, told.text).status_code == 204


def settled(at: Writing) -> str:
    """The page, once all that it is made of has caught up with the log."""
    feed = at.interviews.replace("interviews", "recommendations/updates")
    at.recruiter.get(f"{at.after(feed)}&reached=0&count=0")
    return str(at.recruiter.get(at.interviews).text)


def updates(at: Writing, page: str) -> Any:
    """What a page gets when it asks for updates."""
    known = dict(re.findall(r'name="(reached|known)" value="([^"]*)"', page))
    return at.recruiter.get(f"{at.interviews}?{urlencode(known)}")


def test_another_employers_interviews_are_not_there(stage: Stage) -> None:
    at = writing(stage)
    outreach = at.approached()
    stranger = visitor(stage, Role.RECRUITER, stage.scene().in_beta().employer_id)
    assert stranger.get(at.after(at.interviews)).status_code == 404
    assert stranger.get(at.after(f"/outreach/{outreach}")).status_code == 404
    assert stranger.post(f"/outreach/{outreach}/withdrawal", {}).status_code == 404


# --- A conversation


def test_a_conversation_tells_what_was_said_by_whom_and_when(stage: Stage) -> None:
    at = writing(stage)
    outreach = at.accepted("Gladly, call me.")
    page = text_of(at.recruiter.get(at.after(f"/outreach/{outreach}")))
    assert "Silent Passive Candidate Accepted" in page
    assert "We build robots, and would like to talk." in page
    assert page.index("would like to talk") < page.index("Gladly, call me.")


def test_a_message_is_undone_before_it_leaves(stage: Stage) -> None:
    at = writing(stage)
    here = f"/outreach/{at.approached()}"
    at.recruiter.get(at.after(here))
    page = text_of(at.recruiter.sends(f"{here}/withdrawal", {}))
    assert "Undone. Nothing was sent." in page
    assert "Silent Passive Candidate Undone" in page


def test_an_approach_answered_meanwhile_is_not_withdrawn(stage: Stage) -> None:
    at = writing(stage)
    here = f"/outreach/{at.accepted()}"
    at.recruiter.get(at.after(here))
    response = at.recruiter.post(f"{here}/withdrawal", {})
    assert response.status_code == 409
    assert 'data-code="already_answered"' in response.text


def test_what_waits_for_the_employer_stands_first_whenever_it_was_sent(stage: Stage) -> None:
    at = writing(stage, "First")
    at.accepted()
    for name in ("Second", "Third"):
        done(at.scene.message(at.position, at.scene.member(name, silent_days=400)))
    page = text_of(at.recruiter.get(at.after(at.interviews)))
    places = [page.index(name) for name in ("First", "Third", "Second")]
    assert places == sorted(places)


def test_a_time_in_the_past_is_told_beside_its_field_in_words(stage: Stage) -> None:
    at = writing(stage)
    here = f"/outreach/{at.accepted()}"
    at.recruiter.get(at.after(here))
    form = {"starts_at": "2020-01-02T10:00", "meeting.zone": "Europe/Berlin"}
    page = at.recruiter.post(f"{here}/interview", form).text
    sentence = "The interview would have started on 2 January 2020, 09:00 UTC"
    assert f'id="starts_at-fault-1">{sentence}' in page
    assert 'aria-required="true" aria-invalid="true"' in page
    offered = at.recruiter.post(f"{here}/times", {"times[]": "2020-01-02T10:00"}).text
    assert 'id="times-fault-1">The interview would have started on' in offered


def test_a_conversation_writes_the_time_of_an_interview_as_every_other_moment(stage: Stage) -> None:
    at = writing(stage)
    outreach = at.accepted()
    starts_at = now() + timedelta(days=3)
    times = [f"{starts_at:%Y-%m-%d}T14:00:00Z"]
    done(at.scene.recruiter.post(f"/outreach/{outreach}/times", {"times": times}))
    page = text_of(at.recruiter.get(at.after(f"/outreach/{outreach}")))
    assert f"Times {starts_at.day} {starts_at:%B %Y}, 14:00 UTC" in page
    done(at.scene.recruiter.post(f"/outreach/{outreach}/interview", {"starts_at": times[0]}))
    page = text_of(at.recruiter.get(at.after(f"/outreach/{outreach}")))
    assert f"Interview {starts_at.day} {starts_at:%B %Y}, 14:00 UTC" in page


def test_an_interview_is_scheduled_and_moved(stage: Stage) -> None:
    at = writing(stage)
    here = f"/outreach/{at.accepted()}"
    at.recruiter.get(at.after(here))
    for days in (3, 4):
        starts_at = now() + timedelta(days=days)
        typed = {"starts_at": f"{starts_at:%Y-%m-%dT10:30}"}
        page = text_of(at.recruiter.sends(f"{here}/interview", typed))
        assert f"{starts_at.day} {starts_at:%B %Y}, 10:30 UTC" in page
    assert "Interview scheduled" in page


@pytest.mark.parametrize("typed", ["", "soon", "2020-01-01T10:00"])
def test_a_time_that_is_none_is_told_and_kept(stage: Stage, typed: str) -> None:
    at = writing(stage)
    here = f"/outreach/{at.accepted()}"
    at.recruiter.get(at.after(here))
    response = at.recruiter.post(f"{here}/interview", {"starts_at": typed})
    assert response.status_code in (409, 422)
    assert f'type="datetime-local" value="{typed}"' in response.text
    assert 'role="alert"' in response.text


def test_what_an_erased_candidate_was_told_is_gone(stage: Stage) -> None:
    at = writing(stage)
    outreach = at.accepted("Gladly, call me.")
    done(at.scene.platform("DELETE", f"/candidates/{at.candidate}"))
    page = text_of(at.recruiter.get(at.after(f"/outreach/{outreach}")))
    assert "[erased]" in page
    assert "Silent" not in page
    assert "call me" not in page


def test_support_reads_a_conversation_and_changes_nothing(stage: Stage) -> None:
    at = writing(stage)
    outreach = at.approached()
    support = visitor(stage, Role.SUPPORT)
    response = support.get(at.after(f"/outreach/{outreach}"))
    assert "would like to talk" in text_of(response)
    assert "/withdrawal" not in response.text
    assert support.post(f"/outreach/{outreach}/withdrawal", {}).status_code == 403


def test_markup_in_an_answer_is_shown_as_text(stage: Stage) -> None:
    at = writing(stage)
    page = at.recruiter.get(at.after(f"/outreach/{at.accepted(MARKUP)}")).text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert MARKUP not in page


# --- In the browser


@in_every_look
def test_interviews_and_conversation_are_fit(
    desk: Desks, stage: Stage, width: str, dark: bool
) -> None:
    at = both_kinds(stage)
    reader = desk(Role.RECRUITER, at.scene.employer_id, width=width, dark=dark)
    page = reader.go(at.after(at.interviews))
    reader.is_fit("interviews-dark" if dark else "interviews")
    page.get_by_role("link", name="Busy").click()
    page.get_by_role("heading", name="What comes next").wait_for()
    reader.is_fit("conversation-dark" if dark else "conversation")


def test_an_answer_shows_by_itself_in_the_list_and_in_the_conversation(
    desk: Desks, stage: Stage
) -> None:
    at = writing(stage)
    outreach = at.approached()
    tab = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(at.interviews))
    conversation = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(f"/outreach/{outreach}"))
    tab.get_by_role("link", name="Silent").focus()
    done(at.scene.platform.post(f"/outreach/{outreach}/acceptance", {"note": "Gladly."}))
    conversation.get_by_text("Gladly.").wait_for()
    conversation.get_by_text("This conversation was updated").wait_for()
    tab.locator(".interview").get_by_text("Accepted").wait_for()
    assert tab.evaluate("document.activeElement.textContent") == "Silent"


def test_a_message_is_undone_after_a_second_thought(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    outreach = at.approached()
    page = desk(Role.RECRUITER, at.scene.employer_id, script=False).go(
        at.after(f"/outreach/{outreach}")
    )
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Undone. Nothing was sent.").wait_for()


def test_an_interview_is_scheduled_in_the_browser(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    outreach = at.accepted()
    page = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(f"/outreach/{outreach}"))
    page.get_by_text("Already agreed on a time?").click()
    page.get_by_label("Interview starts").fill("2040-05-06T09:30")
    page.get_by_role("button", name="Schedule interview").click()
    page.get_by_text("The interview is scheduled.").wait_for()
    page.get_by_text("6 May 2040, 09:30 UTC").first.wait_for()

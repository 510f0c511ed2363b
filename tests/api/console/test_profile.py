"""A candidate's profile as a recruiter sees it from a position."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

from api.marketplace import now
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.letters import writing
from tests.support.stage import Stage
from tests.support.visitor import in_every_look, text_of, visitor

MARKUP = "<img src=x onerror=alert(1)>"


def crumb(page: str) -> str:
    """Where the breadcrumb of a profile leads."""
    found = re.search(r'<nav class="small crumbs".*?/ <a href="([^"]+)"', page, re.DOTALL)
    assert found
    return unescape(found[1])


def test_the_way_back_keeps_the_order_and_the_page_of_the_list(stage: Stage) -> None:
    at = writing(stage)
    list_at = f"/positions/{at.position}/passive-candidates?sort=last_active&shown=40"
    page = at.recruiter.get(f"{list_at}&after={stage.reached()}").text
    link = re.search(rf'href="({re.escape(at.profile)}\?at=[^"]+)"', page)
    assert link
    profile = at.recruiter.get(unescape(link[1])).text
    assert crumb(profile) == list_at


def test_the_way_back_is_kept_by_what_is_decided_and_noted_on_the_profile(stage: Stage) -> None:
    at = writing(stage)
    list_at = f"/positions/{at.position}/passive-candidates?sort=match"
    opened = f"{at.profile}?at={quote(list_at, safe='')}"
    page = at.recruiter.get(f"{opened}&after={stage.reached()}").text
    for form, action in (("review", "shortlist"), ("remarks", "note")):
        part = page.partition(f'action="{at.profile}/{form}"')[2]
        back = re.search(r'name="_back" value="([^"]*)"', part)
        assert back
        sent = {"_back": unescape(back[1]), "_step": action, "note": "Met at a fair."}
        assert crumb(at.recruiter.sends(f"{at.profile}/{form}", sent).text) == list_at
        wrong = sent | {"_step": "set-aside" if form == "review" else action, "note": ""}
        refused = at.recruiter.post(f"{at.profile}/{form}", wrong)
        assert refused.status_code == 422
        assert crumb(refused.text) == list_at


def test_each_field_tells_where_it_comes_from_and_how_old_it_is(stage: Stage) -> None:
    at = writing(stage)
    observed = now() - timedelta(days=70)
    observation = {
        "source": "career-page",
        "observed_on": observed.date().isoformat(),
        "facts": {"years_experience": 9, "expected_salary": {"amount": 70000, "currency": "EUR"}},
        "jobs": [{"employer": "Initech", "title": "Engineer", "started_on": "2020-02-01"}],
    }
    done(at.scene.platform.post(f"/candidates/{at.candidate}/observations", observation))
    page = text_of(at.recruiter.get(at.after(at.profile)))
    month = f"{observed:%B %Y}"
    assert f"Work history from career page, {month} (2 months ago)" in page
    assert "Engineer Initech 1 February 2020 to now" in page
    assert f"Experience 9 years from career page, {month} (2 months ago)" in page
    assert f"Expected salary EUR 70,000 a year from career page, {month}" in page
    assert "Skills from sign-up" in page


def test_the_likelihood_comes_after_the_history_with_three_reasons_in_words(stage: Stage) -> None:
    at = writing(stage)
    page = text_of(at.recruiter.get(at.after(at.profile)))
    assert page.index("Work history") < page.index("Likelihood to respond")
    first, folded, others = page.partition("likely to respond")[2].partition("All reasons")
    assert folded
    assert len(re.findall(r"(In favour|Against): ", first)) == 3
    assert re.search(r"Silent for 13 months (strong|some|slight) effect", first + others)
    assert "The position" not in first
    assert not re.search(r"[+\u2212]\d\.\d\d|[Ll]og-odds", page)


def test_a_passive_candidate_is_sent_a_message(stage: Stage) -> None:
    at = writing(stage)
    response = at.recruiter.get(at.after(at.profile))
    assert "Send message All fields are required." in text_of(response)
    assert 'name="_by" value="message"' in response.text


def test_an_active_candidate_is_sent_an_interview_request_from_the_same_place(
    stage: Stage,
) -> None:
    at = writing(stage, "Busy", silent_days=10)
    response = at.recruiter.get(at.after(at.profile))
    assert "Send interview request All fields are required." in text_of(response)
    assert 'name="_by" value="interview_request"' in response.text


def test_the_letter_begins_with_what_the_position_says(stage: Stage) -> None:
    at = writing(stage)
    page = at.recruiter.get(at.after(at.profile)).text
    assert 'name="location" type="text" value="Berlin"' in page


def test_the_letter_begins_with_the_name_under_the_last_one(stage: Stage) -> None:
    at = writing(stage)
    at.approached()
    other = at.scene.member("Other", silent_days=500)
    page = at.recruiter.get(at.after(f"/positions/{at.position}/candidates/{other}")).text
    assert 'name="sender_name" type="text" value="Robin"' in page
    assert 'name="sender_role" type="text" value="Head of engineering"' in page


def test_who_was_approached_already_leads_to_the_conversation(stage: Stage) -> None:
    at = writing(stage)
    outreach = at.approached()
    response = at.recruiter.get(at.after(at.profile))
    assert "Message sent Sent to Silent on" in text_of(response)
    assert f'href="/outreach/{outreach}"' in response.text
    letter = response.text.partition('id="letter"')[2]
    assert 'name="_step"' not in letter


def test_support_sees_a_profile_without_a_form(stage: Stage) -> None:
    at = writing(stage)
    response = visitor(stage, Role.SUPPORT).get(at.after(at.profile))
    assert "The employer's recruiters write to Silent from here." in text_of(response)
    assert 'name="_step"' not in response.text


def test_who_opted_out_is_not_shown(stage: Stage) -> None:
    at = writing(stage)
    done(at.scene.platform.post(f"/candidates/{at.candidate}/opt-out"))
    assert at.recruiter.get(at.after(at.profile)).status_code == 404


def test_who_left_the_beta_is_told_so_where_the_candidate_was_shown(stage: Stage) -> None:
    at = writing(stage)
    assert at.recruiter.get(at.after(f"/positions/{at.position}/passive-candidates")).is_success
    done(at.scene.owner("DELETE", f"/employers/{at.scene.employer_id}/beta"))
    response = at.recruiter.get(at.after(at.profile))
    assert response.status_code == 403
    assert 'data-code="not_in_beta"' in response.text


def test_another_employers_position_shows_nobody(stage: Stage) -> None:
    at = writing(stage)
    stranger = visitor(stage, Role.RECRUITER, stage.scene().in_beta().employer_id)
    assert stranger.get(at.after(at.profile)).status_code == 404


def test_markup_in_a_profile_is_shown_as_text(stage: Stage) -> None:
    at = writing(stage)
    observation = {
        "source": "career-page",
        "observed_on": now().date().isoformat(),
        "summary": MARKUP,
        "facts": {"roles": [MARKUP]},
        "jobs": [{"employer": MARKUP, "title": MARKUP, "summary": MARKUP}],
    }
    done(at.scene.platform.post(f"/candidates/{at.candidate}/observations", observation))
    page = at.recruiter.get(at.after(at.profile)).text
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 5
    assert MARKUP not in page


def test_a_profile_that_was_opened_is_noted(stage: Stage) -> None:
    at = writing(stage)
    other = at.scene.member("Other", silent_days=500)
    before = stage.reached()
    at.recruiter.get(at.after(f"/positions/{at.position}/candidates/{other}"))
    events = done(stage.as_(Role.AUDITOR).get("/events", since=before))["events"]
    assert [event["type"] for event in events] == ["viewing.profile_opened"]


# --- In the browser


@in_every_look
def test_a_profile_is_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    at = writing(stage)
    reader = desk(Role.RECRUITER, at.scene.employer_id, width=width, dark=dark)
    reader.go(at.after(at.profile))
    reader.is_fit("profile-dark" if dark else "profile")


def test_a_letter_is_written_with_the_keyboard_alone(desk: Desks, stage: Stage) -> None:
    at = writing(stage)
    page = desk(Role.RECRUITER, at.scene.employer_id).go(at.after(at.profile))
    page.get_by_label("Subject").focus()
    terms, per, place, is_remote, preview = "", "", "", "", ""
    salary = ["60000", "80000", "EUR", per]
    filled = ["We build robots.", terms, *salary, place, is_remote, "Robin", "Recruiter"]
    page.keyboard.type("Hello")
    for typed in (*filled, preview):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/interviews?*")
    page.get_by_text("Your message leaves soon.").wait_for()


def test_a_background_is_shown_without_contact_data(stage: Stage) -> None:
    at = writing(stage)
    background = {
        "education": [{"institution": "ETH", "degree": "MSc", "ended_on": "2014-09"}],
        "certificates": [{"name": "CKA", "issued_on": "2020"}],
        "projects": [{"name": "Queue", "highlights": ["Is fast"]}],
        "languages": [{"language": "German", "level": "native"}],
        "phone": "+41 44 000 00 00",
        "links": [{"url": "https://code.example.com/ada"}],
    }
    observation = {"source": "page", "observed_on": "2026-01-01", "background": background}
    done(at.scene.platform.post(f"/candidates/{at.candidate}/observations", observation))
    page = text_of(at.recruiter.get(at.after(at.profile)))
    for shown in ("MSc, ETH until September 2014", "CKA 2020", "Is fast", "German native"):
        assert shown in page
    path = f"/positions/{at.position}/candidates/{at.candidate}"
    answer = at.scene.recruiter.get(path, after=at.scene.latest()).text
    for hidden in ("+41 44", "code.example.com"):
        assert hidden not in page
        assert hidden not in answer
    kept = done(at.scene.platform.get(f"/candidates/{at.candidate}", after=at.scene.latest()))
    assert kept["background"]["phone"] == "+41 44 000 00 00"

"""Each form records what it says, in the candidate's name, once."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.marketplace import now
from domain.actor import Actor, Role
from domain.delivering import ReleaseLetter
from domain.passivity import months_after
from tests.support.client import done
from tests.support.concurrency import at_once
from tests.support.letter_links import BROWSER, Holder, holder, said_on, words_on
from tests.support.stage import Stage

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"

ERASURE = ["candidate.erased", "identifier.erased"]
"""The person, and the address by which they were known."""

FORMS: list[tuple[str, dict[str, str], list[str]]] = [
    ("/interest", {"note": "Gladly."}, ["outreach.accepted"]),
    (
        "/interest",
        {"share.email": "true", "contact.email": "ada@example.com"},
        ["outreach.accepted", "outreach.contact_disclosed"],
    ),
    ("/later", {"when": "month"}, ["outreach.postponed"]),
    ("/later", {"when": "day", "until": "2099-01-01"}, ["outreach.postponed"]),
    ("/later", {"when": "never"}, ["outreach.declined"]),
    ("/decline", {"reason": "salary", "note": "Too low."}, ["outreach.declined"]),
    ("/reply", {"message": "Which team?"}, ["outreach.reply_received"]),
    ("/block", {}, ["candidate.employer_blocked"]),
    ("/stop", {}, ["candidate.opted_out"]),
    ("/budget", {"contacts": "1"}, ["candidate.contact_budget_set"]),
    ("/correction", {"name": "Ada L."}, ["candidate.profile_enhanced"]),
    ("/erasure", {"sure": "true"}, ERASURE),
]
"""Every form, what is typed into it, and what it records."""


@pytest.fixture
def ada(stage: Stage) -> Holder:
    return holder(stage)


@pytest.mark.parametrize(("page", "form", "facts"), FORMS)
def test_a_form_records_what_it_says_in_the_candidates_name(
    ada: Holder, page: str, form: dict[str, str], facts: list[str]
) -> None:
    ada.get("/data")
    before = ada.stage.reached()
    assert ada.post(page, form).status_code == (200 if page == "/erasure" else 303)
    assert ada.facts(before) == [(fact, ada.candidate, "candidate") for fact in facts]


@pytest.mark.parametrize(("page", "form", "facts"), FORMS)
def test_a_form_that_is_sent_twice_counts_once(
    ada: Holder, page: str, form: dict[str, str], facts: list[str]
) -> None:
    ada.get("/data")
    before = ada.stage.reached()
    sent = {"_csrf": ada.form_key(), "_key": str(uuid4()), **form}
    answers = [
        ada.http.post(f"{ada.link}{page}", data=sent, headers=BROWSER, follow_redirects=False)
        for _ in range(2)
    ]
    again = 404 if page == "/erasure" else answers[0].status_code
    assert answers[1].status_code == again
    assert [fact for fact, *_ in ada.facts(before)] == facts


@pytest.mark.parametrize(("page", "form", "facts"), FORMS[:-1])
def test_two_clicks_at_once_count_once_and_show_the_same(
    ada: Holder, page: str, form: dict[str, str], facts: list[str]
) -> None:
    ada.get("/data")
    before = ada.stage.reached()
    sent = {"_csrf": ada.form_key(), "_key": str(uuid4()), **form}

    def click() -> int:
        path = f"{ada.link}{page}"
        response = ada.http.post(path, data=sent, headers=BROWSER, follow_redirects=False)
        return int(response.status_code)

    assert at_once(click, click) == [303, 303]
    assert [fact for fact, *_ in ada.facts(before)] == facts


# --- A yes


def test_contact_data_are_typed_already_and_not_ticked(ada: Holder) -> None:
    page = ada.get("/interest").text
    assert 'name="contact.name" type="text" autocomplete="name" value="Ada"' in page
    assert "@example.com" in page
    assert "checked" not in page


def test_only_what_is_ticked_is_disclosed(ada: Holder) -> None:
    form = {
        "share.phone": "true",
        "contact.phone": "+49 30 1",
        "contact.name": "Ada",
        "contact.email": "ada@example.com",
    }
    page = ada.sends("/interest", form)
    assert "You told the employer how to reach you: +49 30 1." in page
    timeline = done(
        ada.scene.recruiter.get(f"/outreach/{ada.outreach}/timeline", after=ada.stage.reached())
    )
    (disclosed,) = (step for step in timeline if step["what"] == "contact_disclosed")
    assert disclosed["personal"] == {"phone": "+49 30 1"}


def test_who_ticks_nothing_discloses_nothing(ada: Holder) -> None:
    page = ada.sends("/interest", {"contact.name": "Ada", "contact.email": "ada@example.com"})
    assert "You told the employer" not in page
    assert "I am interested." in page


def test_a_wrong_address_that_is_not_ticked_does_not_matter(ada: Holder) -> None:
    assert "Your answer is sent" in ada.sends("/interest", {"contact.email": "nonsense"})


@pytest.mark.parametrize("typed", ["", "nonsense"])
def test_a_ticked_address_must_be_one(ada: Holder, typed: str) -> None:
    form = {"share.email": "true", "contact.email": typed, "note": "Kept"}
    response = ada.post("/interest", form)
    assert response.status_code == 422
    assert 'id="contact.email-fault-1"' in response.text
    assert "Kept" in response.text
    assert "checked" in response.text


def test_a_second_answer_is_refused_and_what_was_typed_is_kept(ada: Holder) -> None:
    ada.sends("/decline", {"reason": "role"})
    response = ada.post("/interest", {"note": "On second thought"})
    assert response.status_code == 409
    assert 'data-code="already_answered">You have answered this message already.' in response.text
    assert "On second thought" in response.text


# --- Not now, and no


@pytest.mark.parametrize(("when", "months"), [("month", 1), ("three_months", 3), ("six_months", 6)])
def test_a_later_day_is_counted_in_months(ada: Holder, when: str, months: int) -> None:
    day = months_after(now().date(), months)
    page = ada.sends("/later", {"when": when, "until": "2000-01-01"})
    assert f"You may write from {day.day} {day:%B %Y} on." in page


@pytest.mark.parametrize("until", ["", "2000-01-01", "soon"])
def test_a_day_must_be_one_to_come(ada: Holder, until: str) -> None:
    response = ada.post("/later", {"when": "day", "until": until, "note": "Kept"})
    assert response.status_code in (409, 422)
    assert 'role="alert"' in response.text
    assert "Kept" in response.text


def test_a_choice_must_be_made(ada: Holder) -> None:
    assert "Reason is missing." in words_on(ada.post("/decline", {"note": "No"}))
    assert "When is missing." in words_on(ada.post("/later", {}))


def test_after_a_no_the_page_says_so_and_asks_for_no_answer(ada: Holder) -> None:
    page = ada.sends("/decline", {"reason": "salary", "note": "Too low."})
    assert "Not for me. The pay." in page
    assert "Too low." in page
    assert "Not now" not in page
    assert "You have answered this message already." in ada.text("/interest")


# --- Writing


def test_both_sides_read_what_the_other_wrote(ada: Holder) -> None:
    assert "Which team?" in ada.sends("/reply", {"message": "Which team?"})
    timeline = done(
        ada.scene.recruiter.get(f"/outreach/{ada.outreach}/timeline", after=ada.stage.reached())
    )
    assert timeline[-1]["personal"] == {"text": "Which team?"}


def test_what_an_employer_writes_is_read_once_it_has_left(ada: Holder) -> None:
    ada.sends("/reply", {"message": "Which team?"})
    reply = {"text": "The planner team.", "sender_name": "Robin"}
    version = done(ada.scene.recruiter.post(f"/outreach/{ada.outreach}/replies", reply))["version"]
    assert "The planner team." not in ada.text()
    by, at = Actor(id="test", role=Role.SYSTEM), now() + timedelta(hours=1)
    letter = {"outreach_id": UUID(ada.outreach), "letter": version}
    ada.stage.marketplace.store.execute(ReleaseLetter(by=by, at=at, request_id="1", **letter))
    page = ada.text()
    assert page.index("Which team?") < page.index("The planner team.")


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_001, "a\0b"])
def test_a_text_that_cannot_be_sent_says_why_and_is_kept(ada: Holder, text: str) -> None:
    response = ada.post("/reply", {"message": text})
    assert response.status_code == 422
    assert 'id="message-fault-1"' in response.text
    assert text.strip("\0 ")[:1] in response.text


def test_what_is_far_too_long_is_refused_in_plain_words(ada: Holder) -> None:
    response = ada.post("/reply", {"message": "x" * 2_000_000})
    assert response.status_code == 413
    assert "That is too long" in response.text


def test_markup_is_shown_as_text(stage: Stage) -> None:
    eve = holder(stage, MARKUP)
    eve.sends("/reply", {"message": MARKUP})
    eve.sends("/interest", {"note": MARKUP, "share.name": "true", "contact.name": MARKUP})
    for page in ("", "/data", "/correction"):
        text = eve.get(page).text
        assert "&lt;script&gt;" in text
        assert "<script" not in text
        assert "<img src=x" not in text


def test_a_repeated_key_with_other_words_asks_to_send_again(ada: Holder) -> None:
    sent = {"_csrf": ada.form_key(), "_key": "1", "message": "First"}
    assert ada.post("/reply", sent).status_code == 303
    response = ada.post("/reply", {**sent, "message": "Second"})
    assert response.status_code == 422
    assert "Second" in response.text


def test_a_form_that_came_too_late_keeps_what_was_typed_and_may_be_sent_again(ada: Holder) -> None:
    response = ada.post("/reply", {"_csrf": "old", "message": "Kept\nhere"})
    assert response.status_code == 403
    assert "Kept\nhere" in response.text
    assert ada.form_key() in response.text


# --- Who may write


def test_a_blocked_employer_finds_the_candidate_no_more(ada: Holder) -> None:
    assert "Acme cannot write to you any more." in ada.sends("/block")
    other = ada.scene.position()
    assert ada.scene.message(other, ada.candidate).status_code == 404


def test_all_messages_are_stopped_and_allowed_again(ada: Holder) -> None:
    assert "No employer writes to you." in ada.sends("/stop")
    before = ada.stage.reached()
    assert "Employers may write to you again." in ada.sends("/resume")
    assert "Employers may write to you already." in words_on(ada.post("/resume"))
    assert ada.facts(before) == [("candidate.opted_in", ada.candidate, "candidate")]


def test_who_agreed_until_a_day_sees_it_and_can_renew(ada: Holder) -> None:
    until = now() + timedelta(days=30)
    path = f"/candidates/{ada.candidate}/opt-in"
    done(ada.scene.platform.post(path, {"until": until.isoformat()}))
    day = f"until {until.day} {until:%B %Y}"
    assert day in words_on(ada.get("/choices"))
    assert day in words_on(ada.get("/data"))
    before = ada.stage.reached()
    assert day not in ada.sends("/resume")
    assert ada.facts(before) == [("candidate.opted_in", ada.candidate, "candidate")]


def test_a_budget_of_none_lets_nobody_write(ada: Holder) -> None:
    page = ada.sends("/budget", {"contacts": "0"})
    assert "Your choice is saved." in page
    response = ada.scene.message(ada.scene.position(), ada.candidate)
    assert response.status_code == 409


@pytest.mark.parametrize("contacts", ["-1", "11", "many", ""])
def test_a_budget_out_of_range_is_refused(ada: Holder, contacts: str) -> None:
    assert ada.post("/budget", {"contacts": contacts}).status_code == 422


# --- One click (RFC 8058)


def one_click(ada: Holder, **options: Any) -> Any:
    data = {"List-Unsubscribe": "One-Click"}
    return ada.http.post(ada.unsubscribe, data=data, follow_redirects=False, **options)


def test_one_click_stops_all_messages_without_a_page(ada: Holder) -> None:
    before = ada.stage.reached()
    assert one_click(ada).status_code == 200
    assert ada.facts(before) == [("candidate.opted_out", ada.candidate, "candidate")]


def test_one_click_may_come_as_a_multipart_form(ada: Holder) -> None:
    files = {"List-Unsubscribe": (None, "One-Click")}
    before = ada.stage.reached()
    assert ada.http.post(ada.unsubscribe, files=files).status_code == 200
    assert [fact for fact, *_ in ada.facts(before)] == ["candidate.opted_out"]


def test_one_click_twice_stops_once(ada: Holder) -> None:
    before = ada.stage.reached()
    assert [one_click(ada).status_code for _ in range(2)] == [200, 200]
    assert [fact for fact, *_ in ada.facts(before)] == ["candidate.opted_out"]


def test_a_post_that_says_nothing_stops_nothing(ada: Holder) -> None:
    before = ada.stage.reached()
    assert ada.http.post(ada.unsubscribe).status_code == 400
    assert ada.facts(before) == []


def test_one_click_is_undone_on_its_page(ada: Holder) -> None:
    assert "You get no more messages" in said_on(one_click(ada, headers=BROWSER))
    form = {"_csrf": ada.form_key(ada.unsubscribe), "_key": "1"}
    response = ada.http.post(f"{ada.unsubscribe}/undo", data=form, headers=BROWSER)
    assert "Employers may write to you again." in said_on(response)


def test_nobody_is_written_to_after_one_click(ada: Holder) -> None:
    one_click(ada)
    response = ada.scene.message(ada.scene.position(), ada.candidate)
    assert response.status_code == 404


# --- Erasure


def test_erasure_takes_a_second_thought(ada: Holder) -> None:
    before = ada.stage.reached()
    response = ada.post("/erasure")
    assert response.status_code == 422
    assert "Tick that you are sure" in response.text
    assert ada.facts(before) == []


def test_after_erasure_the_page_names_nobody_and_the_link_is_dead(ada: Holder) -> None:
    response = ada.post("/erasure", {"sure": "true"})
    assert "You are erased" in said_on(response)
    assert "Ada" not in response.text
    assert "/p/" not in response.text
    assert ada.http.get(ada.link).status_code == 404
    assert ada.http.get(ada.unsubscribe).status_code == 404


def test_dates_are_told_as_days(ada: Holder) -> None:
    assert f"{date(2099, 1, 1):%-d %B %Y}" in ada.sends(
        "/later", {"when": "day", "until": "2099-01-01"}
    )

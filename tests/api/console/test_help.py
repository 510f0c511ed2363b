"""The page of help, its rating, and tickets on their way to support."""

import pytest

from api.http.tokens import WITH_TOKENS
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import in_every_look, text_of, visitor

MARKUP = "<script>alert('x')</script><b>bold</b>"
TICKET = {"subject": "No candidates", "text": "My feed is empty.", "page": "/positions"}


@pytest.mark.parametrize("role", WITH_TOKENS)
def test_everybody_who_is_signed_in_may_read_the_help(
    stage: Stage, scene: Scene, role: Role
) -> None:
    employer = scene.employer_id if role is Role.RECRUITER else None
    page = text_of(visitor(stage, role, employer).get("/help"))
    assert "haven't been active for at least 6 months" in page


def test_a_recruiter_is_told_their_managers_name(stage: Stage, scene: Scene) -> None:
    page = text_of(
        visitor(stage, Role.RECRUITER, scene.employer_id).get(f"/help?after={stage.reached()}")
    )
    assert "Casey, your Customer Success Manager" in page


def test_an_answer_counts_once_and_may_be_changed(stage: Stage, scene: Scene) -> None:
    one = visitor(stage, Role.RECRUITER, scene.employer_id)
    one.sends("/help/rating", {"helpful": "true"})
    before = text_of(one.sends("/help/rating", {"helpful": "true"}))
    after = text_of(one.sends("/help/rating", {"helpful": "false"}))
    assert "found it helpful. You answered yes" in before
    assert "found it helpful. You answered no" in after
    rated = done(scene.recruiter.get("/ratings/help"))
    assert rated["yours"] is False


SORRY = "Sorry we couldn't be helpful. Help us improve this article with your feedback."


def test_only_a_no_is_asked_for_feedback(stage: Stage) -> None:
    reader = visitor(stage, Role.AUDITOR)
    assert SORRY not in text_of(reader.sends("/help/rating", {"helpful": "true"}))
    assert SORRY in text_of(reader.sends("/help/rating", {"helpful": "false"}))


def test_feedback_after_a_no_reaches_support(stage: Stage, scene: Scene) -> None:
    reader = visitor(stage, Role.RECRUITER, scene.employer_id)
    reader.sends("/help/rating", {"helpful": "false"})
    page = reader.sends("/help/rating/reason", {"reason": MARKUP})
    assert "Thank you. Support will read your feedback." in text_of(page)
    support = visitor(stage, Role.SUPPORT).get(f"/help/reasons?after={stage.reached()}")
    assert "Recruiter at Acme" in text_of(support)
    assert "&lt;script&gt;alert(&#39;x&#39;)" in support.text


def test_empty_feedback_is_refused_beside_its_field(stage: Stage) -> None:
    reader = visitor(stage, Role.AUDITOR)
    reader.sends("/help/rating", {"helpful": "false"})
    response = reader.post("/help/rating/reason", {"reason": " "})
    assert response.status_code == 422
    assert 'id="reason-fault-1"' in response.text


def test_an_answer_that_is_neither_yes_nor_no_is_refused(stage: Stage) -> None:
    response = visitor(stage, Role.CSM).post("/help/rating", {"helpful": "perhaps"})
    assert response.status_code == 422


def test_a_ticket_names_the_page_that_led_to_the_help(stage: Stage) -> None:
    reader = visitor(stage, Role.ANALYST)
    page = reader.get("/help", Referer="http://testserver/funnel?by=month")
    assert 'name="page" type="text" value="/funnel"' in page.text


@pytest.mark.parametrize(
    "referrer", ["https://elsewhere.example/funnel", "http://testserver/help", ""]
)
def test_no_other_page_is_named(stage: Stage, referrer: str) -> None:
    page = visitor(stage, Role.ANALYST).get("/help", Referer=referrer)
    assert 'name="page" type="text" value=""' in page.text


def test_a_ticket_says_that_it_arrived_and_is_listed(stage: Stage) -> None:
    page = text_of(visitor(stage, Role.ANALYST).sends("/help/tickets", TICKET))
    assert "Your ticket has reached support." in page
    assert "Your latest tickets No candidates Open" in page


def test_a_blank_field_of_a_ticket_is_told_beside_it_and_nothing_typed_is_lost(
    stage: Stage,
) -> None:
    form = {"subject": " ", "text": "My feed is empty.", "page": "/positions"}
    response = visitor(stage, Role.ANALYST).post("/help/tickets", form)
    assert response.status_code == 422
    assert 'id="subject-fault-1">Enter a subject.</p>' in response.text
    assert "My feed is empty.</textarea>" in response.text
    assert 'name="page" type="text" value="/positions"' in response.text


def test_a_ticket_sent_twice_arrives_once(stage: Stage) -> None:
    asker = visitor(stage, Role.AUDITOR)
    form = {**TICKET, "_key": "one key", "subject": "Twice"}
    asker.sends("/help/tickets", form)
    page = text_of(asker.sends("/help/tickets", form))
    assert page.count("Twice") == 1


def test_markup_in_a_ticket_and_its_answer_is_shown_as_text(stage: Stage) -> None:
    asker = visitor(stage, Role.CSM)
    asker.sends("/help/tickets", {**TICKET, "subject": MARKUP, "text": MARKUP, "page": MARKUP})
    support = stage.as_(Role.SUPPORT)
    listed = done(support.get("/tickets", after=stage.reached()))["items"]
    (ticket,) = [one["ticket_id"] for one in listed if one["subject"] == MARKUP]
    done(support.post(f"/tickets/{ticket}/closure", {"answer": MARKUP}))
    page = asker.get(f"/help/tickets/{ticket}?after={stage.reached()}").text
    assert page.count("&lt;script&gt;alert(&#39;x&#39;)") >= 3
    assert "<script>alert" not in page
    assert "<b>bold" not in page


# --- In the browser


@in_every_look
def test_the_help_is_fit(desk: Desks, scene: Scene, width: str, dark: bool) -> None:
    reader = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    reader.go("/help").get_by_role("button", name="No", exact=True).click()
    reader.page.get_by_text(SORRY).wait_for()
    reader.is_fit("help-dark" if dark else "help")
    support = desk(Role.SUPPORT, width=width, dark=dark)
    support.go("/help/reasons")
    support.is_fit("help-reasons-dark" if dark else "help-reasons")


@pytest.mark.parametrize("script", [True, False], ids=["scripted", "plain"])
def test_a_reader_answers_and_thinks_better_of_it(desk: Desks, scene: Scene, script: bool) -> None:
    page = desk(Role.RECRUITER, scene.employer_id, script=script).go("/help")
    page.get_by_role("button", name="Yes").click()
    page.get_by_text("You answered yes").wait_for()
    page.get_by_role("button", name="No", exact=True).click()
    page.get_by_text("You answered no").wait_for()
    page.get_by_text(SORRY).wait_for()
    page.get_by_label("Your feedback").fill("Show an example.")
    page.get_by_role("button", name="Send feedback").click()
    page.get_by_text("Support has your feedback.").wait_for()

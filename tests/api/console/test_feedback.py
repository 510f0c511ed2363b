"""Feedback, from any page of the feature to the employer's Customer Success Manager."""

import re
from html import unescape

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

MARKUP = "<img src=x onerror=alert(1)>"


def shared(scene: Scene, text: str, page: str = "/help") -> None:
    body = {"text": text, "page": page}
    done(scene.recruiter.post(f"/employers/{scene.employer_id}/feedback", body))


def seen(stage: Stage, path: str = "/feedback?") -> str:
    return text_of(visitor(stage, Role.CSM).get(f"{path}&after={stage.reached()}"))


def test_feedback_leads_back_to_its_page_and_reaches_the_manager(
    stage: Stage, scene: Scene
) -> None:
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    form = {"text": "I like the reasons.", "page": "/help?x=1"}
    response = recruiter.post("/feedback", form)
    assert response.headers["location"].startswith("/help?after=")
    assert "notice=feedback-shared" in response.headers["location"]
    page = seen(stage)
    assert "I like the reasons. From recruiter@test, on /help" in page
    assert "Looked after by Casey" in page


def test_nobody_is_sent_to_another_site_after_feedback(stage: Stage, scene: Scene) -> None:
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    response = recruiter.post("/feedback", {"text": "Hm.", "page": "//evil.example"})
    assert response.headers["location"].startswith("/?after=")


def test_blank_feedback_is_refused_beside_its_field(stage: Stage, scene: Scene) -> None:
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    response = recruiter.post("/feedback", {"text": " ", "page": "/help"})
    assert response.status_code == 422
    assert 'id="text-fault-1">Enter a message.</p>' in response.text
    assert '<input type="hidden" name="page" value="/help">' in response.text


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ANALYST, Role.AUDITOR])
def test_feedback_is_read_by_managers_alone(stage: Stage, role: Role) -> None:
    assert visitor(stage, role).get("/feedback").status_code == 403


def test_only_an_employers_recruiter_shares_feedback(stage: Stage) -> None:
    for role in (Role.CSM, Role.ADMIN):
        response = visitor(stage, role).post("/feedback", {"text": "Hm.", "page": "/help"})
        assert response.status_code == 403


def test_feedback_is_found_by_the_employers_name_and_by_the_managers_address(
    stage: Stage,
) -> None:
    scene = stage.scene()
    other = scene.admin.post(
        "/employers",
        {"company": "Globex", "manager": {"name": "Robin", "email": "robin@example.com"}},
    )
    globex = done(other)["id"]
    shared(scene, "From Acme.")
    done(
        stage.as_(Role.RECRUITER, globex).post(
            f"/employers/{globex}/feedback", {"text": "From Globex."}
        )
    )
    for query in ("company=glob", "manager=ROBIN@example.com"):
        page = seen(stage, f"/feedback?{query}")
        assert "From Globex." in page
        assert "From Acme." not in page
    assert "No feedback matches" in seen(stage, "/feedback?company=nobody")


def test_feedback_comes_page_by_page_the_newest_first(stage: Stage, scene: Scene) -> None:
    for number in range(23):
        shared(scene, f"Thought {number}.")
    manager = visitor(stage, Role.CSM)
    first = manager.get(f"/feedback?after={stage.reached()}").text
    assert first.index("Thought 22.") < first.index("Thought 3.")
    assert "Thought 2." not in first
    older = first.partition('class="more"><a class="button quiet" href="')[2].partition('"')[0]
    second = manager.get(older.replace("&amp;", "&")).text
    assert "Thought 2." in second
    assert "Thought 3." not in second


def test_markup_in_feedback_is_shown_as_text(stage: Stage, scene: Scene) -> None:
    shared(scene, MARKUP, MARKUP)
    page = visitor(stage, Role.CSM).get(f"/feedback?after={stage.reached()}").text
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") == 2
    assert MARKUP not in page


def test_a_manager_sees_the_feedback_of_their_own_employers_at_a_click(stage: Stage) -> None:
    for company, email in (("Mine Inc", "morgan@example.com"), ("Yours Inc", "else@example.com")):
        manager = {"name": "Somebody", "email": email}
        employer = done(
            stage.as_(Role.ADMIN).post("/employers", {"company": company, "manager": manager})
        )["id"]
        recruiter = stage.as_(Role.RECRUITER, employer)
        done(recruiter.post(f"/employers/{employer}/feedback", {"text": f"Of {company}"}))
    morgan = Visitor(stage.http, stage.token(Role.CSM, name="Morgan@example.com"))
    page = morgan.get(f"/feedback?after={stage.reached()}").text
    link = re.search(r'href="([^"]*)">My employers</a>', page)
    assert link
    mine = text_of(morgan.get(unescape(link[1])))
    assert "Of Mine Inc" in mine
    assert "Of Yours Inc" not in mine


def test_who_goes_by_no_address_has_no_employers_of_their_own(stage: Stage) -> None:
    page = Visitor(stage.http, stage.token(Role.CSM, name="local-csm")).get("/feedback")
    assert "My employers" not in text_of(page)


def number_of(scene: Scene, text: str) -> int:
    body = {"text": text, "page": "/help"}
    path = f"/employers/{scene.employer_id}/feedback"
    return int(done(scene.recruiter.post(path, body))["version"])


def test_an_answer_stands_where_the_feedback_was_shared_and_is_told_once(
    stage: Stage, scene: Scene
) -> None:
    number = number_of(scene, "Fine cards.")
    sender = visitor(stage, Role.RECRUITER, scene.employer_id)
    manager = visitor(stage, Role.CSM)
    manager.get(f"/feedback?after={stage.reached()}")
    answer = {"text": MARKUP, "signed_by": "Casey"}
    page = manager.sends(f"/feedback/{scene.employer_id}/{number}/answers", answer)
    assert "Your answer is sent." in text_of(page)
    assert 'aria-label="1 unread"' in sender.get(f"/help/count?after={stage.reached()}").text
    assert "Your feedback was answered" in text_of(sender.get("/help"))
    part = sender.get("/feedback/yours?page=/help", **{"HX-Request": "true"}).text
    assert "Casey" in part
    assert "&lt;img src=x" in part
    assert "unread" not in sender.get(f"/help/count?after={stage.reached()}").text


def test_feedback_that_is_done_leaves_the_list_and_may_come_back(
    stage: Stage, scene: Scene
) -> None:
    number = number_of(scene, f"Done soon at {scene.employer_id}.")
    manager = visitor(stage, Role.CSM)
    manager.get(f"/feedback?after={stage.reached()}")
    path = f"/feedback/{scene.employer_id}/{number}/done"
    page = manager.sends(path, {"done": "true", "_back": "/feedback"})
    assert "Marked as done." in text_of(page)
    assert "Done soon" not in text_of(page)
    assert "Done soon" in text_of(manager.get("/feedback?done=true"))
    page = manager.sends(path, {"done": "false", "_back": f"/accounts/{scene.employer_id}"})
    assert "Done soon" in text_of(page)
    assert "To do" in text_of(page)


def test_an_empty_answer_is_refused_beside_its_field(stage: Stage, scene: Scene) -> None:
    number = number_of(scene, "Hm.")
    manager = visitor(stage, Role.CSM)
    manager.get(f"/feedback?after={stage.reached()}")
    answers = f"/feedback/{scene.employer_id}/{number}/answers"
    response = manager.post(answers, {"signed_by": "Casey"})
    assert response.status_code == 422
    assert 'id="text-fault-1"' in response.text


# --- In the browser


@in_every_look
def test_the_managers_page_is_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    shared(scene, "The reasons help.\n\nCould they be shorter?", "/positions/1/passive-candidates")
    manager = desk(Role.CSM, width=width, dark=dark)
    manager.go(f"/feedback?after={stage.reached()}")
    manager.is_fit("feedback-dark" if dark else "feedback")
    manager.page.get_by_role("link", name=re.compile("^Answer")).first.click()
    manager.page.get_by_label("Answer", exact=True).fill("Thank you.\n\nThey will be.")
    manager.page.get_by_role("button", name="Send answer").click()
    manager.page.get_by_text("Your answer is sent.").wait_for()
    manager.is_fit("feedback-one-dark" if dark else "feedback-one")


def test_a_recruiter_shares_feedback_and_the_manager_reads_it(desk: Desks, scene: Scene) -> None:
    page = desk(Role.RECRUITER, scene.employer_id).go("/help")
    page.get_by_text("Share feedback on passive candidates").click()
    page.get_by_label("What should your Customer Success Manager know?").fill("Fine cards.")
    page.get_by_role("button", name="Share feedback").click()
    page.get_by_text("Your Customer Success Manager will read it.").wait_for()
    manager = desk(Role.CSM).go(f"/accounts/{scene.employer_id}")
    manager.get_by_text("Fine cards.").first.wait_for()
    manager.get_by_role("link", name="Answer", exact=True).click()
    manager.get_by_label("Answer", exact=True).fill("Thank you.")
    manager.get_by_role("button", name="Send answer").click()
    manager.get_by_text("Your answer is sent.").wait_for()
    page.reload()
    page.get_by_text("Thank you.", exact=True).wait_for()

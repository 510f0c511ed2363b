"""Tickets: they arrive, are read, answered, replied to and closed."""

from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import in_every_look, text_of, visitor

MARKUP = "<script>alert('x')</script>"


def submitted(scene: Scene, **other: str) -> str:
    ticket = {"subject": "No candidates", "text": "My feed is empty.", "page": "/positions"}
    ticket |= other
    return str(done(scene.recruiter.post("/tickets", ticket))["id"])


def test_an_open_ticket_is_listed_with_who_sent_it_and_from_where(
    stage: Stage, scene: Scene
) -> None:
    submitted(scene, subject="Where is everybody?")
    page = text_of(visitor(stage, Role.SUPPORT).get(f"/tickets?after={stage.reached()}"))
    assert "Where is everybody?" in page
    assert "From recruiter@test (recruiter of Acme), on /positions" in page


def test_a_closed_ticket_moves_to_the_closed_ones(stage: Stage, scene: Scene) -> None:
    ticket = submitted(scene, subject="Closed soon")
    support = visitor(stage, Role.SUPPORT)
    page = support.sends(f"/tickets/{ticket}/closure", {"answer": "Relax a filter."})
    assert "The ticket is closed." in page.text
    assert "Relax a filter." in text_of(page)
    assert "Closed soon" not in text_of(support.get("/tickets"))
    assert "Closed soon" in text_of(support.get("/tickets?status=closed"))


def test_a_ticket_that_somebody_else_closed_says_so_and_shows_what_was_typed(
    stage: Stage, scene: Scene
) -> None:
    ticket = submitted(scene)
    done(stage.as_(Role.SUPPORT).post(f"/tickets/{ticket}/closure", {}))
    answer = {"answer": "My long answer."}
    support = visitor(stage, Role.SUPPORT)
    support.get(f"/tickets/{ticket}?after={stage.reached()}")
    response = support.post(f"/tickets/{ticket}/closure", answer)
    assert response.status_code == 409
    assert "The ticket is closed already" in response.text
    assert "My long answer." in response.text


def test_a_ticket_that_is_nowhere_is_a_page_that_says_so(stage: Stage) -> None:
    response = visitor(stage, Role.SUPPORT).get(f"/tickets/{uuid4()}")
    assert response.status_code == 404
    assert "Page not found" in response.text


ANSWER = {"text": "Which filter?", "signed_by": "Ola Berg"}


def test_an_answer_waits_for_the_customer_under_its_owners_name(stage: Stage, scene: Scene) -> None:
    ticket = submitted(scene, subject="Waits now")
    support = visitor(stage, Role.SUPPORT)
    page = text_of(support.sends(f"/tickets/{ticket}/answers", ANSWER))
    assert "Your answer is sent." in page
    assert "Ola Berg Support" in page
    assert "Waits now" in text_of(support.get("/tickets?status=waiting&owner=Ola+Berg"))
    assert "Waits now" not in text_of(support.get("/tickets?owner=-"))


def test_the_asker_is_told_in_the_menu_until_they_have_read_it(stage: Stage, scene: Scene) -> None:
    ticket = submitted(scene)
    asker = visitor(stage, Role.RECRUITER, scene.employer_id)
    visitor(stage, Role.SUPPORT).sends(f"/tickets/{ticket}/answers", ANSWER)
    assert 'aria-label="1 unread"' in asker.get(f"/help/count?after={stage.reached()}").text
    assert "Which filter?" in text_of(asker.get(f"/help/tickets/{ticket}"))
    assert "unread" not in asker.get(f"/help/count?after={stage.reached()}").text


def test_a_reply_opens_a_closed_ticket_again(stage: Stage, scene: Scene) -> None:
    ticket = submitted(scene, subject="Once more")
    support = visitor(stage, Role.SUPPORT)
    support.sends(f"/tickets/{ticket}/closure", {})
    asker = visitor(stage, Role.RECRUITER, scene.employer_id)
    page = asker.sends(f"/help/tickets/{ticket}/replies", {"text": "It is empty still."})
    assert "Your reply has reached support." in text_of(page)
    assert "Once more" in text_of(support.get(f"/tickets?after={stage.reached()}"))


def test_an_empty_answer_is_refused_beside_its_field(stage: Stage, scene: Scene) -> None:
    ticket = submitted(scene)
    support = visitor(stage, Role.SUPPORT)
    support.get(f"/tickets/{ticket}?after={stage.reached()}")
    response = support.post(f"/tickets/{ticket}/answers", {"signed_by": "Ola Berg"})
    assert response.status_code == 422
    assert 'id="text-fault-1"' in response.text


@pytest.mark.parametrize("role", [Role.CSM, Role.ANALYST, Role.AUDITOR])
def test_tickets_are_supports_alone(stage: Stage, scene: Scene, role: Role) -> None:
    ticket = submitted(scene)
    other = visitor(stage, role)
    assert other.get("/tickets").status_code == 403
    assert other.get(f"/tickets/{ticket}").status_code == 403
    assert other.post(f"/tickets/{ticket}/closure", {}).status_code == 403


def test_markup_in_a_ticket_is_shown_as_text(stage: Stage, scene: Scene) -> None:
    ticket = submitted(scene, subject=MARKUP, text=MARKUP, page=MARKUP)
    support = visitor(stage, Role.SUPPORT)
    for path in ("/tickets?", f"/tickets/{ticket}?"):
        page = support.get(f"{path}after={stage.reached()}").text
        assert "&lt;script&gt;" in page
        assert MARKUP not in page


# --- In the browser


@in_every_look
def test_supports_pages_of_tickets_are_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    ticket = submitted(scene, text="My feed is empty.\n\nIt had forty people yesterday.")
    support = desk(Role.SUPPORT, width=width, dark=dark)
    support.go(f"/tickets?after={stage.reached()}")
    support.is_fit("tickets-dark" if dark else "tickets")
    support.go(f"/tickets/{ticket}")
    support.is_fit("ticket-dark" if dark else "ticket")
    done(stage.as_(Role.SUPPORT).post(f"/tickets/{ticket}/answers", ANSWER))
    asker = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    asker.go(f"/help/tickets/{ticket}?after={stage.reached()}")
    asker.is_fit("help-ticket-dark" if dark else "help-ticket")
    asker.go("/help/tickets")
    asker.is_fit("help-tickets-dark" if dark else "help-tickets")


def test_a_ticket_reaches_support_with_the_page_it_came_from(desk: Desks, scene: Scene) -> None:
    page = desk(Role.CSM).go("/feedback")
    page.get_by_role("link", name="Help").click()
    page.get_by_label("Subject").fill("Where is the feedback?")
    page.get_by_label("What happened?").fill("I expected some.")
    page.get_by_role("button", name="Submit ticket").click()
    page.get_by_text("Your ticket has reached support.").wait_for()
    support = desk(Role.SUPPORT).go("/tickets")
    support.get_by_role("link", name="Where is the feedback?").click()
    assert support.get_by_text("/feedback").is_visible()
    support.get_by_label("Answer", exact=True).fill("Nobody has shared any yet.")
    support.get_by_label("Your name").fill("Ola Berg")
    support.get_by_role("button", name="Send answer").click()
    support.get_by_text("Your answer is sent.").wait_for()
    page.goto(page.url.split("?")[0])
    page.get_by_label("1 unread").wait_for()
    page.get_by_role("link", name="Where is the feedback?").click()
    page.get_by_text("Nobody has shared any yet.").wait_for()
    page.get_by_label("Reply").fill("I see.")
    page.get_by_role("button", name="Send reply").click()
    page.get_by_text("Your reply has reached support.").wait_for()
    support.reload()
    support.get_by_text("I see.").wait_for()

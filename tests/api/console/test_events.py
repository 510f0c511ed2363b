"""The auditor searches the log, and sees what something was at a position or a moment."""

from uuid import uuid4

import pytest

from domain.actor import Role
from infrastructure.event_log import queries
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import in_every_look, text_of, visitor

MARKUP = "<script>alert('x')</script>"


def seen(stage: Stage, path: str) -> str:
    return text_of(visitor(stage, Role.AUDITOR).get(path))


def test_the_log_is_read_from_its_end(stage: Stage) -> None:
    employer = stage.scene().in_beta().employer_id
    page = seen(stage, "/events")
    assert page.index("employer.beta_joined") < page.index("employer.registered")
    assert employer in page


def test_the_log_is_searched_by_each_field(stage: Stage, scene: Scene) -> None:
    request = f"request-{uuid4()}"
    key = {"X-Request-ID": request}
    done(scene.admin.post(f"/employers/{scene.employer_id}/approval", headers=key))
    for query in (
        f"request_id={request}",
        f"aggregate_id={scene.employer_id}&kind=employer.approved",
        f"aggregate_id={scene.employer_id}&actor_id=admin@test&since=2020-01-01T00:00&kind=",
    ):
        page = seen(stage, f"/events?{query}")
        assert request in page, query
    assert "No event matches" in seen(stage, f"/events?request_id={request}&actor_id=nobody")
    assert "No event matches" in seen(
        stage, f"/events?aggregate_id={scene.employer_id}&until=2020-01-01T00:00"
    )


def test_a_search_that_makes_no_sense_says_so_beside_its_field_and_keeps_what_was_typed(
    stage: Stage,
) -> None:
    path = "/events?aggregate_id=Acme&since=yesterday&actor_id=robin"
    response = visitor(stage, Role.AUDITOR).get(path)
    assert response.status_code == 422
    assert 'id="aggregate_id-fault-1"' in response.text
    assert 'id="since-fault-1"' in response.text
    assert 'value="Acme"' in response.text
    assert 'value="robin"' in response.text


def test_a_search_that_has_not_come_to_the_beginning_leads_further_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "STRIDE", 2)
    stage.scene()
    page = visitor(stage, Role.AUDITOR).get("/events?request_id=of+nobody").text
    before = stage.reached() - 1
    assert f'href="/events?request_id=of+nobody&amp;before={before}"' in page
    assert "None of the events back to position" in page


def test_a_state_is_shown_as_of_a_position_with_the_difference_to_the_one_before(
    stage: Stage,
) -> None:
    employer = stage.scene().in_beta().employer_id
    (_, _), (approved, _), (_, _) = stage.topics(employer)
    page = seen(stage, f"/events/{employer}?position={approved}")
    assert f"State after event {approved}" in page
    assert "approved no yes" in page
    assert "in_beta no" in page
    assert "1 event came later and is not shown." in page
    assert "employer.beta_joined" not in page


def test_before_its_first_event_something_was_not_there(stage: Stage) -> None:
    employer = stage.scene().employer_id
    page = seen(stage, f"/events/{employer}?at=2020-01-01T00:00&clock=recorded")
    assert "It was not there yet" in page


def test_a_moment_that_is_none_is_told_beside_its_field(stage: Stage, scene: Scene) -> None:
    path = f"/events/{scene.employer_id}?at=soon&position=-1"
    response = visitor(stage, Role.AUDITOR).get(path)
    assert response.status_code == 422
    assert 'id="at-fault-1"' in response.text
    assert 'id="position-fault-1"' in response.text


def test_a_long_history_is_shown_a_part_at_a_time(stage: Stage, scene: Scene) -> None:
    for number in range(55):
        done(
            scene.recruiter.post(
                f"/employers/{scene.employer_id}/feedback", {"text": f"Thought {number}."}
            )
        )
    latest = visitor(stage, Role.AUDITOR).get(f"/events/{scene.employer_id}").text
    assert "Thought 54." in latest
    assert "Thought 3." not in latest
    older = latest.rpartition('class="button quiet" href="')[2].partition('"')[0]
    assert "Thought 3." in visitor(stage, Role.AUDITOR).get(older).text


def test_nothing_ever_happened_to_an_unknown_id(stage: Stage) -> None:
    response = visitor(stage, Role.AUDITOR).get(f"/events/{uuid4()}")
    assert response.status_code == 404
    assert "Page not found" in response.text


def test_an_id_that_is_none_is_a_page_that_says_so(stage: Stage) -> None:
    response = visitor(stage, Role.AUDITOR).get("/events/Acme")
    assert response.status_code == 404
    assert "Page not found" in response.text


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CSM, Role.ANALYST])
def test_the_log_is_the_auditors_alone(stage: Stage, scene: Scene, role: Role) -> None:
    other = visitor(stage, role)
    assert other.get("/events").status_code == 403
    assert other.get(f"/events/{scene.employer_id}").status_code == 403


def test_markup_in_an_event_is_shown_as_text(stage: Stage, scene: Scene) -> None:
    ticket = done(scene.recruiter.post("/tickets", {"subject": MARKUP, "text": MARKUP}))["id"]
    for path in (f"/events?aggregate_id={ticket}", f"/events/{ticket}"):
        page = visitor(stage, Role.AUDITOR).get(path).text
        assert "&lt;script&gt;alert(&#39;x&#39;)" in page
        assert MARKUP not in page


def test_what_is_erased_stays_erased_for_the_auditor(stage: Stage) -> None:
    scene = stage.scene()
    member = scene.member("Hildegard", silent_days=400)
    assert "Hildegard" in seen(stage, f"/events/{member}")
    done(scene.platform("DELETE", f"/candidates/{member}"))
    page = seen(stage, f"/events/{member}")
    assert "Hildegard" not in page
    assert "[erased]" in page
    assert "erased no yes" in page


# --- In the browser


@in_every_look
def test_the_auditors_pages_are_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    scene = stage.scene().in_beta()
    position = scene.position(roles=["Backend developer"], required_skills=["Python", "Go"])
    auditor = desk(Role.AUDITOR, width=width, dark=dark)
    page = auditor.go(f"/events?aggregate_id={position}")
    page.get_by_text("Details").first.click()
    auditor.is_fit("events-dark" if dark else "events")
    auditor.go(f"/events/{position}")
    auditor.is_fit("aggregate-dark" if dark else "aggregate")
    stage.marketplace.seal()
    auditor.go("/proofs/1")
    auditor.is_fit("proof-dark" if dark else "proof")


def test_an_auditor_sees_a_state_as_of_a_position(desk: Desks, stage: Stage) -> None:
    employer = stage.scene().in_beta().employer_id
    (_, _), (approved, _), (joined, _) = stage.topics(employer)
    page = desk(Role.AUDITOR).go("/events")
    page.get_by_label("About (id)").fill(employer)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=f"Event {approved}:").click()
    page.get_by_role("heading", name=f"State after event {approved}").wait_for()
    changed = page.get_by_role("region", name="What the event changed")
    assert changed.get_by_role("row").nth(1).inner_text().split() == ["approved", "no", "yes"]
    page.get_by_role("link", name="One event later").click()
    page.get_by_role("heading", name=f"State after event {joined}").wait_for()
    page.get_by_label("As of event no.").fill(str(approved))
    page.get_by_role("button", name="Show").click()
    page.get_by_role("heading", name=f"State after event {approved}").wait_for()


def test_an_auditor_proves_an_event(stage: Stage, scene: Scene) -> None:
    stage.marketplace.seal()
    page = seen(stage, "/proofs/1")
    assert "The event is the one that was recorded" in page
    assert stage.marketplace.signer.verifier in page
    download = visitor(stage, Role.AUDITOR).get("/proofs/1/text")
    assert download.text.startswith("c2sp.org/tlog-proof@v1\n")
    assert 'filename="event-1.tlog-proof"' in download.headers["content-disposition"]


def test_every_event_of_the_log_leads_to_its_proof(stage: Stage, scene: Scene) -> None:
    at = stage.reached()
    page = visitor(stage, Role.AUDITOR).get("/events").text
    assert f'href="/proofs/{at}"' in page

"""Which links lead to a page, and what opening one does: nothing."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute

from api.links import Purpose, answer_path, link_key, token_of
from api.marketplace import now
from api.person import pages
from domain.actor import Actor, Role
from domain.answering import ExpireOutreach
from domain.contacting import SendMessage
from tests.support.client import done
from tests.support.letter_links import BROWSER, Holder, holder, words_on
from tests.support.stage import MESSAGE, Stage


def paths(method: str) -> list[str]:
    return sorted(
        route.path
        for router in pages.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and method in (route.methods or ())
    )


@pytest.fixture
def ada(stage: Stage) -> Holder:
    return holder(stage)


@pytest.fixture(scope="module")
def bo(stage: Stage) -> Holder:
    """A candidate whom these tests leave as they are."""
    return holder(stage)


def at(one: Holder, path: str) -> str:
    """A route's path, with the token of this letter."""
    link = one.link if path.startswith("/p/") else one.unsubscribe
    return path.replace("/p/{token}", link).replace("/u/{token}", link)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", paths("GET"))
def test_to_open_a_page_changes_nothing(ada: Holder, path: str, method: str) -> None:
    ada.get("/data")  # waits for the read models
    before = ada.stage.reached()
    for headers in (BROWSER, {}, {"Sec-Purpose": "prefetch"}):
        assert ada.http.request(method, at(ada, path), headers=headers).status_code == 200
    assert ada.facts(before) == []


@pytest.mark.parametrize("path", paths("GET") + paths("POST"))
def test_a_link_that_nobody_made_leads_nowhere(bo: Holder, path: str) -> None:
    foreign = token_of(b"another key", uuid4(), Purpose.ANSWER)
    method = "GET" if path in paths("GET") else "POST"
    before = bo.stage.reached()
    ours = at(bo, path).split("/")[2]
    changed = ours[:-2] + ("a" if ours[-2] != "a" else "b") + ours[-1]
    for token in ("x", "x" * 52, foreign, changed):
        response = bo.http.request(method, path.replace("{token}", token), headers=BROWSER)
        assert response.status_code == 404
        assert "There is nothing here" in response.text
    assert bo.facts(before) == []


def test_a_link_of_one_kind_does_not_open_the_other(ada: Holder) -> None:
    answer, stop = ada.link.removeprefix("/p/"), ada.unsubscribe.removeprefix("/u/")
    assert ada.http.get(f"/u/{answer}").status_code == 404
    assert ada.http.get(f"/p/{stop}").status_code == 404


def test_a_signed_link_to_no_outreach_leads_nowhere(ada: Holder) -> None:
    link = answer_path(link_key(ada.stage.settings), uuid4())
    assert ada.http.get(link, headers=BROWSER).status_code == 404


def test_the_link_is_closed_once_the_message_is_undone(ada: Holder) -> None:
    done(ada.scene.recruiter.post(f"/outreach/{ada.outreach}/withdrawal"))
    response = ada.get()
    assert response.status_code == 410
    assert "This message is closed" in words_on(response)
    assert "We build robots" not in response.text
    assert ada.post_blindly("/stop").status_code == 410


def test_the_link_is_closed_once_the_message_has_expired(ada: Holder) -> None:
    by, at = Actor(id="test", role=Role.SYSTEM), now() + timedelta(days=15)
    command = ExpireOutreach(by=by, at=at, request_id="1", outreach_id=UUID(ada.outreach))
    ada.stage.marketplace.store.execute(command)
    assert ada.get().status_code == 410


def test_the_link_is_closed_on_the_day_whether_or_not_that_is_recorded(ada: Holder) -> None:
    candidate = ada.scene.member("Late", silent_days=400)
    by = Actor(id="test", role=Role.RECRUITER, employer_id=UUID(ada.scene.employer_id))
    for days, status in ((13, 200), (15, 410)):
        position, at = ada.scene.position(), now() - timedelta(days=days)
        sent = {"position_id": position, "candidate_id": candidate, "message": MESSAGE}
        command = SendMessage.model_validate({"by": by, "at": at, "request_id": "1", **sent})
        outreach = ada.stage.marketplace.store.execute(command).id
        late = Holder(ada.stage, ada.scene, position, candidate, str(outreach))
        assert late.get().status_code == status


def test_the_unsubscribe_link_outlives_the_message(ada: Holder) -> None:
    done(ada.scene.recruiter.post(f"/outreach/{ada.outreach}/withdrawal"))
    assert "Stop all messages?" in words_on(ada.get(ada.unsubscribe))


def test_a_link_stays_open_after_an_answer(ada: Holder) -> None:
    done(ada.scene.platform.post(f"/outreach/{ada.outreach}/acceptance", {}))
    assert "You are interested" in ada.text()


def test_every_link_is_dead_after_erasure_and_says_nothing_of_the_person(ada: Holder) -> None:
    done(ada.scene.platform("DELETE", f"/candidates/{ada.candidate}"))
    for path in paths("GET"):
        response = ada.http.get(at(ada, path), headers=BROWSER)
        assert response.status_code == 404
        assert "Ada" not in response.text
        assert "Acme" not in response.text
        unknown = ada.http.get(path.replace("{token}", "x"), headers=BROWSER)
        assert response.text == unknown.text


@pytest.mark.parametrize("path", [path for path in paths("POST") if path != "/u/{token}"])
@pytest.mark.parametrize("form", [{}, {"_csrf": "nonsense", "_key": "1"}])
def test_no_form_is_taken_but_of_the_links_own_page(
    ada: Holder, path: str, form: dict[str, str]
) -> None:
    before = ada.stage.reached()
    response = ada.http.post(at(ada, path), data=form, headers=BROWSER)
    assert response.status_code == 403
    assert "Please send it again" in response.text
    assert ada.facts(before) == []


def test_the_form_key_of_one_link_does_not_serve_another(ada: Holder) -> None:
    eve = holder(ada.stage, "Eve")
    form = {"_csrf": eve.form_key(), "_key": "1", "message": "Hello"}
    assert ada.http.post(f"{ada.link}/reply", data=form, headers=BROWSER).status_code == 403


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("page", ["", "/data/events.json", "/nowhere"])
def test_no_page_is_kept_indexed_framed_or_told_of_to_others(
    ada: Holder, page: str, accept: str
) -> None:
    headers = ada.get(page, Accept=accept).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"} <= {*policy}
    assert "script" not in headers["content-security-policy"]


def test_no_page_has_scripts_or_asks_another_host(ada: Holder) -> None:
    for path in paths("GET"):
        page = ada.http.get(at(ada, path)).text
        assert "<script" not in page
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_too_many_requests_by_one_link_are_refused_and_other_links_go_on(ada: Holder) -> None:
    answers = [ada.http.get(ada.unsubscribe).status_code for _ in range(61)]
    assert answers[0] == 200
    assert answers[-1] == 429
    assert ada.get().status_code == 200


def test_a_candidate_is_no_role_of_the_api_or_the_console(ada: Holder) -> None:
    token = ada.link.removeprefix("/p/")
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Cookie": f"sourcing_session={token}", "Accept": "application/json"},
    ):
        assert ada.http.get("/v1/me", headers=headers).status_code == 401
        assert ada.http.get("/help", headers=headers).status_code == 401

"""Signing in and out, and what happens to a page when the session has ended."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page

from api.console import demo_users
from api.console.demo_users import demo_key
from api.console.session import COOKIE
from api.http.tokens import LOCAL_RECRUITER, make_token
from api.marketplace import now
from domain.actor import Actor, CompanyRole, Role
from tests.support.browser import Desk, Desks
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, a_stage
from tests.support.teams import joined
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

BROWSER = {"Accept": "text/html"}
NO_HEADERS: Mapping[str, str] = {}
TICKET = {"_key": "1", "subject": "Nothing lost", "text": "My feed is empty."}


@pytest.mark.parametrize("width", ["narrow", "wide"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_to_sign_in_is_fit(desk: Desks, width: str, dark: bool) -> None:
    visitor = desk(None, width=width, dark=dark)
    visitor.go("/sign-in")
    visitor.is_fit("sign-in-dark" if dark else "sign-in")


def test_a_token_that_is_none_is_refused_with_the_reason(stage: Stage) -> None:
    form = {"_token": "nonsense", "_next": "/"}
    response = stage.http.post("/sign-in", data=form, headers=BROWSER)
    assert response.status_code == 401
    assert "The bearer token is not valid" in response.text


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_nobody_is_sent_to_another_site_after_signing_in(stage: Stage, elsewhere: str) -> None:
    form = {"_token": stage.token(Role.ANALYST), "_next": elsewhere}
    response = stage.http.post("/sign-in", data=form, follow_redirects=False)
    assert response.headers["location"] == "/"
    stage.http.cookies.clear()


def test_the_sessions_cookie_is_kept_from_scripts_and_other_sites(stage: Stage) -> None:
    form = {"_token": stage.token(Role.ANALYST), "_next": "/"}
    response = stage.http.post("/sign-in", data=form, follow_redirects=False)
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    stage.http.cookies.clear()


def test_the_sessions_cookie_goes_over_https_alone_where_there_is_https(stage: Stage) -> None:
    form = {"_token": stage.token(Role.ANALYST), "_next": "/"}
    response = stage.http.post("https://testserver/sign-in", data=form, follow_redirects=False)
    assert "Secure" in response.headers["set-cookie"]
    stage.http.cookies.clear()


def test_another_sites_form_is_refused(stage: Stage) -> None:
    form = {"_token": stage.token(Role.ANALYST), "_next": "/"}
    headers = {**BROWSER, "Sec-Fetch-Site": "cross-site"}
    response = stage.http.post("/sign-in", data=form, headers=headers)
    assert response.status_code == 403


def test_an_older_browsers_form_from_another_site_is_refused(stage: Stage) -> None:
    form = {"_token": stage.token(Role.ANALYST), "_next": "/"}
    headers = {**BROWSER, "Origin": "https://evil.example"}
    response = stage.http.post("/sign-in", data=form, headers=headers)
    assert response.status_code == 403


# --- Users of the local demo


def of_its_own(stage: Stage, monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """Have a marketplace think that its database is the embedded one."""
    changed = stage.settings.model_copy(update={"database_url": None, **settings})
    monkeypatch.setattr(stage.marketplace, "settings", changed)


def as_demo_user(
    stage: Stage, host: str, more: Mapping[str, str] = NO_HEADERS, *, opened: bool = True
) -> Any:
    """Sign in as one, perhaps having opened the address that the terminal shows."""
    form = {"_user": "admin", "_next": "/help"}
    url = f"http://{host}/sign-in"
    if opened:
        key = demo_key(stage.marketplace.settings)
        response = stage.http.get(url, params={"demo": key}, headers=BROWSER)
        assert key not in str(response.url)
    headers = {**BROWSER, **more}
    response = stage.http.post(url, data=form, headers=headers, follow_redirects=False)
    stage.http.cookies.clear()
    return response


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_a_user_of_the_demo_needs_no_token_on_their_own_machine(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    of_its_own(stage, monkeypatch)
    response = as_demo_user(stage, host)
    assert (response.status_code, response.headers["location"]) == (303, "/help")
    assert COOKIE in response.headers["set-cookie"]


def test_users_of_the_demo_are_the_team_of_its_employer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_its_own(stage, monkeypatch)
    scene = stage.scene()
    whose = LOCAL_RECRUITER.model_copy(update={"employer_id": UUID(scene.employer_id)})
    monkeypatch.setattr(demo_users, "LOCAL_RECRUITER", whose)
    member = joined(scene, CompanyRole.READ_ONLY, "Rita Reader")
    stage.catch_up()
    key = demo_key(stage.marketplace.settings)
    page = stage.http.get("http://localhost/sign-in", params={"demo": key}, headers=BROWSER)
    assert "Rita Reader Read-only at Nordlicht Robotics" in text_of(page)
    form = {"_user": member.id, "_next": "/team"}
    answer = stage.http.post(
        "http://localhost/sign-in", data=form, headers=BROWSER, follow_redirects=False
    )
    stage.http.cookies.clear()
    assert "Rita Reader You" in text_of(Visitor(stage.http, answer.cookies[COOKIE]).get("/team"))


def test_nobody_signs_in_as_a_demo_user_who_has_not_seen_the_terminal(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As through a proxy on this machine that sends its own name for it, and no other header."""
    of_its_own(stage, monkeypatch)
    assert as_demo_user(stage, "127.0.0.1:8000", opened=False).status_code == 401
    page = stage.http.get("http://127.0.0.1:8000/sign-in").text
    assert "open the address that the server printed" in page
    assert "Try the demo" not in page


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via"])
def test_nobody_signs_in_as_a_demo_user_through_a_proxy(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    of_its_own(stage, monkeypatch)
    response = as_demo_user(stage, "127.0.0.1:8000", {header: "203.0.113.9"})
    assert response.status_code == 401


def test_nobody_signs_in_as_a_demo_user_on_a_given_database(stage: Stage) -> None:
    assert as_demo_user(stage, "localhost").status_code == 401
    assert "Try the demo" not in stage.http.get("http://localhost/sign-in").text


def test_nobody_signs_in_as_a_demo_user_where_others_may_reach_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_its_own(stage, monkeypatch, host="0.0.0.0")
    assert as_demo_user(stage, "localhost").status_code == 401


def test_nobody_signs_in_as_a_demo_user_through_a_name_that_leads_here_from_elsewhere(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_its_own(stage, monkeypatch)
    assert as_demo_user(stage, "evil.example").status_code == 401


def test_a_page_says_how_scripts_and_frames_are_kept_out(stage: Stage) -> None:
    policy = stage.http.get("/sign-in").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))


def test_a_form_without_its_sessions_token_is_refused(stage: Stage, scene: Scene) -> None:
    cookie = {"Cookie": f"sourcing_session={stage.token(Role.RECRUITER, scene.employer_id)}"}
    response = stage.http.post("/sign-out", data={"_key": "1"}, headers={**BROWSER, **cookie})
    assert response.status_code == 403
    assert "another session" in response.text


def test_an_api_client_gets_problem_details_and_no_page(stage: Stage) -> None:
    response = stage.http.get("/positions", headers={"Accept": "application/json"})
    assert response.headers["content-type"] == "application/problem+json"


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    page = desk(None).go("/positions?status=closed")
    assert page.url.endswith("/sign-in?next=%2Fpositions%3Fstatus%3Dclosed")
    sign_in(page, stage.token(Role.RECRUITER, scene.employer_id))
    page.wait_for_url("**/positions?status=closed")


def test_whoever_signs_out_is_asked_to_sign_in_again(desk: Desks, scene: Scene) -> None:
    page = desk(Role.RECRUITER, scene.employer_id).go("/help")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()
    page.go_back()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_a_cookie_that_somebody_kept_opens_nothing_once_its_session_was_signed_out(
    stage: Stage, scene: Scene
) -> None:
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    recruiter.post("/sign-out", {})
    assert "Your session has ended; sign in again." in recruiter.get("/sign-in").text
    bearer = {"Authorization": f"Bearer {recruiter.cookie}"}
    assert stage.http.get("/v1/me", headers=bearer).status_code == 401


# --- When the session ends while somebody types


@pytest.mark.parametrize("script", [True, False], ids=["scripted", "plain"])
def test_what_was_typed_when_the_session_ended_is_kept_and_sent_once_one_is_back(
    desk: Desks, stage: Stage, scene: Scene, script: bool
) -> None:
    subject = "Typed too long with scripts" if script else "Typed too long without"
    recruiter = desk(Role.RECRUITER, scene.employer_id, script=script)
    page = recruiter.go("/help")
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("What happened?").fill("My feed is empty.\nIt was full.")
    expire(recruiter, stage)
    page.get_by_role("button", name="Submit ticket").click()
    page.get_by_text("Your session has ended; sign in again. What you typed is kept").wait_for()
    sign_in(page, "nonsense")
    page.get_by_text("The bearer token is not valid").wait_for()
    sign_in(page, stage.token(Role.RECRUITER, scene.employer_id))
    page.get_by_text("You are back").wait_for()
    assert page.get_by_text("It was full.").is_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Your ticket has reached support.").wait_for()
    tickets = done(stage.as_(Role.SUPPORT).get("/tickets", after=stage.reached()))["items"]
    (ticket,) = [ticket for ticket in tickets if ticket["subject"] == subject]
    assert ticket["text"] == "My feed is empty.\nIt was full."


def test_a_page_asked_for_with_an_ended_session_says_that_it_has_ended(
    desk: Desks, stage: Stage
) -> None:
    visitor = desk(Role.ANALYST)
    expire(visitor, stage)
    visitor.go("/help").get_by_text("Your session has ended; sign in again.").wait_for()


@in_every_look
def test_the_pages_around_an_ended_session_are_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    recruiter = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    page = recruiter.go("/help")
    page.get_by_label("Subject").fill("Too late")
    page.get_by_label("What happened?").fill("I was called away.")
    expire(recruiter, stage)
    page.get_by_role("button", name="Submit ticket").click()
    page.get_by_text("Your session has ended").wait_for()
    recruiter.is_fit("session-ended-dark" if dark else "session-ended")
    sign_in(page, stage.token(Role.RECRUITER, scene.employer_id))
    page.get_by_text("You are back").wait_for()
    recruiter.is_fit("session-resumed-dark" if dark else "session-resumed")
    recruiter.go("/nowhere")
    recruiter.is_fit("not-there-dark" if dark else "not-there")


def expire(visitor: Desk, stage: Stage) -> None:
    """End somebody's session as time would."""
    actor = Actor(id="analyst@test", role=Role.ANALYST)
    token = make_token(stage.settings, actor, now() - timedelta(hours=9), timedelta(hours=8))
    visitor.page.context.add_cookies([{"name": COOKIE, "value": token, "url": visitor.address}])


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Bearer token").fill(token)
    page.get_by_role("button", name="Sign in").click()


# --- When the server has no time


@pytest.fixture(scope="module")
def busy(databases: Databases) -> Iterator[Stage]:
    """A marketplace that takes two requests a minute of anybody, and catches up with nothing."""
    with (
        databases.prepared() as url,
        a_stage(url, with_worker=False, rate_limit="2/minute", wait_timeout_seconds=0.05) as stage,
    ):
        yield stage


def test_a_page_that_is_not_caught_up_says_so_and_may_be_asked_for_again(busy: Stage) -> None:
    one = Visitor(busy.http, busy.token(Role.CSM, name="early"))
    busy.scene()
    response = one.get("/help?after=1")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert "does not show yet what was just done" in response.text
    assert 'href="/help?after=1">Try again</a>' in response.text


def test_who_asks_too_often_is_told_when_to_come_back(busy: Stage) -> None:
    one = Visitor(busy.http, busy.token(Role.CSM, name="eager"))
    first, second, third = (one.get("/help") for _ in range(3))
    assert (first.status_code, second.status_code, third.status_code) == (200, 200, 429)
    assert 1 <= int(third.headers["retry-after"]) <= 60
    assert "More than 2 per 1 minute requests; come back in" in third.text


def test_a_form_sent_too_often_keeps_what_was_typed(busy: Stage) -> None:
    one = Visitor(busy.http, busy.token(Role.CSM, name="typing"))
    token = one.csrf("/help")
    one.get("/help")
    headers = BROWSER | {"Cookie": f"{COOKIE}={one.cookie}"}
    form = TICKET | {"_csrf": token}
    response = busy.http.post("/help/tickets", data=form, headers=headers)
    assert response.status_code == 429
    assert "<dd>My feed is empty.</dd>" in response.text
    assert 'name="text" value="My feed is empty."' in response.text
    assert f'name="_csrf" value="{token}"' in response.text

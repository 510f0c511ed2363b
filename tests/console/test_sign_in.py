"""Signing in and out, and what happens to a page when the session has ended."""

import pytest

from domain.event import Role
from tests.api.stage import Scene, Stage
from tests.console.conftest import Desks

BROWSER = {"Accept": "text/html"}


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


def test_nobody_signs_in_as_a_demo_user_on_a_given_database(stage: Stage) -> None:
    response = stage.http.post("/sign-in", data={"_user": "admin", "_next": "/"}, headers=BROWSER)
    assert response.status_code == 401
    assert "The local demo" not in stage.http.get("/sign-in").text


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

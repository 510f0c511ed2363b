"""What keeps other sites, scripts and people without a session out of the console's pages."""

import re
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from api.console import pages
from api.console.session import COOKIE
from domain.actor import Role
from tests.support.api_routes import ANYONE, filled
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, visitor

MARKUP = "<script>window.ran = true</script><img src=x onerror='window.ran = true'>"
BROWSER = {"Accept": "text/html"}
OPEN = {
    *("/", "/sign-in", "/sign-in/link", "/s/{token}", "/i/{token}"),
    *("/sign-in/provider", "/sign-in/provider/done"),
}
"""What somebody without a session may see."""


def routes(method: str) -> list[str]:
    """The paths of all pages that are taken by this method from those who are signed in."""
    return sorted(
        route.path
        for router in pages.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and method in (route.methods or ())
        if route.path not in OPEN
    )


@pytest.fixture
def admin(stage: Stage) -> Visitor:
    """Somebody in the role that may do everything."""
    return visitor(stage, Role.ADMIN)


def sent(one: Visitor, path: str, form: dict[str, str], **headers: str) -> Any:
    """A form, sent as it is, whatever page it comes from."""
    cookie = {"Cookie": f"{COOKIE}={one.cookie}"}
    return one.http.post(
        filled(path), data=form, headers=BROWSER | cookie | headers, follow_redirects=False
    )


# --- Roles

RECRUITING = {Role.RECRUITER, Role.SUPPORT}
PAGES: list[tuple[str, str, set[Role]]] = [
    ("GET", "/help/reasons", {Role.SUPPORT}),
    (".*", "/(help.*|mail.*|sign-out)", ANYONE),
    (".*", "/duplicates.*", {Role.SUPPORT}),
    (".*", "/do-not-contact.*", {Role.RECRUITER}),
    ("GET", "/search", {Role.RECRUITER}),
    (".*", "/employers.*", set()),
    (".*", "/(read-models|vocabulary).*", set()),
    ("GET", "/(events|proofs).*", {Role.AUDITOR}),
    ("GET", "/feedback/yours", {Role.RECRUITER}),
    ("GET", "/proofs/.*", {Role.AUDITOR}),
    ("GET", "/search", {Role.RECRUITER}),
    ("GET", "/(accounts|feedback).*", {Role.CSM}),
    ("POST", "/feedback/.*", {Role.CSM}),
    ("GET", "/(funnel|model).*", {Role.ANALYST}),
    ("GET", "/outreach(/[^/]+/timeline)?", {Role.SUPPORT}),
    ("GET", "/outreach/[^/]+/explanation", {Role.SUPPORT, Role.AUDITOR}),
    ("GET", "/outreach/[^/]+/(message|resume)", {Role.RECRUITER}),
    ("GET", "/outreach/[^/]+", RECRUITING),
    (".*", "/(needs-you|templates).*", {Role.RECRUITER}),
    (".*", "/tickets.*", {Role.SUPPORT}),
    ("GET", "/team", {*RECRUITING, Role.CSM}),
    ("POST", "/team.*", {Role.RECRUITER}),
    (".*", "/beta/leave", {Role.RECRUITER}),
    ("GET", "/positions/(new|[^/]+/(details|filters|closure|shortlist(/file)?))", {Role.RECRUITER}),
    ("GET", "/positions(/[^/]+)?", {*RECRUITING, Role.CSM}),
    ("GET", "/(positions|suggestions).*", RECRUITING),
    ("POST", "/rows", RECRUITING),
    ("POST", "/(positions|outreach|feedback).*", {Role.RECRUITER}),
]
"""The roles that a page or a form is for, beside `admin`: the first rule that matches counts."""

MATRIX = [(method, path) for method in ("GET", "POST") for path in routes(method)]
MATRIX.sort(key=lambda route: route[1] == "/sign-out")  # the last: it ends their sessions


@pytest.fixture(scope="module")
def everybody(stage: Stage) -> dict[Role, tuple[Visitor, str]]:
    """Somebody in each role, with the token of their session's forms."""
    found = {}
    for role in (*ANYONE, Role.ADMIN):
        one = visitor(stage, role, uuid4() if role is Role.RECRUITER else None)
        found[role] = (one, one.csrf("/help"))
    return found


@pytest.mark.parametrize(("method", "path"), MATRIX)
def test_a_page_is_for_its_roles_alone(
    everybody: dict[Role, tuple[Visitor, str]], method: str, path: str
) -> None:
    at = filled(path)
    (*_, roles) = next(
        rule for rule in PAGES if re.fullmatch(rule[0], method) and re.fullmatch(rule[1], at)
    )
    let_in = set()
    for role, (one, token) in everybody.items():
        form = {"_csrf": token, "_key": str(uuid4())}
        response = sent(one, path, form) if method == "POST" else one.get(at)
        if response.status_code != 403:
            let_in.add(role)
    # Feedback is an employer's, and an admin has none.
    assert let_in | ({Role.ADMIN} if (method, path) == ("POST", "/feedback") else set()) == {
        *roles,
        Role.ADMIN,
    }


# --- Without a session


@pytest.mark.parametrize("path", routes("GET"))
def test_no_page_is_shown_without_a_session(stage: Stage, path: str) -> None:
    response = stage.http.get(filled(path), headers=BROWSER, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", routes("POST"))
def test_no_form_is_taken_without_a_session(stage: Stage, path: str) -> None:
    response = stage.http.post(filled(path), data={"_key": "1"}, headers=BROWSER)
    assert response.status_code == 401
    assert "<h1>Sign in</h1>" in response.text


# --- Cross-site request forgery


@pytest.mark.parametrize("path", routes("POST"))
@pytest.mark.parametrize("token", ["", "nonsense"])
def test_no_form_is_taken_without_the_sessions_token(admin: Visitor, path: str, token: str) -> None:
    response = sent(admin, path, {"_key": "1", "_csrf": token})
    assert response.status_code == 403
    assert "Please send it again" in response.text


def test_the_token_of_one_session_does_not_serve_another(
    stage: Stage, scene: Scene, admin: Visitor
) -> None:
    other = visitor(stage, Role.RECRUITER, scene.employer_id)
    form = {"_key": "1", "_csrf": admin.csrf("/help")}
    assert sent(admin, "/sign-out", form).status_code == 303
    assert sent(other, "/sign-out", form).status_code == 403


@pytest.mark.parametrize("path", routes("POST"))
def test_no_form_of_another_site_is_taken_even_with_the_token(admin: Visitor, path: str) -> None:
    form = {"_key": "1", "_csrf": admin.csrf("/help")}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        response = sent(admin, path, form, **headers)
        assert response.status_code == 403
        assert "This form was not sent from this site" in response.text


@pytest.mark.parametrize("path", routes("POST"))
def test_no_form_is_taken_without_its_key(admin: Visitor, path: str) -> None:
    response = sent(admin, path, {"_csrf": admin.csrf("/help")})
    assert response.status_code == 400
    assert "The form lacks its key" in response.text


def test_a_form_that_came_too_late_keeps_what_was_typed_and_may_be_sent_again(
    admin: Visitor,
) -> None:
    form = {"_key": "1", "subject": "Kept", "text": "My feed\nis empty."}
    response = sent(admin, "/help/tickets", form)
    assert response.status_code == 403
    assert "My feed\nis empty." in response.text
    assert admin.csrf("/help") in response.text


# --- Scripts, styles and frames of others


@pytest.mark.parametrize("path", ["/sign-in", "/help", "/nowhere"])
def test_every_page_says_what_it_is_and_where_from_things_may_come(
    admin: Visitor, path: str
) -> None:
    headers = admin.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy)
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(policy)


def test_a_page_about_people_is_kept_in_no_cache(admin: Visitor) -> None:
    assert admin.get("/help").headers["cache-control"] == "no-store"


def test_the_browser_runs_no_script_and_heeds_no_style_inside_a_page(desk: Desks) -> None:
    visitor = desk(None)
    page = visitor.go("/sign-in")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            const style = document.createElement("style");
            style.textContent = "h1 { display: none }";
            const button = document.createElement("button");
            button.setAttribute("onclick", "window.ran = true");
            document.body.append(script, style, button);
            button.click();
        }"""
    )
    assert page.evaluate("window.ran") is None
    assert page.get_by_role("heading", name="Sign in").is_visible()
    assert len([error for error in visitor.errors if "Content Security Policy" in error]) >= 3
    visitor.errors.clear()


def test_markup_in_a_positions_title_is_shown_as_text(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    scene.in_beta()
    body = {"title": MARKUP, "location": MARKUP, "filters": {"required_skills": [MARKUP]}}
    opened = scene.recruiter.post(f"/employers/{scene.employer_id}/positions", body)
    page = desk(Role.RECRUITER, scene.employer_id).go(
        f"/positions/{opened.json()['id']}/passive-candidates?after={stage.reached()}"
    )
    assert page.get_by_role("heading", name=MARKUP, exact=True).is_visible()
    assert page.evaluate("window.ran") is None


# --- Others' things


@pytest.mark.parametrize(
    "path", [path for path in routes("GET") if path.startswith("/positions/{position_id}")]
)
def test_another_employers_position_is_not_there(stage: Stage, scene: Scene, path: str) -> None:
    position = scene.in_beta().position()
    stranger = visitor(stage, Role.RECRUITER, uuid4())
    mine = filled(path, position_id=position)
    response = stranger.get(f"{mine}?after={stage.reached()}&reached=0&count=0")
    assert response.status_code == 404
    assert "Page not found" in response.text


@pytest.mark.parametrize(
    "path", [path for path in routes("GET") if path.startswith("/outreach/{outreach_id}")]
)
def test_another_employers_outreach_is_not_there(stage: Stage, scene: Scene, path: str) -> None:
    candidate = scene.in_beta().member("Silent", silent_days=400)
    outreach = done(scene.message(scene.position(), candidate))["id"]
    stranger = visitor(stage, Role.RECRUITER, uuid4())
    answers = [
        stranger.get(f"{filled(path, outreach_id=id)}?after={stage.reached()}").status_code
        for id in (outreach, str(uuid4()))
    ]
    assert len({*answers}) == 1
    assert answers[0] in {403, 404}


@pytest.mark.parametrize("ended", ["opt-out", "blocked-employers", "erasure"])
def test_the_profile_of_who_wants_to_be_left_alone_is_not_there(
    stage: Stage, scene: Scene, ended: str
) -> None:
    candidate, position = scene.in_beta().member("Quiet", silent_days=400), scene.position()
    if ended == "erasure":
        done(scene.platform("DELETE", f"/candidates/{candidate}"))
    else:
        about = {"employer_id": scene.employer_id} if ended == "blocked-employers" else None
        done(scene.platform.post(f"/candidates/{candidate}/{ended}", about))
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    answers = [
        recruiter.get(f"/positions/{position}/candidates/{id}?after={stage.reached()}")
        for id in (candidate, str(uuid4()))
    ]
    assert [answer.status_code for answer in answers] == [404, 404]

"""Signing in with an OpenID Connect provider that answers over HTTP."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from pydantic import SecretStr

from api.console.provider import COOKIE as ON_THE_WAY
from api.console.session import COOKIE
from domain.actor import CompanyRole
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, a_key, a_provider
from tests.support.stage import Scene, Stage, own_stage
from tests.support.teams import Joined, invited, joined
from tests.support.visitor import Visitor, in_every_look, text_of

BROWSER = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with a_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Iterator[Provider]:
    yield running
    running.claims, running.lies = {}, {}
    running.sign_with, running.only_userinfo = None, False


@pytest.fixture(scope="module")
def stage(databases: Databases, running: Provider) -> Iterator[Stage]:
    client = {"oidc_client_id": CLIENT_ID, "oidc_client_secret": SecretStr(CLIENT_SECRET)}
    name = {"oidc_name": "Acme's directory"}
    with own_stage(databases, oidc_url=running.discovery, **client, **name) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().approved()


@pytest.fixture(autouse=True)
def forgetful(stage: Stage) -> Iterator[None]:
    """Each test comes with a browser that nobody was signed in with."""
    stage.http.cookies.clear()
    yield
    stage.http.cookies.clear()


def verified(email: str) -> dict[str, Any]:
    return {"email": email, "email_verified": True}


def sent_back(stage: Stage, next: str = "/") -> str:
    """Go to the provider as a browser does, and say where it sends the person back."""
    there = stage.http.get(
        "/sign-in/provider", params={"next": next}, headers=BROWSER, follow_redirects=False
    )
    assert there.status_code == 302, there.text
    return str(httpx.get(there.headers["location"], follow_redirects=False).headers["location"])


def come_back(stage: Stage, url: str) -> Any:
    at = urlsplit(url)
    path = f"{at.path}?{at.query}"
    return stage.http.get(path, headers=BROWSER, follow_redirects=False)


def signed_in(stage: Stage, provider: Provider, next: str = "/") -> Any:
    return come_back(stage, sent_back(stage, next))


def member(scene: Scene, provider: Provider) -> Joined:
    """A member whose address the provider has verified."""
    one = joined(scene)
    scene.stage.catch_up()
    provider.claims = verified(one.email)
    return one


def test_a_member_signs_in_with_their_verified_address(
    stage: Stage, scene: Scene, provider: Provider
) -> None:
    one = member(scene, provider)
    provider.claims["email"] = one.email.replace("acme.example", "ACME.example")
    answer = signed_in(stage, provider, "/team")
    assert (answer.status_code, answer.headers["location"]) == (303, "/team")
    page = Visitor(stage.http, answer.cookies[COOKIE]).get("/team")
    assert one.email in text_of(page)


def test_the_provider_is_asked_with_pkce_state_and_nonce(
    stage: Stage, scene: Scene, provider: Provider
) -> None:
    member(scene, provider)
    signed_in(stage, provider)
    asked = provider.asked[-1]
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert asked["redirect_uri"] == "http://testserver/sign-in/provider/done"


def test_the_address_may_be_said_at_the_endpoint_for_user_information(
    stage: Stage, scene: Scene, provider: Provider
) -> None:
    member(scene, provider)
    provider.only_userinfo = True
    assert signed_in(stage, provider).status_code == 303


def test_user_information_about_somebody_else_signs_nobody_in(
    stage: Stage, scene: Scene, provider: Provider
) -> None:
    member(scene, provider)
    provider.only_userinfo, provider.lies = True, {"sub": "person-2"}
    assert is_refused(signed_in(stage, provider), 403)


@pytest.mark.parametrize("said", [{"email_verified": False}, {"email_verified": None}])
def test_an_address_that_is_not_verified_signs_nobody_in(
    stage: Stage, scene: Scene, provider: Provider, said: dict[str, Any]
) -> None:
    member(scene, provider)
    provider.claims |= said
    answer = signed_in(stage, provider)
    assert is_refused(answer, 403)
    assert "has no verified e-mail address" in answer.text


def test_who_is_in_no_team_is_told_so(stage: Stage, provider: Provider) -> None:
    provider.claims = verified("stranger@example.com")
    answer = signed_in(stage, provider)
    assert is_refused(answer, 403)
    assert "ask an owner of your company to invite stranger@example.com" in answer.text


def test_who_is_only_invited_or_was_removed_is_not_signed_in(
    stage: Stage, scene: Scene, provider: Provider
) -> None:
    invited(scene, CompanyRole.RECRUITER, email="invited@acme.example")
    one = joined(scene)
    done(scene.owner("DELETE", f"/employers/{scene.employer_id}/team/{one.id}"))
    stage.catch_up()
    for email in ("invited@acme.example", one.email):
        provider.claims = verified(email)
        assert is_refused(signed_in(stage, provider), 403)


LIES = {
    "another nonce": {"nonce": "another"},
    "another client": {"aud": "another"},
    "another issuer": {"iss": "https://evil.example"},
    "expired": {"exp": int(time.time()) - 600},
    "issued in the future": {"iat": int(time.time()) + 6_000},
}


@pytest.mark.parametrize("lies", LIES.values(), ids=LIES)
def test_a_token_with_a_wrong_claim_signs_nobody_in(
    stage: Stage, scene: Scene, provider: Provider, lies: dict[str, Any]
) -> None:
    member(scene, provider)
    provider.lies = lies
    assert is_refused(signed_in(stage, provider), 401)


def test_a_token_signed_with_another_key_signs_nobody_in(
    stage: Stage, scene: Scene, provider: Provider
) -> None:
    member(scene, provider)
    provider.sign_with = a_key()
    assert is_refused(signed_in(stage, provider), 401)


def test_another_state_signs_nobody_in(stage: Stage, scene: Scene, provider: Provider) -> None:
    member(scene, provider)
    url = sent_back(stage)
    (state,) = parse_qs(urlsplit(url).query)["state"]
    assert is_refused(come_back(stage, url.replace(state, "another")), 401)


def test_a_way_back_is_of_no_use_in_another_browser(
    stage: Stage, scene: Scene, provider: Provider
) -> None:
    member(scene, provider)
    url = sent_back(stage)
    assert ON_THE_WAY in stage.http.cookies
    stage.http.cookies.clear()
    assert is_refused(come_back(stage, url), 401)


def test_a_way_back_is_taken_once(stage: Stage, scene: Scene, provider: Provider) -> None:
    member(scene, provider)
    url = sent_back(stage)
    assert come_back(stage, url).status_code == 303
    assert is_refused(come_back(stage, url), 401)


def test_who_declines_at_the_provider_may_try_again(stage: Stage, provider: Provider) -> None:
    url = sent_back(stage)
    (state,) = parse_qs(urlsplit(url).query)["state"]
    answer = come_back(stage, f"/sign-in/provider/done?error=access_denied&state={state}")
    assert is_refused(answer, 401)
    assert "Signing in did not work. Try again." in answer.text


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example"])
def test_nobody_is_sent_to_another_site(
    stage: Stage, scene: Scene, provider: Provider, elsewhere: str
) -> None:
    member(scene, provider)
    assert signed_in(stage, provider, elsewhere).headers["location"] == "/"


def test_who_works_for_two_companies_chooses_one(
    stage: Stage, scene: Scene, provider: Provider
) -> None:
    one = joined(scene)
    other = stage.scene().approved()
    joined(other, email=one.email)
    stage.catch_up()
    provider.claims = verified(one.email)
    page = signed_in(stage, provider, "/help")
    assert "Which company?" in text_of(page)
    actions = [part.split('"')[0] for part in page.text.split('action="')[1:]]
    whose = set()
    for action in actions:
        answer = stage.http.post(action, headers=BROWSER, follow_redirects=False)
        assert answer.headers["location"] == "/help"
        headers = {"Authorization": f"Bearer {answer.cookies[COOKIE]}"}
        whose.add(done(stage.http.get("/v1/me", headers=headers))["employer_id"])
    assert whose == {scene.employer_id, other.employer_id}


def test_a_provider_that_does_not_answer_is_said_so(databases: Databases) -> None:
    client = {"oidc_client_id": CLIENT_ID, "oidc_client_secret": SecretStr(CLIENT_SECRET)}
    with a_provider() as gone:
        url = gone.discovery
    with own_stage(databases, with_worker=False, oidc_url=url, **client) as stage:
        answer = stage.http.get("/sign-in/provider", headers=BROWSER, follow_redirects=False)
    assert is_refused(answer, 503)


def test_without_a_provider_there_is_no_such_page(databases: Databases) -> None:
    with own_stage(databases, with_worker=False) as stage:
        for path in ("/sign-in/provider", "/sign-in/provider/done"):
            assert stage.http.get(path, headers=BROWSER).status_code == 404
        assert "company's account" not in stage.http.get("/sign-in").text


def is_refused(answer: Any, status: int) -> bool:
    """Whether nobody was signed in, and the page to sign in says so."""
    assert COOKIE not in answer.cookies
    assert "<h1>Sign in</h1>" in answer.text
    return bool(answer.status_code == status)


@in_every_look
def test_in_a_browser_a_member_signs_in_with_the_provider(
    desk: Desks, scene: Scene, provider: Provider, width: str, dark: bool
) -> None:
    one = member(scene, provider)
    someone = desk(None, width=width, dark=dark)
    page = someone.go("/sign-in?next=/team")
    someone.is_fit("sign-in-provider-dark" if dark else "sign-in-provider")
    page.get_by_role("link", name="Sign in with Acme's directory").click()
    page.get_by_text(one.email).wait_for()
    someone.errors[:] = [e for e in someone.errors if not e.startswith(provider.url)]

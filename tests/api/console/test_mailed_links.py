"""Accepting an invitation and signing in by links that are mailed, with a real mail server."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.console.session import COOKIE
from api.marketplace import now
from domain.actor import CompanyRole
from infrastructure.requests import sign_in_links
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.concurrency import at_once, wait_until
from tests.support.databases import Databases
from tests.support.mailed_stage import Mailed, links, mailed_stage
from tests.support.post_office import body
from tests.support.stage import Scene, Stage
from tests.support.teams import Joined, invited, joined
from tests.support.visitor import Visitor, in_every_look, text_of

BROWSER = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def mailed(databases: Databases) -> Iterator[Mailed]:
    with mailed_stage(databases) as mailed:
        yield mailed


@pytest.fixture(scope="module")
def stage(mailed: Mailed) -> Stage:
    return mailed.stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().approved()


def post(stage: Stage, path: str, **form: str) -> Any:
    """Press a button, without a session, and see where it leads."""
    answer = stage.http.post(path, data=form, headers=BROWSER, follow_redirects=False)
    stage.http.cookies.clear()
    return answer


def signed_in(stage: Stage, answer: Any) -> Visitor:
    """The session that an answer begins."""
    assert answer.status_code == 303, answer.text
    return Visitor(stage.http, answer.cookies[COOKIE])


def asked(stage: Stage, email: str, **more: str) -> Any:
    return post(stage, "/sign-in/link", email=email, **more)


# --- Invitations


def test_who_is_invited_gets_a_mail_and_joins_by_its_link(mailed: Mailed, scene: Scene) -> None:
    id = invited(scene, CompanyRole.READ_ONLY, "Rita Miller", "rita.miller@acme.example")
    mail = mailed.next_to("rita.miller@acme.example")
    assert mail["Subject"] == "Acme invites you to the marketplace"
    assert "Rita Miller," in body(mail)
    (link,) = links(mail)
    stage = mailed.stage
    page = stage.http.get(link, headers=BROWSER)
    assert "Join Acme You are invited to work with candidates for Acme. Your role: Read-only." in (
        text_of(page)
    )
    answer = post(stage, link)
    me = signed_in(stage, answer)
    assert "Welcome to the team." in text_of(me.get(answer.headers["location"]))
    team = done(scene.owner.get(f"/employers/{scene.employer_id}/team", after=scene.latest()))
    assert [(one["member_id"], one["status"]) for one in team] == [(id, "member")]


def test_opening_an_invitation_does_not_accept_it(mailed: Mailed, scene: Scene) -> None:
    id = invited(scene, CompanyRole.RECRUITER, email="opened@acme.example")
    link = mailed.link_to("opened@acme.example")
    for _ in range(3):
        assert mailed.stage.http.get(link, headers=BROWSER).status_code == 200
    team = done(scene.owner.get(f"/employers/{scene.employer_id}/team", after=scene.latest()))
    assert [(one["member_id"], one["status"]) for one in team] == [(id, "invited")]


def test_an_invitation_is_accepted_once(mailed: Mailed, scene: Scene) -> None:
    invited(scene, CompanyRole.RECRUITER, email="once@acme.example")
    link = mailed.link_to("once@acme.example")
    assert post(mailed.stage, link).status_code == 303
    mailed.stage.catch_up()
    again = post(mailed.stage, link)
    assert again.status_code == 410
    assert "This invitation was used, revoked or has expired." in again.text


def test_a_revoked_invitation_leads_nowhere(mailed: Mailed, scene: Scene) -> None:
    id = invited(scene, CompanyRole.RECRUITER, email="revoked@acme.example")
    link = mailed.link_to("revoked@acme.example")
    done(scene.owner("DELETE", f"/employers/{scene.employer_id}/team/invitations/{id}"))
    assert post(mailed.stage, link).status_code == 410


def test_an_invitation_is_mailed_once(mailed: Mailed, scene: Scene) -> None:
    invited(scene, CompanyRole.RECRUITER, email="first@acme.example")
    mailed.next_to("first@acme.example")
    invited(scene, CompanyRole.RECRUITER, email="second@acme.example")
    mailed.next_to("second@acme.example")
    assert len(mailed.to("first@acme.example")) == 1


@pytest.mark.parametrize("token", ["x", "a" * 52, "é" * 52])
def test_a_link_that_nobody_made_leads_nowhere(stage: Stage, token: str) -> None:
    assert stage.http.get(f"/i/{token}", headers=BROWSER).status_code == 410
    assert post(stage, f"/i/{token}").status_code == 410
    assert post(stage, f"/s/{token}").status_code == 410


# --- Links to sign in


def test_a_member_signs_in_by_a_link(mailed: Mailed, scene: Scene) -> None:
    member = joined(scene)
    mailed.stage.catch_up()
    asked(mailed.stage, member.email.upper().replace("ACME.EXAMPLE", "acme.example"), _next="/team")
    link = mailed.link_to(member.email)
    assert "Sign in" in text_of(mailed.stage.http.get(link, headers=BROWSER))
    answer = post(mailed.stage, link)
    assert answer.headers["location"] == "/team"
    assert member.email in text_of(signed_in(mailed.stage, answer).get("/team"))


def test_a_link_works_once(mailed: Mailed, scene: Scene) -> None:
    link = linked(mailed, joined(scene))
    assert post(mailed.stage, link).status_code == 303
    again = post(mailed.stage, link)
    assert again.status_code == 410
    assert "This link was used or has expired. Ask for a new one." in again.text
    assert COOKIE not in again.cookies


def test_of_two_who_use_a_link_at_once_one_is_signed_in(mailed: Mailed, scene: Scene) -> None:
    link = linked(mailed, joined(scene))
    market = mailed.stage.marketplace

    def use() -> object:
        with market.pool.connection() as db:
            return sign_in_links.use(db, link.removeprefix("/s/"), now())

    used = at_once(*[use] * 4)
    assert sum(one is not None for one in used) == 1


def test_opening_a_link_does_not_use_it(mailed: Mailed, scene: Scene) -> None:
    link = linked(mailed, joined(scene))
    for _ in range(3):
        assert mailed.stage.http.get(link, headers=BROWSER).status_code == 200
        assert mailed.stage.http.head(link, headers=BROWSER).status_code == 200
    assert post(mailed.stage, link).status_code == 303


def test_a_link_ends_after_a_quarter_of_an_hour(stage: Stage) -> None:
    with stage.marketplace.pool.connection() as db:
        about = (uuid4(), uuid4(), "/")
        token = sign_in_links.make(db, *about, now() - timedelta(minutes=15))
        later = sign_in_links.make(db, *about, now() - timedelta(minutes=14))
    assert post(stage, f"/s/{token}").status_code == 410
    assert post(stage, f"/s/{later}").status_code == 303


def test_only_a_hash_of_a_link_is_kept(mailed: Mailed, scene: Scene) -> None:
    token = linked(mailed, joined(scene)).removeprefix("/s/")
    with mailed.stage.connection() as db:
        rows = db.execute("SELECT l::text FROM sign_in_links l").fetchall()
    assert rows
    assert not [row for (row,) in rows if token in row or token.encode().hex() in row]


def test_an_unknown_address_gets_the_same_answer_and_no_mail(mailed: Mailed, scene: Scene) -> None:
    member = joined(scene)
    mailed.stage.catch_up()
    answers = [asked(mailed.stage, address) for address in (member.email, "nobody@acme.example")]
    mailed.next_to(member.email)
    known, unknown = answers
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(member.email, "") == unknown.text.replace("nobody@acme.example", "")
    wait_until(lambda: not waiting(mailed.stage))
    assert mailed.to("nobody@acme.example") == []


def waiting(stage: Stage) -> int:
    """How many requests for links were not answered yet."""
    with stage.connection() as db:
        return db.execute("SELECT FROM sign_in_requests").rowcount


def test_whom_one_link_is_mailed_to_many_times_is_left_alone(stage: Stage) -> None:
    address = f"{uuid4().hex}@acme.example"
    answers = [asked(stage, address).status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    assert asked(stage, f"{uuid4().hex}@acme.example").status_code == 200


def test_a_removed_member_gets_no_link(mailed: Mailed, scene: Scene) -> None:
    member, other = joined(scene), joined(scene)
    done(scene.owner("DELETE", f"/employers/{scene.employer_id}/team/{member.id}"))
    mailed.stage.catch_up()
    asked(mailed.stage, member.email)
    asked(mailed.stage, other.email)
    mailed.next_to(other.email)
    wait_until(lambda: not waiting(mailed.stage))
    assert mailed.to(member.email) == []


def test_who_works_for_two_companies_gets_a_link_for_each(mailed: Mailed, scene: Scene) -> None:
    other = mailed.stage.scene().approved()
    for each in (scene, other):
        invited(each, CompanyRole.OWNER, email="both@acme.example")
    first, second = (mailed.link_to("both@acme.example", n) for n in (1, 2))
    assert post(mailed.stage, first).status_code == post(mailed.stage, second).status_code == 303
    mailed.stage.catch_up()
    asked(mailed.stage, "both@acme.example")
    found = links(mailed.next_to("both@acme.example", 3))
    whose = {
        done(me(mailed.stage, signed_in(mailed.stage, post(mailed.stage, link))))["employer_id"]
        for link in found
    }
    assert whose == {scene.employer_id, other.employer_id}


def me(stage: Stage, visitor: Visitor) -> Any:
    return stage.http.get("/v1/me", headers={"Authorization": f"Bearer {visitor.cookie}"})


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example"])
def test_a_link_leads_to_no_other_site(mailed: Mailed, scene: Scene, elsewhere: str) -> None:
    member = joined(scene)
    mailed.stage.catch_up()
    asked(mailed.stage, member.email, _next=elsewhere)
    answer = post(mailed.stage, mailed.link_to(member.email))
    assert answer.headers["location"] == "/"


def test_another_sites_form_neither_asks_for_a_link_nor_uses_one(
    mailed: Mailed, scene: Scene
) -> None:
    link = linked(mailed, joined(scene))
    for path, form in (("/sign-in/link", {"email": "a@example.com"}), (link, {})):
        headers = {**BROWSER, "Sec-Fetch-Site": "cross-site"}
        answer = mailed.stage.http.post(path, data=form, headers=headers)
        assert answer.status_code == 403
    assert post(mailed.stage, link).status_code == 303


def test_what_is_no_address_is_named_beside_the_field(stage: Stage) -> None:
    answer = asked(stage, "rita")
    assert answer.status_code == 422
    assert 'value="rita"' in answer.text


def test_the_invitation_form_says_what_it_sends(stage: Stage, scene: Scene) -> None:
    olga = joined(scene, CompanyRole.OWNER, "Olga")
    stage.catch_up()
    owner = Visitor(stage.http, olga.token)
    assert "They get an e-mail with a link that works once, for 7 days." in text_of(
        owner.get("/team")
    )
    form = {"name": "Rita Miller", "email": "rita", "company_role": "recruiter"}
    refused = owner.post("/team/invitations", form, at="/team")
    assert refused.status_code == 422
    assert 'value="Rita Miller"' in refused.text


def linked(mailed: Mailed, member: Joined) -> str:
    """The path of a link to sign in that a member was mailed."""
    mailed.stage.catch_up()
    asked(mailed.stage, member.email)
    return mailed.link_to(member.email)


@in_every_look
def test_the_pages_are_fit(
    desk: Desks, mailed: Mailed, scene: Scene, width: str, dark: bool
) -> None:
    invited(scene, CompanyRole.RECRUITER, email=f"{width}@acme.example")
    link = mailed.link_to(f"{width}@acme.example")
    someone = desk(None, width=width, dark=dark)
    look = "-dark" if dark else ""
    someone.go(link)
    someone.is_fit(f"invitation{look}")
    page = someone.go("/sign-in")
    someone.is_fit(f"sign-in-by-mail{look}")
    page.get_by_label("Your e-mail address").fill(f"{width}@acme.example")
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("heading", name="Check your e-mail").wait_for()
    someone.is_fit(f"link-sent{look}")
    someone.go("/s/nothing")
    someone.is_fit(f"link{look}")

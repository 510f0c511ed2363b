"""The page of a company's team."""

import pytest

from api.console.session import COOKIE
from domain.actor import CompanyRole, Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.teams import joined
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

RITA = {"name": "Rita Miller", "email": "rita@acme.example", "company_role": "recruiter"}


@pytest.fixture
def owner(scene: Scene) -> Visitor:
    return signed_in(scene, CompanyRole.OWNER, "Olga Owner")


def signed_in(scene: Scene, role: CompanyRole, name: str = "Rita Miller") -> Visitor:
    visitor = Visitor(scene.stage.http, joined(scene, role, name).token)
    scene.stage.catch_up()
    return visitor


def button(page: str, step: str) -> str:
    """The address of the first form on the page with this step."""
    return next(part.split('"')[0] for part in page.split('action="') if f"/{step}" in part)


def test_an_owner_invites_somebody_and_revokes_the_invitation(owner: Visitor) -> None:
    page = owner.sends("/team/invitations", RITA, at="/team")
    assert "The invitation is on its way." in text_of(page)
    assert "Open invitations Rita Miller rita@acme.example Recruiter Until" in text_of(page)
    page = owner.sends(button(page.text, "revoke"), {}, at="/team")
    assert "The invitation is revoked." in text_of(page)
    assert "Open invitations" not in text_of(page)


def test_an_owner_gives_somebody_another_role_removes_and_erases_them(
    scene: Scene, owner: Visitor
) -> None:
    member = joined(scene, CompanyRole.RECRUITER, "Rita Miller")
    at = f"/team/{member.id}"
    page = owner.sends(f"{at}/role", {"company_role": "read_only"}, at="/team")
    assert "The role is changed." in text_of(page)
    assert "They are removed from the team." in text_of(owner.sends(f"{at}/remove", {}))
    page = owner.sends(f"{at}/erase", {})
    assert "Their name and address are erased." in text_of(page)
    assert "Rita" not in text_of(page)


def test_pages_call_a_member_by_name_and_company_role(owner: Visitor) -> None:
    page = owner.get("/help").text
    assert 'title="Olga Owner">Olga Owner <small>owner</small>' in page
    assert 'title="Olga Owner">Olga Owner <small>owner</small>' in owner.get("/nowhere").text


def test_the_last_owner_is_told_why_they_stay(scene: Scene, owner: Visitor) -> None:
    page = owner.get("/team").text
    answer = owner.post(button(page, "remove"), {}, at="/team")
    assert answer.status_code == 409
    assert "Every company keeps an owner: make another member an owner first." in answer.text


@pytest.mark.parametrize("role", [CompanyRole.RECRUITER, CompanyRole.READ_ONLY])
def test_who_is_no_owner_sees_the_team_without_buttons(
    scene: Scene, owner: Visitor, role: CompanyRole
) -> None:
    member = signed_in(scene, role)
    page = member.get("/team")
    assert "Olga Owner" in text_of(page)
    assert 'action="/team' not in page.text
    assert member.post("/team/invitations", RITA).status_code == 403


def test_an_administrator_invites_the_first_owner_of_a_company(stage: Stage, scene: Scene) -> None:
    admin = visitor(stage, Role.ADMIN)
    where = f"/team?employer={scene.employer_id}"
    answer = admin.post(f"/team/invitations?employer={scene.employer_id}", RITA, at=where)
    assert "Rita Miller" in text_of(admin.get(answer.headers["location"]))


def test_another_companys_team_is_not_there(stage: Stage, scene: Scene, owner: Visitor) -> None:
    other = stage.scene().approved()
    assert owner.get(f"/team?employer={other.employer_id}").status_code == 404


def test_a_removed_member_is_asked_to_sign_in(scene: Scene, owner: Visitor) -> None:
    joined(scene, CompanyRole.OWNER, "Other Owner")
    member = joined(scene, CompanyRole.RECRUITER)
    done(scene.owner("DELETE", f"/employers/{scene.employer_id}/team/{member.id}"))
    asked = Visitor(scene.stage.http, member.token).get("/team")
    assert asked.url.path == "/sign-in"


@in_every_look
def test_the_page_is_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    scene = stage.scene().approved()
    joined(scene, CompanyRole.OWNER, "Olga Owner")
    joined(scene, CompanyRole.READ_ONLY, "Rita Maria Constanze Miller-Oberhausen")
    former = joined(scene, CompanyRole.RECRUITER, "Former Member")
    team = f"/employers/{scene.employer_id}/team"
    done(scene.owner.post(f"{team}/invitations", RITA))
    done(scene.owner("DELETE", f"{team}/{former.id}"))
    stage.catch_up()
    admin = desk(Role.ADMIN, width=width, dark=dark)
    page = admin.go(f"/team?employer={scene.employer_id}")
    page.get_by_text("Former members").click()
    admin.is_fit("team-dark" if dark else "team")


def test_who_may_only_look_is_shown_nothing_that_changes_something(
    desk: Desks, stage: Stage
) -> None:
    scene = stage.scene().in_beta()
    position, _ = scene.position(), scene.member("Ada Lovelace", silent_days=400)
    member = joined(scene, CompanyRole.READ_ONLY, "Rita Reader")
    stage.catch_up()
    reader = desk(None)
    reader.page.context.add_cookies(
        [{"name": COOKIE, "value": member.token, "url": reader.address}]
    )
    page = reader.go(f"/positions/{position}/passive-candidates")
    page.get_by_role("link", name="Ada Lovelace").click()
    page.get_by_role("heading", name="Likelihood to respond").wait_for()
    for name in ("Send message", "Shortlist", "Not interested", "Edit filters"):
        assert not page.get_by_role("button", name=name, exact=True).is_visible()
        assert not page.get_by_text(name, exact=True).first.is_visible()
    reader.is_fit("read-only")
    page = reader.go("/help")
    assert page.get_by_role("button", name="Submit ticket").is_visible()

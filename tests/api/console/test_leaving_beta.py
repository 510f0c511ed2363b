"""An owner takes the company out of the beta, and others are told."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from domain.actor import CompanyRole, Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.mailed_stage import Mailed, mailed_stage
from tests.support.post_office import body
from tests.support.stage import Scene, Stage
from tests.support.teams import joined
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

PAGE = "/beta/leave"
LEFT = "Acme has left the beta of passive candidates"


@pytest.fixture(scope="module")
def mailed(databases: Databases) -> Iterator[Mailed]:
    with mailed_stage(databases) as mailed:
        yield mailed


@pytest.fixture(scope="module")
def stage(mailed: Mailed) -> Stage:
    return mailed.stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def signed_in(scene: Scene, role: CompanyRole, name: str) -> Visitor:
    visitor = Visitor(scene.stage.http, joined(scene, role, name).token)
    scene.stage.catch_up()
    return visitor


def in_beta(scene: Scene) -> bool:
    employer = done(scene.owner.get(f"/employers/{scene.employer_id}", after=scene.latest()))
    return bool(employer["in_beta"])


def test_an_owner_leaves_the_beta_by_typing_the_companys_name(scene: Scene) -> None:
    owner = signed_in(scene, CompanyRole.OWNER, "Olga Owner")
    page = owner.get(PAGE)
    assert "Take Acme out of the beta?" in text_of(page)
    assert "Type Acme to confirm" in text_of(page)
    assert "You've left the beta." in text_of(owner.sends(PAGE, {"company": "acme"}, at=PAGE))
    assert not in_beta(scene)


@pytest.mark.parametrize("typed", ["", "Globex", "yes"])
def test_without_the_name_nobody_leaves(scene: Scene, typed: str) -> None:
    owner = signed_in(scene, CompanyRole.OWNER, "Olga Owner")
    answer = owner.post(PAGE, {"company": typed}, at=PAGE)
    assert answer.status_code == 422
    assert "Type the name of the company: Acme." in answer.text
    assert in_beta(scene)


@pytest.mark.parametrize("role", [CompanyRole.RECRUITER, CompanyRole.READ_ONLY])
def test_who_is_no_owner_is_told_whom_to_ask(scene: Scene, role: CompanyRole) -> None:
    signed_in(scene, CompanyRole.OWNER, "Olga Owner")
    member = signed_in(scene, role, "Rita Miller")
    page = member.get(PAGE)
    assert "Only an owner can do this. Ask Olga Owner." in text_of(page)
    assert member.post(PAGE, {"company": "Acme"}).status_code == 403
    assert in_beta(scene)


def test_the_way_there_is_shown_to_owners_alone(scene: Scene) -> None:
    position = scene.position()
    feed = f"/positions/{position}/passive-candidates"
    owner = signed_in(scene, CompanyRole.OWNER, "Olga Owner")
    recruiter = signed_in(scene, CompanyRole.RECRUITER, "Rita Miller")
    assert f'href="{PAGE}"' in owner.get(feed).text
    assert PAGE not in recruiter.get(feed).text


def test_the_other_owners_and_the_manager_get_a_mail(mailed: Mailed, scene: Scene) -> None:
    owner = joined(scene, CompanyRole.OWNER, "Olga Owner")
    other = joined(scene, CompanyRole.OWNER, "Otto Owner")
    recruiter = joined(scene, CompanyRole.RECRUITER, "Rita Miller")
    done(owner.call("DELETE", f"/employers/{scene.employer_id}/beta"))
    mail = told(mailed, other.email)
    assert "Olga Owner has taken Acme out of the beta of passive candidates." in body(mail)
    told(mailed, "casey@example.com")
    for who in (owner, recruiter):
        assert LEFT not in [mail["Subject"] for mail in mailed.to(who.email)]


def told(mailed: Mailed, address: str) -> EmailMessage:
    """The mail to an address that says so, once it has come."""
    wait_until(lambda: LEFT in [mail["Subject"] for mail in mailed.to(address)])
    return next(mail for mail in mailed.to(address) if mail["Subject"] == LEFT)


def test_an_administrator_leaves_for_a_company(stage: Stage, scene: Scene) -> None:
    stage.catch_up()
    admin = visitor(stage, Role.ADMIN)
    at = f"{PAGE}?employer={scene.employer_id}"
    page = admin.sends(at, {"company": "Acme"}, at=at)
    assert "You've left the beta." in text_of(page)
    assert not in_beta(scene)


@in_every_look
def test_the_page_is_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    scene = stage.scene().in_beta()
    joined(scene, CompanyRole.OWNER, "Olga Owner")
    stage.catch_up()
    admin = desk(Role.ADMIN, width=width, dark=dark)
    page = admin.go(f"{PAGE}?employer={scene.employer_id}")
    page.get_by_role("button", name="Leave the beta").click()
    page.get_by_text("Type the name of the company").first.wait_for()
    admin.is_fit("leaving-beta-dark" if dark else "leaving-beta")

"""Administrators register, approve and suspend employers, and say who looks after them."""

import re
from uuid import uuid4

import pytest

from domain.actor import CompanyRole, Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.teams import joined
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

MANAGER = {"manager.name": "Morgan Manager", "manager.email": "morgan@example.com"}


@pytest.fixture
def admin(stage: Stage) -> Visitor:
    return visitor(stage, Role.ADMIN)


def of(scene: Scene, more: str = "") -> str:
    return f"/employers/{scene.employer_id}{more}"


def test_an_administrator_registers_and_approves_an_employer(stage: Stage, admin: Visitor) -> None:
    company = f"Company {uuid4().hex[:8]}"
    page = admin.sends("/employers", {"company": company, **MANAGER}, at="/employers")
    assert f"{company} Registered" in text_of(page)
    assert "It has no owner yet: invite one." in text_of(page)
    (path,) = set(re.findall(r'action="(/employers/[^/"]+)/approval"', page.text))
    page = admin.sends(f"{path}/approval", {}, at=path)
    assert "The employer is approved." in text_of(page)
    assert f"{company} Approved" in text_of(page)
    found = text_of(admin.get(f"/employers?company={company}"))
    assert f"{company} Approved Morgan Manager" in found


def test_an_employer_without_a_name_is_not_registered(admin: Visitor) -> None:
    answer = admin.post("/employers", {"company": " ", **MANAGER}, at="/employers")
    assert answer.status_code == 422
    assert 'value="Morgan Manager"' in answer.text


def test_an_administrator_suspends_an_employer_with_a_reason_its_recruiters_read(
    stage: Stage, scene: Scene, admin: Visitor
) -> None:
    scene.approved()
    stage.catch_up()
    form = {"reason": "unpaid bills"}
    page = admin.sends(of(scene, "/suspension"), form, at=of(scene))
    assert "Suspended: unpaid bills" in text_of(page)
    recruiter = visitor(stage, Role.RECRUITER, scene.employer_id)
    assert "is suspended (unpaid bills)" in text_of(recruiter.get("/positions"))
    page = admin.sends(of(scene, "/approval"), {}, at=of(scene))
    assert "Acme Approved" in text_of(page)


def test_a_suspension_takes_a_reason(scene: Scene, admin: Visitor) -> None:
    scene.approved()
    scene.stage.catch_up()
    answer = admin.post(of(scene, "/suspension"), {}, at=of(scene))
    assert answer.status_code == 422
    assert "Enter a reason." in answer.text


def test_an_administrator_says_who_looks_after_an_employer(
    stage: Stage, scene: Scene, admin: Visitor
) -> None:
    stage.catch_up()
    form = {"name": "Maxi Manager", "email": "maxi@example.com"}
    page = admin.sends(of(scene, "/manager"), form, at=of(scene))
    assert "The Customer Success Manager is saved." in text_of(page)
    employer = done(scene.admin.get(of(scene)))
    assert (employer["manager_name"], employer["manager_email"]) == tuple(form.values())


def test_over_the_api_only_administrators_assign_a_manager(scene: Scene) -> None:
    body = {"name": "Maxi Manager", "email": "maxi@example.com"}
    assert scene.recruiter("PUT", of(scene, "/manager"), body).status_code == 403
    done(scene.admin("PUT", of(scene, "/manager"), body))
    employer = done(scene.recruiter.get(of(scene), after=scene.latest()))
    assert employer["manager_name"] == "Maxi Manager"


@in_every_look
def test_the_pages_are_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    scene = stage.scene().in_beta()
    joined(scene, CompanyRole.OWNER, "Olga Owner")
    stage.catch_up()
    admin = desk(Role.ADMIN, width=width, dark=dark)
    look = "-dark" if dark else ""
    admin.go("/employers")
    admin.is_fit(f"employers{look}")
    page = admin.go(of(scene))
    page.get_by_role("button", name="Suspend").click()
    page.get_by_text("Enter a reason.").first.wait_for()
    admin.is_fit(f"employer{look}")

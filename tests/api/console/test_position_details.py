"""What a position says is changed, by two people too, and what was sent about it stays."""

from typing import Any

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import codes, done
from tests.support.letter_links import Holder, holder
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, visitor

DESCRIPTION = "We build arms.\n\nThree of them."
SALARY = {"minimum": 50_000, "maximum": 70_000, "currency": "EUR", "per": "year"}
SAID: dict[str, Any] = {
    "title": "Arm builder",
    "description": DESCRIPTION,
    "location": "Lyon",
    "remote": True,
    "salary": SALARY,
}
FORM = {
    "_version": "1",
    "title": "Arm builder",
    "description": DESCRIPTION.replace("\n", "\r\n"),
    "location": "Lyon",
    "remote": "true",
    "salary.minimum": "50k",
    "salary.maximum": "70000",
    "salary.currency": "EUR",
    "salary.per": "year",
}


def recruiter(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


def path(position: str) -> str:
    return f"/positions/{position}/details"


def put(scene: Scene, position: str, **changes: Any) -> Any:
    body = {"title": "Backend developer", "location": "Berlin", **changes}
    return scene.recruiter("PUT", path(position), body)


def said_of(scene: Scene, position: str) -> dict[str, Any]:
    body = done(scene.recruiter.get(f"/positions/{position}", after=scene.latest()))
    return {name: body[name] for name in SAID}


def test_over_the_api_all_that_a_position_says_is_replaced(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    done(put(scene, position, **SAID))
    assert said_of(scene, position) == SAID
    done(put(scene, position, title="Arm builder"))
    assert said_of(scene, position)["salary"] is None


def test_over_the_api_the_version_that_was_read_must_still_hold(scene: Scene) -> None:
    position = scene.in_beta().position()
    done(put(scene, position, title="Cook"))
    late = scene.recruiter("PUT", path(position), {"title": "Chef"}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    same = put(scene, position, title="Cook")
    assert (same.status_code, codes(same)) == (409, ["details_unchanged"])


def test_the_form_changes_the_position_and_the_page_shows_its_description(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position()
    at = f"{path(position)}?after={stage.reached()}"
    one = recruiter(stage, scene)
    assert 'value="Backend developer"' in one.get(at).text
    page = one.sends(path(position), FORM, at=at)
    assert "Position saved." in page.text
    assert "<h1>Arm builder</h1>" in page.text
    assert f'<p class="said-text">{DESCRIPTION}</p>' in page.text
    assert said_of(scene, position) == SAID


def test_what_is_wrong_is_said_beside_its_field(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    at = f"{path(position)}?after={stage.reached()}"
    response = recruiter(stage, scene).post(path(position), FORM | {"title": " "}, at=at)
    assert response.status_code == 422
    assert 'href="#title"' in response.text
    assert "Three of them." in response.text


def test_a_stale_form_shows_what_changed_meanwhile_and_keeps_what_was_typed(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position()
    done(put(scene, position, title="Cook", description="We cook."))
    at = f"{path(position)}?after={stage.reached()}"
    one = recruiter(stage, scene)
    response = one.post(path(position), FORM, at=at)
    assert response.status_code == 412
    assert "recruiter@test changed this position just now" in response.text
    assert "Backend developer</td>" in response.text
    assert "We cook.</td>" in response.text
    assert "Location</th>" not in response.text
    assert 'value="Arm builder"' in response.text
    assert said_of(scene, position)["title"] == "Cook"
    one.sends(path(position), FORM | {"_version": "3"}, at=at)
    assert said_of(scene, position) == SAID


def test_other_changes_of_the_position_make_no_form_stale(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    done(scene.recruiter("PUT", f"/positions/{position}/filters", {"roles": ["Cook"]}))
    at = f"{path(position)}?after={stage.reached()}"
    recruiter(stage, scene).sends(path(position), FORM, at=at)
    assert said_of(scene, position) == SAID
    filters = f"/positions/{position}/filters"
    form = {"_version": "2", "roles[]": "Chef"}
    recruiter(stage, scene).sends(filters, form, at=f"{filters}?after={stage.reached()}")
    body = done(scene.recruiter.get(f"/positions/{position}", after=scene.latest()))
    assert body["filters"]["roles"] == ["Chef"]


def test_a_closed_position_stays_as_it_is(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    done(scene.recruiter.post(f"/positions/{position}/closure", {"reason": "filled"}))
    page = recruiter(stage, scene).get(f"{path(position)}?after={stage.reached()}").text
    assert "A closed position stays as it is." in page
    assert "Save position" not in page


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CSM, Role.ANALYST])
def test_positions_are_changed_by_recruiters_alone(stage: Stage, scene: Scene, role: Role) -> None:
    position = scene.in_beta().position()
    assert visitor(stage, role).get(path(position)).status_code == 403
    assert stage.as_(role)("PUT", path(position), SAID).status_code == 403


def test_another_employers_position_is_nowhere(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    other = stage.scene().in_beta()
    page = recruiter(stage, other).get(f"{path(position)}?after={stage.reached()}")
    assert page.status_code == 404
    assert put(other, position).status_code == 404


# --- What was sent


def test_a_candidate_goes_on_reading_the_position_as_the_message_said(stage: Stage) -> None:
    ada = holder(stage)
    done(put(ada.scene, ada.position, **SAID))
    for page in ("", "/decline", "/reasons"):
        text = ada.text(page)
        assert "Backend developer" in text
        assert "Arm builder" not in text
    assert "Three of them." not in ada.text()


def test_a_candidate_written_to_afterwards_reads_the_position_as_it_is(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    position, candidate = scene.position(), scene.member("Ada", silent_days=400)
    done(put(scene, position, **SAID))
    outreach = str(done(scene.message(position, candidate))["id"])
    text = Holder(stage, scene, position, candidate, outreach).text()
    assert "Arm builder" in text
    assert "Three of them." in text


# --- In the browser


@in_every_look
def test_the_page_of_what_a_position_says_is_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    position = scene.in_beta().position()
    one = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    page = one.go(f"{path(position)}?after={stage.reached()}")
    one.is_fit("details")
    done(put(scene, position, **SAID))
    page.get_by_label("Title").fill("Cook")
    page.get_by_role("button", name="Save position").click()
    page.get_by_text("while you had it open").wait_for()
    one.is_fit("details-stale")
    page.get_by_role("button", name="Save mine").click()
    page.get_by_text("Position saved.").wait_for()


def test_a_position_is_edited_without_javascript(desk: Desks, stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    done(put(scene, position, description=DESCRIPTION))
    one = desk(Role.RECRUITER, scene.employer_id, script=False)
    page = one.go(f"/positions/{position}/passive-candidates?after={stage.reached()}")
    page.get_by_role("heading", name="Backend developer").click()
    page.get_by_text("Description").click()
    page.get_by_text("Three of them.").wait_for()
    page.get_by_role("link", name="Edit position").click()
    page.get_by_label("Title").fill("Arm builder")
    page.get_by_role("button", name="Save position").click()
    page.get_by_text("Position saved.").wait_for()
    assert page.get_by_role("heading", level=1).text_content() == "Arm builder"

"""An employer's templates over the API."""

from typing import Any

import pytest

from domain.actor import Role
from tests.support.client import done
from tests.support.stage import Scene, Stage

SAYS = {"title": "First message", "subject": "A role", "text": "Dear {first_name}"}


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def path(scene: Scene, id: str = "") -> str:
    return f"/employers/{scene.employer_id}/templates" + (f"/{id}" if id else "")


def listed(scene: Scene) -> list[Any]:
    return list(done(scene.recruiter.get(path(scene), after=scene.latest())))


def test_templates_are_listed_by_title(scene: Scene) -> None:
    for title in ("Second", "First"):
        done(scene.recruiter.post(path(scene), SAYS | {"title": title}))
    assert [one["title"] for one in listed(scene)] == ["First", "Second"]


def test_a_template_is_changed_by_whoever_saw_how_it_is(scene: Scene) -> None:
    added = done(scene.recruiter.post(path(scene), SAYS))
    changed = path(scene, added["id"])
    body = SAYS | {"text": "Hello"}
    done(scene.recruiter("PUT", changed, json=body, headers={"If-Match": '"1"'}))
    late = scene.recruiter("PUT", changed, json=SAYS, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert [one["text"] for one in listed(scene)] == ["Hello"]


def test_a_removed_template_is_gone(scene: Scene) -> None:
    added = done(scene.recruiter.post(path(scene), SAYS))
    done(scene.recruiter("DELETE", path(scene, added["id"])))
    assert listed(scene) == []


def test_another_employers_templates_are_not_there(stage: Stage, scene: Scene) -> None:
    added = done(scene.recruiter.post(path(scene), SAYS))
    stranger = stage.scene().in_beta().recruiter
    for answer in (
        stranger.get(path(scene)),
        stranger.post(path(scene), SAYS),
        stranger("DELETE", path(scene, added["id"])),
    ):
        assert answer.status_code == 404


def test_templates_are_for_recruiters(stage: Stage, scene: Scene) -> None:
    assert stage.as_(Role.SUPPORT).get(path(scene)).status_code == 403

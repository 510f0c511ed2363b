"""An employer that few people answer is told over the API, and its bulk messages are refused."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.marketplace import now
from domain.actor import Role
from tests.support.client import codes, done
from tests.support.databases import Databases
from tests.support.stage import MESSAGE, Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def restricted(scene: Scene, *, days_ago: float = 0) -> None:
    scene.few_answers(days_ago=days_ago + 7)
    scene.few_answers(days_ago=days_ago)


def send(scene: Scene, **more: Any) -> Any:
    candidate = scene.member("Silent", silent_days=400)
    body = {"candidate_id": candidate, "message": MESSAGE, **more}
    return scene.recruiter.post(f"/positions/{scene.position()}/messages", body)


def read(scene: Scene) -> Any:
    path = f"/employers/{scene.employer_id}"
    return done(scene.recruiter.get(path, after=scene.latest()))


def moment(read: str) -> datetime:
    return datetime.fromisoformat(read)


def is_about(read: str, expected: datetime) -> bool:
    return abs(moment(read) - expected) < timedelta(minutes=1)


def test_a_restricted_employer_sends_no_bulk_message(scene: Scene) -> None:
    restricted(scene)
    response = send(scene, bulk=True)
    assert response.status_code == 409
    assert codes(response) == ["bulk_messages_restricted"]
    assert "send them one by one" in response.text


@pytest.mark.parametrize("more", [{}, {"bulk": False}], ids=["unsaid", "single"])
def test_it_sends_single_messages(scene: Scene, more: dict[str, bool]) -> None:
    restricted(scene)
    assert send(scene, **more).status_code == 201


def test_a_warned_employer_sends_bulk_messages(scene: Scene) -> None:
    scene.few_answers()
    assert send(scene, bulk=True).status_code == 201


def test_so_does_one_whose_restriction_is_over(scene: Scene) -> None:
    restricted(scene, days_ago=14)
    assert send(scene, bulk=True).status_code == 201


def test_an_interview_request_is_not_bulk(scene: Scene) -> None:
    body = {"candidate_id": scene.member("Busy", silent_days=1), "message": MESSAGE, "bulk": True}
    response = scene.recruiter.post(f"/positions/{scene.position()}/interview-requests", body)
    assert response.status_code == 422


def test_whether_a_message_is_bulk_is_recorded_and_the_employer_can_read_it(scene: Scene) -> None:
    sent = done(send(scene, bulk=True))
    steps = done(scene.recruiter.get(f"/outreach/{sent['id']}/timeline", after=scene.latest()))
    assert steps[0]["details"]["bulk"] is True


def test_what_it_means_stands_in_the_apis_description(stage: Stage) -> None:
    document = done(stage.http.get("/openapi.json"))
    bulk = document["components"]["schemas"]["NewMessage"]["properties"]["bulk"]
    assert bulk["default"] is False
    assert "bulk_messages_restricted" in bulk["description"]


# --- What an employer is told


def test_an_employer_in_good_standing_reads_nothing(scene: Scene) -> None:
    employer = read(scene)
    told = ("messages", "answered", "grace_ends_at", "bulk_restricted_until")
    assert [employer[name] for name in told] == [None] * 4


def test_a_warned_one_reads_why_and_until_when(scene: Scene) -> None:
    scene.few_answers()
    employer = read(scene)
    assert (employer["messages"], employer["answered"]) == (120, 9)
    assert is_about(employer["grace_ends_at"], now() + timedelta(days=7))
    assert employer["bulk_restricted_until"] is None


def test_a_restricted_one_reads_until_when(scene: Scene) -> None:
    restricted(scene)
    employer = read(scene)
    assert is_about(employer["bulk_restricted_until"], now() + timedelta(days=14))
    assert employer["grace_ends_at"] is None


def test_no_other_employer_does(stage: Stage, scene: Scene) -> None:
    restricted(scene)
    stranger = stage.as_(Role.RECRUITER, stage.scene().in_beta().employer_id)
    path = f"/employers/{scene.employer_id}"
    assert stranger.get(path, after=scene.latest()).status_code == 404

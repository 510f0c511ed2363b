"""The likelihood is advisory: neither a page nor a sending depends on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from api.candidates import profile
from domain.actor import Role
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import MESSAGE, Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@contextmanager
def stopped_likelihood(stage: Stage) -> Iterator[None]:
    """While the projection of the likelihood cannot go on: another holds its checkpoint."""
    with stage.connection() as db, db.transaction():
        held = "SELECT FROM projection_checkpoints WHERE projection = 'likelihood' FOR UPDATE"
        assert db.execute(held).rowcount
        yield


@contextmanager
def unreadable_likelihood(stage: Stage) -> Iterator[None]:
    """While nobody can read the scores, and sending does not wait for long."""
    with (
        pytest.MonkeyPatch.context() as patch,
        stage.connection() as db,
        db.transaction(),
    ):
        patch.setattr(profile, "LIKELIHOOD_SECONDS", 0.2)
        db.execute("LOCK TABLE likelihood_features, likelihood_model")
        yield


def likelihood_sent(stage: Stage, outreach: str) -> Any:
    """What the event of the sending recorded."""
    (event, *_) = done(stage.as_(Role.AUDITOR).get(f"/events/{outreach}"))
    return event["data"]["likelihood"]


@pytest.mark.parametrize("page", ["passive-candidates", "candidates/{candidate}"])
def test_a_list_and_a_profile_do_not_need_the_likelihood_to_catch_up(
    stage: Stage, scene: Scene, page: str
) -> None:
    position, candidate = scene.position(), scene.member("Ada", silent_days=400)
    scene.names(position, "passive-candidates")
    with stopped_likelihood(stage):
        scene.position()
        path = f"/positions/{position}/{page.format(candidate=candidate)}"
        done(scene.recruiter.get(path, after=scene.latest()))


def test_a_message_does_not_wait_for_the_likelihood_to_catch_up(stage: Stage, scene: Scene) -> None:
    position, candidate = scene.position(), scene.member("Ada", silent_days=400)
    with stopped_likelihood(stage):
        scene.position()
        done(scene.message(position, candidate, params={"after": scene.latest()}))


def test_a_message_is_sent_without_its_likelihood_if_that_cannot_be_read(
    stage: Stage, scene: Scene
) -> None:
    position, candidate = scene.position(), scene.member("Ada", silent_days=400)
    stage.catch_up()
    with unreadable_likelihood(stage):
        sent = done(scene.message(position, candidate))
    assert likelihood_sent(stage, sent["id"]) is None


def test_a_message_is_sent_with_the_likelihood_that_can_be_read(stage: Stage, scene: Scene) -> None:
    position, candidate = scene.position(), scene.member("Ada", silent_days=400)
    stage.catch_up()
    sent = done(scene.message(position, candidate))
    assert likelihood_sent(stage, sent["id"]) is not None


def test_a_request_that_comes_again_is_answered_without_computing_the_likelihood(
    stage: Stage, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    position, candidate = scene.position(), scene.member("Ada", silent_days=400)
    body = {"candidate_id": candidate, "message": MESSAGE}
    key = {"Idempotency-Key": str(uuid4())}
    path = f"/positions/{position}/messages"
    first = done(scene.recruiter.post(path, body, headers=key))
    stage.catch_up()
    caplog.clear()
    with unreadable_likelihood(stage):
        again = scene.recruiter.post(path, body, headers=key)
    assert done(again) == first
    assert "without its likelihood" not in caplog.text

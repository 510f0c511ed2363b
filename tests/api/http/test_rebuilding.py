"""While a read model is rebuilt, or once a newer program has taken it over, reads answer 503."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.actor import Role
from infrastructure.projecting import progress
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from projections.employers import Employers
from projections.read_models import read_models
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.reading import read_all_the_time
from tests.support.stage import Scene, Stage, a_stage


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    with databases.prepared() as url:
        yield url


@pytest.fixture
def stage(url: str) -> Iterator[Stage]:
    """A program whose read models are brought up to date by hand."""
    with a_stage(url, with_worker=False) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    """An employer in the beta, with a position."""
    scene = stage.scene().in_beta()
    scene.position()
    catch_up(stage)
    return scene


@pytest.fixture
def forget_new_version(
    scene: Scene, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """Programs know a new version of the employers from here on, until this is called."""
    with monkeypatch.context() as newer:
        newer.setattr(Employers, "version", Employers.version + 1)
        create_tables(read_models(), stage.marketplace.pool)
        yield newer.undo


def catch_up(stage: Stage) -> None:
    for projection in read_models():
        projector = Projector([projection], stage.marketplace.store, stage.marketplace.pool)
        while projector.catch_up():
            pass


def answers(stage: Stage, scene: Scene) -> list[Any]:
    """What is answered to requests that read employers, and would wrongly refuse without them."""
    recruiter = stage.as_(Role.RECRUITER, scene.employer_id)
    (position,) = done(recruiter.get(f"/employers/{scene.employer_id}/positions"))["items"]
    return [
        recruiter.get(f"/employers/{scene.employer_id}"),
        recruiter.get(f"/positions/{position['position_id']}/passive-candidates"),
        recruiter.get(f"/employers/{scene.employer_id}", after=stage.reached()),
    ]


def test_reads_say_how_far_the_rebuild_is_until_it_is_done(
    forget_new_version: Callable[[], None], scene: Scene, url: str
) -> None:
    with a_stage(url, with_worker=False) as stage:
        for response in answers(stage, scene):
            assert response.status_code == 503
            assert response.headers["Retry-After"] == "10"
            problem = response.json()
            assert problem["type"] == "urn:sourcing:problem:not-caught-up"
            assert problem["detail"] == (
                f"The read model employers is being rebuilt: it is at event 0 of {stage.reached()}."
                " Try again later."
            )
        catch_up(stage)
        assert [response.status_code for response in answers(stage, scene)] == [200] * 3


def test_a_process_is_ready_once_its_rebuilds_are_done(
    forget_new_version: Callable[[], None], scene: Scene, url: str
) -> None:
    with a_stage(url, with_worker=False) as stage:
        response = stage.http.get("/health/ready")
        assert response.status_code == 503
        assert response.json()["status"] == "rebuilding"
        assert response.json()["rebuilding"] == {
            "employers": {"log_position": 0, "of": stage.reached()}
        }
        catch_up(stage)
        assert stage.http.get("/health/ready").status_code == 200


def test_an_older_process_says_that_a_newer_program_is_running(
    forget_new_version: Callable[[], None], scene: Scene, stage: Stage
) -> None:
    catch_up(stage)
    forget_new_version()
    for response in answers(stage, scene):
        assert response.status_code == 503
        assert response.json()["type"] == "urn:sourcing:problem:not-caught-up"
        assert "A newer program is running" in response.json()["detail"]
    ready = stage.http.get("/health/ready")
    assert (ready.status_code, ready.json()["taken_over"]) == (503, ["employers"])


def test_an_older_process_goes_on_reading_while_the_new_version_is_built(
    forget_new_version: Callable[[], None], scene: Scene, stage: Stage
) -> None:
    forget_new_version()
    assert [response.status_code for response in answers(stage, scene)] == [200] * 3
    assert stage.http.get("/health/ready").status_code == 200


@pytest.mark.slow
def test_no_request_fails_while_every_read_model_is_rebuilt(scene: Scene, stage: Stage) -> None:
    member = scene.member("Ada", silent_days=400)
    catch_up(stage)
    (position,) = done(scene.recruiter.get(f"/employers/{scene.employer_id}/positions"))["items"]
    outreach = done(scene.message(position["position_id"], member))["id"]
    admin = stage.as_(Role.ADMIN)
    paths = [
        f"/employers/{scene.employer_id}",
        f"/outreach/{outreach}",
        f"/outreach/{outreach}/timeline",
        "/funnel",
        "/model",
        "/tickets",
        f"/employers/{scene.employer_id}/do-not-contact",
    ]
    with stage.marketplace.working():
        stage.catch_up()

        def ask() -> None:
            for response in answers(stage, scene):
                assert response.status_code == 200, response.text
            for path in paths:
                response = admin.get(path)
                assert response.status_code == 200, (path, response.text)

        with read_all_the_time(ask) as failures:
            for projection in stage.marketplace.projections:
                done(admin("PUT", f"/projections/{projection.name}/rebuild"))
            with stage.connection() as db:
                wait_until(lambda: all(one.live for one in progress.progress(db)))
            stage.catch_up()
    assert failures == []

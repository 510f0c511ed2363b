"""The funnel over HTTP: as JSON or CSV, and to a recruiter their own employer's alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.actor import Role
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    """One candidate was shown, opened and written to."""
    scene = stage.scene().in_beta()
    member = scene.member("Silent", silent_days=400, skills=("Funnel",))
    position = scene.position(required_skills=["Funnel"])
    path = f"/positions/{position}"
    done(scene.recruiter.get(f"{path}/passive-candidates", after=scene.latest()))
    done(scene.recruiter.get(f"{path}/candidates/{member}"))
    done(scene.message(position, member))
    return scene


def read(scene: Scene, **asked: Any) -> Any:
    client = scene.stage.as_(asked.pop("role", Role.ANALYST), asked.pop("employer", None))
    return done(client.get("/funnel", after=scene.latest(), **asked))


def test_what_a_recruiter_did_is_in_the_funnel(scene: Scene) -> None:
    (row,) = read(scene, employer_id=scene.employer_id)
    assert (row["shown"], row["opened"], row["messaged"], row["answered"]) == (1, 1, 1, 0)


def test_it_comes_by_period_and_by_what_is_asked_for(scene: Scene) -> None:
    (row,) = read(
        scene, employer_id=scene.employer_id, interval="month", by=["band", "explored", "kind"]
    )
    assert row["period"].endswith("-01")
    assert row["band"] in {"high", "medium", "low"}
    assert (row["explored"], row["passive"], row["position_id"]) == (False, True, None)


@pytest.mark.parametrize(
    ("headers", "asked"),
    [({}, {"format": "csv"}), ({"Accept": "text/csv"}, {})],
    ids=["by format", "by header"],
)
def test_it_is_a_file_for_spreadsheets(
    scene: Scene, headers: dict[str, str], asked: dict[str, str]
) -> None:
    asked |= {"employer_id": scene.employer_id}
    response = scene.stage.as_(Role.ANALYST)("GET", "/funnel", params=asked, headers=headers)
    assert response.headers["content-type"].startswith("text/csv")
    assert 'filename="funnel.csv"' in response.headers["content-disposition"]
    names, row = response.text.splitlines()
    assert names.startswith("period,band,passive,explored,employer_id,position_id,shown,opened")
    assert row.startswith(",,,,,,1,1,1")


def test_a_recruiter_sees_their_own_employers(stage: Stage, scene: Scene) -> None:
    (row,) = read(scene, role=Role.RECRUITER, employer=scene.employer_id)
    assert row["shown"] == 1
    other = stage.scene().approved()
    (row,) = read(other, role=Role.RECRUITER, employer=other.employer_id)
    assert row["shown"] == 0


def test_to_a_recruiter_another_employer_does_not_exist(stage: Stage, scene: Scene) -> None:
    other = stage.scene().approved()
    assert other.recruiter.get("/funnel", employer_id=scene.employer_id).status_code == 404


def test_another_employers_position_has_no_numbers_for_a_recruiter(
    stage: Stage, scene: Scene
) -> None:
    (position,) = read(scene, employer_id=scene.employer_id, by="position")
    other = stage.scene().approved()
    asked = {"position_id": position["position_id"]}
    (row,) = read(other, role=Role.RECRUITER, employer=other.employer_id, **asked)
    assert row["shown"] == row["messaged"] == 0

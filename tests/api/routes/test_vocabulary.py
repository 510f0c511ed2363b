"""Administrators extend the vocabulary over HTTP, and everybody's lists are read by it."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.actor import Role
from tests.support.client import codes, done
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def add(scene: Scene, synonym: str, term: str, kind: str = "skill") -> Any:
    body = {"kind": kind, "synonym": synonym, "term": term}
    return scene.admin.post("/vocabulary/synonyms", body)


def additions(scene: Scene) -> list[tuple[str, str]]:
    listed = done(scene.admin.get("/vocabulary/additions", after=scene.latest()))
    return [(each["name"], each["term"]) for each in listed]


def test_a_name_that_is_added_finds_people_and_removing_it_undoes_that(scene: Scene) -> None:
    scene.member("Casey", silent_days=400, skills=("Ferrisology",))
    position = scene.position(required_skills=["Rust"])
    assert scene.names(position, "passive-candidates") == []
    done(add(scene, "Ferrisology", "rust"))
    assert ("Ferrisology", "Rust") in additions(scene)
    assert scene.names(position, "passive-candidates") == ["Casey"]
    (card,) = done(scene.recruiter.get(f"/positions/{position}/passive-candidates"))["items"]
    assert card["matching_skills"] == ["Ferrisology"]
    removal = scene.admin(
        "DELETE", "/vocabulary/additions", params={"kind": "skill", "name": "ferrisology"}
    )
    done(removal)
    assert scene.names(position, "passive-candidates") == []
    assert ("Ferrisology", "Rust") not in additions(scene)


def test_a_term_of_ones_own_is_listed_with_its_names_and_people(scene: Scene) -> None:
    scene.member("Casey", silent_days=400, skills=("Klingonese",))
    done(scene.admin.post("/vocabulary/terms", {"kind": "skill", "term": "Klingon"}))
    done(add(scene, "Klingonese", "Klingon"))
    asked = {"kind": "skill", "text": "klingonese", "after": scene.latest()}
    assert done(scene.admin.get("/vocabulary", **asked)) == [
        {
            "kind": "skill",
            "term": "Klingon",
            "names": [],
            "added_names": ["Klingonese"],
            "added": True,
            "people": 1,
        }
    ]
    removal = {"kind": "skill", "name": "Klingon"}
    refused = scene.admin("DELETE", "/vocabulary/additions", params=removal)
    assert codes(refused) == ["term_has_names"]


def test_a_name_that_the_vocabulary_has_is_refused(scene: Scene) -> None:
    refused = add(scene, "golang", "Nobody knows this")
    assert (refused.status_code, codes(refused)) == (409, ["name_is_known", "term_is_unknown"])
    refused = scene.admin.post("/vocabulary/terms", {"kind": "place", "term": "Deutschland"})
    assert codes(refused) == ["name_is_known"]


def test_what_most_profiles_say_and_nobody_knows_comes_first(scene: Scene) -> None:
    for n in range(4):
        also = ("Theremin",) if n else ()
        scene.member(f"Casey {n}", silent_days=400, skills=("Ondes Martenot", "Rare", *also))
    scene.member("Single", silent_days=400, skills=("Alone",))
    asked = {"kind": "skill", "after": scene.latest()}
    unknown = done(scene.admin.get("/vocabulary/unknown", **asked))
    words = [(each["written"], each["people"]) for each in unknown]
    assert words.index(("Ondes Martenot", 4)) < words.index(("Theremin", 3))
    assert "Alone" not in {written for written, _ in words}
    done(scene.admin.post("/vocabulary/terms", {"kind": "skill", "term": "Theremin"}))
    unknown = done(scene.admin.get("/vocabulary/unknown", kind="skill", after=scene.latest()))
    assert "Theremin" not in {each["written"] for each in unknown}


def test_others_neither_read_nor_change_it(stage: Stage, scene: Scene) -> None:
    for role in (Role.SUPPORT, Role.CSM, Role.ANALYST, Role.PLATFORM):
        other = stage.as_(role)
        assert other.get("/vocabulary/additions").status_code == 403
        assert other.post("/vocabulary/terms", {"kind": "skill", "term": "X"}).status_code == 403
    body = {"kind": "skill", "term": "X"}
    assert scene.recruiter.post("/vocabulary/terms", body).status_code == 403

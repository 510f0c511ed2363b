"""One search over an employer's positions, shortlists, interviews and lists: whom it may see."""

from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.client import done
from tests.support.stage import Scene, Stage

LONG = 400


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def unique(word: str) -> str:
    """A word that no other test's people have."""
    return f"{word}{uuid4().hex[:8]}"


def found(scene: Scene, kind: str, text: str, **more: Any) -> list[Any]:
    path = f"/employers/{scene.employer_id}/search/{kind}"
    return list(done(scene.recruiter.get(path, q=text, after=scene.latest(), **more))["items"])


def names(scene: Scene, text: str, kind: str = "candidates") -> list[str]:
    return [each.get("candidate_name", each.get("name")) for each in found(scene, kind, text)]


def shortlist(scene: Scene, position: str, candidate: str) -> None:
    path = f"/positions/{position}/candidates/{candidate}/shortlist"
    done(scene.recruiter.post(path, params={"after": scene.latest()}))


def titles(each: Any) -> set[str]:
    return {position["title"] for position in each["positions"]}


# --- The lists of open positions


def test_candidates_of_a_list_are_found_by_name_and_skill(scene: Scene) -> None:
    scene.position()
    zoe = unique("Zoe")
    scene.member(f"{zoe} Miller", silent_days=LONG, skills=("Golang",))
    scene.member(unique("Other"), silent_days=LONG)
    for text in (zoe, zoe.upper()[:-2], f"go {zoe}", f"miller, {zoe}"):
        assert names(scene, text) == [f"{zoe} Miller"], text
    assert names(scene, f"{zoe} Cobol") == []


def test_a_candidate_is_found_once_with_every_position_that_lists_them(scene: Scene) -> None:
    for _ in range(2):
        scene.position()
    name = unique("Ada")
    scene.member(name, silent_days=LONG)
    scene.position(required_skills=["Nobody has it"])
    (ada,) = found(scene, "candidates", name)
    assert len(ada["positions"]) == 2


def test_who_matches_no_open_position_is_not_found(scene: Scene) -> None:
    position = scene.position()
    name = unique("Ada")
    scene.member(name, silent_days=LONG)
    assert names(scene, name) == [name]
    done(scene.recruiter.post(f"/positions/{position}/closure", {"reason": "filled"}))
    assert names(scene, name) == []


LEFT_ALONE = {
    "opted out": lambda scene, who: scene.platform.post(f"/candidates/{who}/opt-out"),
    "erased": lambda scene, who: scene.platform("DELETE", f"/candidates/{who}"),
    "blocked": lambda scene, who: scene.platform.post(
        f"/candidates/{who}/blocked-employers", {"employer_id": scene.employer_id}
    ),
    "on the do-not-contact list": lambda scene, who: scene.recruiter.post(
        f"/employers/{scene.employer_id}/do-not-contact",
        {"kind": "person", "value": who, "reason": "A client."},
    ),
}


@pytest.mark.parametrize("why", LEFT_ALONE)
def test_whom_the_employer_may_not_see_is_found_nowhere(scene: Scene, why: str) -> None:
    position, name = scene.position(), unique("Quiet")
    quiet = scene.member(name, silent_days=LONG)
    shortlist(scene, position, quiet)
    assert (names(scene, name), names(scene, name, "shortlists")) == ([name], [name])
    done(LEFT_ALONE[why](scene, quiet))
    for kind in ("candidates", "shortlists", "interviews"):
        assert names(scene, name, kind) == [], kind


def test_outside_of_the_beta_passive_candidates_are_not_found(stage: Stage) -> None:
    scene, name = stage.scene().approved(), unique("Ada")
    position = scene.position()
    passive = scene.member(f"{name} Passive", silent_days=LONG)
    scene.member(f"{name} Active", silent_days=1)
    assert names(scene, name) == [f"{name} Active"]
    assert found(scene, "shortlists", name) == []
    done(scene.recruiter.post(f"/employers/{scene.employer_id}/beta"))
    assert {*names(scene, name)} == {f"{name} Passive", f"{name} Active"}
    shortlist(scene, position, passive)
    assert names(scene, name, "shortlists") == [f"{name} Passive"]


def test_a_suspended_employer_finds_nobody_new(scene: Scene) -> None:
    scene.position()
    name = unique("Ada")
    scene.member(name, silent_days=LONG)
    path = f"/employers/{scene.employer_id}/suspension"
    done(scene.admin.post(path, {"reason": "complaints"}))
    assert names(scene, name) == []


def test_the_list_is_paged_the_latest_active_first(scene: Scene) -> None:
    scene.position()
    name = unique("Ada")
    for days in (400, 402, 401):
        scene.member(f"{name} {days}", silent_days=days)
    path, seen, cursor = f"/employers/{scene.employer_id}/search/candidates", [], None
    for _ in range(3):
        asked = {"q": name, "limit": 1, "after": scene.latest()}
        page = done(scene.recruiter.get(path, **asked, **({"cursor": cursor} if cursor else {})))
        seen += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"{name} 400", f"{name} 401", f"{name} 402"]
    assert cursor is None


# --- Shortlists


def test_shortlisted_candidates_are_found_whatever_the_filters_say_now(scene: Scene) -> None:
    position, name = scene.position(), unique("Ada")
    ada = scene.member(name, silent_days=LONG)
    assert names(scene, name, "shortlists") == []
    shortlist(scene, position, ada)
    filters = {"required_skills": ["Nobody has it"]}
    done(scene.recruiter("PUT", f"/positions/{position}/filters", filters))
    assert names(scene, name) == []
    (found_one,) = found(scene, "shortlists", name)
    assert found_one["name"] == name
    assert titles(found_one) == {"Backend developer"}


def test_who_is_set_aside_or_contacted_has_left_the_shortlist(scene: Scene) -> None:
    position, name = scene.position(), unique("Ada")
    people = [scene.member(f"{name} {n}", silent_days=LONG) for n in range(3)]
    for each in people:
        shortlist(scene, position, each)
    about = f"/positions/{position}/candidates/{people[0]}/set-aside"
    done(scene.recruiter.post(about, {"reason": "skills"}))
    done(scene.message(position, people[1]))
    assert names(scene, name, "shortlists") == [f"{name} 2"]


# --- Interviews


def test_contacted_candidates_are_found_with_the_position(scene: Scene) -> None:
    position, name = scene.position(), unique("Ada")
    ada = scene.member(name, silent_days=LONG)
    done(scene.message(position, ada))
    (interview,) = found(scene, "interviews", name)
    assert (interview["candidate_name"], interview["title"]) == (name, "Backend developer")
    assert names(scene, name) == []


def test_of_an_erased_candidate_no_name_finds_the_interview(scene: Scene) -> None:
    position, name = scene.position(), unique("Ada")
    ada = scene.member(name, silent_days=LONG)
    done(scene.message(position, ada))
    done(scene.platform("DELETE", f"/candidates/{ada}"))
    assert found(scene, "interviews", name) == []


# --- Positions


def test_positions_are_found_open_ones_first(scene: Scene) -> None:
    skill = unique("Skill")
    first, second = (scene.position(required_skills=[skill]) for _ in range(2))
    done(scene.recruiter.post(f"/positions/{second}/closure", {"reason": "filled"}))
    assert [each["position_id"] for each in found(scene, "positions", skill)] == [first, second]
    details = {"title": unique("Robot"), "location": "Lyon"}
    done(scene.recruiter("PUT", f"/positions/{first}/details", details))
    assert [each["title"] for each in found(scene, "positions", "lyon")] == [details["title"]]
    path = f"/employers/{scene.employer_id}/search/positions"
    page = done(scene.recruiter.get(path, q=skill, limit=1, after=scene.latest()))
    (last,) = found(scene, "positions", skill, cursor=page["next_cursor"])
    assert last["position_id"] == second


# --- Whose


KINDS = ("positions", "shortlists", "interviews", "candidates")


@pytest.mark.parametrize("kind", KINDS)
def test_another_employers_things_are_not_found(stage: Stage, scene: Scene, kind: str) -> None:
    name, skill = unique("Ada"), unique("Skill")
    position = scene.position(required_skills=[skill])
    people = [scene.member(f"{name} {n}", silent_days=LONG, skills=(skill,)) for n in range(3)]
    shortlist(scene, position, people[0])
    done(scene.message(position, people[1]))
    text = skill if kind == "positions" else name
    assert found(scene, kind, text) != []
    other = stage.scene().in_beta()
    other.position(required_skills=[unique("Another")])
    assert found(other, kind, text) == []
    path = f"/employers/{scene.employer_id}/search/{kind}"
    assert other.recruiter.get(path, q=text).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CSM, Role.ANALYST, Role.PLATFORM])
def test_recruiters_and_administrators_search(
    stage: Stage, scene: Scene, kind: str, role: Role
) -> None:
    path = f"/employers/{scene.employer_id}/search/{kind}"
    assert stage.as_(role).get(path, q="ada").status_code == 403
    assert scene.admin.get(path, q="ada").status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_without_words_finds_nothing(scene: Scene, kind: str) -> None:
    scene.position()
    assert found(scene, kind, "...") == []


def test_words_that_very_many_have_are_searched_in_the_lists(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.search.FEW", 1)
    monkeypatch.setattr("projections.search.AT_ONCE", 2)
    monkeypatch.setattr("projections.search.LOOKED_AT", 4)
    scene.position()
    name = unique("Ada")
    for days in range(400, 409):
        scene.member(name if days % 2 else "Somebody", silent_days=days)
    path, count, cursor = f"/employers/{scene.employer_id}/search/candidates", 0, None
    for _ in range(20):
        asked = {"q": name, "limit": 2, "after": scene.latest()}
        page = done(scene.recruiter.get(path, **asked, **({"cursor": cursor} if cursor else {})))
        assert {each["name"] for each in page["items"]} <= {name}
        count, cursor = count + len(page["items"]), page["next_cursor"]
        if cursor is None:
            break
    assert (count, cursor) == (4, None)

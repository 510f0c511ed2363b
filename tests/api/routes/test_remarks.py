"""Notes and tags over the API: the company's people share them, and nobody else reads them."""

from typing import Any

import pytest

from domain.actor import Role
from domain.note import NOTE_MOST
from tests.support.client import codes, done
from tests.support.stage import Scene, Stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def about(scene: Scene) -> str:
    """A candidate of a position's list."""
    position, candidate = scene.position(), scene.member("Ada", silent_days=400)
    scene.names(position, "passive-candidates")
    return f"/positions/{position}/candidates/{candidate}"


def remarks(scene: Scene, about: str, by: Any = None) -> Any:
    return done((by or scene.recruiter).get(f"{about}/remarks", after=scene.latest()))


def texts(scene: Scene, about: str, by: Any = None) -> list[str]:
    return [note["text"] for note in remarks(scene, about, by)["notes"]]


def write(scene: Scene, about: str, text: str = "Met at a fair.", by: Any = None) -> str:
    return str(done((by or scene.recruiter).post(f"{about}/notes", {"text": text}))["id"])


def tag(scene: Scene, about: str, name: str) -> Any:
    return scene.recruiter.post(f"{about}/tags", {"tag": name}, params={"after": scene.latest()})


def tags(scene: Scene, about: str) -> list[str]:
    return [*remarks(scene, about)["tags"]]


def test_a_colleague_reads_a_note_and_its_author_changes_and_removes_it(
    stage: Stage, scene: Scene, about: str
) -> None:
    note = write(scene, about, "Met at a fair.\n\nLikes queues.")
    colleague = stage.as_(Role.RECRUITER, scene.employer_id, "colleague@test")
    (read,) = remarks(scene, about, colleague)["notes"]
    assert read["text"] == "Met at a fair.\n\nLikes queues."
    assert (read["author"], read["edited_at"]) == ("recruiter@test", None)
    refused = colleague("PUT", f"/notes/{note}", {"text": "No."})
    assert (refused.status_code, codes(refused)) == (409, ["note_of_somebody_else"])
    assert codes(colleague("DELETE", f"/notes/{note}")) == ["note_of_somebody_else"]
    done(scene.recruiter("PUT", f"/notes/{note}", {"text": "Met in May."}))
    assert texts(scene, about) == ["Met in May."]
    done(scene.recruiter("DELETE", f"/notes/{note}"))
    assert texts(scene, about) == []


def test_a_note_is_seen_from_every_position_of_the_company(scene: Scene, about: str) -> None:
    write(scene, about)
    other = scene.position()
    elsewhere = f"/positions/{other}/candidates/{about.rpartition('/')[2]}"
    assert texts(scene, elsewhere) == ["Met at a fair."]


def test_another_company_that_lists_the_same_person_reads_nothing(
    stage: Stage, scene: Scene, about: str
) -> None:
    write(scene, about)
    done(tag(scene, about, "Fair"))
    globex = stage.scene().in_beta()
    globex.own_skills = scene.own_skills
    position = globex.position()
    assert globex.names(position, "passive-candidates") == ["Ada"]
    elsewhere = f"/positions/{position}/candidates/{about.rpartition('/')[2]}"
    assert remarks(globex, elsewhere) == {"tags": [], "notes": []}
    (card,) = done(globex.recruiter.get(f"/positions/{position}/passive-candidates"))["items"]
    assert card["tags"] == []


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in (Role.RECRUITER, Role.ADMIN)]
)
def test_nobody_of_the_marketplace_but_its_administrators_reads_them(
    stage: Stage, scene: Scene, about: str, role: Role
) -> None:
    write(scene, about)
    done(tag(scene, about, "Fair"))
    assert stage.as_(role).get(f"{about}/remarks").status_code in (401, 403)
    if role is Role.SUPPORT:
        assert done(stage.as_(role).get(about))["tags"] == []


def test_nothing_is_noted_about_somebody_whom_the_position_may_not_see(scene: Scene) -> None:
    position, stranger = (
        scene.position(required_skills=["Cobol"]),
        scene.member("Eve", silent_days=400),
    )
    unseen = f"/positions/{position}/candidates/{stranger}"
    for answer in (
        scene.recruiter.get(f"{unseen}/remarks", after=scene.latest()),
        scene.recruiter.post(f"{unseen}/notes", {"text": "Who?"}),
        tag(scene, unseen, "Who"),
    ):
        assert answer.status_code == 404


def test_a_note_has_bounds(scene: Scene, about: str) -> None:
    for text in ("", "x" * (NOTE_MOST + 1), "nul\0"):
        assert scene.recruiter.post(f"{about}/notes", {"text": text}).status_code == 422


def test_tags_of_the_company_are_spelled_alike_and_given_once(scene: Scene, about: str) -> None:
    done(tag(scene, about, " Fair  2026 "))
    done(tag(scene, about, "FAIR 2026"))
    other = scene.member("Ben", silent_days=400)
    elsewhere = about.rpartition("/")[0] + f"/{other}"
    done(tag(scene, elsewhere, "fair 2026"))
    assert (tags(scene, about), tags(scene, elsewhere)) == (["Fair 2026"], ["Fair 2026"])
    listed = scene.recruiter.get(f"/employers/{scene.employer_id}/tags", beginning="FA")
    assert done(listed) == [{"tag": "Fair 2026", "candidates": 2}]


def test_a_tag_is_taken_off_however_it_is_written(scene: Scene, about: str) -> None:
    done(tag(scene, about, "A/B tests"))
    done(scene.recruiter("DELETE", f"{about}/tags/a/b tests", params={"after": scene.latest()}))
    assert tags(scene, about) == []
    again = scene.recruiter("DELETE", f"{about}/tags/a/b tests", params={"after": scene.latest()})
    assert again.status_code == 404


def test_cards_say_the_tags_and_the_shortlist_is_filtered_by_them(scene: Scene, about: str) -> None:
    position = about.split("/")[2]
    done(tag(scene, about, "Fair"))
    other = about.rpartition("/")[0] + f"/{scene.member('Ben', silent_days=400)}"
    for each in (about, other):
        done(scene.recruiter.post(f"{each}/shortlist", params={"after": scene.latest()}))
    listed = scene.recruiter.get(f"/positions/{position}/passive-candidates", after=scene.latest())
    assert {card["name"]: card["tags"] for card in done(listed)["items"]} == {
        "Ada": ["Fair"],
        "Ben": [],
    }
    assert sorted(scene.names(position, "shortlist")) == ["Ada", "Ben"]
    assert scene.names(position, "shortlist", tag="FAIR") == ["Ada"]
    assert scene.names(position, "shortlist", tag="Foul") == []

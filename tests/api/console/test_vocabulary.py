"""The administrators' page of the vocabulary: search, what is not known yet, what was added."""

from typing import Any

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

PATH = "/vocabulary"


def admin(stage: Stage) -> Visitor:
    return visitor(stage, Role.ADMIN)


def page_of(stage: Stage, query: str = "") -> Any:
    return admin(stage).get(f"{PATH}?after={stage.reached()}{query}")


def people_who_write(scene: Scene, word: str) -> None:
    for n in range(3):
        scene.member(f"Casey {n}", silent_days=400, skills=(word,))


def test_a_name_is_added_shown_and_removed(stage: Stage, scene: Scene) -> None:
    scene.in_beta()
    people_who_write(scene, "Ferrisology")
    position = scene.position(required_skills=["Rust"])
    form = {"synonym": "Ferrisology", "kind": "skill", "term": "rust"}
    page = admin(stage).sends(f"{PATH}/names", form, at=PATH)
    text = text_of(page)
    assert "The vocabulary is changed." in text
    assert "Ferrisology Skill Rust admin@test" in text
    assert len(scene.names(position, "passive-candidates")) == 3
    found = text_of(page_of(stage, "&text=ferris&kind=skill"))
    assert "Rust" in found
    assert "Ferrisology 3" in found
    form = {"kind": "skill", "name": "Ferrisology"}
    page = admin(stage).sends(f"{PATH}/removal", form, at=PATH)
    assert "Remove Ferrisology" not in page.text
    assert scene.names(position, "passive-candidates") == []


def test_a_name_that_stands_for_nothing_else_is_a_term_of_its_own(stage: Stage) -> None:
    form = {"synonym": "Befunge", "kind": "skill", "term": ""}
    page = admin(stage).sends(f"{PATH}/names", form, at=PATH)
    assert "Befunge Skill itself admin@test" in text_of(page)


def test_what_profiles_say_and_it_does_not_know_can_be_added_from_the_page(
    stage: Stage, scene: Scene
) -> None:
    people_who_write(scene, "Theremin")
    page = page_of(stage)
    assert "Theremin 3 profiles" in text_of(page)
    assert '<input type="hidden" name="synonym" value="Theremin">' in page.text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"synonym": "golang", "term": "Rust"}, "The name golang stands for Go already."),
        ({"synonym": "Foo", "term": "Nothing"}, "The vocabulary has no term Nothing; add it first"),
        ({"synonym": "", "term": "Rust"}, "Synonym"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    stage: Stage, form: dict[str, str], sentence: str
) -> None:
    response = admin(stage).post(f"{PATH}/names", {"kind": "skill", **form}, at=PATH)
    assert response.status_code in (409, 422)
    assert sentence in response.text
    assert f'value="{form["term"]}"' in response.text


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CSM, Role.ANALYST, Role.AUDITOR])
def test_the_page_is_the_administrators(stage: Stage, role: Role) -> None:
    assert visitor(stage, role).get(PATH).status_code == 403


# --- In the browser


@in_every_look
def test_the_page_is_fit(desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool) -> None:
    people_who_write(scene, f"Ondes Martenot {width}")
    form = {"synonym": f"Klingon {width}", "kind": "skill", "term": ""}
    admin(stage).sends(f"{PATH}/names", form, at=PATH)
    one = desk(Role.ADMIN, width=width, dark=dark)
    page = one.go(f"{PATH}?after={stage.reached()}&text=script&kind=skill")
    field = page.get_by_label(f"Ondes Martenot {width} stands for")
    field.press_sequentially("java")
    page.get_by_role("option", name="JavaScript").wait_for()
    one.is_fit("vocabulary-dark" if dark else "vocabulary")


def test_an_unknown_word_is_added_with_a_suggestion(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    people_who_write(scene, "Gopherology")
    page = desk(Role.ADMIN).go(f"{PATH}?after={stage.reached()}")
    field = page.get_by_label("Gopherology stands for")
    field.press_sequentially("golan")
    page.get_by_role("option", name="Go").first.wait_for()
    field.press("ArrowDown")
    field.press("Enter")
    assert field.input_value() == "Go"
    page.get_by_role("button", name="Add Gopherology").click()
    page.get_by_role("row", name="Gopherology").wait_for()


def test_it_works_without_javascript(desk: Desks, stage: Stage) -> None:
    page = desk(Role.ADMIN, script=False).go(PATH)
    page.get_by_label("Name", exact=True).fill("Zombocom")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("row", name="Zombocom").wait_for()
    page.get_by_role("button", name="Remove Zombocom").click()
    page.get_by_text("The vocabulary is changed.").wait_for()
    assert page.get_by_role("row", name="Zombocom").count() == 0

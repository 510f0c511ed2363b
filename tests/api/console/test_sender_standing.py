"""What recruiters see when few people answer their messages."""

from datetime import timedelta

import pytest

from api.marketplace import now
from api.web.moments import day
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

WARNING = (
    "Fewer than 13 in 100 people answered your messages of the last 14 days:"
    " 9 of the 120 that are 3 days old or older."
)
RESTRICTION = (
    "you can send messages only one by one: 9 of 120 people answered those of the 14 days before,"
    " fewer than 13 in 100."
)


def recruiter(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


def pages(stage: Stage, position: str) -> list[str]:
    """The pages that tell it, once they show all that has happened."""
    paths = ("/positions", f"/positions/{position}/passive-candidates")
    return [f"{path}?after={stage.reached()}" for path in paths]


def restricted(scene: Scene, *, days_ago: float = 0) -> None:
    scene.few_answers(days_ago=days_ago + 7)
    scene.few_answers(days_ago=days_ago)


def test_a_warning_says_why_from_when_and_what_to_do(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    scene.few_answers()
    for path in pages(stage, position):
        page = text_of(recruiter(stage, scene).get(path))
        assert WARNING in page
        assert f"from {day(now() + timedelta(days=7))} you can send messages only one" in page
        assert "Write to fewer people" in page


def test_a_restriction_says_until_when(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    restricted(scene)
    for path in pages(stage, position):
        page = text_of(recruiter(stage, scene).get(path))
        assert f"Until {day(now() + timedelta(days=14))}" in page
        assert RESTRICTION in page
        assert WARNING not in page


@pytest.mark.parametrize("days_ago", [None, 14], ids=["never", "until now"])
def test_who_is_not_restricted_reads_nothing(
    stage: Stage, scene: Scene, days_ago: float | None
) -> None:
    position = scene.in_beta().position()
    if days_ago is not None:
        restricted(scene, days_ago=days_ago)
    for path in pages(stage, position):
        page = text_of(recruiter(stage, scene).get(path))
        assert "13 in 100" not in page


def test_other_lists_of_the_position_do_not_tell_it(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    scene.few_answers()
    path = f"/positions/{position}/recommendations?after={stage.reached()}"
    assert WARNING not in text_of(recruiter(stage, scene).get(path))


def test_other_employers_do_not_see_it(stage: Stage, scene: Scene) -> None:
    scene.in_beta().few_answers()
    other = stage.scene().in_beta()
    for path in pages(stage, other.position()):
        assert "13 in 100" not in text_of(recruiter(stage, other).get(path))


@in_every_look
def test_the_notices_are_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    position = scene.in_beta().position(required_skills=["Simula"])
    scene.member("Ada", silent_days=300, skills=("Simula",))
    reader = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    for name, days_ago in (("warned", 7), ("restricted", 0)):
        scene.few_answers(days_ago=days_ago)
        for page, path in zip(("positions", "feed"), pages(stage, position), strict=True):
            reader.go(path)
            reader.is_fit(f"{page}-{name}{'-dark' if dark else ''}")

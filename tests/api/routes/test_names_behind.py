"""A name that its read model lacks leaves a list and a page as they are, save for the name."""

from collections.abc import Iterator

import pytest

from domain.actor import Role
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, own_stage
from tests.support.visitor import visitor


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture(scope="module")
def outreach(stage: Stage, scene: Scene) -> str:
    """An outreach whose position and employer are missing from their read models."""
    sent = done(scene.message(scene.position(), scene.member("Ada", silent_days=400)))
    stage.catch_up()
    with stage.connection() as db:
        db.execute("DELETE FROM positions")
        db.execute("DELETE FROM employers")
    return str(sent["id"])


def test_support_finds_outreach_whose_company_and_title_are_not_known(
    stage: Stage, outreach: str
) -> None:
    (found,) = done(stage.as_(Role.SUPPORT).get("/outreach", q=outreach))["items"]
    assert (found["company"], found["title"]) == ("(not known yet)", "(not known yet)")


@pytest.mark.parametrize("page", ["/outreach?q={}", "/outreach/{}/timeline", "/outreach/{}"])
def test_support_sees_its_pages(stage: Stage, outreach: str, page: str) -> None:
    shown = visitor(stage, Role.SUPPORT).get(page.format(outreach))
    assert "(not known yet)" in shown.text

"""The administrators' page of read models: how far each is, rebuilding them, parked events."""

import re
from collections.abc import Iterable, Iterator

import pytest

from domain.actor import Role
from domain.event import Event
from infrastructure.projecting import progress
from infrastructure.projecting.projection import Change
from projections.positions import Positions
from tests.support.browser import Desks
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.stage import Stage, own_stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

PAGE = "/read-models"


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture
def admin(stage: Stage) -> Visitor:
    return visitor(stage, Role.ADMIN)


def states(stage: Stage, name: str) -> list[bool]:
    with stage.connection() as db:
        return [one.live for one in progress.progress(db) if one.projection == name]


@pytest.fixture
def position_parked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> str:
    """A position that its read model could not handle, until now."""

    def unlucky(_: Positions, __: Event) -> Iterable[Change]:
        raise ValueError("bad luck")

    with monkeypatch.context() as failing:
        failing.setattr(Positions, "changes", unlucky)
        position = stage.scene().approved().position()
        stage.catch_up()
    return position


def test_every_read_model_is_shown_with_its_version_and_lag(stage: Stage, admin: Visitor) -> None:
    stage.scene()
    stage.catch_up()
    page = text_of(admin.get(PAGE))
    for one in stage.marketplace.projections:
        assert f"{one.name} {one.version} Live {stage.reached()} 0 0.0" in page


def test_a_rebuild_is_begun_seen_and_cancelled(stage: Stage, admin: Visitor) -> None:
    with stage.connection() as db, db.transaction():
        db.execute("SELECT FROM positions")  # so that it does not go live
        form = {"name[]": "positions"}
        page = text_of(admin.sends(f"{PAGE}/rebuild", form, at=PAGE))
        assert "The rebuild has begun." in page
        assert "Being built" in page
        page = text_of(admin.sends(f"{PAGE}/cancellation", form, at=PAGE))
        assert "The rebuild is cancelled." in page
        assert "Being built" not in page


def test_all_are_rebuilt_at_once(stage: Stage, admin: Visitor) -> None:
    stage.scene()
    names = [one.name for one in stage.marketplace.projections]
    admin.sends(f"{PAGE}/rebuild", {"name[]": names}, at=PAGE)
    wait_until(lambda: all(states(stage, name) == [True] for name in names))


def test_parked_events_are_shown_and_applied(admin: Visitor, position_parked: str) -> None:
    page = text_of(admin.get(PAGE))
    assert re.search(r"positions : event \d+, position.opened", page)
    assert position_parked in page
    assert "ValueError: test_read_models.py line " in page
    page = text_of(admin.sends(f"{PAGE}/replay", {"name[]": "positions"}, at=PAGE))
    assert "All parked events are applied." in page
    assert position_parked not in page


def test_what_is_no_read_model_is_said(admin: Visitor) -> None:
    response = admin.post(f"{PAGE}/rebuild", {"name[]": "gossip"}, at=PAGE)
    assert response.status_code == 404
    assert "There is no read model gossip; check the name." in response.text


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ANALYST, Role.AUDITOR, Role.CSM])
def test_it_is_for_administrators_alone(stage: Stage, role: Role) -> None:
    assert visitor(stage, role).get(PAGE).status_code == 403


@in_every_look
def test_the_page_of_read_models_is_fit(
    desk: Desks, position_parked: str, width: str, dark: bool
) -> None:
    admin = desk(Role.ADMIN, width=width, dark=dark)
    admin.go(PAGE)
    admin.is_fit("read-models-dark" if dark else "read-models")

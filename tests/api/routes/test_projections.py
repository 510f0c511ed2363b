"""Administrators see how far read models are, rebuild them, and replay what was parked."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from domain.actor import Role
from domain.event import Event
from infrastructure.projecting.projection import Change
from projections.positions import Positions
from tests.support.client import Client, done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.stage import Stage, own_stage


@pytest.fixture
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture
def admin(stage: Stage) -> Client:
    return stage.as_(Role.ADMIN)


def told(admin: Client, name: str) -> list[Any]:
    return [one for one in done(admin.get("/projections"))["items"] if one["name"] == name]


def parked(admin: Client) -> list[Any]:
    items: list[Any] = done(admin.get("/projections/parked"))["items"]
    return items


def test_how_far_each_read_model_is_is_told(stage: Stage, admin: Client) -> None:
    stage.scene()
    stage.catch_up()
    items = done(admin.get("/projections"))["items"]
    assert [one["name"] for one in items] == [one.name for one in stage.marketplace.projections]
    assert {one["state"] for one in items} == {"live"}
    (one,) = told(admin, "positions")
    assert one["version"] == Positions.version
    assert (one["log_position"], one["lag_events"], one["lag_seconds"]) == (stage.reached(), 0, 0)
    assert (one["parked"], one["failure"], one["stands_still"]) == (0, None, False)


def test_a_rebuild_is_done_by_the_worker(stage: Stage, admin: Client) -> None:
    scene = stage.scene().approved()
    position = scene.position()
    stage.catch_up()
    with stage.connection() as db:
        db.execute("UPDATE positions SET title = 'damaged'")
    assert done(admin("PUT", "/projections/positions/rebuild")) == {"changed": True}
    title = f"/positions/{position}"
    wait_until(lambda: done(scene.recruiter.get(title))["title"] != "damaged")
    wait_until(lambda: [one["state"] for one in told(admin, "positions")] == ["live"])


def test_a_feed_shows_whom_a_rebuild_brings_back(stage: Stage, admin: Client) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    scene.member("Ada", silent_days=400)
    scene.member("Bo", silent_days=400)
    stage.catch_up()
    assert sorted(scene.names(position, "passive-candidates")) == ["Ada", "Bo"]
    with stage.connection() as db:
        db.execute("DELETE FROM candidate_pool WHERE name = 'Ada'")
    assert scene.names(position, "passive-candidates") == ["Bo"]
    done(admin("PUT", "/projections/candidate_pool/rebuild"))
    wait_until(lambda: len(scene.names(position, "passive-candidates")) == 2)


def test_a_rebuild_is_cancelled(stage: Stage, admin: Client) -> None:
    assert done(admin("DELETE", "/projections/positions/rebuild")) == {"changed": False}
    with stage.connection() as db, db.transaction():
        db.execute("SELECT FROM positions")  # so that it does not go live
        assert done(admin("PUT", "/projections/positions/rebuild")) == {"changed": True}
        assert done(admin("PUT", "/projections/positions/rebuild")) == {"changed": False}
        assert [one["state"] for one in told(admin, "positions")] == ["live", "building"]
        assert done(admin("DELETE", "/projections/positions/rebuild")) == {"changed": True}
    assert [one["state"] for one in told(admin, "positions")] == ["live"]


def test_parked_events_are_listed_and_replayed(
    stage: Stage, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlucky(_: Positions, __: Event) -> Iterable[Change]:
        raise ValueError("bad luck")

    with monkeypatch.context() as failing:
        failing.setattr(Positions, "changes", unlucky)
        position = stage.scene().approved().position()
        wait_until(lambda: len(parked(admin)) == 1)
        nothing_done = {"applied": 0, "remaining": 1}
        assert done(admin("PUT", "/projections/positions/replay")) == nothing_done
    (one,) = parked(admin)
    assert (one["projection"], one["stream"], one["state"]) == ("positions", position, "live")
    assert (one["kind"], one["waiting"]) == ("position.opened", 0)
    assert told(admin, "positions")[0]["parked"] == 1
    all_done = {"applied": 1, "remaining": 0}
    assert done(admin("PUT", "/projections/positions/replay")) == all_done
    assert parked(admin) == []


@pytest.mark.parametrize(
    ("method", "what"), [("PUT", "rebuild"), ("DELETE", "rebuild"), ("PUT", "replay")]
)
def test_a_read_model_that_there_is_not_is_not_found(admin: Client, method: str, what: str) -> None:
    assert admin(method, f"/projections/gossip/{what}").status_code == 404


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ANALYST, Role.AUDITOR, Role.CSM])
def test_they_are_for_administrators_alone(stage: Stage, role: Role) -> None:
    assert stage.as_(role).get("/projections").status_code == 403
    assert stage.as_(role)("PUT", "/projections/positions/rebuild").status_code == 403

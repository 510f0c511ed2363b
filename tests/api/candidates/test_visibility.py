"""A profile is seen by recruiters who may approach the person, and exists for nobody else."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import Response

from api.candidates import visibility
from api.http import access
from api.http.caller import Caller
from api.marketplace import now
from domain.actor import Actor, Role
from projections import candidate_counts
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


def recruiter(scene: Scene) -> Caller:
    return Caller(
        actor=Actor(id="rae", role=Role.RECRUITER, employer_id=UUID(scene.employer_id)),
        at=now(),
        request_id="test",
        marketplace=scene.stage.marketplace,
        response=Response(),
        idempotency_key=None,
        after=None,
        sees_content=True,
    )


def statuses(scene: Scene, position: str, candidate: str) -> set[int]:
    """What the profile and the explanation of the likelihood answer."""
    path = f"/positions/{position}/candidates/{candidate}"
    latest = scene.latest()
    return {
        scene.recruiter.get(at, after=latest).status_code for at in (path, f"{path}/likelihood")
    }


def show_then_narrow(scene: Scene) -> tuple[str, str]:
    """A position and a candidate whom its list showed before its filters were narrowed."""
    candidate, position = scene.member("Shown", silent_days=400), scene.position()
    assert "Shown" in scene.names(position, "passive-candidates", limit=200)
    filters = {"required_skills": ["Esperanto"]}
    done(scene.recruiter("PUT", f"/positions/{position}/filters", filters))
    return position, candidate


def test_a_candidate_in_a_list_is_seen(scene: Scene) -> None:
    candidate = scene.member("Listed", silent_days=400)
    assert statuses(scene, scene.position(), candidate) == {200}


def test_a_candidate_whom_the_filters_keep_out_is_not_found(scene: Scene) -> None:
    candidate = scene.member("Unlisted", silent_days=400)
    assert statuses(scene, scene.position(required_skills=["Esperanto"]), candidate) == {404}


def test_a_candidate_shown_today_is_seen_although_the_filters_changed(scene: Scene) -> None:
    assert statuses(scene, *show_then_narrow(scene)) == {200}


def test_a_candidate_shown_a_day_ago_is_not_found(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    position, candidate = show_then_narrow(scene)
    monkeypatch.setattr(access, "now", lambda: now() + timedelta(hours=25))
    assert statuses(scene, position, candidate) == {404}


def test_what_another_position_showed_counts_for_that_one_alone(scene: Scene) -> None:
    _, candidate = show_then_narrow(scene)
    assert statuses(scene, scene.position(required_skills=["Esperanto"]), candidate) == {404}


def test_an_approached_candidate_is_seen_whatever_the_filters(scene: Scene) -> None:
    candidate, position = scene.member("Approached", silent_days=400), scene.position()
    done(scene.message(position, candidate))
    filters = {"required_skills": ["Esperanto"]}
    done(scene.recruiter("PUT", f"/positions/{position}/filters", filters))
    assert statuses(scene, position, candidate) == {200}


def test_a_closed_position_answers_alike_for_known_and_unknown_candidates(scene: Scene) -> None:
    candidate, position = scene.member("Behind", silent_days=400), scene.position()
    done(scene.recruiter.post(f"/positions/{position}/closure", {}))
    answers = [
        scene.recruiter.get(f"/positions/{position}/candidates/{id}", after=scene.latest())
        for id in (candidate, position)
    ]
    assert [codes(answer) for answer in answers] == [["position_is_closed"]] * 2


def test_events_of_others_change_no_counts(scene: Scene) -> None:
    with scene.stage.marketplace.pool.connection() as db:
        scene.stage.catch_up()
        before = visibility.changed(db)
        done(scene.recruiter.post("/tickets", {"subject": "Help", "text": "Please"}))
        scene.stage.catch_up()
        assert visibility.changed(db) == before
        scene.member("New", silent_days=400)
        scene.stage.catch_up()
        assert visibility.changed(db) > before


def test_many_open_pages_cost_one_count(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[object] = []
    count = candidate_counts.counts

    def counting(*asked: object) -> tuple[int, int]:
        counted.append(asked)
        return count(*asked)  # type: ignore[arg-type]  # as they were given

    monkeypatch.setattr(candidate_counts, "counts", counting)
    monkeypatch.setattr(visibility, "POLLED_FOR", 60.0)
    position = scene.position()
    scene.stage.catch_up()
    with scene.stage.marketplace.pool.connection() as db:
        caller = recruiter(scene)
        of = visibility.position_of(db, caller, UUID(position))
        answers = [visibility.polled_counts(db, of, caller, since=0) for _ in range(20)]
    assert len(counted) == 1
    assert answers == [answers[0]] * 20

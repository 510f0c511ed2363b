"""Monitoring reads figures from outside: of requests, refusals, the log and the likelihood."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from cachetools import TTLCache
from prometheus_client.parser import text_string_to_metric_families

from api.http import database_figures
from domain.actor import Role
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.predictions import predictions_of_a_month_ago
from tests.support.stage import Stage, own_stage
from tests.support.vocabulary import REFUSALS

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture(autouse=True)
def _read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TTLCache, "get", lambda _cache, _key, default=None: default)


def text(stage: Stage) -> str:
    response = stage.http.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return response.text


def figures(stage: Stage) -> Figures:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text(stage))
        for sample in family.samples
    }


def of(told: Figures, name: str, **labels: str) -> float:
    return told.get((f"sourcing_{name}", frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_the_template_of_their_route(stage: Stage) -> None:
    scene = stage.scene().approved()
    counted = {"method": "GET", "route": "/v1/employers/{employer_id}", "status": "200"}
    before = of(figures(stage), "http_requests_total", **counted)
    done(scene.recruiter.get(f"/employers/{scene.employer_id}", after=scene.latest()))
    told = figures(stage)
    assert of(told, "http_requests_total", **counted) == before + 1
    del counted["status"]
    assert of(told, "http_request_seconds_count", **counted) >= 1


def test_what_is_none_of_ours_has_one_name(stage: Stage) -> None:
    counted = {"method": "other", "route": "other", "status": "404"}
    before = of(figures(stage), "http_requests_total", **counted)
    for _ in range(2):
        stage.http.request("BREW", f"/v1/{uuid4()}")
    assert of(figures(stage), "http_requests_total", **counted) == before + 2


def test_refusals_are_counted_by_each_of_their_codes(stage: Stage) -> None:
    before = of(figures(stage), "refusals_total", code="employer_not_approved")
    scene = stage.scene()
    scene.recruiter.post(f"/employers/{scene.employer_id}/positions", {"title": "x"})
    assert of(figures(stage), "refusals_total", code="employer_not_approved") == before + 1


def test_no_id_and_no_name_is_in_any_label(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    member, position = scene.member("Zacharias", silent_days=400), scene.position()
    done(scene.recruiter.get(f"/positions/{position}/candidates/{member}", after=scene.latest()))
    done(scene.message(position, member))
    scene.message(position, member)
    told = text(stage)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", told)
    assert "Zacharias" not in told
    codes = {dict(labels)["code"] for name, labels in figures(stage) if "refusals_total" in name}
    assert codes <= {refusal.code for refusal in REFUSALS}


def test_the_lag_of_each_projection_is_reported_in_events(stage: Stage) -> None:
    scene = stage.scene().approved()
    position = scene.position()
    done(scene.recruiter.get(f"/positions/{position}", after=scene.latest()))
    told = figures(stage)
    assert of(told, "event_log_position") == stage.reached()
    lags = {dict(labels)["projection"] for name, labels in told if "projection_lag" in name}
    assert lags == {projection.name for projection in stage.marketplace.projections}
    assert of(told, "projection_lag_events", projection="positions") == 0
    assert of(told, "projection_failing", projection="positions") == 0


def test_the_lag_is_reported_in_seconds_while_nobody_keeps_the_read_models(
    databases: Databases,
) -> None:
    with own_stage(databases, with_worker=False) as idle:
        idle.scene()
        at_first = of(figures(idle), "projection_lag_seconds", projection="employers")
        later = of(figures(idle), "projection_lag_seconds", projection="employers")
        assert 0 < at_first < later
        assert of(figures(idle), "workers") == 0
        with idle.marketplace.working():
            idle.catch_up()
            wait_until(lambda: of(figures(idle), "workers") == 1)
        assert of(figures(idle), "projection_lag_seconds", projection="employers") == 0


def test_a_read_model_that_is_being_rebuilt_is_reported_beside_the_live_one(stage: Stage) -> None:
    stage.scene()
    stage.catch_up()
    admin = stage.as_(Role.ADMIN)
    with stage.connection() as db, db.transaction():
        db.execute("SELECT FROM employers")  # so that it does not go live
        done(admin("PUT", "/projections/employers/rebuild"))
        told = figures(stage)
        done(admin("DELETE", "/projections/employers/rebuild"))
    employers = {"projection": "employers"}
    reached = of(told, "projection_log_position", **employers, state="live")
    assert reached == stage.reached()
    assert (
        "sourcing_projection_log_position",
        frozenset({**employers, "state": "building"}.items()),
    ) in told
    assert of(told, "projection_lag_events", **employers) == 0


def test_events_are_counted_by_kind_and_by_the_batches_that_they_come_in(stage: Stage) -> None:
    before = figures(stage)
    stage.scene()
    stage.catch_up()
    told = figures(stage)

    def more(name: str, **labels: str) -> float:
        return of(told, name, **labels) - of(before, name, **labels)

    assert more("events_recorded_total", kind="employer.registered") == 1
    assert more("event_log_commit_events_sum") == 1
    assert more("projection_batch_events_sum", projection="employers") == 1
    assert more("projection_batch_seconds_count", projection="employers") == 1


def test_up_to_where_the_model_has_learned_is_reported(stage: Stage) -> None:
    assert ("sourcing_likelihood_model_log_position", frozenset[tuple[str, str]]()) in figures(
        stage
    )


def test_how_good_the_likelihood_is_stands_beside_the_running_prior(stage: Stage) -> None:
    with stage.connection() as db, predictions_of_a_month_ago(db):
        told = figures(stage)
    for judged in ("model", "running prior"):
        assert of(told, "likelihood_count", judged=judged) == 2
    assert of(told, "likelihood_brier", judged="model") == pytest.approx(0.04)
    assert of(told, "likelihood_roc_auc", judged="model") == 1
    assert of(told, "likelihood_base_rate", judged="model") == 0.5


def test_the_share_of_exploration_is_reported(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    scene.member("Shown", silent_days=400, skills=("Metrics",))
    position = scene.position(required_skills=["Metrics"])
    done(scene.recruiter.get(f"/positions/{position}/passive-candidates", after=scene.latest()))
    done(scene.recruiter.get("/funnel", after=scene.latest()))
    share = ("sourcing_likelihood_explored_share", frozenset[tuple[str, str]]())
    assert 0 <= figures(stage)[share] <= 1


def test_without_the_database_the_rest_is_reported(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise ConnectionError("no database")

    monkeypatch.setattr(stage.marketplace.pool, "connection", gone)
    told = figures(stage)
    assert told["sourcing_database_up", frozenset[tuple[str, str]]()] == 0
    assert any("http_requests_total" in name for name, _ in told)
    assert not any("event_log_position" in name for name, _ in told)


@pytest.mark.parametrize(("seconds", "is_reported_again"), [(3600, True), (0, False)])
def test_what_was_read_is_reported_again_for_some_seconds(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, seconds: int, is_reported_again: bool
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(database_figures, "SECONDS_KEPT", seconds)
    collector = database_figures.DatabaseCollector(stage.marketplace)

    def log_position() -> float:
        (family,) = (
            one for one in collector.collect() if one.name == "sourcing_event_log_position"
        )
        return family.samples[0].value

    before = log_position()
    stage.scene().member("Ada", silent_days=0)
    assert (log_position() == before) is is_reported_again

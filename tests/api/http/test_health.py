"""A process says whether it lives, and whether it is ready for requests."""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from domain.event import Event
from infrastructure.event_log.keys import WrongSecret
from infrastructure.projecting import progress, versions
from infrastructure.projecting.follower import Follower
from infrastructure.projecting.projection import Change
from infrastructure.projecting.projector import Projector
from projections.employers import Employers
from projections.positions import Positions
from tests.support.concurrency import SECONDS, wait_until
from tests.support.databases import Databases
from tests.support.stage import Stage, a_stage


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    with databases.prepared() as url:
        yield url


def ready(stage: Stage) -> Any:
    return stage.http.get("/health/ready")


def test_a_process_that_answers_is_live_and_with_nothing_to_catch_up_ready(url: str) -> None:
    with a_stage(url) as stage:
        assert stage.http.get("/health/live").json() == {"status": "live"}
        assert ready(stage).status_code == 200
        assert ready(stage).json()["status"] == "ready"


def test_without_any_worker_it_serves_what_there_is_and_says_so(url: str) -> None:
    with a_stage(url, with_worker=False) as api:
        response = ready(api)
        assert (response.status_code, response.json()["status"]) == (200, "no worker")
        assert response.json()["worker"] == {"running": 0, "lag_seconds": 0.0}
        with a_stage(url) as other:
            wait_until(lambda: ready(api).json()["status"] == "ready")
            assert ready(api).json()["worker"]["running"] == 1
            assert other.marketplace.worker is not None
        wait_until(lambda: ready(api).json()["status"] == "no worker")
        api.scene()
        wait_until(lambda: ready(api).json()["worker"]["lag_seconds"] > 0.1)


def test_a_process_whose_own_worker_has_died_is_not_ready(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Projector, "run", lambda *_: None)
    with a_stage(url) as stage:
        wait_until(lambda: ready(stage).status_code == 503)
        assert ready(stage).json()["status"] == "worker died"


def test_read_models_that_stand_still_are_said_to(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "STANDS_STILL_AFTER", timedelta(seconds=0.1))
    with (
        a_stage(url) as stage,
        stage.connection() as db,
        db.transaction(),
    ):
        db.execute("SELECT FROM projection_checkpoints FOR UPDATE")  # as a worker that hangs
        stage.scene()
        wait_until(lambda: ready(stage).json()["status"] == "standing still")
        assert ready(stage).status_code == 200


def test_it_is_not_ready_until_its_read_models_show_what_was_there_at_its_start(url: str) -> None:
    with a_stage(url, with_worker=False) as stage:
        stage.scene()
    with a_stage(url, with_worker=False) as stage:
        response = ready(stage)
        assert response.status_code == 503
        body = response.json()
        assert (body["status"], body["to"]) == ("catching up", 1)
        assert body["catching_up"]["employers"] == 0
        assert stage.http.get("/health/live").status_code == 200
        with stage.marketplace.working():
            wait_until(lambda: ready(stage).status_code == 200)
        assert ready(stage).json()["catching_up"] == {}


def test_what_comes_after_the_start_does_not_make_it_unready(url: str) -> None:
    with a_stage(url, with_worker=False) as stage:
        stage.scene()
        assert ready(stage).status_code == 200


def test_a_read_model_that_fails_is_reported(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = Follower.apply

    def unlucky(follower: Follower, *arguments: Any) -> None:
        if follower.projection.name == "employers":
            raise ConnectionError("bad luck")
        apply(follower, *arguments)

    with monkeypatch.context() as failing:
        failing.setattr(Follower, "apply", unlucky)
        with a_stage(url) as stage:
            stage.scene()
            expected = {"employers": "ConnectionError"}
            wait_until(lambda: ready(stage).json()["failing"] == expected)
            failing.undo()
            wait_until(lambda: ready(stage).json()["failing"] == {})


def test_what_is_parked_is_reported_and_takes_the_service_away_from_nobody(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlucky(_: Positions, __: Event) -> Iterable[Change]:
        raise ValueError("bad luck")

    with monkeypatch.context() as failing:
        failing.setattr(Positions, "changes", unlucky)
        with a_stage(url) as stage:
            stage.scene().approved().position()
            wait_until(lambda: ready(stage).json()["parked"] == {"positions": 1})
            assert ready(stage).status_code == 200
    with a_stage(url) as stage:
        wait_until(lambda: ready(stage).status_code == 200)
        told = ready(stage).json()
        assert (told["parked"], told["failing"]) == ({"positions": 1}, {})
        figures = stage.http.get("/metrics").text
        assert 'sourcing_projection_parked_events{projection="positions"} 1.0' in figures
        assert 'sourcing_projection_parked_events{projection="employers"} 0.0' in figures


def test_a_read_model_that_fails_in_another_process_is_named_too(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = Follower.apply

    def unlucky(follower: Follower, *arguments: Any) -> None:
        if follower.projection.name == "employers":
            raise ConnectionError("bad luck")
        apply(follower, *arguments)

    with a_stage(url, with_worker=False) as api, monkeypatch.context() as failing:
        failing.setattr(Follower, "apply", unlucky)
        api.scene()
        with api.marketplace.working():
            api.marketplace.worker = None  # as where the worker is another process
            wait_until(lambda: ready(api).json()["failing"] == {"employers": "ConnectionError"})
            assert "employers" in ready(api).json()["standing_still"]
            failing.undo()
            wait_until(lambda: ready(api).json()["failing"] == {})


def test_without_its_database_it_says_so_before_long_and_recovers(postgres: str, url: str) -> None:
    name = sql.Identifier(str(conninfo_to_dict(url)["dbname"]))
    with (
        a_stage(url, with_worker=False) as stage,
        psycopg.connect(postgres, autocommit=True) as administration,
    ):
        assert ready(stage).status_code == 200
        allow = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"
        administration.execute(sql.SQL(allow).format(name, sql.SQL("false")))
        administration.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [conninfo_to_dict(url)["dbname"]],
        )
        began = time.monotonic()
        response = ready(stage)
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == "urn:sourcing:problem:database-unavailable"
        assert time.monotonic() - began < SECONDS / 2
        assert stage.http.get("/health/live").status_code == 200
        administration.execute(sql.SQL(allow).format(name, sql.SQL("true")))
        wait_until(lambda: ready(stage).status_code == 200)


def test_with_another_secret_it_does_not_start(url: str) -> None:
    with a_stage(url, with_worker=False) as stage:
        stage.scene()
    another = "a secret that is not the one of this database"
    with pytest.raises(WrongSecret, match="SOURCING_SECRET"), a_stage(url, secret=another):
        pass


def test_beside_a_process_with_another_secret_it_does_not_start_on_an_empty_database(
    url: str,
) -> None:
    another = "a secret that is not the one of this database"
    with a_stage(url, with_worker=False) as first:
        with pytest.raises(WrongSecret, match="SOURCING_SECRET"), a_stage(url, secret=another):
            pass
        assert ready(first).status_code == 200


def test_a_rebuild_does_not_count_as_a_lag_of_what_is_read(url: str) -> None:
    with a_stage(url, with_worker=False) as stage:
        stage.scene()
        with stage.marketplace.working():
            stage.catch_up()
        versions.rebuild(Employers(), stage.marketplace.pool)
        assert ready(stage).json()["worker"] == {"running": 0, "lag_seconds": 0}

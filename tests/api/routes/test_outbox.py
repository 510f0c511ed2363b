"""The outbox: a platform that delivers letters itself takes each once, and says what came of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.actor import Role
from tests.support.client import Client, codes, done
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases, undo_seconds=0) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def deliverer(stage: Stage) -> Client:
    return stage.as_(Role.DELIVERY)


def sent(scene: Scene) -> tuple[str, str]:
    candidate = scene.member("Silent", silent_days=400)
    outreach = done(scene.message(scene.position(), candidate))["id"]
    scene.stage.catch_up()
    return f"/outbox/{outreach}/1", str(outreach)


def due(deliverer: Client, scene: Scene) -> list[Any]:
    return [
        one["outreach_id"] for one in done(deliverer.get("/outbox", after=scene.latest()))["items"]
    ]


def status(scene: Scene, outreach: str) -> str:
    return str(done(scene.recruiter.get(f"/outreach/{outreach}", after=scene.latest()))["status"])


def test_a_letter_is_released_delivered_and_gone(scene: Scene, deliverer: Client) -> None:
    letter, outreach = sent(scene)
    assert outreach in due(deliverer, scene)
    said = done(deliverer.post(f"{letter}/release"))
    assert said["to_name"] == "Silent"
    assert "We build robots, and would like to talk." in said["text"]
    assert said["unsubscribe_url"] in said["html"]
    done(deliverer.post(f"{letter}/delivery"))
    assert outreach not in due(deliverer, scene)


def test_letters_that_wait_are_counted(scene: Scene, stage: Stage) -> None:
    sent(scene)
    figures = stage.http.get("/metrics").text
    due = next(line for line in figures.splitlines() if line.startswith("sourcing_letters_due "))
    assert float(due.split()[1]) >= 1
    assert "sourcing_letters_oldest_due_seconds " in figures


def test_a_letter_that_somebody_delivers_is_not_given_to_another(
    scene: Scene, deliverer: Client
) -> None:
    letter, outreach = sent(scene)
    done(deliverer.post(f"{letter}/release"))
    assert deliverer.post(f"{letter}/release").status_code == 409
    assert outreach not in due(deliverer, scene)


def test_the_letter_of_somebody_who_opted_out_is_not_given_away(
    scene: Scene, deliverer: Client
) -> None:
    candidate = scene.member("Silent", silent_days=400)
    outreach = str(done(scene.message(scene.position(), candidate))["id"])
    scene.stage.catch_up()
    done(scene.platform.post(f"/candidates/{candidate}/opt-out"))
    response = deliverer.post(f"/outbox/{outreach}/1/release")
    assert response.status_code == 409
    assert "robots" not in response.text
    assert status(scene, outreach) == "undelivered"


def test_a_failure_ends_the_outreach(scene: Scene, deliverer: Client) -> None:
    letter, outreach = sent(scene)
    done(deliverer.post(f"{letter}/release"))
    done(deliverer.post(f"{letter}/failure", {"code": "550", "bad_address": True}))
    assert status(scene, outreach) == "undelivered"


def test_what_was_not_released_cannot_be_delivered(scene: Scene, deliverer: Client) -> None:
    letter, _ = sent(scene)
    assert codes(deliverer.post(f"{letter}/delivery")) == ["no_such_letter"]


def test_the_deliverer_reads_nothing_else(scene: Scene, deliverer: Client) -> None:
    letter, outreach = sent(scene)
    done(deliverer.post(f"{letter}/release"))
    for path in (
        f"/outreach/{outreach}",
        f"/outreach/{outreach}/timeline",
        "/candidates",
        "/events",
    ):
        assert deliverer.get(path).status_code in (403, 404, 405)

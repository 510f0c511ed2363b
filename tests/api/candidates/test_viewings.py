"""What a recruiter is shown over HTTP is noted once an hour, and never at the page's expense."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from api.candidates import viewings
from api.http import access
from api.marketplace import now
from domain.actor import Role
from domain.command import Command
from tests.support.client import Client, done
from tests.support.stage import Scene, Stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def noted(scene: Scene, kind: str, since: int) -> list[Any]:
    """The viewings of a kind after a position, as the auditor reads them."""
    asked = {"since": since, "kind": f"viewing.{kind}", "limit": 1000}
    page = done(scene.stage.as_(Role.AUDITOR).get("/events", **asked))
    return [event["data"] for event in page["events"]]


def test_a_page_of_the_feed_is_noted_as_it_was_shown(scene: Scene) -> None:
    members = [scene.member(f"M{n}", silent_days=400, skills=("Shown",)) for n in range(3)]
    position, before = scene.position(required_skills=["Shown"]), scene.latest()
    path = f"/positions/{position}/passive-candidates"
    cards = done(scene.recruiter.get(path, after=before))["items"]
    (shown,) = noted(scene, "candidates_shown", before)
    assert shown["position_id"] == position
    assert shown["employer_id"] == scene.employer_id
    assert (shown["feed"], shown["sort"]) == ("passive", "likelihood")
    assert [slot["rank"] for slot in shown["slots"]] == [1, 2, 3]
    assert [slot["candidate_id"] for slot in shown["slots"]] == [c["candidate_id"] for c in cards]
    assert {slot["candidate_id"] for slot in shown["slots"]} == {*members}
    likelihoods = [card["likelihood"]["probability"] for card in cards]
    assert [slot["probability"] for slot in shown["slots"]] == likelihoods
    for how in ("explored", "propensity"):
        assert [slot[how] for slot in shown["slots"]] == [card[how] for card in cards]


def test_an_opened_profile_is_noted(scene: Scene) -> None:
    member, position = scene.member("Opened", silent_days=400), scene.position()
    before = scene.latest()
    path = f"/positions/{position}/candidates/{member}"
    done(scene.recruiter.get(path, after=before))
    (opened,) = noted(scene, "profile_opened", before)
    assert (opened["position_id"], opened["candidate_id"]) == (position, member)
    assert opened["passive"] is True
    assert 0 < opened["probability"] < 1


def test_the_same_page_again_is_noted_once_within_the_hour(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.member("Again", silent_days=400, skills=("Again",))
    position, before = scene.position(required_skills=["Again"]), scene.latest()
    path = f"/positions/{position}/passive-candidates"
    hour = now().replace(minute=0, second=0, microsecond=0)

    def read(at: datetime, **parameters: Any) -> int:
        monkeypatch.setattr(access, "now", lambda: at)
        done(scene.recruiter.get(path, after=before, **parameters))
        return len(noted(scene, "candidates_shown", before))

    assert read(hour) == 1
    assert read(hour + timedelta(minutes=59)) == 1
    assert read(hour, sort="match") == 2
    assert read(hour + timedelta(hours=1)) == 3


def test_a_page_that_shows_others_within_the_hour_is_noted_again(scene: Scene) -> None:
    for name in ("First", "Second"):
        scene.member(name, silent_days=400, skills=("Changed", name))
    position, before = scene.position(required_skills=["Changed"]), scene.latest()
    path = f"/positions/{position}/passive-candidates"

    def shown(**asked: Any) -> list[int]:
        done(scene.recruiter.get(path, after=scene.latest(), **asked))
        return [len(page["slots"]) for page in noted(scene, "candidates_shown", before)]

    assert shown() == [2]
    assert shown(limit=1) == [2, 1]
    (first,) = scene.names(position, "passive-candidates", limit=1)
    (other,) = {"First", "Second"} - {first}
    filters = {"required_skills": ["Changed", other]}
    done(scene.recruiter("PUT", f"/positions/{position}/filters", filters))
    assert len(shown()) == 3
    assert len(shown()) == 3


def test_two_recruiters_who_see_the_same_are_two(scene: Scene) -> None:
    scene.member("Twice", silent_days=400, skills=("Twice",))
    position, before = scene.position(required_skills=["Twice"]), scene.latest()
    path = f"/positions/{position}/passive-candidates"
    for name in ("Kim", "Robin"):
        recruiter = scene.stage.as_(Role.RECRUITER, scene.employer_id, name)
        done(recruiter.get(path, after=before))
    assert len(noted(scene, "candidates_shown", before)) == 2


def test_what_support_sees_is_nobodys_viewing(scene: Scene) -> None:
    member, position = scene.member("Asked", silent_days=400), scene.position()
    before = scene.latest()
    support = scene.stage.as_(Role.SUPPORT)
    done(support.get(f"/positions/{position}/passive-candidates", after=before))
    done(support.get(f"/positions/{position}/candidates/{member}", after=before))
    assert scene.latest() == before


def test_an_empty_page_shows_nobody(scene: Scene) -> None:
    position, before = scene.position(required_skills=["Nobody's"]), scene.latest()
    done(scene.recruiter.get(f"/positions/{position}/passive-candidates", after=before))
    assert scene.latest() == before


def test_a_page_is_sent_before_it_is_noted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    member, position = scene.member("First", silent_days=400), scene.position()
    path = f"/positions/{position}/candidates/{member}"
    done(scene.stage.as_(Role.SUPPORT).get(path, after=scene.latest()))
    happened: list[str] = []
    app, store = scene.stage.http.app, scene.stage.marketplace.store

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def seen(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                happened.append("sent")
            await send(message)

        await app(scope, receive, seen)

    def noting(command: Command) -> None:
        happened.append(type(command).__name__)

    monkeypatch.setattr(store, "execute", noting)
    token = scene.stage.token(Role.RECRUITER, scene.employer_id)
    done(Client(TestClient(watched), token).get(path))
    assert happened == ["sent", "NoteProfileOpened"]


def test_no_more_wait_to_be_noted_than_there_is_room_for(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    member, position = scene.member("Many", silent_days=400), scene.position()
    before = scene.latest()
    monkeypatch.setattr(viewings, "MOST_WAITING", 0)
    with caplog.at_level(logging.ERROR):
        done(scene.recruiter.get(f"/positions/{position}/candidates/{member}", after=before))
    assert "a viewing was not noted: 0 wait already" in caplog.text
    assert scene.latest() == before


def test_a_page_is_shown_although_it_cannot_be_noted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    member, position = scene.member("Seen", silent_days=400), scene.position()
    before = scene.latest()

    def fails(*_: Any, **__: Any) -> None:
        raise ConnectionError("the log does not answer, says postgresql://secret@host")

    monkeypatch.setattr(scene.stage.marketplace.store, "execute", fails)
    with caplog.at_level(logging.ERROR):
        done(scene.recruiter.get(f"/positions/{position}/candidates/{member}", after=before))
    assert "a viewing was not noted" in caplog.text
    assert "secret" not in caplog.text

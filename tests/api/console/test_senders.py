"""Senders of messages: lists and conversations name people, and recruiters find their own."""

from typing import Any

import pytest

from domain.actor import CompanyRole
from tests.support.client import Client, done
from tests.support.stage import MESSAGE, Scene, Stage
from tests.support.teams import Joined, joined
from tests.support.visitor import Visitor, text_of


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def sent(scene: Scene, call: Client, position: str, name: str) -> str:
    body = {"candidate_id": scene.member(name, silent_days=400), "message": MESSAGE}
    return str(done(call.post(f"/positions/{position}/messages", body))["id"])


@pytest.fixture
def position(scene: Scene) -> str:
    return scene.position()


@pytest.fixture
def kim(scene: Scene, position: str) -> Joined:
    """Kim wrote to Ada, and Robin to Ben."""
    kim, robin = (joined(scene, CompanyRole.RECRUITER, name) for name in ("Kim L.", "Robin R."))
    sent(scene, kim.call, position, "Ada")
    sent(scene, robin.call, position, "Ben")
    scene.stage.catch_up()
    return kim


def seen(kim: Joined, scene: Scene) -> Visitor:
    return Visitor(scene.stage.http, kim.token)


def test_interviews_name_who_wrote(scene: Scene, position: str, kim: Joined) -> None:
    page = text_of(seen(kim, scene).get(f"/positions/{position}/interviews"))
    assert page.index("Ada") < page.index("by Kim L.")
    assert page.index("Ben") < page.index("by Robin R.")


def test_a_recruiter_sees_only_their_own_if_they_like(
    scene: Scene, position: str, kim: Joined
) -> None:
    page = text_of(seen(kim, scene).get(f"/positions/{position}/interviews?whose=mine"))
    assert "Ada" in page
    assert "Ben" not in page


def listed(call: Client, position: str, **asked: str) -> dict[str, Any]:
    items = done(call.get(f"/positions/{position}/interviews", **asked))["items"]
    return {one["candidate_name"]: one["sender"] for one in items}


def test_the_api_has_the_same(scene: Scene, position: str, kim: Joined) -> None:
    assert listed(kim.call, position) == {"Ada": "Kim L.", "Ben": "Robin R."}
    assert listed(kim.call, position, sent_by="me") == {"Ada": "Kim L."}
    assert listed(scene.recruiter, position, sent_by=kim.id) == {"Ada": "Kim L."}


def test_the_name_of_who_was_removed_stays_until_they_are_erased(
    scene: Scene, position: str, kim: Joined
) -> None:
    team = f"/employers/{scene.employer_id}/team/{kim.id}"
    done(scene.owner("DELETE", team))
    scene.stage.catch_up()
    assert listed(scene.recruiter, position)["Ada"] == "Kim L."
    done(scene.owner("DELETE", f"{team}/personal-data"))
    scene.stage.catch_up()
    assert listed(scene.recruiter, position)["Ada"] is None


def test_a_conversation_names_people_and_no_roles(scene: Scene, kim: Joined) -> None:
    outreach = sent(scene, kim.call, scene.position(), "Cas")
    done(scene.platform.post(f"/outreach/{outreach}/acceptance", {}))
    scene.stage.catch_up()
    page = text_of(seen(kim, scene).get(f"/outreach/{outreach}"))
    assert "By Kim L." in page
    assert "By Cas" in page
    assert "(recruiter)" not in page
    assert "(platform)" not in page


def test_without_a_team_a_conversation_names_who_signed(scene: Scene) -> None:
    outreach = sent(scene, scene.recruiter, scene.position(), "Dee")
    scene.stage.catch_up()
    page = Visitor(scene.stage.http, joined(scene).token).get(f"/outreach/{outreach}")
    assert f"By {MESSAGE['sender_name']}" in text_of(page)

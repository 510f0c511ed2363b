"""The whole of what the product is for, over HTTP, from an employer's approval to an interview."""

from datetime import timedelta
from typing import Any

import pytest

from api.marketplace import now
from domain.actor import Role
from tests.support.client import codes, done
from tests.support.stage import MESSAGE, Scene, Stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return Scene(stage)


def test_an_employer_who_is_not_approved_cannot_join_the_beta(scene: Scene) -> None:
    response = scene.recruiter.post(f"/employers/{scene.employer_id}/beta")
    assert response.status_code == 409
    assert codes(response) == ["employer_not_approved"]


def test_before_the_beta_the_passive_feed_says_how_to_join(scene: Scene) -> None:
    position = scene.approved().position()
    response = scene.recruiter.get(
        f"/positions/{position}/passive-candidates", after=scene.latest()
    )
    assert response.status_code == 403
    assert codes(response) == ["not_in_beta"]


@pytest.mark.parametrize("feed", ["recommendations", "passive-candidates"])
def test_a_closed_position_shows_nobody(scene: Scene, feed: str) -> None:
    position = scene.in_beta().position()
    done(scene.recruiter.post(f"/positions/{position}/closure", {"reason": "filled"}))
    response = scene.recruiter.get(f"/positions/{position}/{feed}", after=scene.latest())
    assert response.status_code == 403
    assert codes(response) == ["position_is_closed"]


def test_a_suspended_employer_is_shown_nobody_but_whom_they_have_written_to(scene: Scene) -> None:
    position = scene.in_beta().position()
    known, unknown = (scene.member(name, silent_days=400) for name in ("Known", "Unknown"))
    done(scene.message(position, known))
    done(scene.admin.post(f"/employers/{scene.employer_id}/suspension", {"reason": "fraud"}))
    profile = f"/positions/{position}/candidates"
    response = scene.recruiter.get(f"{profile}/{unknown}", after=scene.latest())
    assert codes(response) == ["employer_is_suspended"]
    assert done(scene.recruiter.get(f"{profile}/{known}"))["name"] == "Known"


def test_filters_carry_over_to_the_passive_feed(scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["python"])
    scene.member("Silent", silent_days=400)
    scene.member("Other", silent_days=400, skills=("COBOL",))
    scene.member("Lively", silent_days=2)
    assert scene.names(position, "passive-candidates") == ["Silent"]
    assert scene.names(position, "recommendations") == ["Lively"]


def test_a_card_shows_the_likelihood_to_respond(scene: Scene) -> None:
    position = scene.in_beta().position()
    scene.member("Silent", silent_days=400)
    response = scene.recruiter.get(
        f"/positions/{position}/passive-candidates", after=scene.latest()
    )
    (card,) = done(response)["items"]
    assert 0 < card["likelihood"]["probability"] < 1
    assert card["likelihood"]["band"] in {"low", "medium", "high"}


def test_a_messaged_candidate_is_found_under_interviews_with_the_badge(scene: Scene) -> None:
    position = scene.in_beta().position()
    done(scene.message(position, scene.member("Silent", silent_days=400)))
    interviews = done(
        scene.recruiter.get(f"/positions/{position}/interviews", after=scene.latest())
    )
    (interview,) = interviews["items"]
    assert interview["candidate_name"] == "Silent"
    assert interview["badge"] == "Passive Candidate"
    assert scene.names(position, "passive-candidates") == []


def test_the_badge_stays_when_the_person_becomes_active(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Silent", silent_days=400)
    done(scene.message(position, candidate))
    be_active(scene, candidate)
    assert scene.names(position, "interviews", badge="Passive Candidate") == ["Silent"]


def test_an_interview_request_to_an_active_candidate_has_no_badge(scene: Scene) -> None:
    position = scene.approved().position()
    candidate = scene.member("Lively", silent_days=2)
    body = {"candidate_id": candidate, "message": MESSAGE}
    done(scene.recruiter.post(f"/positions/{position}/interview-requests", body))
    assert scene.names(position, "interviews", badge="none") == ["Lively"]


def test_a_blank_field_is_refused_by_name(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Silent", silent_days=400)
    body = {"candidate_id": candidate, "message": {**MESSAGE, "subject": "  ", "text": ""}}
    response = scene.recruiter.post(f"/positions/{position}/messages", body)
    assert response.status_code == 422
    assert [reason["field"] for reason in response.json()["reasons"]] == [
        "message.subject",
        "message.text",
    ]


def test_a_missing_place_is_refused_by_name(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Silent", silent_days=400)
    message = {k: v for k, v in MESSAGE.items() if k != "location"}
    body = {"candidate_id": candidate, "message": message}
    response = scene.recruiter.post(f"/positions/{position}/messages", body)
    assert response.status_code == 422
    assert [reason["field"] for reason in response.json()["reasons"]] == ["message.location"]


def test_a_refused_message_gives_every_reason_at_once(scene: Scene) -> None:
    position = scene.approved().position()
    candidate = scene.member("Lively", silent_days=2)
    response = scene.message(position, candidate)
    assert response.status_code == 409
    assert set(codes(response)) == {"not_in_beta", "candidate_not_passive"}


def test_a_second_message_about_the_same_position_is_refused(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Silent", silent_days=400)
    done(scene.message(position, candidate))
    assert codes(scene.message(position, candidate)) == ["already_contacted"]


def test_the_same_request_again_gets_the_first_answer_again(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Silent", silent_days=400)
    headers = {"Idempotency-Key": "once"}
    first = done(scene.message(position, candidate, headers=headers))
    assert done(scene.message(position, candidate, headers=headers)) == first


def test_an_answer_is_shown_and_an_interview_can_be_scheduled(scene: Scene) -> None:
    position = scene.in_beta().position()
    outreach = done(scene.message(position, scene.member("Silent", silent_days=400)))["id"]
    done(scene.platform.post(f"/outreach/{outreach}/acceptance", {"note": "Gladly"}))
    starts_at = (now() + timedelta(days=3)).isoformat()
    done(scene.recruiter.post(f"/outreach/{outreach}/interview", {"starts_at": starts_at}))
    assert scene.names(position, "interviews", status="interview_scheduled") == ["Silent"]


def test_support_reads_who_did_what_and_when(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Silent", silent_days=400)
    scene.stage.catch_up()
    outreach = done(scene.message(position, candidate))["id"]
    done(scene.platform.post(f"/outreach/{outreach}/decline", {"reason": "salary"}))
    support = scene.stage.as_(Role.SUPPORT)
    steps: Any = done(support.get(f"/outreach/{outreach}/timeline", after=scene.latest()))
    assert [(step["what"], step["actor_role"]) for step in steps] == [
        ("message_sent", "recruiter"),
        ("declined", "platform"),
    ]
    assert steps[0]["personal"]["subject"] == MESSAGE["subject"]
    assert steps[0]["details"]["likelihood"]["probability"] > 0


def test_feedback_reaches_the_customer_success_manager(scene: Scene) -> None:
    body = {"text": "More of these!", "page": "/positions"}
    done(scene.recruiter.post(f"/employers/{scene.employer_id}/feedback", body))
    manager = scene.stage.as_(Role.CSM)
    listed = done(manager.get(f"/employers/{scene.employer_id}/feedback", after=scene.latest()))
    assert [feedback["text"] for feedback in listed["items"]] == ["More of these!"]


def test_who_becomes_active_leaves_the_passive_feed(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Back", silent_days=400)
    assert scene.names(position, "passive-candidates") == ["Back"]
    be_active(scene, candidate)
    assert scene.names(position, "passive-candidates") == []


def test_erasing_somebody_blanks_them_everywhere(scene: Scene) -> None:
    before = scene.latest()
    position = scene.in_beta().position()
    candidate = scene.member("Silent", silent_days=400)
    outreach = done(scene.message(position, candidate))["id"]
    done(scene.platform("DELETE", f"/candidates/{candidate}"))
    assert scene.names(position, "interviews") == ["[erased]"]
    timeline = done(
        scene.stage.as_(Role.SUPPORT).get(f"/outreach/{outreach}/timeline", after=scene.latest())
    )
    assert timeline[0]["personal"]["text"] == "[erased]"
    log = done(scene.stage.as_(Role.AUDITOR).get("/events", since=before, limit=1000))
    events = log["events"]
    assert log["reached"] == scene.latest()
    assert candidate in str(events)
    assert "Silent" not in str(events)
    assert MESSAGE["text"] not in str(events)


def test_an_auditor_reads_an_outreach_as_cloud_events(scene: Scene) -> None:
    position = scene.in_beta().position()
    outreach = done(scene.message(position, scene.member("Silent", silent_days=400)))["id"]
    (event,) = done(scene.stage.as_(Role.AUDITOR).get(f"/events/{outreach}"))
    assert event["specversion"] == "1.0"
    assert event["type"] == "outreach.message_sent"
    assert event["data"]["text"] == MESSAGE["text"]


def be_active(scene: Scene, candidate: str) -> None:
    line = (
        f'{{"candidate_id": "{candidate}", "kind": "signed_in", "source": "web",'
        f' "source_id": "1", "occurred_at": "{now().isoformat()}"}}'
    )
    response = scene.platform(
        "POST", "/activity", content=line, headers={"Content-Type": "application/x-ndjson"}
    )
    assert done(response)["accepted"] == 1

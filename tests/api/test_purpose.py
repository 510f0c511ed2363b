"""The whole of what the product is for, over HTTP, from an employer's approval to an interview."""

from datetime import timedelta
from typing import Any

import pytest

from api.marketplace import now
from domain.event import Role
from tests.api.conftest import As, Client

MESSAGE: dict[str, Any] = {
    "subject": "A role for you",
    "text": "We build robots, and would like to talk.",
    "salary": {"minimum": 60_000, "maximum": 80_000, "currency": "EUR"},
    "location": "Berlin",
    "sender_name": "Robin",
    "sender_role": "Head of engineering",
}


class Scene:
    """An approved employer, a position, and some members."""

    def __init__(self, as_: As) -> None:
        self.as_ = as_
        self.admin = as_(Role.ADMIN)
        self.platform = as_(Role.PLATFORM)
        self.employer_id = self.registered("Acme")
        self.recruiter = as_(Role.RECRUITER, self.employer_id)

    def registered(self, company: str) -> str:
        manager = {"name": "Casey", "email": "casey@example.com"}
        response = self.admin.post("/employers", {"company": company, "manager": manager})
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def approved(self) -> "Scene":
        self.admin.post(f"/employers/{self.employer_id}/approval")
        return self

    def in_beta(self) -> "Scene":
        self.approved()
        done(self.recruiter.post(f"/employers/{self.employer_id}/beta"))
        return self

    def position(self, **filters: Any) -> str:
        body = {"title": "Backend developer", "location": "Berlin", "filters": filters}
        opened = done(self.recruiter.post(f"/employers/{self.employer_id}/positions", body))
        return str(opened["id"])

    def member(self, name: str, *, silent_days: int, skills: tuple[str, ...] = ("Python",)) -> str:
        signed_up = (now() - timedelta(days=silent_days)).isoformat()
        document = {
            "basics": {"name": name, "email": f"{name.lower()}@example.com"},
            "skills": [{"name": skill} for skill in skills],
            "meta": {"sourcing": {"opted_in": True, "signed_up_at": signed_up}},
        }
        return str(done(self.platform.post("/candidates", document))["id"])

    def message(self, position: str, candidate: str, **options: Any) -> Any:
        body = {"candidate_id": candidate, "message": MESSAGE}
        return self.recruiter.post(f"/positions/{position}/messages", body, **options)

    def latest(self) -> int:
        """A position that shows all that has happened so far."""
        response = self.as_(Role.AUDITOR).get("/events", limit=1000)
        return int(response.json()["reached"])

    def names(self, position: str, feed: str, **parameters: Any) -> list[str]:
        response = self.recruiter.get(
            f"/positions/{position}/{feed}", after=self.latest(), **parameters
        )
        return [card.get("candidate_name", card.get("name")) for card in done(response)["items"]]


def done(response: Any) -> Any:
    assert response.is_success, response.text
    return response.json()


def codes(response: Any) -> list[str]:
    """The reasons of a refusal."""
    assert response.headers["content-type"] == "application/problem+json"
    return [reason["code"] for reason in response.json()["reasons"]]


@pytest.fixture
def scene(as_: As) -> Scene:
    return Scene(as_)


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


def test_whoever_was_written_to_is_found_under_interviews_with_the_badge(scene: Scene) -> None:
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


def test_a_refused_message_tells_every_reason_at_once(scene: Scene) -> None:
    position = scene.approved().position()
    candidate = scene.member("Lively", silent_days=2)
    done(scene.platform.post(f"/candidates/{candidate}/opt-out"))
    response = scene.message(position, candidate)
    assert response.status_code == 409
    assert set(codes(response)) == {"not_in_beta", "candidate_opted_out", "candidate_not_passive"}


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
    seen = {"after": scene.latest()}
    outreach = done(scene.message(position, candidate, params=seen))["id"]
    done(scene.platform.post(f"/outreach/{outreach}/decline", {"reason": "salary"}))
    support = scene.as_(Role.SUPPORT)
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
    manager = scene.as_(Role.CSM)
    listed = done(manager.get(f"/employers/{scene.employer_id}/feedback", after=scene.latest()))
    assert [feedback["text"] for feedback in listed["items"]] == ["More of these!"]


def test_who_becomes_active_leaves_the_passive_feed(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Back", silent_days=400)
    assert scene.names(position, "passive-candidates") == ["Back"]
    be_active(scene, candidate)
    assert scene.names(position, "passive-candidates") == []


def test_erasing_somebody_blanks_them_everywhere(scene: Scene) -> None:
    position = scene.in_beta().position()
    candidate = scene.member("Silent", silent_days=400)
    outreach = done(scene.message(position, candidate))["id"]
    done(scene.platform("DELETE", f"/candidates/{candidate}"))
    assert scene.names(position, "interviews") == ["[erased]"]
    timeline = done(
        scene.as_(Role.SUPPORT).get(f"/outreach/{outreach}/timeline", after=scene.latest())
    )
    assert timeline[0]["personal"]["text"] == "[erased]"
    events = done(scene.as_(Role.AUDITOR).get("/events", limit=1000))["events"]
    assert "Silent" not in str(events)
    assert MESSAGE["text"] not in str(events)


def test_an_auditor_reads_an_outreach_as_cloud_events(scene: Scene) -> None:
    position = scene.in_beta().position()
    outreach = done(scene.message(position, scene.member("Silent", silent_days=400)))["id"]
    (event,) = done(scene.as_(Role.AUDITOR).get(f"/events/{outreach}"))
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


def another(scene: Scene) -> Client:
    """A recruiter of another employer."""
    return scene.as_(Role.RECRUITER, scene.registered("Other"))

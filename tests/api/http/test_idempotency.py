"""The same request again has one effect, and gets the first answer again."""

import threading
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

import api.http.access
from api.app import KEYLESS
from api.marketplace import now
from domain.actor import Role
from infrastructure.event_log.store import EventStore
from tests.support.api_routes import filled, v1_routes
from tests.support.client import codes, done, statuses
from tests.support.concurrency import at_once, wait_until
from tests.support.stage import MESSAGE, Scene, Stage


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def feedback(scene: Scene, text: str, key: dict[str, str]) -> Any:
    path = f"/employers/{scene.employer_id}/feedback"
    return scene.recruiter.post(path, {"text": text}, headers=key)


def shared(stage: Stage, scene: Scene) -> int:
    topics = [topic for _, topic in stage.topics(scene.employer_id)]
    return topics.count("employer.feedback_shared")


KEYED = [path for method, path in v1_routes() if method == "POST" and f"/v1{path}" not in KEYLESS]


def test_activity_needs_no_key_since_each_line_counts_once_by_itself(stage: Stage) -> None:
    headers = {"Authorization": f"Bearer {stage.token(Role.ADMIN)}"}
    assert stage.http.post("/v1/activity", content=b"", headers=headers).status_code == 202


@pytest.mark.parametrize("path", KEYED)
def test_every_post_asks_for_a_key(stage: Stage, path: str) -> None:
    headers = {"Authorization": f"Bearer {stage.token(Role.ADMIN)}"}
    response = stage.http.post(f"/v1{filled(path)}", json={}, headers=headers)
    assert response.status_code == 400
    assert response.json()["type"] == "urn:sourcing:problem:idempotency-key-missing"


def test_the_same_again_is_answered_the_same_and_done_once(stage: Stage) -> None:
    scene, key = stage.scene(), a_key()
    first = feedback(scene, "Good", key)
    again = feedback(scene, "Good", key)
    assert (again.status_code, again.json()) == (201, first.json())
    for header in ("etag", "x-log-position"):
        assert again.headers[header] == first.headers[header]
    assert shared(stage, scene) == 1


def test_a_refusal_is_answered_again_though_it_would_be_taken_by_now(stage: Stage) -> None:
    scene, key = stage.scene(), a_key()
    path = f"/employers/{scene.employer_id}/beta"
    first = scene.recruiter.post(path, headers=key)
    assert codes(first) == ["employer_not_approved"]
    scene.approved()
    again = scene.recruiter.post(path, headers=key)
    assert (again.status_code, again.json()) == (409, first.json())
    assert scene.recruiter.post(path).status_code == 201


def test_what_is_not_found_is_not_found_again(scene: Scene) -> None:
    path, key = f"/outreach/{uuid4()}/withdrawal", a_key()
    first, again = (scene.recruiter.post(path, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 404
    assert first.json() == again.json()


def test_a_message_sent_again_is_answered_with_the_first_whatever_happened_since(
    stage: Stage, scene: Scene
) -> None:
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    key = a_key()
    first = done(scene.message(position, candidate, headers=key))
    done(scene.platform.post(f"/candidates/{candidate}/opt-out"))
    assert done(scene.message(position, candidate, headers=key)) == first
    assert [topic for _, topic in stage.topics(first["id"])] == ["outreach.message_sent"]


def test_another_payload_under_the_same_key_is_refused(stage: Stage) -> None:
    scene, key = stage.scene(), a_key()
    done(feedback(scene, "Good", key))
    response = feedback(scene, "Bad", key)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:sourcing:problem:idempotency-key-reused"
    assert shared(stage, scene) == 1


def test_another_route_under_the_same_key_is_refused(stage: Stage) -> None:
    scene, key = stage.scene(), a_key()
    path = f"/employers/{scene.employer_id}"
    done(scene.admin.post(f"{path}/approval", headers=key))
    assert scene.admin.post(f"{path}/beta", headers=key).status_code == 422


def test_another_callers_key_is_another_key(stage: Stage) -> None:
    scene, key = stage.scene(), a_key()
    other = stage.as_(Role.RECRUITER, scene.employer_id, name="another recruiter")
    path = f"/employers/{scene.employer_id}/feedback"
    first = done(scene.recruiter.post(path, {"text": "Good"}, headers=key))
    second = done(other.post(path, {"text": "Good"}, headers=key))
    assert first != second
    assert shared(stage, scene) == 2


def test_a_request_that_was_not_valid_may_be_corrected_under_its_key(scene: Scene) -> None:
    key = a_key()
    assert feedback(scene, "", key).status_code == 422
    assert feedback(scene, "Good", key).status_code == 201


def test_while_the_first_is_worked_on_the_second_is_told_to_wait(stage: Stage) -> None:
    scene, key = stage.scene(), a_key()
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(feedback(scene, "Good", key)))
    with stage.held_log():
        first.start()
        wait_for_claim(stage, key)
        second = feedback(scene, "Good", key)
    first.join()
    assert second.status_code == 409
    assert second.json()["type"] == "urn:sourcing:problem:request-in-flight"
    assert second.headers["retry-after"]
    assert answers[0].status_code == 201
    assert done(feedback(scene, "Good", key)) == answers[0].json()
    assert shared(stage, scene) == 1


def test_many_at_once_under_one_key_have_one_effect(stage: Stage) -> None:
    scene = stage.scene()
    for _ in range(5):
        before, key = shared(stage, scene), a_key()
        answers = at_once(*[partial(feedback, scene, "Good", key)] * 6)
        assert set(statuses(answers)) <= {201, 409}
        taken = [answer.json() for answer in answers if answer.status_code == 201]
        assert all(answer == done(feedback(scene, "Good", key)) for answer in taken)
        assert taken
        assert shared(stage, scene) == before + 1


def test_a_claim_that_its_owner_left_behind_may_be_taken_over_after_a_minute(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, key = stage.scene(), a_key()
    with monkeypatch.context() as crash:
        crash.setattr(EventStore, "execute", lambda *_, **__: 1 / 0)
        crash.setattr("infrastructure.requests.idempotency.release", lambda *_: None)
        assert feedback(scene, "Good", key).status_code == 500
    assert feedback(scene, "Good", key).status_code == 409
    age_claim(stage, key)
    assert feedback(scene, "Bad", key).status_code == 422
    assert feedback(scene, "Good", key).status_code == 201
    assert shared(stage, scene) == 1


def test_who_is_taken_over_while_alive_gives_the_other_ones_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.event_log.store.ATTEMPTS", 4)
    scene, key = stage.scene(), a_key()
    answers: list[Any] = []

    def ask() -> None:
        answers.append(feedback(scene, "Good", key))

    slow, taking_over = threading.Thread(target=ask), threading.Thread(target=ask)
    with stage.held_log():
        slow.start()
        wait_for_claim(stage, key)
        age_claim(stage, key)
        taking_over.start()
        wait_for_takeover(stage, key)
    slow.join()
    taking_over.join()
    assert statuses(answers) == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert shared(stage, scene) == 1


def test_who_is_taken_over_and_then_refused_gives_the_other_ones_answer(stage: Stage) -> None:
    scene, key = stage.scene().in_beta(), a_key()
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    answers: list[Any] = []

    def ask() -> None:
        answers.append(scene.message(position, candidate, headers=key))

    slow, taking_over = threading.Thread(target=ask), threading.Thread(target=ask)
    with stage.held_log():
        slow.start()
        wait_for_claim(stage, key)
        age_claim(stage, key)
        taking_over.start()
        wait_for_takeover(stage, key)
    slow.join()
    taking_over.join()
    assert statuses(answers) == [201, 201], [answer.text for answer in answers]
    assert answers[0].json() == answers[1].json()


def test_after_a_failure_that_changed_nothing_the_request_may_come_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, key = stage.scene(), a_key()
    with monkeypatch.context() as failing:
        failing.setattr(EventStore, "execute", lambda *_, **__: 1 / 0)
        assert feedback(scene, "Good", key).status_code == 500
    assert feedback(scene, "Good", key).status_code == 201


def test_after_a_failure_that_hid_a_success_the_answer_is_the_success(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, key = stage.scene(), a_key()
    execute = EventStore.execute

    def losing_the_connection(*arguments: Any, **options: Any) -> None:
        execute(*arguments, **options)
        raise ConnectionError("just after the commit")

    with monkeypatch.context() as failing:
        failing.setattr(EventStore, "execute", losing_the_connection)
        first = feedback(scene, "Good", key)
    assert done(first) == done(feedback(scene, "Good", key))
    assert shared(stage, scene) == 1


def test_a_resume_sent_again_on_another_day_is_the_same_request(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long somebody has been in their present job depends on the day.
    document = {
        "basics": {"name": "Ada"},
        "work": [{"name": "Acme", "position": "Developer", "startDate": "2015-01-01"}],
    }
    key = a_key()
    first = done(scene.platform.post("/candidates", document, headers=key))
    monkeypatch.setattr(api.http.access, "now", lambda: now() + timedelta(days=40))
    assert done(scene.platform.post("/candidates", document, headers=key)) == first


def test_a_change_by_put_or_delete_may_name_a_key_too(stage: Stage, scene: Scene) -> None:
    position, key = scene.position(), a_key()
    path = f"/positions/{position}/filters"
    first = done(scene.recruiter("PUT", path, {"roles": ["a"]}, headers=key))
    assert done(scene.recruiter("PUT", path, {"roles": ["a"]}, headers=key)) == first
    assert scene.recruiter("PUT", path, {"roles": ["b"]}, headers=key).status_code == 422
    body = {"candidate_id": str(uuid4()), "message": MESSAGE}
    assert scene.recruiter.post(f"/positions/{position}/messages", body).status_code == 404


def wait_for_claim(stage: Stage, key: dict[str, str]) -> None:
    """Wait until the request has its claim, and its command waits for the held log."""
    claimed = "SELECT 1 FROM idempotency_claims WHERE key = %s"
    waiting = (
        "SELECT 1 FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with stage.connection() as db:
        wait_until(lambda: db.execute(claimed, [*key.values()]).fetchone())
        wait_until(lambda: db.execute(waiting).fetchone())


def wait_for_takeover(stage: Stage, key: dict[str, str]) -> None:
    """Wait until another request has claimed the key whose claim was aged."""
    taken = (
        "SELECT 1 FROM idempotency_claims"
        " WHERE key = %s AND claimed_at > now() - interval '30 seconds'"
    )
    with stage.connection() as db:
        wait_until(lambda: db.execute(taken, [*key.values()]).fetchone())


def age_claim(stage: Stage, key: dict[str, str]) -> None:
    with stage.connection() as db:
        aged = db.execute(
            "UPDATE idempotency_claims SET claimed_at = claimed_at - interval '61 seconds'"
            " WHERE key = %s",
            [*key.values()],
        )
        assert aged.rowcount == 1

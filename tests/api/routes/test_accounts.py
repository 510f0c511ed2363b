"""Customer Success Managers see how their accounts do, and answer feedback."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from api.marketplace import now
from domain.actor import Role
from projections import accounts
from tests.support.client import Client, done
from tests.support.stage import Scene, Stage


@pytest.fixture
def manager(stage: Stage) -> Client:
    return stage.as_(Role.CSM)


def shared(scene: Scene, text: str = "Fine cards.") -> int:
    body = {"text": text, "page": "/help"}
    path = f"/employers/{scene.employer_id}/feedback"
    return int(done(scene.recruiter.post(path, body))["version"])


def test_an_account_counts_messages_and_answers(stage: Stage, manager: Client) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    outreach = [
        done(scene.message(position, scene.member(f"Person {n}", silent_days=400)))["id"]
        for n in range(3)
    ]
    done(scene.platform.post(f"/outreach/{outreach[0]}/acceptance", {}))
    done(scene.recruiter.post(f"/outreach/{outreach[1]}/withdrawal", {}))
    account = done(manager.get(f"/accounts/{scene.employer_id}", after=stage.reached()))
    assert (account["messages"], account["answered"]) == (2, 1)
    assert account["open_positions"] == 1
    assert account["beta_since"] is not None
    assert account["silent"] is False


def test_an_account_that_left_the_beta_is_in_it_no_longer(stage: Stage, manager: Client) -> None:
    scene = stage.scene().in_beta()
    done(scene.admin("DELETE", f"/employers/{scene.employer_id}/beta"))
    account = done(manager.get(f"/accounts/{scene.employer_id}", after=stage.reached()))
    assert account["beta_since"] is None


def test_accounts_are_those_of_a_manager(stage: Stage, manager: Client) -> None:
    email = f"{uuid4()}@example.com"
    made = [
        done(stage.as_(Role.ADMIN).post("/employers", {"company": company, "manager": whose}))["id"]
        for company, whose in (
            ("Zeta", {"name": "Mo", "email": email}),
            ("Alpha", {"name": "Mo", "email": email}),
            ("Beta", {"name": "Jo", "email": "jo@example.com"}),
        )
    ]
    after = stage.reached()
    asked = {"manager_email": email.upper(), "limit": 1}
    first = done(manager.get("/accounts", **asked, after=after))
    second = done(manager.get("/accounts", **asked, cursor=first["next_cursor"]))
    found = [one["employer_id"] for page in (first, second) for one in page["items"]]
    assert found == [made[1], made[0]]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(("days", "silent"), [(29, False), (31, True)])
def test_an_account_is_silent_after_thirty_days_without_activity(
    stage: Stage, days: int, silent: bool
) -> None:
    scene = stage.scene().in_beta()
    scene.position()
    stage.catch_up()
    with stage.marketplace.read_models.reading(*accounts.READS) as db:
        account = accounts.one(db, now() + timedelta(days=days), UUID(scene.employer_id))
    assert account is not None
    assert account.silent is silent


def test_an_account_that_is_nowhere_is_not_found(manager: Client) -> None:
    assert manager.get(f"/accounts/{uuid4()}").status_code == 404


def test_feedback_is_answered_and_its_sender_sees_it(stage: Stage, manager: Client) -> None:
    scene = stage.scene()
    number = shared(scene)
    path = f"/employers/{scene.employer_id}/feedback/{number}"
    done(manager.post(f"{path}/answers", {"text": "Thank you.", "signed_by": "Casey"}))
    (mine,) = done(scene.recruiter.get("/me/feedback", after=stage.reached()))["items"]
    assert [(one["signed_by"], one["text"]) for one in mine["answers"]] == [("Casey", "Thank you.")]
    step = mine["answered_step"]
    assert mine["read_step"] < step
    done(scene.recruiter.post(f"/me/feedback/{number}/reading", {"step": step}))
    assert done(manager.get(path, after=stage.reached()))["read_step"] == step


def test_a_colleague_neither_sees_nor_reads_in_the_senders_place(
    stage: Stage, manager: Client
) -> None:
    scene = stage.scene()
    number = shared(scene)
    colleague = stage.as_(Role.RECRUITER, scene.employer_id, name="colleague")
    assert done(colleague.get("/me/feedback", after=stage.reached()))["items"] == []
    reading = colleague.post(f"/me/feedback/{number}/reading", {"step": 1})
    assert reading.status_code == 404


def test_feedback_is_listed_by_whether_it_is_done(stage: Stage, manager: Client) -> None:
    scene = stage.scene()
    first, second = shared(scene, "One."), shared(scene, "Two.")
    path = f"/employers/{scene.employer_id}/feedback"
    done(manager("PUT", f"{path}/{first}/done", {"done": True}))
    after = stage.reached()
    left = done(manager.get(path, done=False, after=after))["items"]
    over = done(manager.get(path, done=True, after=after))["items"]
    assert ([one["number"] for one in left], [one["number"] for one in over]) == (
        [second],
        [first],
    )
    done(manager("PUT", f"{path}/{first}/done", {"done": False}))
    assert done(manager.get(path, done=True, after=stage.reached()))["items"] == []


def test_feedback_that_nobody_shared_is_not_answered(stage: Stage, manager: Client) -> None:
    scene = stage.scene()
    path = f"/employers/{scene.employer_id}/feedback/1/answers"
    response = manager.post(path, {"text": "Thank you.", "signed_by": "Casey"})
    assert response.status_code == 404

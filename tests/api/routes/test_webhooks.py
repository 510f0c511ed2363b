"""API clients subscribe addresses to events, and see what became of each delivery."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from domain.actor import Role
from tests.support.client import codes, done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.receiver import OK, Receiver, a_receiver
from tests.support.stage import MESSAGE, Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiver:
        yield receiver


def subscribed(scene: Scene, url: str, *kinds: str) -> Any:
    return done(scene.recruiter.post("/webhooks", {"url": url, "kinds": kinds}))


def deliveries(scene: Scene, webhook: str, **asked: Any) -> Any:
    path = f"/webhooks/{webhook}/deliveries"
    return done(scene.recruiter.get(path, after=scene.latest(), **asked))["items"]


def bodies(receiver: Receiver) -> list[Any]:
    return sorted((json.loads(one.body) for one in receiver.received), key=lambda b: int(b["id"]))


def test_a_recruiter_is_told_of_what_happens_to_their_employer(
    stage: Stage, scene: Scene, receiver: Receiver
) -> None:
    webhook = subscribed(scene, receiver.url)
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    outreach = done(scene.message(position, candidate))["id"]
    stage.scene().in_beta()
    wait_until(lambda: len(receiver.received) == 2)
    for request in receiver.received:
        assert Webhook(webhook["secret"]).verify(request.body, request.headers)
    opened, sent = bodies(receiver)
    assert (opened["type"], opened["subject"]) == ("position.opened", position)
    assert (sent["type"], sent["subject"]) == ("outreach.message_sent", outreach)
    assert sent["data"]["text"] == MESSAGE["text"]
    assert "likelihood" not in sent["data"]


def test_an_admin_is_told_of_everything_as_auditors_are(
    stage: Stage, scene: Scene, receiver: Receiver
) -> None:
    made = done(scene.admin.post("/webhooks", {"url": receiver.url}))
    scene.member("Ada", silent_days=400)
    wait_until(lambda: len(receiver.received) >= 2)
    begin = made["log_position"]
    page = done(stage.as_(Role.AUDITOR).get("/events", since=begin))["events"]
    assert bodies(receiver) == [
        {name: value for name, value in event.items() if value is not None} for event in page
    ]
    done(scene.admin("DELETE", f"/webhooks/{made['id']}"))


def test_an_event_of_an_erased_person_is_sent_without_their_data(
    scene: Scene, receiver: Receiver
) -> None:
    position, candidate = scene.position(), scene.member("Ada Forgotten", silent_days=400)
    webhook = subscribed(scene, receiver.url, "outreach.message_sent")["id"]
    receiver.answer = lambda _: (410, {})
    done(scene.message(position, candidate))
    wait_until(lambda: deliveries(scene, webhook, status="dead"))
    done(scene.platform("DELETE", f"/candidates/{candidate}"))
    wait_until(lambda: of(scene, webhook)["status"] == "disabled")
    receiver.answer = lambda _: OK
    done(scene.recruiter.post(f"/webhooks/{webhook}/enablement"))
    done(scene.recruiter.post(f"/webhooks/{webhook}/replay", {}))
    wait_until(lambda: len(receiver.received) == 2)
    before, after = receiver.received
    assert before.id == after.id
    assert MESSAGE["text"].encode() in before.body
    assert json.loads(after.body)["data"]["text"] == "[erased]"


def of(scene: Scene, webhook: str) -> Any:
    return done(scene.recruiter.get(f"/webhooks/{webhook}", after=scene.latest()))


def test_the_secret_is_told_once_and_again_only_to_the_same_request(
    scene: Scene, receiver: Receiver
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    body = {"url": receiver.url}
    first = scene.recruiter.post("/webhooks", body, headers=key)
    again = scene.recruiter.post("/webhooks", body, headers=key)
    assert done(first) == done(again)
    assert first.json()["secret"].startswith("whsec_")
    webhook = first.json()["id"]
    assert "secret" not in of(scene, webhook)
    other = scene.recruiter.post("/webhooks", {"url": f"{receiver.url}/2"}, headers=key)
    assert other.json()["type"] == "urn:sourcing:problem:idempotency-key-reused"


def test_a_rotation_tells_the_new_secret(stage: Stage, scene: Scene, receiver: Receiver) -> None:
    old = subscribed(scene, receiver.url)
    path, key = f"/webhooks/{old['id']}/secret", {"Idempotency-Key": str(uuid4())}
    new = done(scene.recruiter.post(path, headers=key))
    assert new == done(scene.recruiter.post(path, headers=key))
    assert new["secret"] != old["secret"]
    scene.position()
    wait_until(lambda: receiver.received)
    (request,) = receiver.received
    for secret in (old["secret"], new["secret"]):
        assert Webhook(secret).verify(request.body, request.headers)
    log = done(stage.as_(Role.AUDITOR).get(f"/events/{old['id']}"))
    assert [event["data"].get("secret") for event in log] == ["[erased]", "[erased]"]
    assert log[0]["data"]["url"] == "[erased]"


def test_dead_letters_are_listed_and_replayed(scene: Scene, receiver: Receiver) -> None:
    webhook = subscribed(scene, receiver.url, "position.opened")["id"]
    receiver.answer = lambda _: (500, {})
    scene.position()
    wait_until(lambda: [d["response_status"] for d in deliveries(scene, webhook)] == [500])
    done(scene.recruiter.post(f"/webhooks/{webhook}/disablement"))
    wait_until(lambda: deliveries(scene, webhook, status="dead"))
    (dead,) = deliveries(scene, webhook)
    assert (dead["kind"], dead["next_attempt_at"]) == ("position.opened", None)
    assert dead["failure"] == "the webhook was disabled"
    replay = f"/webhooks/{webhook}/replay"
    assert codes(scene.recruiter.post(replay, {})) == ["webhook_is_disabled"]
    done(scene.recruiter.post(f"/webhooks/{webhook}/enablement"))
    receiver.answer = lambda _: OK
    done(scene.recruiter.post(replay, {"log_positions": [dead["log_position"]]}))
    wait_until(lambda: deliveries(scene, webhook, status="delivered"))
    assert len({*receiver.ids}) == 1


def test_deliveries_come_page_by_page(scene: Scene, receiver: Receiver) -> None:
    webhook = subscribed(scene, receiver.url, "position.opened")["id"]
    for _ in range(3):
        scene.position()
    wait_until(lambda: len(deliveries(scene, webhook, status="delivered")) == 3)
    path = f"/webhooks/{webhook}/deliveries"
    first = done(scene.recruiter.get(path, limit=2))
    rest = done(scene.recruiter.get(path, limit=2, cursor=first["next_cursor"]))
    listed = [d["log_position"] for d in (*first["items"], *rest["items"])]
    assert (len(first["items"]), rest["next_cursor"]) == (2, None)
    assert listed == sorted({*listed}, reverse=True)
    assert len(listed) == 3


def test_a_recruiter_sees_and_changes_their_employers_webhooks_alone(
    stage: Stage, scene: Scene, receiver: Receiver
) -> None:
    ours = subscribed(scene, receiver.url)["id"]
    of_all = done(scene.admin.post("/webhooks", {"url": receiver.url}))["id"]
    stranger = stage.scene().in_beta().recruiter
    for who, webhook in ((stranger, ours), (scene.recruiter, of_all)):
        listed = done(who.get("/webhooks", after=stage.reached()))["items"]
        assert webhook not in [one["webhook_id"] for one in listed]
        path = f"/webhooks/{webhook}"
        assert who.get(path).status_code == 404
        assert who.get(f"{path}/deliveries").status_code == 404
        assert who("DELETE", path).status_code == 404
        for change in ("secret", "disablement", "enablement", "replay"):
            assert who.post(f"{path}/{change}", {}).status_code == 404
    body = {"url": receiver.url, "employer_id": scene.employer_id}
    assert stranger.post("/webhooks", body).status_code == 404
    everybodys = done(scene.admin.get("/webhooks", after=stage.reached()))["items"]
    assert {ours, of_all} <= {one["webhook_id"] for one in everybodys}
    done(scene.admin("DELETE", f"/webhooks/{of_all}"))


def test_a_webhook_that_is_removed_is_not_there(scene: Scene, receiver: Receiver) -> None:
    webhook = subscribed(scene, receiver.url)["id"]
    done(scene.recruiter("DELETE", f"/webhooks/{webhook}"))
    assert scene.recruiter.get(f"/webhooks/{webhook}", after=scene.latest()).status_code == 404
    assert scene.recruiter("DELETE", f"/webhooks/{webhook}").status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.2/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2130706434/",
        "https://localhost/",
        "https://nowhere.invalid/",
        "https://me:word@example.com/",
        "http://example.com/",
        "ftp://example.com/",
        "https://exämple.com/",
        "https://example.com/a b",
        "example.com",
        "",
    ],
)
def test_an_address_that_nothing_would_be_sent_to_is_refused_at_once(
    stage: Stage, scene: Scene, url: str
) -> None:
    before = stage.reached()
    response = scene.recruiter.post("/webhooks", {"url": url})
    assert response.status_code == 422, response.text
    assert [reason["field"] for reason in response.json()["reasons"]] == ["url"]
    assert stage.reached() == before


def test_kinds_that_nobody_or_no_employer_is_told_of_are_refused(
    scene: Scene, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "kinds": ["position.opened", "candidate.signed_up", "x.y"]}
    refused = scene.recruiter.post("/webhooks", body)
    assert refused.status_code == 422
    assert codes(refused) == ["unknown_kind", "unknown_kind"]
    assert codes(scene.admin.post("/webhooks", body)) == ["unknown_kind"]


def test_how_many_wait_and_how_many_were_given_up_is_reported(
    stage: Stage, scene: Scene, receiver: Receiver
) -> None:
    webhook = subscribed(scene, receiver.url, "position.opened")["id"]
    receiver.answers(410)
    scene.position()
    wait_until(lambda: deliveries(scene, webhook, status="dead"))
    told = stage.http.get("/health/ready").json()["webhooks"]
    assert told["dead"] >= 1
    figures = stage.http.get("/metrics").text
    assert "sourcing_webhook_deliveries_queued " in figures
    assert "sourcing_webhook_dead_letters " in figures
    assert "sourcing_webhook_oldest_queued_seconds " in figures

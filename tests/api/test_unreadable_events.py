"""Events that nobody can read: shown with a mark, parked, and in nobody else's way (kind 15)."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Role
from infrastructure.projecting import follower
from tests.support.by_hand import insert, state_of
from tests.support.client import codes, done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, activity, own_stage
from tests.support.visitor import visitor

Break = Callable[[dict[str, Any]], bytes]


def as_json(state: dict[str, Any]) -> bytes:
    return json.dumps(state, separators=(",", ":")).encode()


WAYS: dict[str, tuple[str, Break]] = {
    "unknown kind": ("candidate.teleported", as_json),
    "unknown kind of an unknown aggregate": ("robot.teleported", as_json),
    "a topic that is code": ("os:system", as_json),
    "without its facts": ("candidate.opted_in", lambda s: as_json({"timestamp": s["timestamp"]})),
    "one more field": ("candidate.opted_in", lambda s: as_json({**s, "where": "here"})),
    "no JSON": ("candidate.opted_in", lambda _: b"no JSON"),
    "no text": ("candidate.was_active", lambda _: bytes([0, 255, 0, 128])),
    "nothing": ("candidate.opted_out", lambda _: b""),
    "a list": ("candidate.contacted", lambda _: b"[]"),
    "a NUL": ("candidate.profile_enhanced", lambda s: as_json({**s, "source": "a\x00b"})),
    "a NUL in facts": (
        "candidate.profile_enhanced",
        lambda s: as_json(
            {
                **s,
                "source": "site",
                "observed_on": "2026-01-01",
                "fields": ["city"],
                "facts": {"city": "a\x00b"},
            }
        ),
    ),
    "another time": ("candidate.opted_in", lambda s: as_json({**s, "timestamp": "yesterday"})),
    "a newer version": ("candidate.opted_in", lambda s: as_json({**s, "class_version": 9})),
    "an erasure without anything": ("candidate.erased", lambda _: b"{}"),
    "an employer": ("employer.suspended", as_json),
}


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    timeouts = pytest.MonkeyPatch()
    timeouts.setattr(follower, "NEWER_PROGRAM_SECONDS", 0)
    timeouts.setattr("api.marketplace.UNKNOWN_KINDS_SECONDS", 0.1)
    with own_stage(databases) as stage:
        yield stage
    timeouts.undo()


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture(scope="module", params=WAYS)
def broken(request: pytest.FixtureRequest, stage: Stage, scene: Scene) -> tuple[str, int]:
    """A candidate with an event that cannot be read, and where in the log that is."""
    return break_one(stage, scene, request.param)


@pytest.fixture(params=WAYS)
def another(request: pytest.FixtureRequest, stage: Stage, scene: Scene) -> str:
    """Another such candidate, whom a test may change."""
    return break_one(stage, scene, request.param)[0]


def break_one(stage: Stage, scene: Scene, way: str) -> tuple[str, int]:
    topic, break_it = WAYS[way]
    candidate = scene.member(f"Ada{uuid4().hex[:6]}", silent_days=400)
    with stage.connection() as db:
        state = json.loads(state_of(db, candidate, "candidate.opted_in"))
        return candidate, insert(db, candidate, topic, break_it(state))


def test_the_log_shows_it_with_its_envelope_and_a_mark(
    stage: Stage, broken: tuple[str, int]
) -> None:
    candidate, position = broken
    auditor = stage.as_(Role.AUDITOR)
    answers = (
        done(auditor.get("/events", since=position - 1, limit=1))["events"],
        done(auditor.get("/events/search", before=position + 1, limit=1))["items"],
        done(auditor.get("/events/search", aggregate_id=candidate, limit=1))["items"],
        done(auditor.get(f"/events/{candidate}"))[-1:],
    )
    for (event,) in answers:
        assert (event["id"], event["subject"]) == (str(position), candidate)
        assert (event["unreadable"], event["data"]) == (True, {})
        assert event["unreadablereason"]
        assert event["aggregateversion"] == 3
        assert event["recordedat"]


def test_every_search_of_the_log_passes_it(stage: Stage, broken: tuple[str, int]) -> None:
    auditor = stage.as_(Role.AUDITOR)
    for asked in (
        {"actor_id": "platform@test"},
        {"request_id": "nobody's"},
        {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"},
        {"kind": "candidate.opted_in"},
    ):
        assert done(auditor.get("/events/search", **asked)) is not None


@pytest.mark.parametrize("clock", ["recorded", "happened"])
def test_the_past_state_lacks_it_and_says_so(
    stage: Stage, broken: tuple[str, int], clock: str
) -> None:
    candidate, position = broken
    state = done(
        stage.as_(Role.AUDITOR).get(
            f"/events/{candidate}/state", at="2100-01-01T00:00:00Z", clock=clock
        )
    )
    assert (state["kind"], state["unreadable"]) == ("candidate", [position])
    assert state["state"]["opted_in"] is True


def test_the_pages_of_the_log_show_it(stage: Stage, broken: tuple[str, int]) -> None:
    candidate, position = broken
    seen_by = visitor(stage, Role.AUDITOR)
    for path in ("/events", f"/events/{candidate}", f"/events/{candidate}?position={position}"):
        page = seen_by.get(path)
        assert page.status_code == 200, path
        assert "This event cannot be read" in page.text


@pytest.mark.slow
def test_the_candidate_is_erased_all_the_same(stage: Stage, scene: Scene, another: str) -> None:
    position = scene.position()
    done(scene.platform("DELETE", f"/candidates/{another}"))
    wait_until(lambda: _names(stage, another) == [])
    assert another not in _listed(scene, position)


def test_the_candidate_opts_out_all_the_same(stage: Stage, scene: Scene, another: str) -> None:
    position = scene.position()
    done(scene.platform.post(f"/candidates/{another}/opt-out"))
    wait_until(lambda: another not in _listed(scene, position))
    # 404 once the lists know, as every query about them answers then.
    assert scene.message(position, another).status_code in (404, 409)


def test_an_event_whose_personal_fields_do_not_open_is_marked_and_keeps_nobody(
    stage: Stage, scene: Scene
) -> None:
    candidate, position = scene.member("Di", silent_days=400), scene.position()
    with stage.connection() as db:
        state = json.loads(state_of(db, candidate, "candidate.opted_in"))
        envelope = {name: state[name] for name in ("timestamp", "actor", "request_id")}
        broken = as_json({**envelope, "sealed": "eA=="})
        log_position = insert(db, candidate, "candidate.attributes_reported", broken)
    (event,) = done(stage.as_(Role.AUDITOR).get("/events", since=log_position - 1))["events"]
    assert event["unreadablereason"] == "its personal fields do not open"
    wait_until(lambda: candidate in _listed(scene, position))
    done(scene.message(position, candidate))


@pytest.mark.slow
def test_every_other_candidate_goes_on(stage: Stage, scene: Scene, broken: tuple[str, int]) -> None:
    position = scene.position()
    other = scene.member("Bo", silent_days=400)
    done(scene.tell(activity(broken[0]), activity(scene.member("Cy", silent_days=400))))
    wait_until(lambda: other in _listed(scene, position))
    done(scene.message(position, other))
    done(scene.platform.post(f"/candidates/{other}/opt-out"))
    wait_until(lambda: other not in _listed(scene, position))


def test_readiness_tells_of_it(stage: Stage, broken: tuple[str, int]) -> None:
    with stage.connection() as db:
        ((topic,),) = db.execute(
            "SELECT topic FROM events WHERE log_position = %s", [broken[1]]
        ).fetchall()

    def told() -> bool:
        body = stage.http.get("/health/ready").json()
        parked = sum(body["parked"].values())
        return topic in body["unknown_kinds"] or (parked > 0 and body["failing"] == {})

    wait_until(told)
    assert stage.http.get("/health/ready").status_code == 200
    assert stage.http.get("/metrics").status_code == 200


def _listed(scene: Scene, position: str) -> list[str]:
    path = f"/positions/{position}/passive-candidates"
    answer = scene.recruiter.get(path, limit=200, after=scene.latest())
    return [card["candidate_id"] for card in done(answer)["items"]]


def _names(stage: Stage, candidate: str) -> list[str]:
    with stage.connection() as db:
        rows = db.execute("SELECT name FROM candidate_pool WHERE candidate_id = %s", [candidate])
        return [name for (name,) in rows]


def test_a_timeline_shows_a_step_that_cannot_be_read(stage: Stage, scene: Scene) -> None:
    candidate = scene.member("Eve", silent_days=400)
    sent = done(scene.message(scene.position(), candidate))
    with stage.connection() as db:
        insert(db, sent["id"], "outreach.accepted", b"{}")
    support = stage.as_(Role.SUPPORT)
    path = f"/outreach/{sent['id']}/timeline"
    wait_until(lambda: support.get(path).is_success)
    steps = done(support.get(path))
    assert [(step["what"], step["unreadable"]) for step in steps] == [
        ("message_sent", False),
        ("accepted", True),
    ]
    page = visitor(stage, Role.SUPPORT).get(path)
    assert page.status_code == 200
    assert "This event cannot be read" in page.text
    done(scene.platform.post(f"/candidates/{candidate}/opt-out"))


def test_an_outreach_whose_answer_cannot_be_read_is_not_answered_again(
    stage: Stage, scene: Scene
) -> None:
    sent = done(scene.message(scene.position(), scene.member("Flo", silent_days=400)))
    with stage.connection() as db:
        insert(db, sent["id"], "outreach.declined", b"no JSON")
    refused = scene.platform.post(f"/outreach/{sent['id']}/acceptance", {})
    assert codes(refused) == ["history_unreadable"]

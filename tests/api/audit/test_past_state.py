"""The log is searched backwards, and whatever stands in it is shown as it was at any moment."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.marketplace import now
from domain.actor import Actor, Role
from domain.position import ClosePosition
from infrastructure.event_log import queries
from tests.support.client import Client, done
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, activity, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    """A marketplace of its own, whose whole log is searched."""
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture(scope="module")
def auditor(stage: Stage) -> Client:
    return stage.as_(Role.AUDITOR)


def found(auditor: Client, **asked: Any) -> list[str]:
    return [event["type"] for event in done(auditor.get("/events/search", **asked))["items"]]


def state(auditor: Client, id: str, **asked: Any) -> Any:
    return done(auditor.get(f"/events/{id}/state", **asked))


# --- Searching


def test_the_latest_event_comes_first_and_the_next_page_goes_on(
    stage: Stage, auditor: Client
) -> None:
    employer = stage.scene().in_beta().employer_id
    asked = {"aggregate_id": employer, "limit": 2}
    assert found(auditor, **asked) == ["employer.beta_joined", "employer.approved"]
    further = done(auditor.get("/events/search", **asked))["next_before"]
    assert found(auditor, **asked, before=further) == ["employer.registered"]


def test_the_beginning_of_the_log_is_the_end_of_the_search(stage: Stage, auditor: Client) -> None:
    employer = stage.scene().employer_id
    page = done(auditor.get("/events/search", aggregate_id=employer))
    assert page["next_before"] is None


def test_events_are_found_by_kind_person_and_request(stage: Stage, auditor: Client) -> None:
    scene = stage.scene().approved()
    request = f"request-{uuid4()}"
    robin = stage.as_(Role.RECRUITER, scene.employer_id, name=f"robin-{uuid4()}")
    done(robin.post(f"/employers/{scene.employer_id}/beta", headers={"X-Request-ID": request}))
    name = done(robin.get("/me"))["id"]
    assert found(auditor, actor_id=name) == ["employer.beta_joined"]
    assert found(auditor, request_id=request) == ["employer.beta_joined"]
    assert set(found(auditor, kind="employer.approved")) == {"employer.approved"}
    assert found(auditor, request_id=request, kind="employer.approved") == []


def test_events_are_found_by_when_they_happened(stage: Stage, auditor: Client) -> None:
    scene = stage.scene()
    member = scene.member("Emil", silent_days=400)
    signed_up = now() - timedelta(days=400)
    around = {"since": signed_up - timedelta(hours=1), "until": signed_up + timedelta(hours=1)}
    asked = {name: moment.isoformat() for name, moment in around.items()}
    assert "candidate.signed_up" in found(auditor, aggregate_id=member, **asked)
    late = {"since": now().isoformat(), "aggregate_id": member}
    assert found(auditor, **late) == []


def test_a_time_is_told_to_the_instant_and_the_last_one_does_not_belong(
    stage: Stage, auditor: Client
) -> None:
    scene = stage.scene()
    member = scene.member("Jakob", silent_days=400)
    moment = (now() - timedelta(days=50)).replace(microsecond=250_000)
    done(scene.tell(activity(member, occurred_at=moment.isoformat())))
    step = timedelta(microseconds=1)
    kinds = {
        (since, until): found(
            auditor,
            kind="candidate.was_active",
            aggregate_id=member,
            since=(moment + since * step).isoformat(),
            until=(moment + until * step).isoformat(),
        )
        for since, until in ((0, 1), (1, 2), (-1, 0))
    }
    was_active = ["candidate.was_active"]
    assert kinds == {(0, 1): was_active, (1, 2): [], (-1, 0): []}


@pytest.mark.parametrize("name", ['a "quoted" \\ name', "Zoë <b>", "with\ttab"])
def test_a_person_is_found_whatever_their_name_is_made_of(
    stage: Stage, auditor: Client, name: str
) -> None:
    scene = stage.scene()
    done(stage.as_(Role.ADMIN, name=name).post(f"/employers/{scene.employer_id}/approval"))
    assert "employer.approved" in found(auditor, actor_id=name)


def test_a_search_for_something_rare_looks_at_a_part_of_the_log_and_says_where_it_stopped(
    stage: Stage, auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(stage.scene().recruiter.get("/me"))
    monkeypatch.setattr(queries, "STRIDE", 2)
    end = stage.reached()
    page = done(auditor.get("/events/search", request_id="of nobody"))
    assert page == {"items": [], "next_before": end - 1}


def test_a_search_stride_by_stride_finds_all_that_one_stride_does(
    stage: Stage, auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = found(auditor, limit=1000)
    monkeypatch.setattr(queries, "STRIDE", 3)
    parts, before = list[str](), None
    for _ in range(len(whole)):
        asked: dict[str, Any] = {"before": before} if before else {}
        page = done(auditor.get("/events/search", limit=2, **asked))
        parts += [event["type"] for event in page["items"]]
        before = page["next_before"]
        if before is None:
            break
    assert parts == whole


# --- Past states


def test_a_state_is_that_of_the_position_asked_for(stage: Stage, auditor: Client) -> None:
    employer = stage.scene().in_beta().employer_id
    (registered, _), (approved, _), (joined, _) = stage.topics(employer)
    for position, (is_approved, in_beta) in {
        registered: (False, False),
        approved: (True, False),
        joined: (True, True),
        joined + 1_000_000: (True, True),
    }.items():
        told = state(auditor, employer, position=position)
        assert (told["state"]["approved"], told["state"]["in_beta"]) == (is_approved, in_beta)


def test_a_state_tells_what_its_last_event_changed(stage: Stage, auditor: Client) -> None:
    employer = stage.scene().in_beta().employer_id
    told = state(auditor, employer)
    assert (told["kind"], told["version"], told["type"]) == ("employer", 3, "employer.beta_joined")
    assert told["changes"] == [{"name": "in_beta", "before": False, "after": True}]


def test_a_part_of_the_state_is_named_by_its_way(stage: Stage, auditor: Client) -> None:
    position = stage.scene().approved().position(roles=["Cook"])
    told = state(auditor, position)
    assert told["state"]["filters.roles"] == ["Cook"]


def test_before_its_first_event_something_had_no_state(stage: Stage, auditor: Client) -> None:
    position = stage.scene().approved().position(roles=["Cook"])
    changes = state(auditor, position)["changes"]
    assert {"name": "is_open", "before": None, "after": True} in changes
    assert {change["before"] for change in changes} == {None}


def test_what_was_recorded_by_a_moment_is_not_what_had_happened_by_then(
    stage: Stage, auditor: Client
) -> None:
    scene = stage.scene()
    member = scene.member("Frida", silent_days=400)
    then = (now() - timedelta(days=30)).isoformat()
    early = {"occurred_at": (now() - timedelta(days=40)).isoformat()}
    done(scene.tell(activity(member, **early)))
    nothing = auditor.get(f"/events/{member}/state", at=then)
    assert nothing.status_code == 404
    happened = state(auditor, member, at=then, clock="happened")
    assert happened["type"] == "candidate.was_active"
    assert state(auditor, member, at=now().isoformat())["version"] == happened["version"]


def test_events_that_had_not_happened_are_left_out_of_the_middle_too(
    stage: Stage, auditor: Client
) -> None:
    scene = stage.scene()
    member = scene.member("Gerda", silent_days=400)
    for days in (2, 40):  # told in this order
        moment = (now() - timedelta(days=days)).isoformat()
        done(scene.tell(activity(member, occurred_at=moment)))
    then = (now() - timedelta(days=30)).isoformat()
    told = state(auditor, member, at=then, clock="happened")
    assert told["state"]["last_active_at"] < then
    assert [c["name"] for c in told["changes"]] == ["last_active_at"]


def test_of_what_never_was_there_is_no_state(auditor: Client) -> None:
    assert auditor.get(f"/events/{uuid4()}/state").status_code == 404


def test_every_kind_of_aggregate_has_a_state(stage: Stage, auditor: Client) -> None:
    scene: Scene = stage.scene().in_beta()
    position = scene.position()
    member = scene.member("Hugo", silent_days=400)
    outreach = done(scene.message(position, member))["id"]
    ticket = done(scene.recruiter.post("/tickets", {"subject": "?", "text": "?"}))["id"]
    rating = done(scene.recruiter("PUT", "/ratings/help", {"helpful": True}))["id"]
    actor = Actor(id="recruiter@test", role=Role.RECRUITER, employer_id=UUID(scene.employer_id))
    closing = ClosePosition(
        position_id=UUID(position), by=actor, at=now(), request_id="r", reason="filled"
    )
    stage.marketplace.store.execute(closing)
    of = {
        "employer": scene.employer_id,
        "position": position,
        "candidate": member,
        "outreach": outreach,
        "ticket": ticket,
        "rating": rating,
    }
    assert {kind: state(auditor, id)["kind"] for kind, id in of.items()} == {k: k for k in of}


def test_a_state_has_no_personal_data(stage: Stage, auditor: Client) -> None:
    member = stage.scene().member("Iphigenie", silent_days=400)
    assert "phigenie" not in auditor.get(f"/events/{member}/state").text

"""Auditors read the log as CloudEvents: in order, by type, of one aggregate, as of any moment."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.client import Client, done
from tests.support.databases import Databases
from tests.support.stage import MESSAGE, Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        scene = stage.scene().in_beta()
        for number in range(12):
            scene.member(f"Member{number}", silent_days=400)
        yield stage


@pytest.fixture(scope="module")
def auditor(stage: Stage) -> Client:
    return stage.as_(Role.AUDITOR)


def log(auditor: Client, **parameters: Any) -> Any:
    return done(auditor.get("/events", **parameters))


def test_the_log_is_read_page_by_page_without_gap_or_repetition(
    stage: Stage, auditor: Client
) -> None:
    reached, seen = 0, []
    while (page := log(auditor, since=reached, limit=7))["events"]:
        seen += [int(event["id"]) for event in page["events"]]
        reached = page["reached"]
    assert seen == list(range(1, stage.reached() + 1))
    assert reached == stage.reached()


def test_a_type_is_read_alone_and_several_together(stage: Stage, auditor: Client) -> None:
    joined = log(auditor, kind="employer.beta_joined")["events"]
    assert {event["type"] for event in joined} == {"employer.beta_joined"}
    both = log(auditor, kind=["employer.beta_joined", "employer.approved"], limit=1000)["events"]
    assert {event["type"] for event in both} == {"employer.beta_joined", "employer.approved"}
    assert log(auditor, kind="nothing.happened")["events"] == []


def test_reading_a_rare_type_does_not_begin_anew_each_time(stage: Stage, auditor: Client) -> None:
    assert log(auditor, kind="employer.beta_joined")["reached"] == stage.reached()
    assert log(auditor, kind="nothing.happened")["reached"] == stage.reached()
    first = log(auditor, kind="candidate.signed_up", limit=5)
    rest = log(auditor, kind="candidate.signed_up", since=first["reached"], limit=100)
    assert len(first["events"]) == 5
    assert len(rest["events"]) == 7


def test_after_the_end_there_is_nothing(stage: Stage, auditor: Client) -> None:
    end = stage.reached()
    assert log(auditor, since=end) == {"events": [], "reached": end}
    assert log(auditor, since=end + 5) == {"events": [], "reached": end + 5}


def test_an_event_is_a_cloud_event(auditor: Client) -> None:
    (event,) = log(auditor, limit=1)["events"]
    assert (event["specversion"], event["datacontenttype"]) == ("1.0", "application/json")
    assert (event["id"], event["type"]) == ("1", "employer.registered")
    assert event["source"] == "urn:sourcing:employer"
    assert datetime.fromisoformat(event["time"]) <= datetime.fromisoformat(event["recordedat"])
    assert event["requestid"]
    assert (event["actorid"], event["actorrole"]) == ("admin@test", "admin")
    assert all(name.isalnum() and name.islower() for name in event)
    assert event["data"].pop("company_key")
    assert event["data"] == {
        "company": "Acme",
        "manager_name": "Casey",
        "manager_email": "casey@example.com",
    }


def test_an_aggregate_is_read_as_it_was_at_a_moment(stage: Stage, auditor: Client) -> None:
    scene = stage.scene().in_beta()
    whole = done(auditor.get(f"/events/{scene.employer_id}"))
    assert [event["type"] for event in whole] == [
        "employer.registered",
        "employer.approved",
        "employer.beta_joined",
    ]
    assert [event["aggregateversion"] for event in whole] == [1, 2, 3]
    then = int(whole[1]["id"])
    assert done(auditor.get(f"/events/{scene.employer_id}", until=then)) == whole[:2]
    assert done(auditor.get(f"/events/{scene.employer_id}", until=0)) == []


def test_nothing_ever_happened_to_what_is_not_there(auditor: Client) -> None:
    assert done(auditor.get(f"/events/{uuid4()}")) == []


def test_the_request_and_the_actor_are_those_who_caused_it(stage: Stage, auditor: Client) -> None:
    scene: Scene = stage.scene().in_beta()
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    headers = {"X-Request-ID": "ticket 7"}
    outreach = done(scene.message(position, candidate, headers=headers))["id"]
    (event,) = done(auditor.get(f"/events/{outreach}"))
    assert (event["requestid"], event["actorrole"]) == ("ticket 7", "recruiter")
    assert event["data"]["text"] == MESSAGE["text"]


def test_before_the_first_event_there_is_nothing(auditor: Client) -> None:
    assert done(auditor.get("/events/search", before=0))["items"] == []

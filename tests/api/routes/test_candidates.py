"""Members over HTTP: what is kept of them, what recruiters see, and being forgotten."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.marketplace import now
from domain.actor import Role
from tests.support.client import codes, done
from tests.support.concurrency import wait_until
from tests.support.stage import MESSAGE, Scene, Stage, activity


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def profile(scene: Scene, candidate: str) -> Any:
    return done(scene.platform.get(f"/candidates/{candidate}", after=scene.latest()))


def seen_from(scene: Scene, position: str, candidate: str) -> Any:
    path = f"/positions/{position}/candidates/{candidate}"
    return scene.recruiter.get(path, after=scene.latest())


def test_a_resume_becomes_a_profile_with_the_source_of_each_field(scene: Scene) -> None:
    candidate = scene.member("Ada", silent_days=400, skills=("Python", "SQL"))
    read = profile(scene, candidate)
    assert (read["name"], read["facts"]["skills"][:2]) == ("Ada", ["Python", "SQL"])
    assert read["provenance"]["skills"]["source"] == "sign-up"
    assert read["opted_in"] is True


def test_a_resume_that_names_nobody_is_refused(scene: Scene) -> None:
    document = {"basics": {"email": "nobody"}, "skills": [{"name": ""}], "work": 3}
    response = scene.platform.post("/candidates", document)
    assert response.status_code == 422
    assert [reason["code"] for reason in response.json()["reasons"]] == ["bad_document"]


def test_what_is_left_out_of_a_resume_is_said_with_its_path(scene: Scene) -> None:
    document = {
        "basics": {"name": "Ada", "email": "nobody"},
        "work": [{"name": "X", "startDate": "2019", "endDate": "2024-09-31"}],
    }
    once = {"Idempotency-Key": str(uuid4())}
    first = done(scene.platform.post("/candidates", document, headers=once))
    assert first["warnings"] == [
        {"path": "basics.email", "problem": "'nobody' is not an e-mail address; left out"},
        {"path": "work[0].endDate", "problem": "'2024-09-31' is no date; read as 2024-09"},
    ]
    assert done(scene.platform.post("/candidates", document, headers=once)) == first
    read = done(scene.platform.get(f"/candidates/{first['id']}", after=scene.latest()))
    assert (read["jobs"][0]["started_on"], read["jobs"][0]["ended_on"]) == ("2019", "2024-09")


def test_an_observation_is_kept_by_the_everyday_names_of_countries_and_languages(
    scene: Scene,
) -> None:
    candidate = scene.member("Ada", silent_days=400)
    facts = {"country": "GBR", "languages": ["Englisch"], "skills": ["C/C++"]}
    observation = {"source": "page", "observed_on": "2026-01-01", "facts": facts}
    done(scene.platform.post(f"/candidates/{candidate}/observations", observation))
    read = profile(scene, candidate)["facts"]
    assert read["country"] == "United Kingdom"
    assert read["languages"] == ["English"]
    assert read["skills"] == ["C", "C++"]


def test_a_document_of_a_known_id_updates_that_candidate(scene: Scene) -> None:
    candidate = scene.member("Ada", silent_days=400)
    document = {"basics": {"name": "Ada L."}, "meta": {"sourcing": {"candidate_id": candidate}}}
    assert done(scene.platform.post("/candidates", document))["id"] == candidate
    profile = done(scene.platform.get(f"/candidates/{candidate}", after=scene.latest()))
    assert profile["name"] == "Ada L."


def test_an_id_of_something_else_is_refused(scene: Scene) -> None:
    document = {
        "basics": {"name": "Bea"},
        "meta": {"sourcing": {"candidate_id": scene.employer_id}},
    }
    assert scene.platform.post("/candidates", document).status_code == 404


def test_a_newer_observation_replaces_a_field_and_an_older_one_does_not(scene: Scene) -> None:
    candidate = scene.member("Ada", silent_days=100)
    path = f"/candidates/{candidate}/observations"
    today, before = now().date(), (now() - timedelta(days=5)).date()
    newer = {"source": "crawl", "observed_on": str(today), "facts": {"city": "Oslo"}}
    older = {"source": "crawl", "observed_on": str(before), "facts": {"city": "Bonn"}}
    done(scene.platform.post(path, newer))
    assert codes(scene.platform.post(path, older)) == ["nothing_newer"]
    read = profile(scene, candidate)
    assert read["facts"]["city"] == "Oslo"
    assert read["provenance"]["city"] == {"source": "crawl", "observed_on": str(today)}


def test_consent_decides_who_is_in_the_feed(scene: Scene) -> None:
    position = scene.position(required_skills=["Consent"])
    candidate = scene.member("Ada", silent_days=400, skills=("Consent",))
    done(scene.platform.post(f"/candidates/{candidate}/opt-out"))
    assert scene.names(position, "passive-candidates") == []
    assert seen_from(scene, position, candidate).status_code == 404
    done(scene.platform.post(f"/candidates/{candidate}/opt-in"))
    assert scene.names(position, "passive-candidates") == ["Ada"]


def test_consent_may_have_an_end(scene: Scene) -> None:
    candidate, end = scene.member("Ada", silent_days=400), now() + timedelta(days=30)
    path = f"/candidates/{candidate}/opt-in"
    done(scene.platform.post(path, {"until": end.isoformat()}))
    read = profile(scene, candidate)
    assert (read["opted_in"], datetime.fromisoformat(read["consent_until"])) == (True, end)
    done(scene.platform.post(path))
    assert profile(scene, candidate)["consent_until"] is None


def test_consent_that_ended_is_refused_and_unknown_to_recruiters_before_the_timer_says_so(
    scene: Scene,
) -> None:
    position = scene.position(required_skills=["Ending"])
    candidate = scene.member("Ada", silent_days=400, skills=("Ending",))
    assert scene.names(position, "passive-candidates") == ["Ada"]
    end = now() + timedelta(seconds=0.5)
    done(scene.platform.post(f"/candidates/{candidate}/opt-in", {"until": end.isoformat()}))
    wait_until(lambda: now() > end)
    assert scene.names(position, "passive-candidates") == []
    assert seen_from(scene, position, candidate).status_code == 404
    assert scene.message(position, candidate).status_code == 404


def test_an_end_in_the_past_is_refused(scene: Scene) -> None:
    candidate = scene.member("Ada", silent_days=400)
    ended = {"until": (now() - timedelta(days=1)).isoformat()}
    response = scene.platform.post(f"/candidates/{candidate}/opt-in", ended)
    assert codes(response) == ["consent_ends_in_past"]


def test_an_opt_out_is_heard_however_often_it_is_said(scene: Scene) -> None:
    candidate = scene.member("Ada", silent_days=400)
    for _ in range(3):
        done(scene.platform.post(f"/candidates/{candidate}/opt-out"))
    assert profile(scene, candidate)["opted_in"] is False


def test_a_blocked_employer_sees_nothing_and_others_do(stage: Stage, scene: Scene) -> None:
    other = stage.scene().in_beta()
    candidate = scene.member("Ada", silent_days=400, skills=("Blocking", *other.own_skills))
    done(
        scene.platform.post(
            f"/candidates/{candidate}/blocked-employers", {"employer_id": scene.employer_id}
        )
    )
    position = scene.position(required_skills=["Blocking"])
    assert scene.names(position, "passive-candidates") == []
    assert seen_from(scene, position, candidate).status_code == 404
    assert codes(scene.message(position, candidate)) == ["unknown"]
    others_position = other.position(required_skills=["Blocking"])
    assert other.names(others_position, "passive-candidates") == ["Ada"]
    assert seen_from(other, others_position, candidate).status_code == 200


def test_a_profile_tells_how_to_approach(scene: Scene) -> None:
    position = scene.position()
    candidate = scene.member("Ada", silent_days=400)
    seen = done(seen_from(scene, position, candidate))
    assert (seen["passive"], seen["approach_by"], seen["outreach_id"]) == (True, "message", None)
    outreach = done(scene.message(position, candidate))["id"]
    done(scene.tell(activity(candidate)))
    seen = done(seen_from(scene, position, candidate))
    assert seen["approach_by"] == "interview_request"
    assert seen["outreach_id"] == outreach


def test_passive_are_messaged_and_active_are_asked_never_the_other_way(scene: Scene) -> None:
    position = scene.position()
    silent = scene.member("Silent", silent_days=400)
    lively = scene.member("Lively", silent_days=3)
    assert codes(scene.message(position, lively)) == ["candidate_not_passive"]
    body = {"candidate_id": silent, "message": MESSAGE}
    response = scene.recruiter.post(f"/positions/{position}/interview-requests", body)
    assert codes(response) == ["candidate_not_active"]


def test_who_is_forgotten_is_gone_for_everybody_and_for_good(stage: Stage, scene: Scene) -> None:
    position = scene.position(required_skills=["Forgotten"])
    candidate = scene.member("Ada", silent_days=400, skills=("Forgotten",))
    outreach = done(scene.message(position, candidate))["id"]
    done(scene.platform.post(f"/outreach/{outreach}/acceptance", {"note": "A private note"}))
    path = f"/candidates/{candidate}"
    done(scene.platform("DELETE", path))
    assert scene.platform.get(path, after=scene.latest()).status_code == 404
    assert seen_from(scene, position, candidate).status_code == 404
    assert codes(scene.platform("DELETE", path)) == ["candidate_is_erased"]
    assert codes(scene.platform.post(f"{path}/opt-in")) == ["candidate_is_erased"]
    assert codes(scene.message(scene.position(), candidate)) == ["unknown"]
    document = {"basics": {"name": "Ada"}, "meta": {"sourcing": {"candidate_id": candidate}}}
    assert codes(scene.platform.post("/candidates", document)) == ["candidate_is_erased"]
    everywhere = [
        scene.recruiter.get(f"/positions/{position}/interviews", after=scene.latest()),
        scene.recruiter.get(f"/outreach/{outreach}/timeline"),
        stage.as_(Role.SUPPORT).get("/timeline", candidate_id=candidate),
        stage.as_(Role.AUDITOR).get(f"/events/{candidate}"),
        stage.as_(Role.AUDITOR).get(f"/events/{outreach}"),
    ]
    for response in everywhere:
        assert "[erased]" in response.text
        for personal in ("Ada", "@example.com", "A private note", MESSAGE["text"]):
            assert personal not in response.text


def test_nobody_can_be_told_of_who_is_not_there(scene: Scene) -> None:
    for path in ("opt-in", "opt-out"):
        assert scene.platform.post(f"/candidates/{uuid4()}/{path}").status_code == 404
    assert scene.platform("DELETE", f"/candidates/{uuid4()}").status_code == 404
    assert scene.platform.get(f"/candidates/{uuid4()}").status_code == 404

"""Positions over HTTP: opened in two ways, refined, closed, and listed page by page."""

from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.client import codes, done
from tests.support.stage import Scene, Stage


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def read(scene: Scene, position: str) -> Any:
    return done(scene.recruiter.get(f"/positions/{position}", after=scene.latest()))


def all_pages(scene: Scene, path: str, limit: int, **parameters: Any) -> list[list[Any]]:
    """Every page of a list, followed by its cursors."""
    pages, cursor = [], None
    while True:
        asked = {**parameters, "limit": limit, **({"cursor": cursor} if cursor else {})}
        page = done(scene.admin.get(path, after=scene.latest(), **asked))
        pages.append(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return pages


def test_a_position_is_read_as_it_was_opened(scene: Scene) -> None:
    body = {
        "title": "Developer",
        "description": "Robots",
        "location": "Berlin",
        "remote": True,
        "salary": {"minimum": 1, "maximum": 2, "currency": "EUR", "per": "year"},
        "filters": {"roles": ["Developer"], "years_from": 2, "locations": ["Berlin"]},
    }
    path = f"/employers/{scene.employer_id}/positions"
    opened = scene.recruiter.post(path, body)
    position = read(scene, done(opened)["id"])
    assert {name: position[name] for name in body if name != "filters"} == {
        name: body[name] for name in body if name != "filters"
    }
    assert position["filters"]["years_from"] == 2
    assert position["version"] == 1
    assert opened.headers["etag"] == '"1"'


def test_a_job_posting_becomes_a_position(scene: Scene) -> None:
    posting = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": " Developer ",
        "jobLocation": {"@type": "Place", "address": {"addressLocality": "Berlin"}},
        "jobLocationType": "TELECOMMUTE",
        "baseSalary": {
            "currency": "EUR",
            "value": {"minValue": 5_000, "maxValue": 6_000, "unitText": "MONTH"},
        },
        "skills": "Python, SQL",
        "experienceRequirements": {"monthsOfExperience": 36},
    }
    path = f"/employers/{scene.employer_id}/job-postings"
    position = read(scene, done(scene.recruiter.post(path, posting))["id"])
    assert position["title"] == "Developer"
    pay = {"minimum": 5_000, "maximum": 6_000, "currency": "EUR", "per": "month"}
    assert position["salary"] == pay
    filters = position["filters"]
    assert filters["required_skills"] == ["Python", "SQL"]
    assert (filters["years_from"], filters["remote"]) == (3, True)
    assert filters["locations"] == ["Berlin"]


def test_a_posting_is_previewed_without_being_opened(scene: Scene) -> None:
    posting = {"@type": "JobPosting", "title": "Cook", "experienceRequirements": "much"}
    path = f"/employers/{scene.employer_id}/job-postings/preview"
    preview = done(scene.recruiter.post(path, posting))
    assert (preview["title"], preview["warnings"][0]["path"]) == ("Cook", "experienceRequirements")
    listed = done(scene.recruiter.get(f"/employers/{scene.employer_id}/positions"))
    assert "Cook" not in [position["title"] for position in listed["items"]]


def test_what_is_left_out_of_a_posting_is_in_the_answer(scene: Scene) -> None:
    posting = {"@type": "JobPosting", "title": "Cook", "validThrough": "2019-01-01"}
    path = f"/employers/{scene.employer_id}/job-postings"
    opened = done(scene.recruiter.post(path, posting))
    assert [warning["path"] for warning in opened["warnings"]] == ["validThrough"]
    assert read(scene, opened["id"])["closes_at"] is None


def test_an_employer_who_is_not_approved_opens_nothing(stage: Stage) -> None:
    scene = stage.scene()
    response = scene.recruiter.post(f"/employers/{scene.employer_id}/positions", {"title": "x"})
    assert codes(response) == ["employer_not_approved"]


def test_filters_are_changed_as_a_whole(scene: Scene) -> None:
    position = scene.position(roles=["Developer"])
    path, same = f"/positions/{position}/filters", read(scene, position)["filters"]
    assert codes(scene.recruiter("PUT", path, same)) == ["filters_unchanged"]
    done(scene.recruiter("PUT", path, {"languages": ["German"]}))
    filters = read(scene, position)["filters"]
    assert (filters["roles"], filters["languages"]) == ([], ["German"])


def test_what_is_closed_stays_closed(scene: Scene) -> None:
    position = scene.position()
    path = f"/positions/{position}"
    done(scene.recruiter.post(f"{path}/closure", {"reason": "found somebody"}))
    assert read(scene, position)["closed_reason"] == "found somebody"
    assert codes(scene.recruiter.post(f"{path}/closure", {})) == ["position_is_closed"]
    response = scene.recruiter("PUT", f"{path}/filters", {"roles": ["x"]})
    assert codes(response) == ["position_is_closed"]


def test_an_employers_positions_come_page_by_page_the_newest_first(stage: Stage) -> None:
    scene = stage.scene().approved()
    opened = [scene.position() for _ in range(5)]
    path = f"/employers/{scene.employer_id}/positions"
    pages = all_pages(scene, path, 2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [position["position_id"] for page in pages for position in page] == opened[::-1]
    done(scene.recruiter.post(f"/positions/{opened[0]}/closure", {}))
    (page,) = all_pages(scene, path, 10, status="open")
    assert len(page) == 4


@pytest.mark.parametrize("sort", ["likelihood", "match", "last_active"])
def test_a_feed_comes_page_by_page_with_everybody_once(stage: Stage, sort: str) -> None:
    scene = stage.scene().in_beta()
    skill = f"Paging by {sort}"
    members = {
        scene.member(f"M{number}", silent_days=300 + number // 2, skills=(skill, f"S{number}"))
        for number in range(7)
    }
    position = scene.position(required_skills=[skill], nice_to_have_skills=["S1", "S2", "S3"])
    path = f"/positions/{position}/passive-candidates"
    pages = all_pages(scene, path, 3, sort=sort)
    assert [len(page) for page in pages] == [3, 3, 1]
    seen = [card["candidate_id"] for page in pages for card in page]
    assert set(seen) == members
    assert len(seen) == len(members)
    if sort == "match":
        matches = [card["match"] for page in pages for card in page]
        assert matches == sorted(matches, reverse=True)
        assert matches[:3] == [pytest.approx(1 / 3)] * 3


def test_interviews_employers_feedback_and_steps_come_page_by_page(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    for number in range(3):
        done(scene.message(position, scene.member(f"M{number}", silent_days=400)))
        body = {"text": f"Feedback {number}"}
        done(scene.recruiter.post(f"/employers/{scene.employer_id}/feedback", body))
    for path, parameters in (
        (f"/positions/{position}/interviews", {}),
        (f"/employers/{scene.employer_id}/feedback", {}),
        ("/timeline", {"employer_id": scene.employer_id}),
    ):
        pages = all_pages(scene, path, 2, **parameters)
        assert [len(page) for page in pages] == [2, 1], path
    names = [row["company"] for page in all_pages(scene, "/employers", 1) for row in page]
    assert len(names) > 2
    assert names == sorted(names)


def test_the_counts_are_those_of_the_lists(scene: Scene) -> None:
    position = scene.position(required_skills=["Counted"])
    for number, days in enumerate([300, 400, 500, 1, 2]):
        candidate = scene.member(f"M{number}", silent_days=days, skills=("Counted",))
        if days == 300:
            done(scene.message(position, candidate))
    counts = done(scene.recruiter.get(f"/positions/{position}/counts", after=scene.latest()))
    assert counts == {
        "recommendations": 2,
        "passive_candidates": 2,
        "shortlist": 0,
        "interviews": 1,
    }


def test_outside_the_beta_the_passive_feed_is_closed_and_its_profiles_are_not_found(
    stage: Stage,
) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    passive = scene.member("Silent", silent_days=400)
    active = scene.member("Lively", silent_days=4)
    done(scene.owner("DELETE", f"/employers/{scene.employer_id}/beta"))
    latest = scene.latest()
    feed = scene.recruiter.get(f"/positions/{position}/passive-candidates", after=latest)
    assert feed.status_code == 403
    assert codes(feed) == ["not_in_beta"]
    profile = scene.recruiter.get(f"/positions/{position}/candidates/{passive}", after=latest)
    assert profile.status_code == 404
    assert scene.recruiter.get(f"/positions/{position}/candidates/{active}").is_success


def test_a_position_that_is_not_there_is_not_found(scene: Scene) -> None:
    for path in ("", "/counts", "/recommendations", "/passive-candidates", "/interviews"):
        assert scene.recruiter.get(f"/positions/{uuid4()}{path}").status_code == 404


def test_of_a_timeline_recruiters_see_what_is_their_employers(stage: Stage, scene: Scene) -> None:
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    stage.catch_up()
    outreach = done(scene.message(position, candidate))["id"]
    path = f"/outreach/{outreach}/timeline"
    (ours,) = done(scene.recruiter.get(path, after=scene.latest()))
    (supports,) = done(stage.as_(Role.SUPPORT).get(path))
    assert {"likelihood", "grounds"} <= supports["details"].keys()
    assert not {"likelihood", "grounds"} & ours["details"].keys()
    assert ours["details"]["salary"] == supports["details"]["salary"]
    assert ours["personal"] == supports["personal"]


def test_an_outreach_that_was_undone_is_not_answered(scene: Scene) -> None:
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    outreach = f"/outreach/{done(scene.message(position, candidate))['id']}"
    done(scene.recruiter.post(f"{outreach}/withdrawal"))
    assert codes(scene.platform.post(f"{outreach}/acceptance", {})) == ["already_withdrawn"]
    assert codes(scene.recruiter.post(f"{outreach}/withdrawal")) == ["already_withdrawn"]
    read = scene.recruiter.get(outreach, after=scene.latest())
    assert done(read)["status"] == "undone"
    assert read.headers["etag"] == '"2"'


def test_a_message_that_was_just_sent_does_not_lower_the_likelihood_of_an_answer_to_it(
    scene: Scene,
) -> None:
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    scene.stage.catch_up()
    outreach = done(scene.message(position, candidate))["id"]
    sent = done(scene.recruiter.get(f"/outreach/{outreach}", after=scene.latest()))["likelihood"]
    scene.stage.catch_up()
    profile = done(scene.recruiter.get(f"/positions/{position}/candidates/{candidate}"))
    assert profile["likelihood"]["probability"] == pytest.approx(sent["probability"], abs=0.005)


def test_the_likelihood_that_was_shown_is_kept_with_the_message(scene: Scene) -> None:
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    scene.stage.catch_up()
    outreach = done(scene.message(position, candidate))["id"]
    kept = done(scene.recruiter.get(f"/outreach/{outreach}", after=scene.latest()))["likelihood"]
    assert 0 < kept["probability"] < 1


def test_a_card_tells_the_strongest_reasons_of_its_likelihood(scene: Scene) -> None:
    scene.member("Dana", silent_days=300)
    position = scene.position()
    feed = done(
        scene.recruiter.get(f"/positions/{position}/passive-candidates", after=scene.latest())
    )
    reasons = feed["items"][0]["likelihood"]["reasons"]
    assert len(reasons) >= 2
    assert all(reason["text"] and reason["feature"] for reason in reasons)


def test_every_reason_of_a_likelihood_is_shown_and_they_sum_to_it(scene: Scene) -> None:
    candidate, position = scene.member("Dana", silent_days=300), scene.position()
    for reader, path in (
        (scene.recruiter, f"/positions/{position}/candidates/{candidate}/likelihood"),
        (scene.platform, f"/candidates/{candidate}/likelihood"),
    ):
        told = done(reader.get(path, after=scene.latest()))
        total = 0.0
        for part in told["contributions"]:
            total += part["contribution"]
        assert total == told["logit"]
        assert "Silent for 10 months" in {part["text"] for part in told["contributions"]}


def test_nobody_reads_why_a_candidate_of_another_employers_position_would_answer(
    scene: Scene,
) -> None:
    candidate, position = scene.member("Dana", silent_days=300), scene.position()
    stranger = scene.stage.as_(Role.RECRUITER, scene.registered("Stranger"))
    response = stranger.get(f"/positions/{position}/candidates/{candidate}/likelihood")
    assert response.status_code == 404

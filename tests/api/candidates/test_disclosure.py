"""A recruiter's reasons do not tell what somebody does elsewhere, nor who else approached them."""

from typing import Any

import pytest

from api.candidates.disclosure import BEHAVIOUR, LOGIT_STEP, PROBABILITY_STEP, SHOWN
from domain.actor import Role
from projections.likelihood.features.catalogue import ORDER
from tests.support.client import Client, done
from tests.support.stage import Scene, Stage, activity


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def rival(stage: Stage, scene: Scene) -> Scene:
    """Another employer, which sees the same members."""
    rival = stage.scene().in_beta()
    rival.own_skills = scene.own_skills
    return rival


def explained(reader: Client, position: str, candidate: str, after: int) -> Any:
    path = f"/positions/{position}/candidates/{candidate}/likelihood"
    return done(reader.get(path, after=after))


def test_an_approach_and_its_answer_are_not_among_the_reasons_that_another_employer_reads(
    scene: Scene, rival: Scene
) -> None:
    candidate = scene.member("Dana", silent_days=400)
    watched = rival.position()
    before = explained(rival.recruiter, watched, candidate, rival.latest())
    sent = done(scene.message(scene.position(), candidate))
    done(scene.platform.post(f"/outreach/{sent['id']}/acceptance", {}))
    after = explained(rival.recruiter, watched, candidate, rival.latest())
    for told in (before, after):
        assert {part["feature"] for part in told["contributions"]} <= SHOWN | {BEHAVIOUR}
    told_before, told_after = (
        [(part["feature"], part["text"], part["value"] is None) for part in told["contributions"]]
        for told in (before, after)
    )
    assert told_before == told_after


def test_the_reasons_that_a_recruiter_reads_sum_up_to_the_logit_that_they_read(
    scene: Scene,
) -> None:
    candidate, position = scene.member("Dana", silent_days=300), scene.position()
    done(scene.tell(*(activity(candidate, kind="searched_jobs") for _ in range(3))))
    told = explained(scene.recruiter, position, candidate, scene.latest())
    parts = [part["contribution"] for part in told["contributions"]]
    assert sum(parts) == sum(reversed(parts)) == told["logit"]
    assert [part["feature"] for part in told["contributions"]].count(BEHAVIOUR) == 1


def test_a_recruiter_reads_the_likelihood_in_steps_on_every_page(scene: Scene) -> None:
    candidate, position = scene.member("Dana", silent_days=300), scene.position()
    path = f"/positions/{position}"
    latest = scene.latest()
    (card,) = done(scene.recruiter.get(f"{path}/passive-candidates", after=latest))["items"]
    profile = done(scene.recruiter.get(f"{path}/candidates/{candidate}", after=latest))
    told = explained(scene.recruiter, position, candidate, latest)
    for shown in (card["likelihood"], profile["likelihood"], told):
        assert shown["logit"] % LOGIT_STEP == 0
        assert shown["probability"] == round(shown["probability"] / PROBABILITY_STEP) / 100
    for shown in (card["likelihood"], profile["likelihood"]):
        assert {reason["feature"] for reason in shown["reasons"]} <= SHOWN | {BEHAVIOUR}


def test_staff_and_the_person_read_every_reason(stage: Stage, scene: Scene) -> None:
    candidate, position = scene.member("Dana", silent_days=300), scene.position()
    support = explained(stage.as_(Role.SUPPORT), position, candidate, scene.latest())
    assert [part["feature"] for part in support["contributions"]] == ["intercept", *ORDER]
    own = done(scene.platform.get(f"/candidates/{candidate}/likelihood"))
    assert "received" in {part["feature"] for part in own["contributions"]}


def test_what_is_shown_of_the_features_is_among_them() -> None:
    assert {"intercept", *ORDER} >= SHOWN

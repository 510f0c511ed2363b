"""What analysts are told of the model; of an empty marketplace that is little, but no error."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.actor import Role
from tests.support.client import codes, done
from tests.support.databases import Databases
from tests.support.predictions import predictions_of_a_month_ago
from tests.support.stage import Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


def read(stage: Stage, what: str, **asked: Any) -> Any:
    return done(stage.as_(Role.ANALYST).get(f"/model/{what}", after=stage.reached(), **asked))


@pytest.mark.parametrize("what", ["performance", "reliability", "exploration"])
def test_of_an_empty_marketplace_there_is_nothing_to_tell(stage: Stage, what: str) -> None:
    assert read(stage, what) == []


def test_the_card_of_a_model_that_was_never_judged_has_no_figures(stage: Stage) -> None:
    assert done(stage.as_(Role.ANALYST).get("/model"))["performance"] == []


def test_the_card_says_how_good_the_latest_predictions_were(stage: Stage) -> None:
    with stage.connection() as db, predictions_of_a_month_ago(db):
        card = done(stage.as_(Role.ANALYST).get("/model"))
        assert [row["judged"] for row in card["performance"]] == ["model", "running prior"]
        assert card["performance"][0]["brier"] == pytest.approx(0.04)


def test_of_an_empty_marketplace_nothing_is_known_to_have_moved(stage: Stage) -> None:
    assert {(row["stability_index"], row["mark"]) for row in read(stage, "drift")} == {
        (None, "too_few")
    }


def test_what_it_may_be_told_apart_by_is_said_where_it_is_not_known(stage: Stage) -> None:
    response = stage.as_(Role.ANALYST).get("/model/performance", by="gender")
    assert response.status_code == 422
    assert codes(response) == ["enum"]
    assert "'role', 'seniority', 'kind' or 'explored'" in response.json()["reasons"][0]["detail"]


def test_what_somebody_says_of_themselves_is_counted_in_the_report_alone(stage: Stage) -> None:
    scene = stage.scene()
    member = scene.member("Ada", silent_days=400)
    done(scene.platform("PUT", f"/candidates/{member}/attributes", {"gender": "woman"}))
    by_gender = read(stage, "adverse-impact")["comparisons"][0]
    assert [(group["name"], group["count"]) for group in by_gender["groups"]] == [("woman", 1)]
    told = done(scene.stage.as_(Role.AUDITOR).get(f"/events/{member}"))
    (reported,) = [e for e in told if e["type"] == "candidate.attributes_reported"]
    assert set(reported["data"].values()) == {None}
    done(scene.platform("DELETE", f"/candidates/{member}/attributes"))
    assert read(stage, "adverse-impact")["comparisons"][0]["groups"] == []


def test_a_word_that_is_not_in_the_list_is_refused_with_the_list(stage: Stage) -> None:
    scene = stage.scene()
    member = scene.member("Bo", silent_days=400)
    path = f"/candidates/{member}/attributes"
    response = scene.platform("PUT", path, {"gender": "female"})
    assert "'woman', 'man', 'non_binary'" in response.json()["reasons"][0]["detail"]
    response = scene.platform("PUT", path, {})
    assert "give at least one" in response.json()["reasons"][0]["detail"]

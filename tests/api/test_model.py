"""What analysts are told of the model; of an empty marketplace that is little, but no error."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.event import Role
from tests.api.scene import codes, done
from tests.api.stage import Stage, shared_stage


@pytest.fixture(scope="module")
def stage(postgres: str) -> Iterator[Stage]:
    with shared_stage(postgres) as stage:
        yield stage


def read(stage: Stage, what: str, **asked: Any) -> Any:
    return done(stage.as_(Role.ANALYST).get(f"/model/{what}", after=stage.reached(), **asked))


@pytest.mark.parametrize("what", ["performance", "reliability", "exploration"])
def test_of_an_empty_marketplace_there_is_nothing_to_tell(stage: Stage, what: str) -> None:
    assert read(stage, what) == []


def test_of_an_empty_marketplace_nothing_is_known_to_have_moved(stage: Stage) -> None:
    assert {(row["stability_index"], row["mark"]) for row in read(stage, "drift")} == {
        (None, "too_few")
    }


def test_what_it_may_be_told_apart_by_is_said_where_it_is_not_known(stage: Stage) -> None:
    response = stage.as_(Role.ANALYST).get("/model/performance", by="gender")
    assert response.status_code == 422
    assert codes(response) == ["enum"]
    assert "'role', 'seniority', 'kind' or 'explored'" in response.json()["reasons"][0]["detail"]

"""Employers are listed and found by name, whatever its case and accents."""

from collections.abc import Iterator

import pytest

from domain.actor import Role
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import Stage, own_stage

NAMES = ("Zoe", "ana", "Ömer", "Anna", "Ólafur", "Łódź AG")


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        manager = {"name": "Robin", "email": "robin@example.com"}
        for name in NAMES:
            done(stage.as_(Role.ADMIN).post("/employers", {"company": name, "manager": manager}))
        stage.catch_up()
        yield stage


def companies(stage: Stage, **asked: object) -> list[str]:
    page = done(stage.as_(Role.ADMIN).get("/employers", **asked))
    named = [employer["company"] for employer in page["items"]]
    if page["next_cursor"]:
        return named + companies(stage, **asked | {"cursor": page["next_cursor"]})
    return named


@pytest.mark.parametrize("at_a_time", [1, 2, 100])
def test_employers_are_listed_by_name_as_people_look_them_up(stage: Stage, at_a_time: int) -> None:
    in_order = ["ana", "Anna", "Łódź AG", "Ólafur", "Ömer", "Zoe"]
    assert companies(stage, limit=at_a_time) == in_order


@pytest.mark.parametrize(
    ("typed", "found"),
    [("olaf", "Ólafur"), ("ÖMER", "Ömer"), ("lodz", "Łódź AG"), ("O\u0301l", "Ólafur")],
)
def test_an_employer_is_found_without_accents_and_capitals(
    stage: Stage, typed: str, found: str
) -> None:
    assert companies(stage, company=typed) == [found]

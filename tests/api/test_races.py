"""Of a contact and what forbids it, at the same moment on a real database, one wins: never both."""

import pytest

from benchmarks.races import RACES, raced
from tests.support.databases import Databases
from tests.support.stage import own_stage

ROUNDS = 20
"""Of each race; the benchmark runs a thousand."""

MANY_EMPLOYERS = 4


@pytest.mark.slow
@pytest.mark.parametrize("name", RACES)
def test_of_two_that_exclude_each_other_one_happens(databases: Databases, name: str) -> None:
    rounds = MANY_EMPLOYERS if "fifty" in name else ROUNDS
    with own_stage(databases, with_worker=False) as stage:
        outcomes = raced(stage.marketplace.store, name, rounds)
    assert outcomes.total() == rounds
    assert len(outcomes) > 1, f"always the same was first: {outcomes}"

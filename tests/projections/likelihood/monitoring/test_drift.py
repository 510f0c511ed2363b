"""The population stability index, against its formula and at its edges."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.likelihood.monitoring.drift import EMPTY, FEWEST, Mark, of_categories, of_numbers

words = st.lists(st.sampled_from("abcd"), min_size=1, max_size=60)
values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)


@given(words, words)
def test_the_index_is_the_sum_of_the_formula(before: list[str], after: list[str]) -> None:
    names = sorted({*before, *after})
    counts = [Counter(before), Counter(after)]
    shares = [
        {name: (count[name] + EMPTY) / (count.total() + EMPTY * len(names)) for name in names}
        for count in counts
    ]
    expected = sum(
        (shares[1][n] - shares[0][n]) * math.log(shares[1][n] / shares[0][n]) for n in names
    )
    assert of_categories(before, after).index == pytest.approx(expected)


@given(values, values)
def test_it_is_never_negative_and_every_observation_is_in_one_bin(
    before: np.ndarray, after: np.ndarray
) -> None:
    drift = of_numbers(before, after)
    assert drift.index is not None
    assert drift.index >= 0
    assert sum(one.reference for one in drift.bins) == pytest.approx(1)
    assert sum(one.latest for one in drift.bins) == pytest.approx(1)


@given(values)
def test_against_itself_there_is_no_drift(before: np.ndarray) -> None:
    assert of_numbers(before, before).index == pytest.approx(0)


@pytest.mark.parametrize("moved", [-1.0, 1.0])
def test_a_constant_that_changes_is_noticed_in_either_direction(moved: float) -> None:
    before, after = np.zeros(FEWEST), np.full(FEWEST, moved)
    assert of_numbers(before, after).mark is Mark.MUCH


def test_few_observations_have_the_mark_too_few() -> None:
    before, after = np.zeros(FEWEST), np.ones(FEWEST - 1)
    assert of_numbers(before, after).mark is Mark.TOO_FEW


def test_without_observations_there_is_no_index() -> None:
    for drift in (of_numbers(np.array([]), np.zeros(3)), of_categories(["a"], [])):
        assert (drift.index, drift.mark) == (None, Mark.TOO_FEW)


@pytest.mark.parametrize(
    ("yes", "mark"), [(500, Mark.STABLE), (650, Mark.STABLE), (670, Mark.SOME), (760, Mark.MUCH)]
)
def test_the_marks_are_the_usual_ones(yes: int, mark: Mark) -> None:
    before = ["yes"] * 500 + ["no"] * 500
    assert of_categories(before, ["yes"] * yes + ["no"] * (1000 - yes)).mark is mark

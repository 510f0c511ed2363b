"""The metrics say what their definitions say, ties, gaps and empty tables included."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.likelihood.monitoring.metrics import (
    Metrics,
    brier,
    calibration_error,
    log_loss,
    metrics,
    reliability,
    roc_auc,
)

JUDGED = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0]), st.booleans()))


@given(JUDGED)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(judged: list[tuple[float, bool]]) -> None:
    pairs = [
        (p > q) + (p == q) / 2 for p, answered in judged for q, other in judged if answered > other
    ]
    area = roc_auc([p for p, _ in judged], [y for _, y in judged])
    assert area == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


@given(JUDGED, st.integers(1, 5))
def test_every_observation_is_in_one_bin_and_equal_probabilities_in_the_same(
    judged: list[tuple[float, bool]], bins: int
) -> None:
    points = reliability([p for p, _ in judged], [y for _, y in judged], bins)
    assert sum(point.count for point in points) == len(judged)
    assert len(points) <= min(bins, len({p for p, _ in judged}))
    assert [point.predicted for point in points] == sorted(point.predicted for point in points)


def test_bins_of_distinct_probabilities_have_equal_mass() -> None:
    rng = random.Random(1)
    points = reliability([rng.random() for _ in range(1000)], [False] * 1000, bins=10)
    assert [point.count for point in points] == [100] * 10


def test_probabilities_that_come_true_are_calibrated_and_shifted_ones_are_not() -> None:
    rng = random.Random(2)
    p = [rng.uniform(0.1, 0.8) for _ in range(50_000)]
    y = [rng.random() < each for each in p]
    error = calibration_error(p, y)
    assert error is not None
    assert error < 0.01
    assert calibration_error([each + 0.1 for each in p], y) == pytest.approx(0.1, abs=0.01)


def test_a_wrong_certainty_costs_much_but_not_without_end() -> None:
    assert log_loss([1.0], [False]) == pytest.approx(34.5, abs=0.1)


def test_without_observations_every_metric_is_none() -> None:
    assert metrics([], []) == Metrics(0, None, None, None, None, None)
    assert reliability([], []) == []


@pytest.mark.parametrize("bad", [[1.1], [-0.1], [float("nan")]])
def test_values_outside_0_and_1_are_refused_as_probabilities(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        brier(bad, [True])


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one list each"):
        log_loss([0.5], [True, False])

"""The regressions come near what all observations together say, and follow a world that changes."""

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.likelihood.estimator.regression import (
    FULL_COVARIANCE_TERMS,
    Regressions,
    _sum_of_rows,
    sigmoid,
)

STEADY, FORGETFUL = 0, 1
Row = tuple[list[float], bool]


def fresh(terms: int, *, drift: float = 1e-4, together: int | None = None) -> Regressions:
    priors = np.full((2, terms), 1.0)
    return Regressions(priors, [0.0, drift], [100.0, 1.0], terms if together is None else together)


def learn(regressions: Regressions, row: Row, weight: float = 1.0) -> None:
    values, y = row
    regressions.learn(np.arange(len(values)), np.array(values), y, weight)


def rows(seed: int, count: int, effects: Callable[[int], Sequence[float]]) -> list[Row]:
    """Two numbers that go together, and an intercept."""
    rng, made = random.Random(seed), []
    for number in range(count):
        a = rng.gauss(0, 1)
        values = [1.0, a, 0.95 * a + 0.31 * rng.gauss(0, 1)]
        logit = sum(e * v for e, v in zip(effects(number), values, strict=True))
        made.append((values, rng.random() < sigmoid(logit)))
    return made


def test_it_ends_at_the_weights_of_a_batch_fit() -> None:
    from sklearn.linear_model import LogisticRegression

    world = rows(1, 1500, lambda _: (-1.0, 1.0, -1.0))
    online = fresh(3)
    for row in world:
        learn(online, row)
    batch = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-8)
    batch.fit([values for values, _ in world], [y for _, y in world])
    assert online.weights[STEADY] == pytest.approx(batch.coef_[0], abs=0.05)


def test_diagonal_terms_take_longer_to_separate_correlated_effects() -> None:
    together, apart = fresh(3), fresh(3, together=1)
    for row in rows(2, 1500, lambda _: (-1.0, 1.0, -1.0)):
        learn(together, row)
        learn(apart, row)
    truth = np.array([-1.0, 1.0, -1.0])
    off, further_off = (np.abs(r.weights[STEADY] - truth).max() for r in (together, apart))
    assert off < 0.6 * further_off


@pytest.mark.slow
def test_after_a_sudden_change_the_steady_one_restarts_from_the_forgetful_one() -> None:
    online, stuck = fresh(3), fresh(3, drift=0.0)
    for row in rows(3, 8000, lambda number: (-1.0, 2.0 if number < 4000 else -2.0, 0.0)):
        learn(online, row)
        learn(stuck, row)
    assert online.weights[STEADY, 1] < -1.5 < 0 < stuck.weights[STEADY, 1] + 1


def test_without_a_change_the_steady_one_never_restarts() -> None:
    online, alone = fresh(3), fresh(3, drift=0.0)
    for row in rows(4, 2000, lambda _: (-1.0, 1.0, 0.5)):
        learn(online, row)
        learn(alone, row)
    assert online.weights[STEADY].tolist() == alone.weights[STEADY].tolist()


@given(st.integers(0, 10_000), st.lists(st.booleans(), min_size=1, max_size=60))
@settings(deadline=None)
def test_no_variance_exceeds_its_prior_after_learning_and_revoking(
    seed: int, taken_back: list[bool]
) -> None:
    online = fresh(4, together=3)
    world = [([*values, 1.0], y) for values, y in rows(seed, len(taken_back), lambda _: (0, 3, -3))]
    for row, back in zip(world, taken_back, strict=True):
        learn(online, row)
        if back:
            learn(online, row, weight=-1.0)
    for covariance in online.covariances:
        assert covariance.tolist() == covariance.T.tolist()
        assert np.linalg.eigvalsh(covariance).min() > 0
        assert covariance.diagonal().max() <= 1
    assert ((online.variances > 0) & (online.variances <= 1)).all()


def test_variances_below_rounding_keep_the_weights_finite() -> None:
    online = fresh(3)
    for row in rows(5, 50, lambda _: (0.0, 1.0, 1.0)):
        learn(online, row, weight=1e12)
    assert np.isfinite(online.weights).all()


def test_a_diagonal_term_is_learned_as_well() -> None:
    terms = FULL_COVARIANCE_TERMS + 2
    online = fresh(terms)
    for number in range(200):
        online.learn(np.array([0, terms - 1]), np.array([1.0, 1.0]), number % 10 != 0, 1.0)
    assert online.covariances.shape == (2, FULL_COVARIANCE_TERMS, FULL_COVARIANCE_TERMS)
    assert online.weights[STEADY, 0] > 0.5 < online.weights[STEADY, terms - 1]


@given(st.integers(0, 10_000), st.integers(1, 100), st.integers(0, 100))
@settings(deadline=None)
def test_rows_no_more_than_they_are_long_are_added_up_in_order(
    seed: int, deep: int, more: int
) -> None:
    matrices = np.random.default_rng(seed).normal(size=(2, deep, deep + more))
    for matrix, sums in zip(matrices, _sum_of_rows(matrices), strict=True):
        for column, total in zip(matrix.T.tolist(), sums.tolist(), strict=True):
            in_order = 0.0
            for number in column:
                in_order += number
            assert in_order == total

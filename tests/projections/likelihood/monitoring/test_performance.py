"""Predictions are judged in the order of sending, once their answer window has closed."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest

from infrastructure.database.postgres import Pool
from projections.funnel import Interval
from projections.likelihood.monitoring import performance as watch
from projections.likelihood.monitoring.drift import Mark
from projections.likelihood.monitoring.metrics import metrics
from projections.likelihood.monitoring.performance import MODEL, PRIOR, Slice
from tests.support.predicted import BEGIN, LATER, Predicted


@pytest.fixture
def predicted(pool: Pool) -> Iterator[Predicted]:
    with pool.connection() as db:
        yield Predicted(db)


def test_without_predictions_every_report_is_empty(predicted: Predicted) -> None:
    assert predicted.performance() == []
    assert watch.diagram(predicted.db, LATER) == []
    assert watch.exploration(predicted.db) == []
    drift = watch.drift(predicted.db, LATER)
    assert {(row.stability_index, row.mark) for row in drift} == {(None, Mark.TOO_FEW)}


def test_the_model_is_evaluated_by_the_standard_metrics(predicted: Predicted) -> None:
    said, came = [0.9, 0.2, 0.6, 0.3], [True, False, False, True]
    for probability, outcome in zip(said, came, strict=True):
        predicted.add(probability, outcome)
    row, _ = predicted.performance()
    expected = metrics(said, came)
    assert (row.judged, row.count, row.base_rate) == (MODEL, 4, 0.5)
    assert (row.log_loss, row.brier) == (expected.log_loss, expected.brier)
    assert (row.roc_auc, row.calibration_error) == (expected.roc_auc, expected.calibration_error)
    assert (row.sent_from, row.sent_to) == (BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=4))


def test_outreach_with_an_open_answer_window_is_not_evaluated(predicted: Predicted) -> None:
    predicted.add(0.5, False)
    predicted.add(0.5, True)
    closed = BEGIN + timedelta(days=14, hours=1)
    assert [row.count for row in predicted.performance(closed)] == [1, 1]


def test_outreach_without_an_outcome_is_not_evaluated(predicted: Predicted) -> None:
    predicted.add(0.5, None)
    assert predicted.performance() == []


def test_the_running_prior_knows_only_what_was_known_at_each_sending(predicted: Predicted) -> None:
    # Settled at once, settled at once, settled after the fourth was sent, not known to anybody.
    predicted.add(0.5, True)
    predicted.add(0.5, True)
    predicted.add(0.5, False, settled_log_position=1_000)
    predicted.add(0.5, True)
    priors = [1 / 2, 2 / 3, 3 / 4, 3 / 4]
    row = next(row for row in predicted.performance() if row.judged == PRIOR)
    assert row.log_loss == pytest.approx(metrics(priors, [True, True, False, True]).log_loss)


def test_the_running_prior_does_not_know_earlier_outreach_before_it_is_settled(
    predicted: Predicted,
) -> None:
    predicted.add(0.5, True, settled_log_position=25)  # sent before the window, settled within it
    predicted.add(0.5, False)
    predicted.add(0.5, False)
    priors = [1 / 2, 2 / 4]
    row = next(row for row in predicted.performance(window=2, windows=1) if row.judged == PRIOR)
    assert row.log_loss == pytest.approx(metrics(priors, [False, False]).log_loss)


def test_the_running_prior_counts_outcomes_before_the_windows(predicted: Predicted) -> None:
    for outcome in (True, True, False, True):
        predicted.add(0.5, outcome)
    whole = predicted.performance(window=1, windows=4)
    last = predicted.performance(window=1, windows=1)
    assert last == whole[-2:]


def test_windows_by_count_are_full_from_the_latest_back(predicted: Predicted) -> None:
    for number in range(7):
        predicted.add(number / 10, bool(number % 2))
    counts = [row.count for row in predicted.performance(window=3) if row.judged == MODEL]
    assert counts == [1, 3, 3]
    counts = [row.count for row in predicted.performance(window=3, windows=2)]
    assert counts == [3, 3, 3, 3]


def test_windows_by_time_begin_when_a_period_does(predicted: Predicted) -> None:
    for hours in (0, 100, 200, 1000):
        predicted.add(0.5, True, sent_at=BEGIN + timedelta(hours=hours))
    rows = [row for row in predicted.performance(interval=Interval.WEEK) if row.judged == MODEL]
    assert [(row.sent_from.date(), row.count) for row in rows] == [
        (date(2026, 1, 5), 2),
        (date(2026, 1, 13), 1),
        (date(2026, 2, 16), 1),
    ]
    monthly = predicted.performance(interval=Interval.MONTH)
    assert [row.count for row in monthly if row.judged == MODEL] == [3, 1]


def test_slices_are_evaluated_separately(predicted: Predicted) -> None:
    predicted.add(0.9, True, role="design", kind="message")
    predicted.add(0.1, True, role="sales", kind="interview_request")
    for by, values in (
        (Slice.ROLE, {"design", "sales"}),
        (Slice.KIND, {"message", "interview_request"}),
    ):
        rows = predicted.performance(by=by)
        assert {row.slice for row in rows} == values
        assert all(row.count == 1 for row in rows)


def test_exploration_can_be_evaluated_separately(predicted: Predicted) -> None:
    predicted.add(0.9, True)
    predicted.db.execute(
        "INSERT INTO funnel_outreach VALUES (%s, %s, %s, %s, true, true, NULL, %s)",
        [UUID(int=1), UUID(int=10), UUID(int=2), UUID(int=10), BEGIN.date()],
    )
    predicted.add(0.9, False)
    rows = predicted.performance(by=Slice.EXPLORED)
    model = {row.slice: row.base_rate for row in rows if row.judged == MODEL}
    assert model == {"explored": 1.0, "ranked": 0.0}


def test_a_challenger_is_evaluated_on_its_own_predictions(predicted: Predicted) -> None:
    predicted.add(0.5, True)
    predicted.add(0.5, True, challengers={"tree": 0.8})
    rows = {row.judged: row for row in predicted.performance()}
    assert {name: row.count for name, row in rows.items()} == {MODEL: 2, PRIOR: 2, "tree": 1}
    assert rows["tree"].brier == pytest.approx(0.04)


def test_a_reliability_diagram_has_points_of_equal_mass(predicted: Predicted) -> None:
    for probability, outcome in ((0.1, False), (0.2, True), (0.7, True), (0.9, True)):
        predicted.add(probability, outcome)
    points = [p for p in watch.diagram(predicted.db, LATER, bins=2) if p.judged == MODEL]
    assert [(p.count, round(p.predicted, 2), p.observed) for p in points] == [
        (2, 0.15, 0.5),
        (2, 0.8, 1.0),
    ]


def test_only_features_that_drifted_are_marked(predicted: Predicted) -> None:
    rng = random.Random(5)
    for number in range(900):
        moved = number >= 450
        numbers = {"years": rng.gauss(3 + 2 * moved, 1), "tenure": rng.gauss(5, 1)}
        predicted.add(
            rng.random() / (1 + moved),
            rng.random() < 0.2,
            features={"numbers": numbers, "categories": {"role": "sales" if moved else "design"}},
        )
    found = watch.drift(predicted.db, LATER, latest=450, reference=450)
    assert {row.name: (row.of, row.mark) for row in found} == {
        "years": ("number", Mark.MUCH),
        "tenure": ("number", Mark.STABLE),
        "role": ("category", Mark.MUCH),
        "probability": ("prediction", Mark.MUCH),
        "answer": ("outcome", Mark.STABLE),
    }
    assert {(row.reference_count, row.latest_count) for row in found} == {(450, 450)}


def test_a_feature_that_is_new_has_no_reference(predicted: Predicted) -> None:
    predicted.add(0.5, True)
    predicted.add(0.5, True, features={"numbers": {"fresh": 1.0}, "categories": {}})
    found = watch.drift(predicted.db, LATER, latest=1, reference=1)
    (fresh,) = [row for row in found if row.name == "fresh"]
    assert (fresh.stability_index, fresh.reference_count, fresh.latest_count) == (None, 0, 1)

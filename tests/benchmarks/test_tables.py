"""The tables of the likelihood's benchmark are what they say, and the estimator holds on them."""

import numpy as np
import pytest

from benchmarks.anchors import ANCHORS
from benchmarks.likelihood import OURS, measured
from benchmarks.tables import cdnow, hr_job_change


def test_nothing_is_known_of_a_purchase_before_its_thirty_days_are_over() -> None:
    table = cdnow(one_in=300)
    silent = [row["days since the last purchase"] for row in table.rows]
    assert all(isinstance(days, float) and days >= 30 for days in silent)
    assert np.all(np.diff(table.known) >= 0)
    assert np.all(table.known <= np.arange(len(table.rows)))
    assert table.known[0] == 0 < table.known[-1] < len(table.rows)


def test_gender_is_no_feature_of_a_change_of_job() -> None:
    table = hr_job_change()
    assert len(table.rows) == 19_158
    assert not {"gender", "enrollee_id", "target"} & {*table.rows[0]}


@pytest.mark.slow
def test_ours_foretells_changes_of_job_better_than_what_learns_online_elsewhere() -> None:
    online = {
        name: ANCHORS[name] for name in ("running prior", "River's defaults", "Vowpal Wabbit")
    }
    results = measured(hr_job_change().head(2_500), online)
    losses = {name: result.metrics.log_loss or 9.9 for name, result in results.items()}
    assert min(losses, key=losses.__getitem__) == OURS

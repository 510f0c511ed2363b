"""The model card counts unknown values in the latest outreach."""

import pytest

from infrastructure.database.postgres import Pool
from projections.likelihood.monitoring import model_card
from tests.support.predicted import LATER, Predicted


def test_unknown_values_are_counted_in_a_bounded_number_of_the_latest_outreach(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_card, "LATEST", 3)
    with pool.connection() as db:
        predicted = Predicted(db)
        for role in ("unknown", "unknown", "design", "unknown", "design"):
            predicted.add(0.5, None, features={"numbers": {}, "categories": {"role": role}})
        features = {one.name: one for one in model_card.model_card(db, LATER).features}
    assert features["role"].unknown == 1

"""From any cut of the log a learner ends at the same bits, and nothing bad teaches it."""

import math
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.event import Event
from domain.outreach_events import OutreachAccepted
from projections.likelihood.changes import Prediction
from projections.likelihood.estimator.schema import BadFeatures, Features
from projections.likelihood.learner import FOLLOWED, Learner
from projections.likelihood.model_state import LearnerSnapshot
from tests.support.history import History, days
from tests.support.learned_lives import a_life, replayed


@lru_cache(maxsize=3)
def life(seed: int) -> tuple[list[Event], str]:
    events = a_life(seed, steps=60)
    return events, replayed(events).model.hash()


@given(st.integers(1, 3), st.lists(st.integers(0, 200), max_size=3))
@settings(max_examples=12, deadline=None)
def test_cut_anywhere_and_continued_from_snapshots_it_is_the_same_model(
    seed: int, cuts: list[int]
) -> None:
    events, hash = life(seed)
    snapshot, place = Learner().snapshot(), 0
    for cut in [*sorted(min(cut, len(events)) for cut in cuts), len(events)]:
        learner = Learner()
        for position, event in enumerate(events[:place], 1):
            learner.recall(position, event)
        learner.resume(LearnerSnapshot.from_json(snapshot))
        for position, event in enumerate(events[place:cut], place + 1):
            learner.apply(position, event)
        snapshot, place = learner.snapshot(), cut
    assert learner.model.hash() == hash


@pytest.mark.parametrize(
    ("numbers", "categories"),
    [
        ({"dormancy": math.nan}, {}),
        ({"dormancy": math.inf}, {}),
        ({"dormancy": None}, {}),
        ({"dormancy": 1e12}, {}),
        ({"luck": 1.0}, {}),
        ({}, {"role": "astronaut"}),
        ({}, {"role": None}),
        ({}, {"shoe_size": "large"}),
    ],
)
def test_an_answer_with_bad_features_is_refused_and_changes_no_bit(
    numbers: dict[str, object], categories: dict[str, object]
) -> None:
    history = History()
    history.open_position(1)
    history.sign_up("Ada")
    history.now += days(200)
    history.send("Ada")
    learner = replayed([event for event in history.events if isinstance(event, FOLLOWED)])
    (prediction,) = learner.open.values()
    _spoil(prediction, numbers, categories)
    before, length = learner.model.to_json(), len(history.events)
    history.accept("Ada")
    accepted = next(e for e in history.events[length:] if isinstance(e, OutreachAccepted))
    with pytest.raises(BadFeatures):
        learner.apply(length + 1, accepted)
    assert learner.model.to_json() == before


def _spoil(
    prediction: Prediction, numbers: dict[str, object], categories: dict[str, object]
) -> None:
    x = prediction.features
    prediction.features = Features({**x.numbers, **numbers}, {**x.categories, **categories})  # type: ignore[dict-item]  # what the types forbid is tried

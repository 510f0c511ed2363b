"""The model learns, is the same bits however it is stored, and refuses what would spoil it."""

import json
import math
import os
import random
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Hashable, Sequence
from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
import pytest

from projections.likelihood.estimator.calibration import Calibrator
from projections.likelihood.estimator.model import ESTIMATOR, ForeignModel, LikelihoodModel
from projections.likelihood.estimator.schema import BadFeatures, Columns, Features, Scale, Schema
from projections.likelihood.features.catalogue import CANDIDATE_SCHEMA
from projections.likelihood.model_state import untrained_model
from projections.likelihood.monitoring.metrics import log_loss
from tests.support.likelihood_people import (
    outreach_features,
    random_candidate_state,
    random_position_state,
)


@cache
def a_world(seed: int, size: int) -> list[tuple[Features, bool, float]]:
    """People with their true probability: the lately active and the designers answer more."""
    rng = random.Random(seed)
    world = []
    for _ in range(size):
        x = outreach_features(random_candidate_state(rng), random_position_state(rng))
        true_logit = 2.0 - 1.5 * x.numbers["dormancy"] + 2.0 * (x.categories["role"] == "design")
        probability = 1 / (1 + math.exp(-true_logit))
        world.append((x, rng.random() < probability, probability))
    return world


def taught(size: int = 300) -> LikelihoodModel:
    return deepcopy(_taught(size))


@cache
def _taught(size: int) -> LikelihoodModel:
    model = untrained_model()
    for x, answered, _ in a_world(1, size):
        model.learn(x, answered)
    return model


def auc(scores: list[float], answers: list[bool]) -> float:
    ranks = np.argsort(np.argsort(scores)) + 1.0
    positive = np.array(answers)
    above = ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2
    return float(above / (positive.sum() * (~positive).sum()))


# Learning


@pytest.mark.slow
def test_it_learns_to_rank_by_what_decides() -> None:
    model, scores, shown, world = untrained_model(), [], [], a_world(seed=7, size=3000)
    for x, answered, _ in world:
        logit = model.logit(x)
        scores.append(logit)
        shown.append(model.probability(logit))
        model.learn(x, answered)
    late = slice(1000, None)
    answers = [answered for _, answered, _ in world]
    truth = [probability for _, _, probability in world]
    best = auc(truth[late], answers[late])
    assert auc(scores[late], answers[late]) > best - 0.02 > 0.75
    assert abs(sum(shown[late]) / len(shown[late]) - sum(truth[late]) / len(truth[late])) < 0.02


def test_it_starts_from_the_base_rate_for_everyone() -> None:
    model = LikelihoodModel(CANDIDATE_SCHEMA, base_rate=0.3)
    for x, *_ in a_world(1, 20):
        assert model.probability(model.logit(x)) == pytest.approx(0.3)


def test_a_heavier_observation_moves_it_further() -> None:
    (x, *_), *_ = a_world(1, 1)
    light, heavy = taught(), taught()
    before = light.logit(x)
    light.learn(x, True)
    heavy.learn(x, True, weight=3.0)
    assert before < light.logit(x) < heavy.logit(x)


def test_a_few_alike_observations_do_not_make_others_extreme() -> None:
    model = untrained_model()
    (x, *_), *others = a_world(3, 200)
    for number in range(4):
        alike = {name: value + 1e-6 * number for name, value in x.numbers.items()}
        model.learn(Features(alike, x.categories), True)
    assert max(abs(model.logit(other)) for other, *_ in others) < 5


def test_after_a_sudden_change_it_follows_as_if_there_had_been_nothing_before() -> None:
    rng, schema = random.Random(4), Schema(1, {"a": None, "b": None}, {})
    seasoned, fresh = LikelihoodModel(schema), LikelihoodModel(schema)
    late: dict[str, list[float]] = {"seasoned": [], "fresh": []}
    outcomes = []
    for number in range(4500):
        changed, a, b = number >= 2000, rng.gauss(0, 1), rng.gauss(0, 1)
        x = Features({"a": a, "b": b}, {})
        y = rng.random() < 1 / (1 + math.exp(1 + (2 * a if changed else -2 * a - b)))
        if number >= 3500:
            outcomes.append(y)
            for name, model in (("seasoned", seasoned), ("fresh", fresh)):
                late[name].append(model.probability(model.logit(x)))
        seasoned.learn(x, y)
        if changed:
            fresh.learn(x, y)
    losses = {name: log_loss(probabilities, outcomes) or 0 for name, probabilities in late.items()}
    assert losses["seasoned"] < losses["fresh"] + 0.01


def test_an_interaction_is_learned_where_two_features_are_crossed() -> None:
    rng, alone = random.Random(6), {"a": ("x", "y"), "b": ("x", "y")}
    apart, crossed = (
        LikelihoodModel(Schema(1, {}, alone, crosses=crosses)) for crosses in ((), (("a", "b"),))
    )
    for _ in range(1500):
        x = Features({}, {"a": rng.choice("xy"), "b": rng.choice("xy")})
        y = (x.categories["a"] == x.categories["b"]) != (rng.random() < 0.1)
        apart.learn(x, y)
        crossed.learn(x, y)
    alike = Features({}, {"a": "x", "b": "x"})
    assert apart.probability(apart.logit(alike)) == pytest.approx(0.5, abs=0.1)
    assert crossed.probability(crossed.logit(alike)) == pytest.approx(0.9, abs=0.05)


def test_an_effect_may_bend_at_the_knots_of_its_number() -> None:
    rng = random.Random(8)
    straight, bent = (
        LikelihoodModel(Schema(1, {"a": Scale(0.0, 1.0, knots)}, {}))
        for knots in ((), (-2.0, -1.0, 0.0, 1.0, 2.0))
    )
    for _ in range(3000):
        a = rng.uniform(-2, 2)
        for model in (straight, bent):
            model.learn(Features({"a": a}, {}), rng.random() < (0.8 if abs(a) < 1 else 0.1))
    middle, edge = (Features({"a": a}, {}) for a in (0.0, 2.0))
    assert abs(straight.logit(middle) - straight.logit(edge)) < 0.5
    assert bent.logit(middle) - bent.logit(edge) > 2


@pytest.mark.slow
def test_of_many_numbers_the_last_are_learned_as_well_as_the_first() -> None:
    rng, names = random.Random(7), [f"n{number}" for number in range(40)]
    knots = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
    first, last = (
        LikelihoodModel(Schema(1, {name: Scale(0.0, 1.0, knots) for name in order}, {}))
        for order in (names, names[::-1])
    )
    losses = []
    for number in range(800):
        common = rng.gauss(0, 1)
        x = {name: common + 0.3 * rng.gauss(0, 1) for name in names}
        y = rng.random() < 1 / (1 + math.exp(3 * (x["n0"] - x["n1"])))
        if number >= 300:
            shown = [model.probability(model.logit(Features(x, {}))) for model in (first, last)]
            losses.append([-math.log(p if y else 1 - p) for p in shown])
        for model in (first, last):
            model.learn(Features(x, {}), y)
    early, late = (sum(column) / len(losses) for column in zip(*losses, strict=True))
    assert late == pytest.approx(early, abs=0.01)


# Taking back


@pytest.mark.slow
def test_revoking_resets_counts_and_calibrator_and_most_of_the_weights() -> None:
    model, world = taught(3000), a_world(99, 1)
    x = world[0][0]
    untouched, before = LikelihoodModel.from_json(model.to_json()), model.logit(x)
    logit = model.learn(x, False)
    moved = abs(model.logit(x) - before)
    model.revoke(x, False, logit)
    assert logit == before
    assert (model.observed, model.positive) == (untouched.observed, untouched.positive)
    assert model._calibrator.mass == pytest.approx(untouched._calibrator.mass, abs=1e-9)
    assert model._calibrator.excess == pytest.approx(untouched._calibrator.excess, abs=1e-9)
    assert abs(model.logit(x) - before) < moved / 10


@pytest.mark.slow
def test_revoked_silences_end_near_a_model_that_knew_every_outcome_at_once() -> None:
    told_at_once, told_late, waiting = untrained_model(), untrained_model(), []
    world = a_world(5, 2000)
    for x, answered, _ in world:
        told_at_once.learn(x, answered)
        logit = told_late.learn(x, False)
        if answered:
            waiting.append((x, logit))
        if len(waiting) > 50:
            early, its_logit = waiting.pop(0)
            told_late.revoke(early, False, its_logit)
            told_late.learn(early, True)
    assert told_late.observed == told_at_once.observed
    gaps = [
        model.probability(model.logit(x)) - probability
        for x, _, probability in a_world(6, 1000)
        for model in [told_late]
    ]
    assert abs(sum(gaps) / len(gaps)) < 0.06
    logits = [(told_at_once.logit(x), told_late.logit(x)) for x, *_ in a_world(6, 1000)]
    assert np.corrcoef(np.array(logits).T)[0, 1] > 0.97


# Reproducibility

LEARN_AND_HASH = """
import sys
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.model_state import untrained_model
from tests.projections.likelihood.estimator.test_model import a_world
model = untrained_model()
for number, (x, answered, _) in enumerate(a_world(11, 400)):
    if number % int(sys.argv[1]) == 0:
        model = LikelihoodModel.from_json(model.to_json())
    logit = model.learn(x, answered)
    if number % 5 == 0:
        model.revoke(x, answered, logit)
print(model.hash(), [model.logit(x).hex() for x, *_ in a_world(12, 20)])
"""


@pytest.mark.slow
def test_it_is_the_same_bits_in_any_process_however_often_it_was_stored() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", LEARN_AND_HASH, stored_every],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, stored_every in [("0", "1000"), ("1", "1"), ("77", "37")]
    ]
    printed = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(printed) == 1


def test_a_restored_model_predicts_and_learns_the_same_bits() -> None:
    model = taught()
    restored = LikelihoodModel.from_json(model.to_json())
    assert restored.to_json() == model.to_json()
    for x, answered, _ in a_world(2, 100):
        assert restored.logit(x) == model.logit(x)
        assert restored.learn(x, answered) == model.learn(x, answered)
    assert restored.hash() == model.hash()


ALL_THERE_IS = Schema(
    3,
    {"a": None, "b": Scale(1.0, 2.0), "k": Scale(0.5, 0.3, (0.0, 0.4, 1.0))},
    {"c": ("x", "y"), "d": tuple(map(str, range(40)))},
    order=("c", "k", "a", "d", "b"),
    crosses=(("c", "k"), ("d", "k"), ("c", "d")),
)


def anything(rng: random.Random) -> Features:
    return Features(
        {
            "a": rng.gauss(0, 9),
            "b": rng.gauss(1, 2),
            "k": rng.choice([0.0, 0.4, rng.uniform(-1, 2)]),
        },
        {"c": rng.choice("xy"), "d": str(rng.randrange(40))},
    )


def test_curves_and_crosses_are_stored_scored_and_explained_to_the_bit_as_well() -> None:
    model, rng = LikelihoodModel(ALL_THERE_IS), random.Random(9)
    for _ in range(200):
        model.learn(anything(rng), rng.random() < 0.4)
    restored = LikelihoodModel.from_json(model.to_json())
    assert (restored.schema, restored.hash()) == (model.schema, model.hash())
    people = [anything(rng) for _ in range(200)]
    logits = [restored.logit(x) for x in people]
    assert model.logits(in_columns(people), len(people)).tolist() == logits
    for x, logit in zip(people, logits, strict=True):
        total = 0.0
        for _, part in model.contributions(x):
            total += part
        assert total == logit


def test_the_state_of_another_estimator_is_not_continued() -> None:
    text = taught(5).to_json()
    for other in (text.replace(f'"estimator":{ESTIMATOR}', '"estimator":1'), '{"river":"0.26.1"}'):
        with pytest.raises(ForeignModel, match=f"estimator 1, this is {ESTIMATOR}: rebuild"):
            LikelihoodModel.from_json(other)


def _shorter(state: dict[str, Any]) -> None:
    state["covariances"][0] = state["covariances"][0][: 8 * 4]  # three numbers of many


def _of_one_number(state: dict[str, Any]) -> None:
    state["covariances"][0] = b64encode(np.array([1.0]).tobytes()).decode()


def _not_a_number(state: dict[str, Any]) -> None:
    covariance = np.frombuffer(b64decode(state["covariances"][0])) * np.nan
    state["covariances"][0] = b64encode(covariance.tobytes()).decode()


@pytest.mark.parametrize(
    "damage",
    [
        _shorter,
        _of_one_number,
        _not_a_number,
        lambda state: state["covariances"].pop(),
        lambda state: state["weights"][0].pop(),
        lambda state: state.update(weights=state["weights"][0]),
        lambda state: state["losses"].pop(),
        lambda state: state["calibrator"]["mass"].pop(),
        lambda state: state.update(observed="many"),
        lambda state: state.pop("schema"),
        lambda state: state.update(remark="nobody wrote this"),
    ],
)
def test_a_damaged_state_is_refused(
    damage: Callable[[dict[str, Any]], object],
) -> None:
    state = json.loads(taught(5).to_json())
    damage(state)
    with pytest.raises(ForeignModel, match="damaged: rebuild the projection from the log"):
        LikelihoodModel.from_json(json.dumps(state))


def test_predicting_and_explaining_change_nothing() -> None:
    model = taught()
    text = model.to_json()
    for x, *_ in a_world(3, 50):
        model.probability(model.logit(x))
        model.contributions(x)
    model._json = None
    assert model.to_json() == text


# Refusals


def test_a_number_without_knots_cannot_be_crossed() -> None:
    with pytest.raises(ValueError, match="a is to be crossed; give it two knots"):
        LikelihoodModel(Schema(1, {"a": None}, {"b": ("x", "y")}, crosses=(("a", "b"),)))


def changed(x: Features, **numbers: Any) -> Features:
    return Features({**x.numbers, **numbers}, x.categories)


BAD: dict[str, Callable[[Features], Features]] = {
    "not a number": lambda x: changed(x, years=math.nan),
    "infinite": lambda x: changed(x, years=math.inf),
    "negative infinite": lambda x: changed(x, years=-math.inf),
    "null": lambda x: changed(x, years=None),
    "huge": lambda x: changed(x, years=1e300),
    "text": lambda x: changed(x, years="7"),
    "true": lambda x: changed(x, years=True),
    "an integer": lambda x: changed(x, years=7),
    "a NumPy number": lambda x: changed(x, years=np.float64(7)),
    "an unknown number": lambda x: changed(x, age=40.0),
    "a missing number": lambda x: Features({"years": 1.0}, x.categories),
    "an unknown category": lambda x: Features(x.numbers, {**x.categories, "gender": "woman"}),
    "a missing category": lambda x: Features(x.numbers, {}),
    "an unknown value": lambda x: Features(x.numbers, {**x.categories, "role": "astronaut"}),
    "a list for a value": lambda x: Features(x.numbers, {**x.categories, "role": []}),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_bad_features_are_refused_and_change_nothing(spoil: Callable[[Features], Features]) -> None:
    model = taught(30)
    before, (x, *_) = model.to_json(), a_world(4, 1)[0]
    for use in (
        lambda bad: model.learn(bad, True),
        lambda bad: model.revoke(bad, True, 0.0),
        model.logit,
        model.contributions,
    ):
        with pytest.raises(ValueError, match=r"give|features|schema"):
            use(spoil(x))
    model._json = None
    assert model.to_json() == before
    assert math.isfinite(model.logit(x))


@pytest.mark.parametrize("weight", [math.nan, math.inf, 0.0, -1.0, 1e300])
def test_weights_that_are_not_positive_or_are_huge_are_refused(weight: float) -> None:
    model = taught(30)
    (x, *_), before = a_world(4, 1)[0], model.hash()
    for use in (
        lambda: model.learn(x, True, weight=weight),
        lambda: model.revoke(x, True, 0.0, weight=weight),
    ):
        with pytest.raises(BadFeatures, match="weight"):
            use()
    assert model.hash() == before


@pytest.mark.parametrize("outcome", ["no", None, 2, -1, 0.5])
def test_outcomes_other_than_yes_and_no_are_refused(outcome: Any) -> None:
    model = taught(30)
    (x, *_), before = a_world(4, 1)[0], model.hash()
    for use in (
        lambda: model.learn(x, outcome),
        lambda: model.revoke(x, outcome, 0.0),
        lambda: model.learn_one(dict([*x.numbers.items(), *x.categories.items()]), outcome),
    ):
        with pytest.raises(BadFeatures, match="give True or False"):
            use()
    assert model.hash() == before


# Linearity


def in_columns(xs: Sequence[Features]) -> Columns:
    first, *_ = xs
    return Columns(
        {name: np.array([x.numbers[name] for x in xs]) for name in first.numbers},
        {name: [x.categories[name] for x in xs] for name in first.categories},
    )


def test_a_whole_column_of_candidates_scores_to_the_same_bits_as_each_alone() -> None:
    model, rng = taught(500), random.Random(3)
    alone = [
        outreach_features(random_candidate_state(rng), random_position_state(rng))
        for _ in range(777)
    ]
    together = model.logits(in_columns(alone), len(alone))
    assert together.tolist() == [model.logit(x) for x in alone]


def test_contributions_added_up_in_their_order_are_the_logit_bit_for_bit() -> None:
    model = taught(500)
    for x, *_ in a_world(8, 50):
        total = 0.0
        for _, part in model.contributions(x):
            total += part
        assert total == model.logit(x)


IN_TWO_PARTS = Schema(
    1, {"a": None, "b": None}, {"c": ("x", "y"), "d": ("x", "y")}, order=("b", "d", "a", "c")
)


def test_a_sum_of_some_features_can_be_continued_with_the_others() -> None:
    model, rng = LikelihoodModel(IN_TWO_PARTS), random.Random(5)
    for _ in range(200):
        x = Features(
            {"a": rng.random(), "b": rng.random()}, {"c": rng.choice("xy"), "d": rng.choice("xy")}
        )
        model.learn(x, rng.random() < x.numbers["a"])
    first, then = ("b", "d"), ("a", "c")
    begun = Features({"b": 0.25}, {"d": "y"})
    full = Features({"a": 0.5, "b": 0.25}, {"c": "x", "d": "y"})
    start = model.logits(Columns({"b": np.array([0.25])}, {"d": ["y"]}), 1, first)
    ended = model.logits(Columns({"a": np.array([0.5])}, {"c": ["x"]}), 1, then, start)
    assert start.tolist() == [model.logit(begun, first)]
    assert ended.tolist() == [model.logit(full)]


def test_no_feature_adds_more_than_its_span() -> None:
    model = taught(500)
    spans = {
        name: model.span(name, -1.0, 9.0)
        for name in (*model.schema.numbers, *model.schema.categories)
    }
    for x, *_ in a_world(8, 200):
        for name, part in model.contributions(x)[1:]:
            if x.numbers.get(name, 0.0) <= 9.0:
                assert spans[name][0] <= part <= spans[name][1]


# Calibration


def test_the_calibrator_corrects_where_it_has_seen_much_and_nowhere_else() -> None:
    calibrator, rng = Calibrator(), random.Random(1)
    for _ in range(5000):
        calibrator.learn(rng.uniform(-2.2, -1.8), rng.random() < 0.3, 1.0)
    assert calibrator.probability(-2.0) == pytest.approx(0.3, abs=0.03)
    assert calibrator.probability(1.0) == pytest.approx(1 / (1 + math.exp(-1)))


@pytest.mark.parametrize("logit", [-1e6, -5.0, 2.0, 1e6])
def test_probabilities_stay_between_never_and_always(logit: float) -> None:
    assert 0 < Calibrator().probability(logit) < 1


# --- A River classifier

VISITS = Schema(1, {"visits": Scale(2.0, 1.0)}, {"role": ("tester", "other")})


def rows(count: int) -> list[tuple[dict[Hashable, Any], bool]]:
    """People who come by often answer, save for one in seven."""
    return [
        ({"visits": float(n % 5), "role": "tester" if n % 3 else "other"}, n % 5 > 2 or n % 7 == 0)
        for n in range(count)
    ]


@pytest.mark.slow
def test_it_learns_and_predicts_as_a_river_classifier_does() -> None:
    from river import metrics
    from river.evaluate import progressive_val_score

    learned = LikelihoodModel(VISITS)
    auc: Any = metrics.ROCAUC()  # type: ignore[no-untyped-call] # River's own
    metric = progressive_val_score(rows(2_000), learned, auc)
    assert metric.get() > 0.8


def test_rivers_methods_and_ours_give_the_same_bits() -> None:
    rivers, ours = LikelihoodModel(VISITS), LikelihoodModel(VISITS)
    for x, y in rows(100):
        rivers.learn_one(x, y)
        ours.learn(Features({"visits": x["visits"]}, {"role": x["role"]}), y)
    assert rivers.hash() == ours.hash()


def test_it_can_end_a_river_pipeline() -> None:
    from river import compose

    shorter = compose.Discard("name") | LikelihoodModel(VISITS)
    shorter.learn_one({"name": "Kim", "visits": 3.0, "role": "tester"}, True)
    asked = {"name": "Robin", "visits": 3.0, "role": "tester"}
    assert sum(shorter.predict_proba_one(asked).values()) == pytest.approx(1.0)


def test_rivers_clone_of_it_has_learned_nothing() -> None:
    learned = LikelihoodModel(VISITS)
    learned.learn_one(*rows(1)[0])
    assert learned.clone().hash() == LikelihoodModel(VISITS).hash()


def test_a_row_given_by_rivers_methods_is_checked_as_well() -> None:
    learned = LikelihoodModel(VISITS)
    before = learned.hash()
    with pytest.raises(BadFeatures):
        learned.learn_one({"visits": math.nan, "role": "tester"}, True)
    assert learned.hash() == before

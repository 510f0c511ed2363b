"""How close the likelihood comes to the true process of the simulated world, and how soon.

    python -m benchmarks world --candidates 54000 [--hidden 0]

Half-way the world shifts: fewer candidates answer, and two effects change sign. Every outreach is
predicted when it is sent and judged by its outcome. Compared with the production learner, on the
same features:

- truth: the true process, with what no event shows;
- visible: the true process's weights on what events show, the rest integrated out over all outreach
  of the world: the best possible prediction from the events;
- at once: the same estimator, learning each outcome at the sending;
- waiting: learning answers when they come, and silence when the window closes;
- both late: learning answers, too, when the window closes;
- prior: the share of answers so far, learning as `waiting` does;
- River: its StandardScaler and LogisticRegression with their defaults, learning as `waiting` does.

Losses are logarithmic, of the outcomes as they were drawn. "excess" is the mean divergence from the
true probability, which is what the loss exceeds the truth's by in the long run, without the luck of
the draw. Delays are those of the events: answers within fourteen days, most within two.
"""

import argparse
import heapq
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from river import compose, linear_model, preprocessing

from api.demo.answers import USUAL, Process
from api.demo.world import Shift, World
from domain.outreach import ANSWER_WINDOW
from domain.outreach_events import InterviewRequested, MessageSent
from projections.likelihood.changes import Changes, Prediction
from projections.likelihood.estimator.schema import Features
from projections.likelihood.learner import FOLLOWED, Learner
from projections.likelihood.model_state import untrained_model

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
JUDGED_UNTIL = UNTIL - timedelta(days=15)
"""Of later outreach only the answers are known."""

SHIFT = Shift(
    at=datetime(2025, 4, 10, tzinfo=UTC),
    process=replace(USUAL, base=-1.9, restlessness=-USUAL.restlessness, match=-USUAL.match),
)
PRIOR_WEIGHT = 50.0

Losses = NDArray[np.float64]


class Case(NamedTuple):
    """An outreach with an outcome."""

    sent_at: datetime
    settled_at: datetime
    features: Features
    answered: bool
    predicted: float
    truth: float
    visible: float

    @property
    def closes_at(self) -> datetime:
        return self.sent_at + ANSWER_WINDOW + timedelta(hours=1)


def live(candidates: int, seed: int, shift: Shift | None, process: Process = USUAL) -> list[Case]:
    """A world's outreach, each predicted by the production learner when it was sent."""
    world = World(candidates=candidates, seed=seed, until=UNTIL, process=process, shift=shift)
    learner, followed = Learner(), frozenset(FOLLOWED)
    predictions: list[Prediction] = []
    taken, events = 0.0, 0
    for position, event in enumerate(world.history(), 1):
        if type(event) not in followed:
            continue
        start = time.process_time()
        learner.apply(position, event)
        taken += time.process_time() - start
        events += 1
        if isinstance(event, MessageSent | InterviewRequested):
            predictions.append(learner.open[event.originator_id])
        learner.changes = Changes()
    print(
        f"{position:,} events of {candidates:,} candidates, {events:,} of them followed;"
        f" learning from one took {taken / events * 1e6:.0f} us in the mean"
    )
    return [
        Case(
            p.sent_at,
            p.settled_at,
            p.features,
            p.outcome,
            p.probability,
            world.truth[p.outreach_id],
            world.visible[p.outreach_id],
        )
        for p in predictions
        if p.outcome is not None and p.settled_at is not None and p.sent_at < JUDGED_UNTIL
    ]


# Comparisons -----------------------------------------------------------------------------------


def integrated(cases: Sequence[Case]) -> Losses:
    """The probability by what events show, the rest averaged over all outreach."""
    visible = np.array([case.visible for case in cases])
    truth = np.array([case.truth for case in cases])
    hidden = np.quantile(np.log(truth / (1 - truth)) - visible, (np.arange(200) + 0.5) / 200)
    return np.array([np.mean(1 / (1 + np.exp(-(v + hidden)))) for v in visible])


def prequential(
    cases: Sequence[Case],
    predict: Callable[[Features], float],
    learn: Callable[[Features, bool], object],
    known_at: Callable[[Case], datetime],
) -> Losses:
    """Predict each case when it is sent, after learning those known by then."""
    said, tie = [], count()
    waiting: list[tuple[datetime, int, Case]] = []
    for case in cases:
        while waiting and waiting[0][0] <= case.sent_at:
            known = heapq.heappop(waiting)[2]
            learn(known.features, known.answered)
        said.append(predict(case.features))
        heapq.heappush(waiting, (known_at(case), next(tie), case))
    return np.array(said)


def estimator(cases: Sequence[Case], known_at: Callable[[Case], datetime]) -> Losses:
    """The production estimator without provisional silence and revocation."""
    model = untrained_model()
    return prequential(cases, lambda x: model.probability(model.logit(x)), model.learn, known_at)


def prior(cases: Sequence[Case]) -> Losses:
    tally = [PRIOR_WEIGHT * 0.2, PRIOR_WEIGHT]

    def learn(_: Features, answered: bool) -> None:
        tally[0] += answered
        tally[1] += 1

    return prequential(cases, lambda _: tally[0] / tally[1], learn, lambda case: case.settled_at)


def river_defaults(cases: Sequence[Case]) -> Losses:
    numbers = compose.SelectType(float) | preprocessing.StandardScaler()
    categories = compose.SelectType(str) | preprocessing.OneHotEncoder()
    model: Any = (numbers + categories) | linear_model.LogisticRegression()

    def flat(x: Features) -> dict[str, Any]:
        return {**x.numbers, **x.categories}

    return prequential(
        cases,
        lambda x: float(model.predict_proba_one(flat(x)).get(True, 0.5)),
        lambda x, y: model.learn_one(flat(x), y),
        lambda case: case.settled_at,
    )


# Figures ---------------------------------------------------------------------------------------


def loss(answered: Losses, said: Losses) -> Losses:
    bounded = np.clip(said, 1e-6, 1 - 1e-6)
    return -(answered * np.log(bounded) + (1 - answered) * np.log(1 - bounded))


def expected_excess(truth: Losses, said: Losses) -> Losses:
    return loss(truth, said) - loss(truth, truth)


def windows(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        if length - start >= size / 2:
            yield slice(start, min(start + size, length))


def table(cases: Sequence[Case], said: dict[str, Losses], size: int) -> None:
    answered = np.array([case.answered for case in cases], dtype=float)
    losses = {name: loss(answered, each) for name, each in said.items()}
    excess = expected_excess(said["truth"], said["ours"])
    print("outreach from".ljust(15) + "".join(f"{name:>11}" for name in said) + "   ours - truth")
    for window in windows(len(cases), size):
        cells = "".join(f"{each[window].mean():>11.4f}" for each in losses.values())
        more = (losses["ours"] - losses["truth"])[window].mean()
        print(f"{window.start:<15,}{cells}{more:>9.4f} (excess {excess[window].mean():.4f})")


def summary(cases: Sequence[Case], said: dict[str, Losses], begin: int, end: int) -> None:
    """Each one's loss beyond the truth's between two outreaches, and the gap that is closed."""
    if begin >= end:
        return
    answered = np.array([case.answered for case in cases], dtype=float)[begin:end]
    by = {name: loss(answered, each[begin:end]).mean() for name, each in said.items()}
    more = {
        name: expected_excess(said["truth"][begin:end], each[begin:end]).mean()
        for name, each in said.items()
    }
    print(f"outreach {begin:,} to {end:,}:")
    for name in said:
        print(
            f"    {name:<11} log loss {by[name]:.4f}, {by[name] - by['truth']:+.4f} on the truth"
            f" (excess {more[name]:.4f})"
        )
    beyond = by["ours"] - by["visible"]
    print(f"    ours loses {beyond:+.4f} more than the best prediction from events")
    gap = more["waiting"] - more["at once"]
    closed = (more["waiting"] - more["ours"]) / gap if gap > 0 else math.nan
    print(f"    of the gap between waiting and at once, ours closes {closed:.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=54_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--window", type=int, default=2_000)
    parser.add_argument(
        "--hidden", type=float, default=1.0, help="how much of what no event tells counts; 0: none"
    )
    options, _ = parser.parse_known_args()
    usual, shifted = (replace(process, hidden=options.hidden) for process in (USUAL, SHIFT.process))
    cases = live(options.candidates, options.seed, replace(SHIFT, process=shifted), usual)
    report(cases, options.window)


def report(cases: Sequence[Case], window: int) -> None:
    said = {
        "truth": np.array([case.truth for case in cases]),
        "visible": integrated(cases),
        "ours": np.array([case.predicted for case in cases]),
        "at once": estimator(cases, lambda case: case.sent_at),
        "waiting": estimator(cases, lambda case: case.settled_at),
        "both late": estimator(cases, lambda case: case.closes_at),
        "prior": prior(cases),
        "River": river_defaults(cases),
    }
    shifted = sum(case.sent_at < SHIFT.at for case in cases)
    print(f"{len(cases):,} outreaches with an outcome; the world shifts at the {shifted:,}th")
    table(cases, said, window)
    settled = 20_000 if shifted > 22_000 else shifted // 2  # of a smaller world, its second half
    summary(cases, said, 0, shifted)
    summary(cases, said, settled, shifted)
    summary(cases, said, shifted, min(shifted + 2_000, len(cases)))
    summary(cases, said, shifted + 2_000, min(shifted + 20_000, len(cases)))


if __name__ == "__main__":
    main()

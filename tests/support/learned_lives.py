"""Random histories for the learner of the likelihood, and what it learns from them."""

import random
from collections.abc import Callable, Sequence

from domain.candidate_events import CandidateErased
from domain.event import Event
from domain.outreach_events import (
    DeclineReason,
    OutreachDeclined,
    OutreachPostponed,
    OutreachWithdrawn,
)
from projections.likelihood.learner import FOLLOWED, Learner
from tests.support.history import History, days, hours, somebody


def _expired(history: History, *about: int) -> None:
    history.expire(*about)


def _withdrawn(history: History, *about: int) -> None:
    history.settle(OutreachWithdrawn, *about)


def _declined(history: History, *about: int) -> None:
    history.settle(OutreachDeclined, *about, reason=DeclineReason.OTHER)


def _accepted(history: History, *about: int) -> None:
    history.accept(*about)


def _accepted_after_a_question(history: History, *about: int) -> None:
    history.reply(*about)
    history.accept(*about)


def _postponed(history: History, *about: int) -> None:
    history.settle(OutreachPostponed, *about, until=history.now.date())


def _retracted(history: History, *about: int) -> None:
    history.retract(*about)


def _followed_up(history: History, *about: int) -> bool:
    history.follow_up(*about)
    return True


WAYS: Sequence[Callable[..., bool | None]] = (
    *(_expired, _withdrawn, _declined, _accepted, _accepted_after_a_question),
    *(_postponed, _retracted, _followed_up),
)
"""What becomes of an outreach; true if it is still open then."""


def a_life(seed: int, steps: int = 200) -> list[Event]:
    """A history in which a bit of everything happens."""
    rng, history = random.Random(seed), History()
    history.open_position(1)
    history.open_position(2, title="Senior tester", location=None, remote=True)
    history.sign_up(*range(40), country="France", years_experience=4)
    history.now += days(200)
    waiting: list[tuple[int, int]] = []
    done: set[tuple[int, int]] = set()
    gone: set[int] = set()
    for _ in range(steps):
        history.now += hours(rng.choice([1, 5, 30]))
        about = rng.randrange(40), rng.randrange(1, 3)
        if about[0] in gone:
            continue
        if about not in done and rng.random() < 0.6:
            history.send(*about)
            done.add(about)
            waiting.append(about)
        elif waiting and rng.random() < 0.7:
            settled = waiting.pop(0)
            if settled[0] in gone:
                continue
            is_open = rng.choice(WAYS)(history, *settled)
            waiting += [settled] if is_open else []
        elif rng.random() < 0.05:
            history.add(CandidateErased, somebody(about[0]))
            gone.add(about[0])
        else:
            history.be_active(about[0], "searched_jobs")
    return [event for event in history.events if isinstance(event, FOLLOWED)]


def replayed(events: list[Event]) -> Learner:
    learner = Learner()
    for position, event in enumerate(events, 1):
        learner.apply(position, event)
    return learner

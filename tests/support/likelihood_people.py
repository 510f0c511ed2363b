"""Candidates and positions drawn at random, as the likelihood knows them."""

import random
from datetime import UTC, datetime

from domain.kinds_of_work import KINDS_OF_WORK
from projections.likelihood.estimator.schema import Features
from projections.likelihood.features.candidate import (
    STATE_NUMBERS,
    UNKNOWN,
    CandidateState,
    features,
)
from projections.likelihood.features.catalogue import SENIORITIES, merged
from projections.likelihood.features.position_match import PositionState, of_match, of_position

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

SKILLS = ("python", "go", "sql", "react", "rust")
PLACES = (("berlin", "germany"), ("lyon", "france"), (None, "germany"), (None, None))


def random_candidate_state(rng: random.Random) -> CandidateState:
    """A state with some of everything, and some of it unknown."""
    now = NOW.timestamp()
    signed_up_at, last_active_at, observed_at = (now - rng.expovariate(1 / 3e7) for _ in range(3))
    state = CandidateState(
        signed_up_at, last_active_at, observed_at, role=rng.choice(KINDS_OF_WORK)
    )
    for moment in ("consented_at", "job_since", "last_contact_at"):
        setattr(state, moment, rng.choice([UNKNOWN, now - rng.expovariate(1 / 3e7)]))
    state.years = rng.choice([UNKNOWN, rng.uniform(0, 30), 2.0, 5.0])
    state.expected_usd = rng.choice([UNKNOWN, rng.uniform(20_000, 200_000)])
    for counter in STATE_NUMBERS[STATE_NUMBERS.index("activity_30") :]:
        grown = 2 ** (2373 / int(counter.rpartition("_")[2])) if counter[-1].isdigit() else 1.0
        setattr(state, counter, grown * rng.choice([0.0, 1.0, rng.uniform(0, 20)]))
    state.remote_wish = rng.choice(["yes", "no", "unknown"])
    state.city, state.country = rng.choice(PLACES)
    state.skills = tuple(rng.sample(SKILLS, rng.randrange(4)))
    return state


def random_position_state(rng: random.Random) -> PositionState:
    """A position of which any part may be unknown."""
    return PositionState(
        role=rng.choice(KINDS_OF_WORK),
        seniority=rng.choice(SENIORITIES),
        years_asked=rng.choice([None, 0.0, 3.0]),
        pay_usd=rng.choice([None, rng.randrange(30_000, 200_000)]),
        remote=rng.random() < 0.5,
        places=rng.choice([(), ("berlin", "germany"), ("france",)]),
        required=tuple(rng.sample(SKILLS, rng.randrange(3))),
        nice=tuple(rng.sample(SKILLS, rng.randrange(3))),
    )


def outreach_features(
    state: CandidateState, opening: PositionState, at: datetime = NOW
) -> Features:
    """All features of a candidate who hears of an opening."""
    return merged(features(state, at), of_position(opening), of_match(state, opening))

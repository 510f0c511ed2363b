"""What recruiters look at before they write: a page of a position's list, then some profiles.

The likelihoods on these pages are those of an earlier, simpler guess, by silence alone.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from api.demo.members import Person
from domain.actor import Cause
from domain.viewing import CandidatesShown, Feed, ProfileOpened, Slot, Sort, Viewing

PAGE = 10
EXPLORED = 0.03
"""The share of slots that are filled at random, for exploration."""

GUESS, GUESS_BY_SILENCE = -0.9, -0.45
"""Log-odds of an answer from somebody active today, and by the logarithm of the months since."""


def guess(person: Person, now: datetime) -> float:
    """How likely somebody is to answer, judged by their silence alone."""
    days = (now - (person.candidate.last_active_at or now)) / timedelta(days=1)
    return 1 / (1 + math.exp(-GUESS - GUESS_BY_SILENCE * math.log1p(days / 30)))


def page(rng: Random, sought: Person, others: Sequence[Person], now: datetime) -> list[Person]:
    """A page with the one who will be written to among others like them, the likeliest first."""
    passive = sought.candidate.is_passive(now)
    like_them = [
        other
        for other in others
        if other.candidate.opted_in and other.candidate.is_passive(now) is passive
    ]
    crowd = rng.sample(like_them, min(len(like_them), PAGE - 1))
    return sorted([sought, *crowd], key=lambda person: (-guess(person, now), person.number))


def shown(
    rng: Random,
    id: UUID,
    cause: Cause,
    about: dict[str, UUID],
    people: Sequence[Person],
) -> Viewing:
    """These people are shown on a page."""
    viewing = Viewing(id)
    slots = []
    for rank, person in enumerate(people, 1):
        explored = rng.random() < EXPLORED
        slots.append(
            Slot(
                candidate_id=person.candidate.id,
                rank=rank,
                probability=round(guess(person, cause.at), 6),
                explored=explored,
                propensity=EXPLORED if explored else 1 - EXPLORED,
            )
        )
    passive = people[0].candidate.is_passive(cause.at)
    viewing.note(
        CandidatesShown,
        cause,
        **about,
        feed=Feed.PASSIVE if passive else Feed.RECOMMENDATIONS,
        sort=Sort.LIKELIHOOD,
        slots=tuple(slots),
        model_position=None,
    )
    return viewing


def opened(id: UUID, cause: Cause, about: dict[str, UUID], person: Person) -> Viewing:
    """Somebody's profile is opened."""
    viewing = Viewing(id)
    viewing.note(
        ProfileOpened,
        cause,
        **about,
        candidate_id=person.candidate.id,
        passive=person.candidate.is_passive(cause.at),
        probability=round(guess(person, cause.at), 6),
    )
    return viewing

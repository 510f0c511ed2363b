"""Why somebody answers an employer: the true process that a model may try to find.

The log-odds of an answer within fourteen days are a sum. Most of it can be seen in the events: how
long somebody has been in their job (the wish to move peaks at two to three years), how long they
have been silent, how often they came by of late, how the offer compares with what they expect, how
well their skills match, whether the place suits them, and how often they were written to of late.
A smaller part is hidden: their habit of answering letters at all, and how happy they are at work
beyond what their years there tell.
"""

import math
from dataclasses import dataclass
from enum import Enum
from random import Random

from api.demo.agenda import DAY
from domain.outreach import ANSWER_WINDOW
from domain.outreach_events import DeclineReason

RESTLESS_YEARS, RESTLESS_WIDTH = 2.5, 1.1
UNKNOWN_RESTLESSNESS = 0.35
HABIT_SPREAD = 0.25
"""Standard deviation of the habit of answering, in log-odds."""

UNHAPPINESS = 0.5
"""What it adds to be wholly unhappy at work rather than wholly happy, in log-odds."""

PROMPT = 0.82
PROMPT_DAYS = 1.3
"""Most answers come at once, after this many days in the mean; the others at any time."""


@dataclass(frozen=True, slots=True)
class Process:
    """What each reason adds to the log-odds of an answer."""

    base: float = -2.95
    restlessness: float = 1.30
    silence: float = -0.40
    visits: float = 0.30
    offer: float = 1.80
    match: float = 0.90
    place: float = 0.40
    letters: float = -0.60
    hidden: float = 1.0
    """How much of what no event tells counts."""


USUAL = Process()


@dataclass(slots=True)
class Situation:
    """Where somebody stands when a letter reaches them."""

    years_in_job: float | None
    """As their profile says."""
    days_silent: float
    recent_visits: float
    """Things done on the marketplace, each counting half after 45 days."""
    recent_letters: float
    """Letters from employers before this one, each counting half after 30 days."""
    offer: float
    """The top of the offer relative to the salary expected; 1 where none was named."""
    match: float
    """Share of the nice-to-have skills."""
    place_suits: bool

    # Hidden from every event.
    habit: float
    satisfaction: float


def visible(s: Situation, process: Process = USUAL) -> float:
    """The log-odds as far as they can be learned from the events."""
    if s.years_in_job is None:
        restlessness = UNKNOWN_RESTLESSNESS
    else:
        restlessness = math.exp(-(((s.years_in_job - RESTLESS_YEARS) / RESTLESS_WIDTH) ** 2))
    return process.base + (
        process.restlessness * restlessness
        + process.silence * math.log1p(s.days_silent / 30)
        + process.visits * math.log1p(s.recent_visits)
        + process.offer * max(-0.7, min(0.7, math.log(s.offer)))
        + process.match * s.match
        + process.place * s.place_suits
        + process.letters * s.recent_letters
    )


def hidden(s: Situation) -> float:
    """The part of the log-odds that no event tells, around zero."""
    return s.habit + UNHAPPINESS * (0.6 - s.satisfaction)


def probability(s: Situation, process: Process = USUAL) -> float:
    """How likely an answer within fourteen days really is."""
    return 1 / (1 + math.exp(-(visible(s, process) + process.hidden * hidden(s))))


class Answer(Enum):
    """Whether an answer is yes, and if not, the reason."""

    YES = None
    NOT_LOOKING = DeclineReason.NOT_LOOKING
    SALARY = DeclineReason.SALARY
    LOCATION = DeclineReason.LOCATION
    ROLE = DeclineReason.ROLE
    COMPANY = DeclineReason.COMPANY
    OTHER = DeclineReason.OTHER


def answer(rng: Random, s: Situation) -> Answer:
    """The text of an answer."""
    yes = 0.40 + 0.5 * (0.6 - s.satisfaction) + 0.3 * math.log(s.offer)
    if rng.random() < max(0.15, min(0.9, yes)):
        return Answer.YES
    if s.offer < 1.0 and rng.random() < 0.6:
        return Answer.SALARY
    if not s.place_suits and rng.random() < 0.6:
        return Answer.LOCATION
    others = (Answer.NOT_LOOKING, Answer.ROLE, Answer.COMPANY, Answer.OTHER)
    return rng.choices(others, (50, 25, 15, 10))[0]


def delay(rng: Random) -> float:
    """Seconds until an answer; always within the window."""
    window = ANSWER_WINDOW.total_seconds()
    prompt = rng.random() < PROMPT
    after = rng.expovariate(1 / (PROMPT_DAYS * DAY)) if prompt else rng.random() * window
    return min(max(after, 120.0), window - 3_600.0)

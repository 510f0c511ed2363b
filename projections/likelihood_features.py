"""What the likelihood to respond looks at: features of a candidate, from events alone.

A candidate's state is folded event by event into moments and decayed counts, never into "days
since": asking at a later moment needs no further event. No personal data, no protected attribute
and no free text enters; where somebody lives is left out as well.

Numbers are rounded to six decimals, so that they are the same bits whether the C library or NumPy
took the logarithm, read the same in JSON, and survive another machine's last digit.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.candidate import (
    ActivityKind,
    CandidateSignedUp,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.event import Event
from domain.outreach import (
    InterviewRequested,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
)
from domain.profile import Facts, key

FEATURE_VERSION = 1
"""Raise it with any change that gives a candidate other features; then the projection's too."""

DAY = 86_400.0
LANDMARK = 1_577_836_800.0  # 2020-01-01
UNKNOWN = math.nan


class Number(NamedTuple):
    """A feature that is a number.

    What is typical, and how far it spreads, is what its scaling starts from before there is data.
    """

    unit: str
    source: str
    typical: float
    spread: float


class Category(NamedTuple):
    """A feature that is one of a few names."""

    source: str
    values: tuple[str, ...]


class Features(NamedTuple):
    """One candidate at one moment, as the model sees them."""

    numbers: Mapping[str, float]
    categories: Mapping[str, str]


# Activity ---------------------------------------------------------------------------------------

ACTIVITY_GROUPS = {
    ActivityKind.SIGNED_IN: "visits",
    ActivityKind.SEARCHED_JOBS: "searches",
    ActivityKind.VIEWED_JOB: "searches",
    ActivityKind.SAVED_JOB: "searches",
    ActivityKind.APPLIED: "applications",
    ActivityKind.EDITED_PROFILE: "edits",
    ActivityKind.UPLOADED_RESUME: "edits",
    ActivityKind.FOLLOWED_MAIL_LINK: "mail_visits",
}

# Roles ------------------------------------------------------------------------------------------

_ROLE_WORDS = {
    "full-stack": "full ?stack",
    "front-end": "front ?end",
    "back-end": "back ?end",
    "mobile": r"mobile|android|ios\b",
    "game": "game",
    "embedded": "embedded|firmware",
    "desktop": "desktop",
    "quality": r"qa\b|quality|test",
    "data-science": r"data scien|machine learning|ml\b",
    "data-engineering": r"data engineer|engineer, data|etl\b",
    "analysis": "analyst|analytics",
    "database": r"database|dba\b",
    "reliability": r"site reliability|sre\b",
    "devops": "devops|platform engineer|cloud|infrastructure",
    "administration": "systems? admin|network",
    "security": "security",
    "design": r"design|ux\b|ui\b",
    "product": "product manager|product owner",
    "executive": r"executive|vp\b|cto\b|chief|director|head of",
    "management": "manager|team lead",
    "research": "research|scientist",
    "education": r"educator|teacher|lecturer|student|intern\b",
    "sales": "sales|marketing",
    "software": "software|developer|programmer|engineer",
}
_ROLE_PATTERNS = [(name, re.compile(rf"\b(?:{words})")) for name, words in _ROLE_WORDS.items()]
ROLES = (*_ROLE_WORDS, "other", "unknown")

SENIORITY_FROM_YEARS = (2.0, 5.0, 10.0)
SENIORITIES = ("junior", "middle", "senior", "principal", "unknown")


@lru_cache(maxsize=4096)
def role_family(role: str) -> str:
    """The known kind of work a role belongs to: the first whose words occur in it.

    >>> role_family("Developer, full-stack"), role_family("Data Engineer"), role_family("Baker")
    ('full-stack', 'data-engineering', 'other')
    """
    words = key(role).replace("-", " ")
    return next((name for name, pattern in _ROLE_PATTERNS if pattern.search(words)), "other")


# What there is ----------------------------------------------------------------------------------

_LOG_DAYS = "log(1 + days)"
_LOG_COUNT = "log(1 + count)"
_LOG_RECENT = "log(1 + count, each halved every {} days)"


def _activity_features() -> dict[str, Number]:
    described = {
        group: ", ".join(kind for kind, its_group in ACTIVITY_GROUPS.items() if its_group == group)
        for group in dict.fromkeys(ACTIVITY_GROUPS.values())
    }
    return {
        f"{group}_{days}": Number(_LOG_RECENT.format(days), f"activity: {kinds}", 0.3, 0.5)
        for group, kinds in described.items()
        for days in (90, 365)
    }


NUMBERS: dict[str, Number] = {
    "dormancy": Number(_LOG_DAYS, "since the last activity, or sign-up", 5.0, 1.0),
    "tenure": Number(_LOG_DAYS, "since sign-up", 6.5, 1.0),
    "consent_age": Number(
        _LOG_DAYS, "since the last opting in; typical if there is none", 6.0, 1.0
    ),
    "profile_age": Number(_LOG_DAYS, "since the latest observed fact of the profile", 5.5, 1.0),
    "job_time": Number(_LOG_DAYS, "in the present job; typical if unknown", 6.0, 1.5),
    "since_contact": Number(_LOG_DAYS, "since the last outreach; typical if never", 4.5, 1.5),
    **_activity_features(),
    "received": Number(_LOG_COUNT, "outreach received", 0.5, 0.6),
    "received_90": Number(_LOG_RECENT.format(90), "outreach received", 0.2, 0.4),
    "received_365": Number(_LOG_RECENT.format(365), "outreach received", 0.3, 0.5),
    "answered": Number(_LOG_COUNT, "outreach accepted or declined", 0.2, 0.4),
    "answered_365": Number(_LOG_RECENT.format(365), "outreach accepted or declined", 0.1, 0.3),
    "accepted": Number(_LOG_COUNT, "outreach accepted", 0.1, 0.3),
    "accepted_365": Number(_LOG_RECENT.format(365), "outreach accepted", 0.1, 0.3),
    "expired": Number(_LOG_COUNT, "outreach that expired unanswered", 0.4, 0.6),
    "expired_365": Number(_LOG_RECENT.format(365), "outreach that expired unanswered", 0.2, 0.4),
    "years": Number("years", "of experience by the profile; typical if unknown", 7.0, 6.0),
    "answer_rate": Number(
        "share", "of outreach answered, with one more at the usual rate", 0.2, 0.1
    ),
}

CATEGORIES: dict[str, Category] = {
    "role": Category("the profile's first role, as far as its kind is known", ROLES),
    "seniority": Category(
        f"years of experience, from {', '.join(f'{y:g}' for y in SENIORITY_FROM_YEARS)} on",
        SENIORITIES,
    ),
    "present_job": Category("whether the profile says since when", ("known", "unknown")),
    "contacted": Category("whether there was any outreach before", ("before", "never")),
}


# State ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class State:
    """What is kept of a candidate: moments in seconds since 1970, totals and decayed counts.

    A decayed count is kept as of 2020: an event adds 2^(its time since then / half-life), so that
    events may arrive in any order, and the count now is what is kept times 2^-(now / half-life).
    """

    signed_up_at: float
    last_active_at: float
    observed_at: float
    consented_at: float = UNKNOWN
    job_since: float = UNKNOWN
    last_contact_at: float = UNKNOWN
    years: float = UNKNOWN
    visits_90: float = 0.0
    visits_365: float = 0.0
    searches_90: float = 0.0
    searches_365: float = 0.0
    applications_90: float = 0.0
    applications_365: float = 0.0
    edits_90: float = 0.0
    edits_365: float = 0.0
    mail_visits_90: float = 0.0
    mail_visits_365: float = 0.0
    received: float = 0.0
    received_90: float = 0.0
    received_365: float = 0.0
    answered: float = 0.0
    answered_365: float = 0.0
    accepted: float = 0.0
    accepted_365: float = 0.0
    expired: float = 0.0
    expired_365: float = 0.0
    role: str = "unknown"


STATE_NUMBERS = tuple(field.name for field in fields(State) if field.name != "role")
as_row: Callable[[State], tuple[Any, ...]] = attrgetter(*STATE_NUMBERS, "role")
"""A state as a row: its numbers in the order of `STATE_NUMBERS`, then the role."""


def signed_up(event: CandidateSignedUp) -> State:
    """Somebody new."""
    at = event.timestamp.timestamp()
    state = State(signed_up_at=at, last_active_at=at, observed_at=at)
    _observe(state, event.facts)
    return state


_FOLDS: dict[type[Event], Callable[[State, Any, float], None]] = {}


def fold(state: State, event: Event) -> None:
    """Change a candidate's state by an event about them."""
    _FOLDS[type(event)](state, event, event.timestamp.timestamp())


def _folds(*events: type[Event]) -> Callable[[Callable[[State, Any, float], None]], None]:
    def register(change: Callable[[State, Any, float], None]) -> None:
        _FOLDS.update(dict.fromkeys(events, change))

    return register


@_folds(OptedIn)
def _(state: State, _event: OptedIn, at: float) -> None:
    state.consented_at = at


@_folds(OptedOut)
def _(state: State, _event: OptedOut, _at: float) -> None:
    state.consented_at = UNKNOWN


@_folds(WasActive)
def _(state: State, event: WasActive, at: float) -> None:
    state.last_active_at = max(state.last_active_at, at)
    _count(state, ACTIVITY_GROUPS[event.kind], at, (90, 365))


@_folds(ProfileEnhanced)
def _(state: State, event: ProfileEnhanced, _at: float) -> None:
    state.observed_at = max(state.observed_at, _midnight(event.observed_on))
    _observe(state, event.facts)


@_folds(MessageSent, InterviewRequested)
def _(state: State, _event: MessageSent | InterviewRequested, at: float) -> None:
    state.received += 1
    if not state.last_contact_at > at:
        state.last_contact_at = at
    _count(state, "received", at, (90, 365))


@_folds(OutreachAccepted, OutreachDeclined)
def _(state: State, event: OutreachAccepted | OutreachDeclined, at: float) -> None:
    state.answered += 1
    _count(state, "answered", at, (365,))
    if isinstance(event, OutreachAccepted):
        state.accepted += 1
        _count(state, "accepted", at, (365,))


@_folds(OutreachExpired)
def _(state: State, _event: OutreachExpired, at: float) -> None:
    state.expired += 1
    _count(state, "expired", at, (365,))


def _count(state: State, counter: str, at: float, half_lives: Iterable[int]) -> None:
    for days in half_lives:
        name = f"{counter}_{days}"
        setattr(state, name, getattr(state, name) + math.exp2(_half_lives(at, days)))


def _half_lives(at: float, days: int) -> float:
    # Bounded, so that no date whatever overflows: the bounds lie in 1896 and 2143.
    return min(max((at - LANDMARK) / (days * DAY), -500.0), 500.0)


def _observe(state: State, facts: Facts) -> None:
    if facts.roles is not None:
        state.role = role_family(facts.roles[0]) if facts.roles else "unknown"
    if facts.years_experience is not None:
        state.years = float(facts.years_experience)
    if facts.in_present_job_since is not None:
        state.job_since = _midnight(facts.in_present_job_since)


def _midnight(day: date) -> float:
    return (day.toordinal() - 719_163) * DAY


# Features ---------------------------------------------------------------------------------------


def features(state: State, now: datetime) -> Features:
    """A candidate's features at a moment."""
    return Features(
        _numbers(state, now.timestamp(), _Plain),
        {
            "role": state.role,
            "seniority": SENIORITIES[
                bisect_right(SENIORITY_FROM_YEARS, state.years) if state.years >= 0 else -1
            ],
            "present_job": "unknown" if math.isnan(state.job_since) else "known",
            "contacted": "before" if state.received else "never",
        },
    )


class Columns(NamedTuple):
    """Many candidates' features, column by column, equal to those of `features`."""

    numbers: dict[str, NDArray[np.float64]]
    categories: dict[str, list[str]]


def columns(rows: Sequence[tuple[Any, ...]], now: datetime) -> Columns:
    """The features of many candidates, given as rows of `as_row`, at a moment."""
    values = np.array([row[:-1] for row in rows], dtype=np.float64).reshape(-1, len(STATE_NUMBERS))
    state = State(**dict(zip(STATE_NUMBERS, values.T, strict=True)))  # type: ignore[arg-type]
    years, received = np.asarray(state.years), np.asarray(state.received)
    band = np.searchsorted(SENIORITY_FROM_YEARS, years, side="right")
    return Columns(
        _numbers(state, now.timestamp(), _Columnwise),
        {
            "role": [row[-1] for row in rows],
            "seniority": np.array(SENIORITIES)[np.where(years >= 0, band, -1)].tolist(),
            "present_job": np.where(np.isnan(state.job_since), "unknown", "known").tolist(),
            "contacted": np.where(received > 0, "before", "never").tolist(),
        },
    )


class _Plain:
    """Arithmetic on one candidate."""

    @staticmethod
    def days(value: float, typical: float) -> float:
        if math.isnan(value):
            return typical
        return max(0.0, value)

    @staticmethod
    def known(value: float, typical: float) -> float:
        return typical if math.isnan(value) else value

    @staticmethod
    def logs(values: list[float]) -> list[float]:
        return [math.log1p(value) for value in values]

    @staticmethod
    def rounded(values: list[float]) -> list[float]:
        return [round(value * 1e6) / 1e6 for value in values]


class _Columnwise:
    """The same arithmetic on columns of candidates."""

    @staticmethod
    def days(value: Any, typical: float) -> Any:
        return np.where(np.isnan(value), typical, np.maximum(value, 0.0))

    @staticmethod
    def known(value: Any, typical: float) -> Any:
        return np.where(np.isnan(value), typical, value)

    @staticmethod
    def logs(values: list[Any]) -> list[Any]:
        return [np.log1p(value) for value in values]

    @staticmethod
    def rounded(values: list[Any]) -> list[Any]:
        return [np.rint(value * 1e6) / 1e6 for value in values]


_MOMENTS = {
    "dormancy": "last_active_at",
    "tenure": "signed_up_at",
    "consent_age": "consented_at",
    "profile_age": "observed_at",
    "job_time": "job_since",
    "since_contact": "last_contact_at",
}
_COUNTS = [name for name in NUMBERS if name in STATE_NUMBERS and name != "years"]
_moments: Callable[[State], tuple[Any, ...]] = attrgetter(*_MOMENTS.values())
_counts: Callable[[State], tuple[Any, ...]] = attrgetter(*_COUNTS)
_TYPICAL_DAYS = [math.expm1(NUMBERS[name].typical) for name in _MOMENTS]
_HALF_LIVES = [int(name.rpartition("_")[2]) if name[-1].isdigit() else 0 for name in _COUNTS]
_USUAL_RATE = NUMBERS["answer_rate"].typical
assert [*NUMBERS] == [*_MOMENTS, *_COUNTS, "years", "answer_rate"]


def _numbers(state: State, now: float, on: Any) -> dict[str, Any]:
    """The numbers of one candidate, or of columns of them; in the order of `NUMBERS`."""
    left = {days: math.exp2(-_half_lives(now, days)) for days in (90, 365)} | {0: 1.0}
    days = [
        on.days((now - t) / DAY, o) for t, o in zip(_moments(state), _TYPICAL_DAYS, strict=True)
    ]
    counts = [count * left[h] for count, h in zip(_counts(state), _HALF_LIVES, strict=True)]
    years = on.known(state.years, NUMBERS["years"].typical)
    rate = (state.answered + _USUAL_RATE) / (state.answered + state.expired + 1.0)
    return dict(zip(NUMBERS, on.rounded([*on.logs(days + counts), years, rate]), strict=True))

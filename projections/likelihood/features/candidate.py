"""A candidate's state, and the features computed from it at a moment.

Events are folded into moments and decayed counts instead of "days since", so that features at a
later moment need no further event. The module is long because the same arithmetic stands once for
one candidate and once for columns of them.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.candidate_events import (
    CandidateSignedUp,
    ContactRetracted,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.event import Event
from domain.handlers import HandlesEvents, on
from domain.outreach_events import (
    FollowUpSent,
    InterviewRequested,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachPostponed,
)
from domain.traits import Traits
from projections.likelihood.estimator.schema import Columns, Features
from projections.likelihood.features.catalogue import (
    ACTIVITY_GROUPS,
    CATEGORIES,
    JOB_YEARS,
    NUMBERS,
    OF_CANDIDATE,
    SENIORITIES,
    SENIORITY_FROM_YEARS,
)

DAY = 86_400.0
MONTH = 30 * DAY
YEAR = 365.25 * DAY
LANDMARK = 1_577_836_800.0  # 2020-01-01
UNKNOWN = math.nan


@dataclass(slots=True)
class CandidateState(HandlesEvents):
    """A candidate's state: moments in seconds since 1970, totals and decayed counts.

    A decayed count is stored as of 2020: an event adds 2^(time since 2020 / half-life), so events
    may arrive in any order. The count now is the stored one times 2^-(time since 2020 / half-life).
    """

    signed_up_at: float
    last_active_at: float
    observed_at: float
    consented_at: float = UNKNOWN
    last_contact_at: float = UNKNOWN
    job_since: float = UNKNOWN
    years: float = UNKNOWN
    expected_usd: float = UNKNOWN
    activity_30: float = 0.0
    activity_90: float = 0.0
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
    received_30: float = 0.0
    received_365: float = 0.0
    answered: float = 0.0
    answered_365: float = 0.0
    accepted: float = 0.0
    accepted_365: float = 0.0
    expired: float = 0.0
    expired_365: float = 0.0
    role: str = "unknown"
    remote_wish: str = "unknown"
    city: str | None = None
    country: str | None = None
    skills: Sequence[str] = ()

    @on(OptedIn)
    def on_opted_in(self, _event: OptedIn, at: float) -> None:
        self.consented_at = at

    @on(OptedOut)
    def on_opted_out(self, _event: OptedOut, _at: float) -> None:
        self.consented_at = UNKNOWN

    @on(WasActive)
    def on_was_active(self, event: WasActive, at: float) -> None:
        self.last_active_at = max(self.last_active_at, at)
        _count(self, "activity", at, (30, 90))
        _count(self, ACTIVITY_GROUPS[event.kind], at, (90, 365))

    @on(ProfileEnhanced)
    def on_profile_enhanced(self, event: ProfileEnhanced, _at: float) -> None:
        self.observed_at = max(self.observed_at, _midnight(event.observed_on))
        _observe(self, event.traits)

    @on(MessageSent, InterviewRequested, FollowUpSent)
    def on_sent(self, _event: MessageSent | InterviewRequested | FollowUpSent, at: float) -> None:
        self.received += 1
        if not self.last_contact_at > at:
            self.last_contact_at = at
        _count(self, "received", at, (30, 365))

    @on(ContactRetracted)
    def on_contact_retracted(self, event: ContactRetracted, _at: float) -> None:
        self.received -= 1
        _count(self, "received", event.contacted_at.timestamp(), (30, 365), by=-1)

    @on(OutreachAccepted, OutreachDeclined, OutreachPostponed)
    def on_answered(
        self, event: OutreachAccepted | OutreachDeclined | OutreachPostponed, at: float
    ) -> None:
        self.answered += 1
        _count(self, "answered", at, (365,))
        if isinstance(event, OutreachAccepted):
            self.accepted += 1
            _count(self, "accepted", at, (365,))

    @on(OutreachExpired)
    def on_outreach_expired(self, _event: OutreachExpired, at: float) -> None:
        self.expired += 1
        _count(self, "expired", at, (365,))


_WORDS = ("role", "remote_wish", "city", "country", "skills")
STATE_NUMBERS = tuple(field.name for field in fields(CandidateState) if field.name not in _WORDS)
STATE = (*STATE_NUMBERS, *_WORDS)
as_row: Callable[[CandidateState], tuple[Any, ...]] = attrgetter(*STATE)
"""A state as a row, in the order of `STATE`: its numbers, then its words."""


# Folding ----------------------------------------------------------------------------------------


def signed_up(event: CandidateSignedUp) -> CandidateState:
    """The state of a new candidate."""
    at = event.timestamp.timestamp()
    state = CandidateState(signed_up_at=at, last_active_at=at, observed_at=at)
    _observe(state, event.traits)
    return state


def fold(state: CandidateState, event: Event) -> None:
    """Apply an event to a candidate's state."""
    state.handlers[type(event)](state, event, event.timestamp.timestamp())


def _count(
    state: CandidateState, counter: str, at: float, half_lives: Iterable[int], *, by: int = 1
) -> None:
    for days in half_lives:
        name = f"{counter}_{days}"
        setattr(state, name, getattr(state, name) + by * math.exp2(_half_lives(at, days)))


def _half_lives(at: float, days: int) -> float:
    # Bounded, so that no date overflows: with 30 days the bounds are in 1978 and 2061.
    return min(max((at - LANDMARK) / (days * DAY), -500.0), 500.0)


def _observe(state: CandidateState, traits: Traits) -> None:
    if traits.work is not None:
        state.role = traits.work
    if traits.skills is not None:
        state.skills = traits.skills
    if traits.city is not None:
        state.city = traits.city
    if traits.country is not None:
        state.country = traits.country
    if traits.open_to_remote is not None:
        state.remote_wish = "yes" if traits.open_to_remote else "no"
    if traits.years_experience is not None:
        state.years = float(traits.years_experience)
    if traits.expected_salary is not None:
        usd = traits.expected_salary.in_usd
        state.expected_usd = UNKNOWN if usd is None else float(usd)
    if traits.in_present_job_since is not None:
        state.job_since = _midnight(traits.in_present_job_since.first)


def _midnight(day: date) -> float:
    return (day.toordinal() - 719_163) * DAY


# Features ---------------------------------------------------------------------------------------


def features(state: CandidateState, now: datetime) -> Features:
    """A candidate's own features at a moment."""
    return Features(
        _numbers(state, now.timestamp(), _Plain),
        {
            "role": state.role,
            "seniority": seniority(state.years),
            "present_job": "unknown" if math.isnan(state.job_since) else "known",
            "contacted": "before" if state.received else "never",
            "consented": "no" if math.isnan(state.consented_at) else "yes",
            "remote_wish": state.remote_wish,
        },
    )


def seniority(years: float) -> str:
    """The seniority by years of experience; unknown if they are not a number."""
    return SENIORITIES[bisect_right(SENIORITY_FROM_YEARS, years) if years >= 0 else -1]


def columns(rows: Sequence[tuple[Any, ...]], now: datetime) -> Columns:
    """The features of many candidates, given as rows of `as_row`, at a moment."""
    count = len(STATE_NUMBERS)
    values = np.array([row[:count] for row in rows], dtype=np.float64).reshape(-1, count).T
    roles, remote_wishes = (
        np.array([_CODES[name][row[count + n]] for row in rows], dtype=np.intp)
        for n, name in enumerate(("role", "remote_wish"))
    )
    return columns_of(values, roles, remote_wishes, now)


def columns_of(
    values: NDArray[np.float64],
    roles: NDArray[np.intp],
    remote_wishes: NDArray[np.intp],
    now: datetime,
) -> Columns:
    """`columns`, given an array for each of `STATE_NUMBERS`, and the places of categories."""
    state = CandidateState(**dict(zip(STATE_NUMBERS, values, strict=True)))
    years, received = np.asarray(state.years), np.asarray(state.received)
    band = np.searchsorted(SENIORITY_FROM_YEARS, years, side="right")
    return Columns(
        _numbers(state, now.timestamp(), _Columnwise),
        {
            "role": roles,
            "seniority": np.where(years >= 0, band, _CODES["seniority"]["unknown"]),
            "present_job": _either("present_job", np.isnan(state.job_since), "unknown", "known"),
            "contacted": _either("contacted", received > 0, "before", "never"),
            "consented": _either("consented", np.isnan(state.consented_at), "no", "yes"),
            "remote_wish": remote_wishes,
        },
    )


_CODES = {
    name: {value: code for code, value in enumerate(category.values)}
    for name, category in CATEGORIES.items()
}
"""The places of categories among their feature's values."""


def _either(name: str, holds: NDArray[np.bool_], then: str, otherwise: str) -> NDArray[np.intp]:
    return np.where(holds, _CODES[name][then], _CODES[name][otherwise])


class _Plain:
    """Arithmetic on the numbers of one candidate."""

    @staticmethod
    def since(value: float, typical: float) -> float:
        return typical if math.isnan(value) else max(0.0, value)

    @staticmethod
    def hat(value: float, rise: float, fall: float) -> float:
        return 0.0 if math.isnan(value) else max(0.0, min(rise, fall, 1.0))

    @staticmethod
    def logs(values: list[float]) -> list[float]:
        return [math.log1p(max(value, 0.0)) for value in values]

    @staticmethod
    def rounded(values: list[float]) -> list[float]:
        return [round(value * 1e6) / 1e6 for value in values]


class _Columnwise:
    """The same arithmetic on columns."""

    @staticmethod
    def since(value: Any, typical: float) -> Any:
        return np.where(np.isnan(value), typical, np.maximum(value, 0.0))

    @staticmethod
    def hat(value: Any, rise: Any, fall: Any) -> Any:
        rising = np.minimum(np.minimum(rise, fall), 1.0)
        return np.where(np.isnan(value), 0.0, np.maximum(0.0, rising))

    @staticmethod
    def logs(values: list[Any]) -> list[Any]:
        return [np.log1p(np.maximum(value, 0.0)) for value in values]

    @staticmethod
    def rounded(values: list[Any]) -> list[Any]:
        return [np.rint(value * 1e6) / 1e6 for value in values]


_MOMENTS = {
    "dormancy": "last_active_at",
    "tenure": "signed_up_at",
    "consent_age": "consented_at",
    "profile_age": "observed_at",
    "since_contact": "last_contact_at",
}
_moments: Callable[[CandidateState], tuple[Any, ...]] = attrgetter(*_MOMENTS.values())
_TYPICAL_MONTHS = [math.expm1(NUMBERS[name].typical) for name in _MOMENTS]
_JOBS = [f"job_{years}" for years in JOB_YEARS]
_LINEAR = ["received_30"]
_LOG_COUNTS = [
    name
    for name in OF_CANDIDATE
    if name in NUMBERS and name in STATE_NUMBERS and name not in ("years", *_LINEAR)
]
_log_counts: Callable[[CandidateState], tuple[Any, ...]] = attrgetter(*_LOG_COUNTS)
_HALF_LIVES = [int(name.rpartition("_")[2]) if name[-1].isdigit() else 0 for name in _LOG_COUNTS]
_COMPUTED = [*_MOMENTS, *_LOG_COUNTS, *_JOBS, *_LINEAR, "years", "answer_rate"]
_USUAL_RATE = NUMBERS["answer_rate"].typical
_IN_ORDER = [name for name in OF_CANDIDATE if name in NUMBERS]
assert {*_IN_ORDER} == {*_COMPUTED}
_PLACES = [_COMPUTED.index(name) for name in _IN_ORDER]


def _numbers(state: CandidateState, now: float, on: Any) -> dict[str, Any]:
    """The numeric features of one candidate or of columns, in the order of the sum."""
    left = {days: math.exp2(-_half_lives(now, days)) for days in (30, 90, 365)} | {0: 1.0}
    months = [
        on.since((now - t) / MONTH, typical)
        for t, typical in zip(_moments(state), _TYPICAL_MONTHS, strict=True)
    ]
    counts = [count * left[h] for count, h in zip(_log_counts(state), _HALF_LIVES, strict=True)]
    computed = on.rounded(
        [
            *on.logs(months + counts),
            *_hats((now - state.job_since) / YEAR, on),
            state.received_30 * left[30],
            on.since(state.years, NUMBERS["years"].typical),
            (state.answered + _USUAL_RATE) / (state.answered + state.expired + 1.0),
        ]
    )
    return {name: computed[place] for name, place in zip(_IN_ORDER, _PLACES, strict=True)}


def _hats(years: Any, on: Any) -> list[Any]:
    """Piecewise linear basis functions at `JOB_YEARS`, which sum to 1."""
    last = len(JOB_YEARS) - 1
    return [
        on.hat(
            years,
            1.0 if n == 0 else (years - JOB_YEARS[n - 1]) / (at - JOB_YEARS[n - 1]),
            1.0 if n == last else (JOB_YEARS[n + 1] - years) / (JOB_YEARS[n + 1] - at),
        )
        for n, at in enumerate(JOB_YEARS)
    ]

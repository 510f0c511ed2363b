"""The features of the likelihood to respond, each with its unit and its source.

A feature is about the candidate, the position, or the match of the two. They are summed up in that
order, so the candidate's part of the logit can be stored and continued for any position. No feature
has personal data, a protected attribute or free text; where a candidate lives counts only by its
match with the place of work.

Numbers are rounded to six decimals, so that the C library and NumPy give the same bits on every
machine, and JSON keeps them.
"""

from enum import StrEnum
from typing import NamedTuple

from domain.kinds_of_work import KINDS_OF_WORK
from domain.sources import ActivityKind
from projections.likelihood.estimator.schema import Features, Scale, Schema

FEATURE_VERSION = 2
"""Raise it with any change of any candidate's features: the read model is then rebuilt."""


class Subject(StrEnum):
    """What a feature is about."""

    CANDIDATE = "candidate"
    POSITION = "position"
    MATCH = "match"


class Number(NamedTuple):
    """A numeric feature, standardized by its typical value and its spread."""

    subject: Subject
    unit: str
    source: str
    typical: float
    spread: float


class Category(NamedTuple):
    """A categorical feature."""

    subject: Subject
    source: str
    values: tuple[str, ...]


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

SENIORITY_FROM_YEARS = (2.0, 5.0, 10.0)
SENIORITIES = ("junior", "middle", "senior", "principal", "unknown")

JOB_YEARS = (0, 1, 2, 3, 4, 6, 10)
"""Years in a job at which its effect is learned; linear in between."""

LARGEST_OFFER = 0.7
"""Log ratio of offered to expected salary at which it is clipped: about twice, or half."""

_LOG_MONTHS = "log(1 + months of 30 days)"
_LOG_COUNT = "log(1 + count)"
_LOG_RECENT = "log(1 + count, each halved every {} days)"
_CANDIDATE, _POSITION, _MATCH = Subject.CANDIDATE, Subject.POSITION, Subject.MATCH


def _number(unit: str, source: str, typical: float, spread: float) -> Number:
    return Number(_CANDIDATE, unit, source, typical, spread)


def _job_times() -> dict[str, Number]:
    unit = "share, 1 at {} years, linear down to 0 at the next; 0 if unknown"
    return {
        f"job_{years}": _number(unit.format(years), "time in the present job", 0.14, 0.3)
        for years in JOB_YEARS
    }


def _activities() -> dict[str, Number]:
    described = {
        group: ", ".join(kind for kind, its_group in ACTIVITY_GROUPS.items() if its_group == group)
        for group in dict.fromkeys(ACTIVITY_GROUPS.values())
    }
    return {
        f"{group}_{days}": _number(_LOG_RECENT.format(days), f"activity: {kinds}", 0.3, 0.5)
        for group, kinds in described.items()
        for days in (90, 365)
    }


NUMBERS: dict[str, Number] = {
    "dormancy": _number(_LOG_MONTHS, "since the last activity, or sign-up", 2.0, 0.8),
    "tenure": _number(_LOG_MONTHS, "since sign-up", 3.0, 0.8),
    "consent_age": _number(_LOG_MONTHS, "since the last opting in; typical if none", 3.0, 0.8),
    "profile_age": _number(_LOG_MONTHS, "since the latest observed fact", 2.5, 0.8),
    "since_contact": _number(_LOG_MONTHS, "since the last outreach; typical if none", 1.5, 0.8),
    **_job_times(),
    "activity_30": _number(_LOG_RECENT.format(30), "activity of any kind", 0.2, 0.4),
    "activity_90": _number(_LOG_RECENT.format(90), "activity of any kind", 0.4, 0.6),
    **_activities(),
    "received": _number(_LOG_COUNT, "outreach received", 0.5, 0.6),
    "received_30": _number("count, each halved every 30 days", "outreach received", 0.1, 0.3),
    "received_365": _number(_LOG_RECENT.format(365), "outreach received", 0.3, 0.5),
    "answered": _number(_LOG_COUNT, "outreach accepted or declined", 0.2, 0.4),
    "answered_365": _number(_LOG_RECENT.format(365), "outreach accepted or declined", 0.1, 0.3),
    "accepted": _number(_LOG_COUNT, "outreach accepted", 0.1, 0.3),
    "accepted_365": _number(_LOG_RECENT.format(365), "outreach accepted", 0.1, 0.3),
    "expired": _number(_LOG_COUNT, "outreach that expired unanswered", 0.4, 0.6),
    "expired_365": _number(_LOG_RECENT.format(365), "outreach that expired unanswered", 0.2, 0.4),
    "years": _number("years", "of experience by the profile; typical if unknown", 7.0, 6.0),
    "answer_rate": _number(
        "share", "of outreach answered, smoothed by one at the usual rate", 0.2, 0.1
    ),
    "pay": Number(
        _POSITION, "log(1 + thousand US dollars)", "top of the salary; typical if none", 4.2, 0.6
    ),
    "years_asked": Number(
        _POSITION, "years", "least experience by the filters; typical if none", 3.0, 2.5
    ),
    "skills_covered": Number(
        _MATCH, "share", "of the skills that the filters name; 0 if they name none", 0.6, 0.3
    ),
    "nice_covered": Number(
        _MATCH, "share", "of the nice-to-have skills; 0 if the filters name none", 0.3, 0.3
    ),
    "offer": Number(
        _MATCH,
        f"log, from -{LARGEST_OFFER:g} to {LARGEST_OFFER:g}",
        "top of the offered salary over the expected one; 0 if unknown",
        0.1,
        0.3,
    ),
}

_YEARS = f"from {', '.join(f'{y:g}' for y in SENIORITY_FROM_YEARS)} on"

CATEGORIES: dict[str, Category] = {
    "role": Category(_CANDIDATE, "the kind of work of the profile's first role", KINDS_OF_WORK),
    "seniority": Category(_CANDIDATE, f"years of experience, {_YEARS}", SENIORITIES),
    "present_job": Category(_CANDIDATE, "whether its start is known", ("known", "unknown")),
    "contacted": Category(_CANDIDATE, "whether there was outreach before", ("before", "never")),
    "consented": Category(_CANDIDATE, "whether they have opted in", ("yes", "no")),
    "remote_wish": Category(_CANDIDATE, "open to remote work", ("yes", "no", "unknown")),
    "position_role": Category(_POSITION, "first role of the filters, or the title", KINDS_OF_WORK),
    "position_seniority": Category(
        _POSITION, f"the title's words, or the years asked for, {_YEARS}", SENIORITIES
    ),
    "position_pay": Category(_POSITION, "whether it names a salary", ("known", "unknown")),
    "position_remote": Category(_POSITION, "whether it is remote", ("yes", "no")),
    "offer_known": Category(
        _MATCH, "whether both name a salary", ("known", "none_expected", "none_offered")
    ),
    "place": Category(
        _MATCH,
        "where the candidate lives, compared with the place of work",
        ("city", "country", "remote", "elsewhere", "unknown"),
    ),
    "role_match": Category(
        _MATCH, "whether the kinds of work are the same", ("same", "other", "unknown")
    ),
    "skills_named": Category(_MATCH, "whether the filters name skills", ("yes", "no")),
}

UNKNOWN_IF: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(_job_times(), ("present_job", ("unknown",))),
    "consent_age": ("consented", ("no",)),
    "since_contact": ("contacted", ("never",)),
    "years": ("seniority", ("unknown",)),
    "pay": ("position_pay", ("unknown",)),
    "offer": ("offer_known", ("none_expected", "none_offered")),
}
"""By number, the category and its values that say that it is unknown."""


def names_of(*subjects: Subject) -> tuple[str, ...]:
    """The features of these subjects, in the order of the sum."""
    return tuple(
        name
        for subject in subjects
        for features in (NUMBERS, CATEGORIES)
        for name, feature in features.items()
        if feature.subject is subject
    )


ORDER = names_of(*Subject)
OF_CANDIDATE = names_of(Subject.CANDIDATE)
OF_POSITION = names_of(Subject.POSITION)
OF_MATCH = names_of(Subject.MATCH)

CANDIDATE_SCHEMA = Schema(
    version=FEATURE_VERSION,
    numbers={name: Scale(number.typical, number.spread) for name, number in NUMBERS.items()},
    categories={name: category.values for name, category in CATEGORIES.items()},
    order=ORDER,
)
"""The schema of the marketplace's model."""


def merged(*parts: Features) -> Features:
    """The features of several subjects in one."""
    numbers: dict[str, float] = {}
    categories: dict[str, str] = {}
    for part in parts:
        numbers |= part.numbers
        categories |= part.categories
    return Features(numbers, categories)

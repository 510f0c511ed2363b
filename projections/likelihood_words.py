"""Each feature in plain words, as the reason it is for a likelihood.

One sentence a feature, whichever way it points: "Silent for 14 months" speaks against an answer or
for one, as the sign of what it contributes says.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from projections.likelihood_features import Features


class Reason(NamedTuple):
    """What a feature adds to a logit, and why."""

    feature: str
    value: float | str | None
    text: str
    contribution: float


NUMBERS: Mapping[str, str] = {
    "dormancy": "Silent for {dormancy:log_days}",
    "tenure": "A member for {tenure:log_days}",
    "consent_age": "Agreed to be written to {consent_age:log_days} ago",
    "profile_age": "Profile last brought up to date {profile_age:log_days} ago",
    "job_time": "Has been in the present job for {job_time:log_days}",
    "since_contact": "Last heard from an employer {since_contact:log_days} ago",
    "visits_90": "{visits_90:log_count} of late",
    "visits_365": "{visits_365:log_count} in the past years",
    "searches_90": "Searched or looked at jobs {searches_90:log_times} of late",
    "searches_365": "Searched or looked at jobs {searches_365:log_times} in the past years",
    "applications_90": "Applied for jobs {applications_90:log_times} of late",
    "applications_365": "Applied for jobs {applications_365:log_times} in the past years",
    "edits_90": "Worked on their profile {edits_90:log_times} of late",
    "edits_365": "Worked on their profile {edits_365:log_times} in the past years",
    "mail_visits_90": "Came by a link in a mail {mail_visits_90:log_times} of late",
    "mail_visits_365": "Came by a link in a mail {mail_visits_365:log_times} in the past years",
    "received": "Has had {received:log_messages}",
    "received_90": "Has had {received_90:log_messages} of late",
    "received_365": "Has had {received_365:log_messages} in the past years",
    "answered": "Answered {answered:log_number} of {received:log_messages}",
    "answered_365": "Answered {answered_365:log_messages} in the past years",
    "accepted": "Said yes to {accepted:log_messages}",
    "accepted_365": "Said yes to {accepted_365:log_messages} in the past years",
    "expired": "Left {expired:log_messages} unanswered",
    "expired_365": "Left {expired_365:log_messages} unanswered in the past years",
    "years": "Has {years:years} of experience",
    "answer_rate": "Answered {answered:log_number} of {received:log_messages}",
}

UNKNOWN: Mapping[str, tuple[str, str, str]] = {
    "job_time": ("present_job", "unknown", "Does not say since when they have their job"),
    "since_contact": ("contacted", "never", "No employer has written to them yet"),
    "years": ("seniority", "unknown", "Does not say how much experience they have"),
}
"""What is said instead where a category has this value."""

CATEGORIES: Mapping[str, str | Mapping[str, str]] = {
    "role": "Works in the field of {role:words}",
    "seniority": {
        "junior": "Has little experience yet",
        "middle": "Has some years of experience",
        "senior": "Has many years of experience",
        "principal": "Has long experience",
        "unknown": "Does not say how much experience they have",
    },
    "present_job": {
        "known": "Says since when they have their job",
        "unknown": "Does not say since when they have their job",
    },
    "contacted": {
        "before": "Employers have written to them before",
        "never": "No employer has written to them yet",
    },
}

INTERCEPT = "Where everybody starts"


def reasons(x: Features, contributions: Iterable[tuple[str, float]]) -> list[Reason]:
    """What a logit is made of, in words."""
    return [Reason(name, _value(x, name), in_words(x, name), part) for name, part in contributions]


def strongest(given: Iterable[Reason], most: int) -> list[Reason]:
    """The weightiest of them; those that say the same count together."""
    by_text: dict[str, Reason] = {}
    for reason in given:
        if reason.text != INTERCEPT:
            before = by_text.get(reason.text)
            together = reason.contribution + (before.contribution if before else 0.0)
            by_text[reason.text] = (before or reason)._replace(contribution=together)
    return sorted(by_text.values(), key=lambda reason: -abs(reason.contribution))[:most]


def in_words(x: Features, name: str) -> str:
    """A feature as a sentence.

    >>> in_words(Features({"dormancy": math.log1p(425)}, {}), "dormancy")
    'Silent for 14 months'
    """
    told: Mapping[str, float | str] = {**x.numbers, **x.categories}
    if name not in told:
        return INTERCEPT
    if name in UNKNOWN:
        category, value, sentence = UNKNOWN[name]
        if told.get(category) == value:
            return sentence
    sentences = CATEGORIES[name] if name in CATEGORIES else NUMBERS[name]
    sentence = sentences if isinstance(sentences, str) else sentences[str(told[name])]
    return sentence.format_map({key: _Told(value) for key, value in told.items()})


def _value(x: Features, name: str) -> float | str | None:
    return x.numbers.get(name, x.categories.get(name))


class _Told:
    """A feature's value, which a sentence tells in its own unit."""

    def __init__(self, value: float | str) -> None:
        self._value = value

    def __format__(self, unit: str) -> str:
        return _TOLD[unit](self._value)


def span(days: float) -> str:
    """A number of days in words.

    >>> span(1), span(40), span(425), span(882)
    ('1 day', '40 days', '14 months', '2 years 5 months')
    """
    if days < 60:
        return _counted(max(round(days), 0), "day")
    months = round(days / 30.4375)
    if months < 24:
        return _counted(months, "month")
    years, months = divmod(months, 12)
    return _counted(years, "year") + (f" {_counted(months, 'month')}" if months else "")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _times(value: float) -> str:
    number = round(math.expm1(value))
    return {0: "hardly ever", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _messages(value: float) -> str:
    number = round(math.expm1(value))
    return "no messages" if number == 0 else _counted(number, "earlier message")


_TOLD: Mapping[str, Callable[..., str]] = {
    "log_days": lambda value: span(math.expm1(value)),
    "log_times": _times,
    "log_count": lambda value: f"Came by {_times(value)}",
    "log_number": lambda value: str(round(math.expm1(value)) or "none"),
    "log_messages": _messages,
    "years": lambda value: _counted(round(value), "year"),
    "words": lambda value: value.replace("-", " "),
}

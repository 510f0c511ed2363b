"""Each feature as a sentence that explains a likelihood.

One sentence a feature; the sign of its contribution says whether it speaks for an answer.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from domain.kinds_of_work import KINDS_OF_WORK
from infrastructure.languages.numbers import localized, percent
from infrastructure.languages.translation import N_, ngettext
from infrastructure.languages.translation import gettext as _
from projections.likelihood.estimator.schema import Features
from projections.likelihood.features.catalogue import (
    JOB_YEARS,
    LARGEST_OFFER,
    OF_POSITION,
    SENIORITIES,
    UNKNOWN_IF,
)


class FeatureReason(NamedTuple):
    """A feature's contribution to a logit, with a sentence that is worded when it is read."""

    feature: str
    value: float | str | None
    sentence: str
    contribution: float
    among: Features
    """The features that the sentence may name."""

    @property
    def is_about_position(self) -> bool:
        """Whether it is the same of every candidate of the position."""
        return self.feature in OF_POSITION or self.sentence in OF_POSITION_ALONE

    @property
    def text(self) -> str:
        """The sentence in words."""
        return _(self.sentence).format_map(_WordedFeatures(self.among))


NUMBERS: Mapping[str, str] = {
    "dormancy": "Silent for {dormancy:time}",
    "tenure": "A member for {tenure:time}",
    "consent_age": "Agreed to be contacted {consent_age:time} ago",
    "profile_age": "Profile last updated {profile_age:time} ago",
    "since_contact": "Last contacted by an employer {since_contact:time} ago",
    **{f"job_{years}": "Has been in the present job for {job:job}" for years in JOB_YEARS},
    "activity_30": "Was active {activity_30:times} in the last weeks",
    "activity_90": "Was active {activity_90:times} in the last months",
    "visits_90": "Signed in {visits_90:times} in the last months",
    "visits_365": "Signed in {visits_365:times} in the last years",
    "searches_90": "Looked for jobs {searches_90:times} in the last months",
    "searches_365": "Looked for jobs {searches_365:times} in the last years",
    "applications_90": "Applied for jobs {applications_90:times} in the last months",
    "applications_365": "Applied for jobs {applications_365:times} in the last years",
    "edits_90": "Edited their profile {edits_90:times} in the last months",
    "edits_365": "Edited their profile {edits_365:times} in the last years",
    "mail_visits_90": "Followed a link in an e-mail {mail_visits_90:times} in the last months",
    "mail_visits_365": "Followed a link in an e-mail {mail_visits_365:times} in the last years",
    "received": "Received {received:messages} before",
    "received_30": "Received {received_30:few_messages} in the last weeks",
    "received_365": "Received {received_365:messages} in the last years",
    "answered": "Answered {answered:count} of {received:count} earlier messages",
    "answered_365": "Answered {answered_365:messages} in the last years",
    "accepted": "Said yes to {accepted:messages} before",
    "accepted_365": "Said yes to {accepted_365:messages} in the last years",
    "expired": "Left {expired:messages} unanswered before",
    "expired_365": "Left {expired_365:messages} unanswered in the last years",
    "years": "Has {years:years} of experience",
    "answer_rate": "Answered {answered:count} of {received:count} earlier messages",
    "pay": "The position pays up to {pay:thousands} US dollars",
    "years_asked": "The position asks for {years_asked:years} of experience",
    "skills_covered": "Has {skills_covered:percent} of the skills that the position names",
    "nice_covered": "Has {nice_covered:percent} of the nice-to-have skills",
    "offer": "The offered salary is {offer:above} what they expect",
}

SAID_BY: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **UNKNOWN_IF,
    **dict.fromkeys(("received", "answered", "answer_rate"), ("contacted", ("never",))),
    **dict.fromkeys(("skills_covered", "nice_covered"), ("skills_named", ("no",))),
}
"""By number, the category that is put in words instead if it has one of these values."""

CATEGORIES: Mapping[str, str | Mapping[str, str]] = {
    "role": {
        **dict.fromkeys(KINDS_OF_WORK, "Their kind of work: {role:words}"),
        "other": "Their kind of work is rare here",
        "unknown": "Has not said what their work is",
    },
    "seniority": {
        "junior": "Is early in their career",
        "middle": "Has some years of experience",
        "senior": "Has many years of experience",
        "principal": "Has long experience",
        "unknown": "Has not said how much experience they have",
    },
    "present_job": {
        "known": "Has said when their present job began",
        "unknown": "Has not said when their present job began",
    },
    "contacted": {
        "before": "Employers have contacted them before",
        "never": "No employer has contacted them yet",
    },
    "consented": {"yes": "Has agreed to be contacted", "no": "Has not agreed to be contacted"},
    "remote_wish": {
        "yes": "Is open to remote work",
        "no": "Does not want to work remotely",
        "unknown": "Has not said whether they would work remotely",
    },
    "position_role": {
        **dict.fromkeys(KINDS_OF_WORK, "The position's kind of work: {position_role:words}"),
        "other": "The position's kind of work is rare here",
        "unknown": "The position's kind of work is unknown",
    },
    "position_seniority": {
        **dict.fromkeys(SENIORITIES, "The position is for {position_seniority:words} people"),
        "unknown": "The position does not say what experience it needs",
    },
    "position_pay": {
        "known": "The position names a salary",
        "unknown": "The position names no salary",
    },
    "position_remote": {
        "yes": "The position can be done from anywhere",
        "no": "The position is not remote",
    },
    "offer_known": {
        "known": "Both name a salary",
        "none_expected": "Has not said what salary they expect",
        "none_offered": "The position names no salary",
    },
    "place": {
        "city": "Lives where the work is",
        "country": "Lives in the country where the work is",
        "remote": "Would work remotely, as the position allows",
        "elsewhere": "Lives elsewhere",
        "unknown": "Where they live or where the work is is unknown",
    },
    "role_match": {
        "same": "The position is in their kind of work",
        "other": "The position is in another kind of work",
        "unknown": "Whether the position is in their kind of work is unknown",
    },
    "skills_named": {"yes": "The position names skills", "no": "The position names no skills"},
}

INTERCEPT = N_("The starting point for everyone")
NO_NICE_SKILLS = N_("The position names no nice-to-have skills")

OF_POSITION_ALONE = {
    NO_NICE_SKILLS,
    "The position names skills",
    "The position names no skills",
    "The position names no salary",
}
"""Sentences on how well somebody matches that say something of the position alone."""


def texts() -> Iterator[str]:
    """Every sentence, and every word that one may name, before they are translated."""
    for sentences in (*NUMBERS.values(), *CATEGORIES.values()):
        yield from [sentences] if isinstance(sentences, str) else sentences.values()
    for word in (*KINDS_OF_WORK, *SENIORITIES):
        yield word.replace("-", " ")


def reasons(
    x: Features, contributions: Iterable[tuple[str, float]], *, names_nice_skills: bool = True
) -> list[FeatureReason]:
    """The contributions to a logit, each with a sentence.

    Of a position that names no nice-to-have skills it is not said that somebody has none of them.
    """
    said = {} if names_nice_skills else {"nice_covered": NO_NICE_SKILLS}
    return [
        FeatureReason(name, _value(x, name), said.get(name) or _sentence(x, name), part, x)
        for name, part in contributions
    ]


def strongest(given: Iterable[FeatureReason], most: int) -> list[FeatureReason]:
    """The largest of them; contributions with the same sentence are summed."""
    by_sentence: dict[str, FeatureReason] = {}
    totals: dict[str, float] = {}
    for reason in given:
        by_sentence.setdefault(reason.sentence, reason)
        totals[reason.sentence] = totals.get(reason.sentence, 0.0) + reason.contribution
    totals.pop(INTERCEPT, None)
    largest = sorted(totals, key=lambda sentence: -abs(totals[sentence]))[:most]
    return [by_sentence[each]._replace(contribution=totals[each]) for each in largest]


def in_words(x: Features, name: str) -> str:
    """A feature as a sentence.

    >>> in_words(Features({"dormancy": math.log1p(14.2)}, {}), "dormancy")
    'Silent for 14 months'
    """
    return _(_sentence(x, name)).format_map(_WordedFeatures(x))


def _sentence(x: Features, name: str) -> str:
    category, values = SAID_BY.get(name, (name, ()))
    if x.categories.get(category) in values:
        name = category
    feature = _value(x, name)
    if feature is None:
        return INTERCEPT
    sentences = CATEGORIES[name] if name in CATEGORIES else NUMBERS[name]
    return sentences if isinstance(sentences, str) else sentences[str(feature)]


def _value(x: Features, name: str) -> float | str | None:
    return x.numbers.get(name, x.categories.get(name))


class _WordedFeatures:
    """Features by name, worded only when a sentence asks for one."""

    def __init__(self, x: Features) -> None:
        self._x = x

    def __getitem__(self, name: str) -> "_Worded":
        if name == "job":  # the years that the features encode, exact up to the last of them
            numbers = self._x.numbers
            return _Worded(sum(numbers.get(f"job_{years}", 0.0) * years for years in JOB_YEARS))
        return _Worded(_value(self._x, name))


class _Worded:
    """A feature's value, formatted in a sentence by the unit there."""

    def __init__(self, value: float | str | None) -> None:
        self._value = value

    def __format__(self, unit: str) -> str:
        return _UNITS[unit](self._value)


def span(days: float) -> str:
    """A number of days in words.

    >>> span(1), span(40), span(426), span(882)
    ('1 day', '40 days', '14 months', '2 years 5 months')
    """
    if days < 60:
        whole = max(round(days), 0)
        return _counted(ngettext("%(num)d day", "%(num)d days", whole), whole)
    months = round(days / DAYS_A_MONTH)
    if months < 24:
        return _months(months)
    years, months = divmod(months, 12)
    return f"{_years(years)} {_months(months)}" if months else _years(years)


DAYS_A_MONTH = 365.25 / 12


def _counted(text: str, number: int) -> str:
    return text % {"num": number}


def _months(number: int) -> str:
    return _counted(ngettext("%(num)d month", "%(num)d months", number), number)


def _years(number: int) -> str:
    return _counted(ngettext("%(num)d year", "%(num)d years", number), number)


def _times(number: int) -> str:
    few = {0: _("hardly ever"), 1: _("once"), 2: _("twice")}
    return few.get(number) or _counted(_("%(num)d times"), number)


def _messages(number: int) -> str:
    if not number:
        return _("hardly any message")
    return _counted(ngettext("%(num)d message", "%(num)d messages", number), number)


def _above(log_ratio: float) -> str:
    if abs(log_ratio) >= LARGEST_OFFER:
        return _("at least twice") if log_ratio > 0 else _("at most half of")
    share = round(math.expm1(log_ratio), 2)
    if not share:
        return _("just")
    said = _("%(percent)s above") if share > 0 else _("%(percent)s below")
    return said % {"percent": percent(abs(share))}


_UNITS: Mapping[str, Callable[..., str]] = {
    "time": lambda value: span(math.expm1(value) * 30),
    "job": lambda years: (
        _("10 years or more") if years >= JOB_YEARS[-1] else span(years * 12 * DAYS_A_MONTH)
    ),
    "times": lambda value: _times(round(math.expm1(value))),
    "count": lambda value: str(round(math.expm1(value)) or _("none")),
    "messages": lambda value: _messages(round(math.expm1(value))),
    "few_messages": lambda value: _messages(round(value)),
    "years": lambda value: _years(round(value)),
    "thousands": lambda value: localized(f"{round(math.expm1(value)) * 1_000:,}"),
    "percent": percent,
    "above": _above,
    "words": lambda value: _(value.replace("-", " ")),
}

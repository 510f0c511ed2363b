"""How pages say money, years, codes, and how fresh a profile is; the filters of templates."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from babel.numbers import format_decimal

from api.charts.axes import NOTHING, number, percent
from api.web.moments import (
    ago,
    closes,
    closes_soon,
    dated,
    day,
    lasting,
    minute,
    month,
    recorded,
    second,
    span,
)
from domain.money import PayPeriod, Salary, SalaryRange, converted
from infrastructure.languages.numbers import localized
from infrastructure.languages.translation import N_, locale, ngettext
from infrastructure.languages.translation import gettext as _
from projections.candidate_pool import SIGN_UP
from projections.candidate_profiles import Origin
from projections.positions import Position

EXPERIENCE = ("jobs", "years_experience", "in_present_job_since", "roles")
"""The fields of a profile that describe work."""

PERIOD_WORDS = {
    PayPeriod.YEAR: N_("a year"),
    PayPeriod.MONTH: N_("a month"),
    PayPeriod.WEEK: N_("a week"),
    PayPeriod.DAY: N_("a day"),
    PayPeriod.HOUR: N_("an hour"),
}


def money(pay: Salary | SalaryRange | None, *, yearly: bool = False) -> str:
    """A salary or a range of them; that it is a year only if `yearly`.

    >>> money(SalaryRange(minimum=60_000, maximum=80_000, currency="EUR"))
    'EUR 60,000 to 80,000'
    >>> money(SalaryRange(minimum=3_500, currency="CHF", per="month"))
    'from CHF 3,500 a month'
    >>> money(Salary(amount=23.5, currency="GBP", per="hour"))
    'GBP 23.5 an hour'
    """
    if pay is None:
        return NOTHING
    per = "" if pay.per is PayPeriod.YEAR and not yearly else f" {_(PERIOD_WORDS[pay.per])}"
    if isinstance(pay, Salary):
        return f"{pay.currency} {amount(pay.amount)}{per}"
    said = f"{pay.currency} {amount(pay.minimum)}"
    if pay.maximum is None:
        return _("from %(start)s") % {"start": f"{said}{per}"}
    return _("%(start)s to %(end)s") % {"start": said, "end": f"{amount(pay.maximum)}{per}"}


def amount(value: float) -> str:
    """An amount of money, such as 60,000; with all of its decimals, as it was said."""
    return format_decimal(value, locale=locale(), decimal_quantization=False)


def in_currency(pay: Salary, currency: str | None) -> str | None:
    """About what a salary is a year in another currency. None in its own, or without a rate.

    >>> in_currency(Salary(amount=522_000, currency="SEK"), "EUR")
    'EUR 47,200'
    >>> in_currency(Salary(amount=60_000, currency="EUR"), "EUR")
    """
    is_own = currency is None or (pay.currency == currency and pay.per is PayPeriod.YEAR)
    converted_amount = None if is_own else converted(pay, str(currency))
    return None if converted_amount is None else f"{currency} {amount(converted_amount)}"


def currency(position: Position) -> str | None:
    """The currency in which a position pays, or else names its budget."""
    pay = position.salary or position.filters.salary_budget
    return pay.currency if pay else None


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name.

    >>> initials("Ada King Lovelace"), initials("李明"), initials("-")
    ('AL', '李', '?')
    """
    words = [word for word in re.findall(r"[^\W\d_]+", name) if word]
    ends = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in ends).upper() or "?"


def years(number: float) -> str:
    """Years of experience, as whole ones.

    >>> years(27.7), years(1)
    ('27 years', '1 year')
    """
    whole = int(number)
    return ngettext("%(num)d year", "%(num)d years", whole) % {"num": whole}


def salary_words(details: Mapping[str, Any]) -> str:
    """The salary of a stored event in words."""
    return money(SalaryRange.model_construct(**details))


def terms(position: Position) -> str:
    """Where a position's work is, and what it pays."""
    place = position.location or ("" if position.remote else "No location")
    remote = "remote" if position.remote else ""
    pay = money(position.salary) if position.salary else "no salary given"
    said = ", ".join(filter(None, (place, remote, pay)))
    return said[0].upper() + said[1:]


def freshness(provenance: Mapping[str, Origin]) -> str:
    """How fresh a profile is: its work experience, or else its latest field.

    >>> from datetime import date
    >>> freshness({"jobs": Origin(source="github", observed_on=date(2026, 3, 5))})
    'Experience updated March 2026, from github'
    >>> freshness({"skills": Origin(source="sign-up", observed_on=date(2024, 1, 2))})
    'Profile as of sign-up, January 2024'
    """
    of_work = [provenance[field] for field in EXPERIENCE if field in provenance]
    of_it = "Experience" if of_work else "Profile"
    latest = max(
        of_work or provenance.values(), key=lambda origin: origin.observed_on, default=None
    )
    if latest is None:
        return "Profile not filled in"
    if latest.source == SIGN_UP:
        return f"{of_it} as of sign-up, {month(latest.observed_on)}"
    return f"{of_it} updated {month(latest.observed_on)}, from {latest.source.replace('-', ' ')}"


def signed(number: float) -> str:
    """A number with its sign and two decimals.

    >>> signed(0.5)
    '+0.50'
    """
    return localized(f"{number:+.2f}").replace("-", "\N{MINUS SIGN}")


def words(code: str) -> str:
    """A code as words, such as Awaiting answer.

    >>> words("awaiting_answer")
    'Awaiting answer'
    """
    return _(code.replace("_", " ").replace(".", " ").capitalize())


LABELS = {
    "text": N_("Message"),
    "sender_name": N_("Your name"),
    "sender_role": N_("Your role"),
    "starts_at": N_("Interview starts"),
}
"""What forms call fields, where it is not their name in the API's body."""


def label(field: str) -> str:
    """What forms call a field, by its path in the API's body.

    >>> label("text"), label("message.sender_name"), label("salary.minimum")
    ('Message', 'Your name', 'Salary minimum')
    """
    known = LABELS.get(field.rpartition(".")[2])
    return _(known) if known else words(field)


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        ago,
        closes,
        closes_soon,
        day,
        month,
        dated,
        span,
        minute,
        recorded,
        second,
        lasting,
        percent,
        number,
        money,
        in_currency,
        currency,
        label,
        initials,
        years,
        signed,
        salary_words,
        terms,
        freshness,
        words,
    )
}
"""The filters' names in templates."""

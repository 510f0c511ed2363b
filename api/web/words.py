"""How pages say moments, shares and money, and how fresh a profile is."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from api.charts.axes import NOTHING, number, percent
from domain.money import PayPeriod, Salary, SalaryRange, converted
from domain.partial_date import PartialDate
from domain.profile import Education, Job, Project
from infrastructure.languages.numbers import localized
from infrastructure.languages.translation import N_, locale, ngettext
from infrastructure.languages.translation import gettext as _
from projections.candidate_pool import SIGN_UP
from projections.candidate_profiles import Origin
from projections.positions import Position

EXPERIENCE = ("jobs", "years_experience", "in_present_job_since", "roles")
"""The fields of a profile that describe work."""

CLOSES_SOON_DAYS = 7


_zone: ContextVar[tzinfo] = ContextVar("zone", default=UTC)


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """Say moments in the time of this zone; in UTC if there is none of the name.

    >>> with in_zone("Europe/Berlin"):
    ...     minute(datetime(2026, 3, 5, 23, 30, tzinfo=UTC))
    '6 March 2026, 00:30 CET'
    """
    token = _zone.set(ZoneInfo(name) if name in _zones() else UTC)
    try:
        yield
    finally:
        _zone.reset(token)


@cache
def _zones() -> set[str]:
    return available_timezones()


def here(moment: datetime) -> datetime:
    """The moment in the time zone that is spoken of."""
    return moment.astimezone(_zone.get())


def ago(moment: datetime | date, now: datetime) -> str:
    """How long ago a moment was, in the largest unit that fits.

    >>> from datetime import UTC
    >>> ago(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
    '2 months ago'
    """
    day = moment.date() if isinstance(moment, datetime) else moment
    days = (now.date() - day).days
    if isinstance(moment, datetime) and days < 1:
        minutes = int((now - moment).total_seconds() // 60)
        if minutes < 1:
            return _("just now")
        if minutes < 60:
            return _counted(ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes), minutes)
        hours = minutes // 60
        return _counted(ngettext("%(num)d hour ago", "%(num)d hours ago", hours), hours)
    if days < 1:
        return _("today")
    years, months, weeks = int(days // 365.25), int(days // 30.44), days // 7
    if years:
        return _counted(ngettext("%(num)d year ago", "%(num)d years ago", years), years)
    if months:
        return _counted(ngettext("%(num)d month ago", "%(num)d months ago", months), months)
    if weeks > 1:
        return _counted(ngettext("%(num)d week ago", "%(num)d weeks ago", weeks), weeks)
    return _counted(ngettext("%(num)d day ago", "%(num)d days ago", days), days)


def _counted(text: str, count: int) -> str:
    return text % {"num": count}


def closes(closes_at: datetime, now: datetime) -> str:
    """When a position closes by itself, in days if it is soon.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> closes(datetime(2026, 3, 4, tzinfo=UTC), now), closes(datetime(2026, 6, 1, tzinfo=UTC), now)
    ('Closes in 3 days', 'Closes on 1 June 2026')
    """
    days = (closes_at.date() - now.date()).days
    if days > CLOSES_SOON_DAYS:
        return _("Closes on %(day)s") % {"day": day(closes_at)}
    if days < 1:
        return _("Closes today at %(time)s") % {
            "time": f"{here(closes_at):%H:%M} {_zone_name(closes_at)}"
        }
    return _counted(ngettext("Closes in %(num)d day", "Closes in %(num)d days", days), days)


def closes_soon(closes_at: datetime | None, now: datetime) -> bool:
    """Whether recruiters should be warned that a position closes."""
    return closes_at is not None and (closes_at.date() - now.date()).days <= CLOSES_SOON_DAYS


def day(moment: datetime | date) -> str:
    """A day, such as 3 March 2026."""
    return format_date(here(moment) if isinstance(moment, datetime) else moment, "long", locale())


def month(moment: datetime | date) -> str:
    """A month, such as March 2026."""
    return format_skeleton("yMMMM", moment, locale=locale())


def dated(partial: PartialDate) -> str:
    """A date as precise as it is known.

    >>> dated(PartialDate(2019)), dated(PartialDate(2019, 3)), dated(PartialDate(2019, 3, 1))
    ('2019', 'March 2019', '1 March 2019')
    """
    if partial.day:
        return day(partial.first)
    return month(partial.first) if partial.month else str(partial.year)


def span(part: Job | Education | Project) -> str:
    """From when to when, as far as it is known.

    >>> span(Job(started_on=PartialDate(2019))), span(Education(ended_on=PartialDate(2014, 9)))
    ('2019 to now', 'until September 2014')
    """
    start, end = (date and dated(date) for date in (part.started_on, part.ended_on))
    if isinstance(part, Job) and part.is_present:
        end = _("now")
    if start and end:
        return start if start == end else _("%(start)s to %(end)s") % {"start": start, "end": end}
    if start:
        return _("from %(start)s") % {"start": start}
    return _("until %(end)s") % {"end": end} if end else ""


def minute(moment: datetime) -> str:
    """A moment to the minute, with its time zone.

    >>> minute(datetime(2026, 3, 5, 23, 30, tzinfo=UTC))
    '5 March 2026, 23:30 UTC'
    """
    return f"{day(moment)}, {here(moment):%H:%M} {_zone_name(moment)}"


def _zone_name(moment: datetime) -> str:
    """What the zone is called then, such as CEST; UTC+03 where it has no name of its own."""
    name = here(moment).tzname() or "UTC"
    return name if name[0].isalpha() else f"UTC{name}"


def recorded(said: str) -> str:
    """A moment or a day as an event has it, as pages say it.

    >>> recorded("2026-12-03T14:00:00Z"), recorded("2026-12-03")
    ('3 December 2026, 14:00 UTC', '3 December 2026')
    """
    return minute(datetime.fromisoformat(said)) if "T" in said else day(date.fromisoformat(said))


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
    return _counted(ngettext("%(num)d year", "%(num)d years", whole), whole)


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


def second(moment: datetime) -> str:
    """A moment of today to the second, with its time zone."""
    return f"{here(moment):%H:%M:%S} {_zone_name(moment)}"


def lasting(seconds: float) -> str:
    """How long something takes, in units that fit.

    >>> lasting(12.3), lasting(754), lasting(7_300)
    ('12 s', '12 min 34 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


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

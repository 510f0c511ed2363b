"""How pages say moments, days and how long things take, in the time zone that is spoken of."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date, format_skeleton

from domain.partial_date import PartialDate
from domain.profile import Education, Job, Project
from infrastructure.languages.translation import gettext as _
from infrastructure.languages.translation import locale, ngettext

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

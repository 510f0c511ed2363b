"""When a member counts as passive: no activity for six calendar months or more.

It depends on the current day, so it is never stored but computed on every read and on every send.
Days are in UTC.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time

MONTHS_OF_SILENCE = 6


def months_after(day: date, months: int) -> date:
    """The same day of the month, that many months later; the last day in a shorter month.

    >>> months_after(date(2023, 8, 31), 6), months_after(date(2024, 8, 31), 6)
    (datetime.date(2024, 2, 29), datetime.date(2025, 2, 28))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def is_passive(last_active_at: datetime, now: datetime) -> bool:
    """Whether a member with this last activity is passive now; the anniversary itself counts."""
    passive_from = months_after(last_active_at.astimezone(UTC).date(), MONTHS_OF_SILENCE)
    return passive_from <= now.astimezone(UTC).date()


def active_since(now: datetime) -> datetime:
    """The boundary of passivity now: members last active before this moment are passive.

    It lets a database find them by one comparison.

    >>> active_since(datetime(2025, 2, 28, 15, tzinfo=UTC))
    datetime.datetime(2024, 9, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    today = now.astimezone(UTC).date()
    last_passive_day = months_after(today, -MONTHS_OF_SILENCE)
    if today.day == monthrange(today.year, today.month)[1]:
        # The remaining days of a longer month have their anniversary on this last day, too.
        last_passive_day = last_passive_day.replace(
            day=monthrange(last_passive_day.year, last_passive_day.month)[1]
        )
    first_active_day = date.fromordinal(last_passive_day.toordinal() + 1)
    return datetime.combine(first_active_day, time(), UTC)

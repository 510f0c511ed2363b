"""Round marks for the axes of charts, in numbers, shares and dates that people read at a glance."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, takewhile
from math import ceil, floor, isfinite, log10

from infrastructure.languages import numbers
from infrastructure.languages.numbers import localized

DAY = timedelta(days=1)
DAYS = (1, 2, 7, 14)
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
HOURS = (1, 3, 6, 12)
NOTHING = "-"
"""What stands where there is no value."""


def round_steps(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers that span a range, the outermost at or beyond its ends.

    >>> round_steps(0, 97)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    >>> round_steps(0.412, 0.449)
    [0.41, 0.42, 0.43, 0.44, 0.45]
    """
    if low == high == 0:
        return [0.0, 1.0]
    spread = next(size for size in (high - low, abs(high), 1.0) if size > 1e-100)
    raw = spread / max(1, most - 1)
    power = 10.0 ** floor(log10(raw))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        # A whole number of steps, but for the last bits that division loses.
        first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
        if first == last:
            last += 1
        if last - first < most:
            break
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def moments(low: datetime, high: datetime, most: int = 6) -> list[datetime]:
    """Round moments of UTC within a span: hours, days, firsts of months or years.

    >>> start = datetime(2026, 1, 20, tzinfo=UTC)
    >>> [f"{moment:%d %b}" for moment in moments(start, start + timedelta(days=90))]
    ['01 Feb', '01 Mar', '01 Apr']
    """
    low, high = low.astimezone(UTC), high.astimezone(UTC)
    day = low.replace(hour=0, minute=0, second=0, microsecond=0)
    grids: list[Iterator[datetime]] = [
        *(_every(day, timedelta(hours=hours)) for hours in HOURS),
        *(_every(day, days * DAY) for days in DAYS),
        *(_firsts(day, months) for months in MONTHS),
    ]
    marks: list[datetime] = []
    for grid in grids:
        marks = []
        for moment in takewhile(lambda mark: mark <= high, grid):
            if moment >= low:
                marks.append(moment)
            if len(marks) > most:
                break
        else:
            break
    return marks[:most]


def _every(start: datetime, step: timedelta) -> Iterator[datetime]:
    return (start + number * step for number in count())


def _firsts(start: datetime, months: int) -> Iterator[datetime]:
    first = (start.year * 12 + start.month - 1) // months * months
    return (
        start.replace(year=month // 12, month=month % 12 + 1, day=1)
        for month in count(first, months)
    )


def moment_texts(marks: list[datetime]) -> list[str]:
    """Moments as no more than tells them apart; months name the year where it is new.

    >>> moment_texts([datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)])
    ['Jan 2026', 'Feb', 'Mar']
    """
    if any(mark.hour or mark.minute for mark in marks):
        return [f"{mark.day} {mark:%b %H:%M}" for mark in marks]
    if len(marks) < 2 or any(mark.day != 1 for mark in marks):
        return [f"{mark.day} {mark:%b}" for mark in marks]
    if all(mark.month == 1 for mark in marks):
        return [f"{mark:%Y}" for mark in marks]
    years = [None, *(mark.year for mark in marks)]
    return [
        f"{mark:%b}" if mark.year == before else f"{mark:%b %Y}"
        for mark, before in zip(marks, years, strict=False)
    ]


def number(value: float | None) -> str:
    """A number to read in a table: its thousands apart, four digits that count.

    >>> number(12345), number(0.43127), number(1234.5)
    ('12,345', '0.4313', '1,234')
    """
    if value is None or not isfinite(value):
        return NOTHING
    if abs(value) >= 1000 or value == int(value):
        return localized(f"{value:,.0f}")
    return localized(f"{value:.4g}")


def percent(share: float | None, digits: int = 0) -> str:
    """A share of one as a percentage, with so many decimals unless they are all 0.

    >>> percent(0.234), percent(0.123, 1), percent(0.5, 1), percent(None)
    ('23%', '12.3%', '50%', '-')
    """
    if share is None or not isfinite(share):
        return NOTHING
    return numbers.percent(share, digits)


def share(value: float | None) -> str:
    """A share of one as charts and their tables have it."""
    return percent(value, digits=1)


def texts(steps: list[float], text: Callable[[float], str]) -> list[str]:
    """Round numbers as an axis shows them, all with as many decimals as the finest needs.

    >>> texts([0.4, 0.45, 0.5], number), texts([0, 5e5, 1e6], number)
    (['0.40', '0.45', '0.50'], ['0', '0.5 M', '1 M'])
    """
    if text is not number:
        return [text(step) for step in steps]
    largest = max(map(abs, steps))
    for size, unit in ((1e6, " M"), (1e4, " k")):
        if largest >= size:
            each = 1e3 if unit == " k" else 1e6
            return [f"{step / each:.4g}{unit}" if step else "0" for step in steps]
    decimals = max(len(f"{step:.12g}".partition(".")[2]) for step in steps)
    return [f"{step:,.{decimals}f}" for step in steps]

"""Silent for six calendar months or more, the anniversary itself included, is passive."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from domain.passivity import active_since, is_passive, months_after

days = some.dates(date(1900, 1, 1), date(2200, 12, 31))
offsets = some.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = some.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31), timezones=offsets)  # noqa: DTZ001 - bounds of moments in any zone
around_half_a_year = some.timedeltas(timedelta(days=175), timedelta(days=190))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- By hand


@pytest.mark.parametrize(
    ("last_active", "first_passive_day"),
    [
        ("2025-01-15", "2025-07-15"),
        ("2025-08-31", "2026-02-28"),
        ("2025-08-30", "2026-02-28"),
        ("2025-08-29", "2026-02-28"),
        ("2025-08-28", "2026-02-28"),
        ("2023-08-31", "2024-02-29"),
        ("2023-08-29", "2024-02-29"),
        ("2023-08-28", "2024-02-28"),
        ("2024-02-29", "2024-08-29"),
        ("2025-02-28", "2025-08-28"),
        ("2025-03-31", "2025-09-30"),
        ("2025-05-31", "2025-11-30"),
        ("2025-12-31", "2026-06-30"),
        ("2025-07-01", "2026-01-01"),
        ("1999-08-31", "2000-02-29"),
        ("2099-08-31", "2100-02-28"),
    ],
)
def test_somebody_becomes_passive_on_this_very_day(
    last_active: str, first_passive_day: str
) -> None:
    last, first = moment(f"{last_active}T18:00+00:00"), moment(f"{first_passive_day}T00:00+00:00")
    assert is_passive(last, first)
    assert not is_passive(last, first - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("now", "first_active_day"),
    [
        ("2025-07-15", "2025-01-16"),
        ("2026-02-27", "2025-08-28"),
        ("2026-02-28", "2025-09-01"),
        ("2024-02-28", "2023-08-29"),
        ("2024-02-29", "2023-09-01"),
        ("2025-08-30", "2025-03-01"),
        ("2025-08-31", "2025-03-01"),
        ("2025-09-30", "2025-04-01"),
    ],
)
def test_activity_from_this_very_day_on_keeps_from_being_passive(
    now: str, first_active_day: str
) -> None:
    assert active_since(moment(f"{now}T23:59+00:00")) == moment(f"{first_active_day}T00:00+00:00")


def test_the_time_of_day_of_the_last_activity_does_not_matter() -> None:
    first = moment("2025-07-15T00:00+00:00")
    assert is_passive(moment("2025-01-15T23:59:59.999999+00:00"), first)
    assert not is_passive(moment("2025-01-16T00:00+00:00"), first)


def test_a_minute_before_midnight_utc_it_is_still_the_day_before() -> None:
    last = moment("2025-01-15T12:00+00:00")
    assert not is_passive(last, moment("2025-07-14T23:59+00:00"))
    assert not is_passive(last, moment("2025-07-15T08:59+09:00"))
    assert is_passive(last, moment("2025-07-15T00:00+00:00"))
    assert is_passive(last, moment("2025-07-14T20:00-04:00"))


def test_the_day_of_the_last_activity_is_one_of_utc() -> None:
    evening_in_new_york = moment("2025-01-14T20:00-04:00")
    assert not is_passive(evening_in_new_york, moment("2025-07-14T12:00+00:00"))
    assert is_passive(evening_in_new_york, moment("2025-07-15T12:00+00:00"))


# --- Always


@given(moments, moments)
def test_passive_is_who_was_last_active_before_a_moment_a_database_can_compare_with(
    last: datetime, now: datetime
) -> None:
    assert is_passive(last, now) == (last < active_since(now))


@given(moments, around_half_a_year)
@example(moment("2024-02-29T12:00+00:00"), timedelta(days=182))
@example(moment("2023-08-31T23:59+00:00"), timedelta(days=182))
def test_also_around_the_anniversary(last: datetime, silence: timedelta) -> None:
    assert is_passive(last, last + silence) == (last < active_since(last + silence))


@given(moments)
def test_the_boundary_itself_is_active_and_the_instant_before_is_passive(now: datetime) -> None:
    boundary = active_since(now)
    assert not is_passive(boundary, now)
    assert is_passive(boundary - timedelta(microseconds=1), now)


@given(moments, moments, offsets, offsets)
def test_offsets_do_not_matter(
    last: datetime, now: datetime, one: timezone, other: timezone
) -> None:
    assert is_passive(last, now) == is_passive(last.astimezone(one), now.astimezone(other))
    assert active_since(now) == active_since(now.astimezone(one))


@given(moments, moments, some.timedeltas(timedelta(), timedelta(days=400)))
def test_nobody_becomes_active_again_by_waiting(
    last: datetime, now: datetime, wait: timedelta
) -> None:
    assert is_passive(last, now + wait) or not is_passive(last, now)


@given(moments, around_half_a_year)
def test_half_a_year_is_between_181_and_184_days(last: datetime, silence: timedelta) -> None:
    silent_days = ((last + silence).astimezone(UTC).date() - last.astimezone(UTC).date()).days
    if silent_days < 181:
        assert not is_passive(last, last + silence)
    if silent_days >= 184:
        assert is_passive(last, last + silence)


def day_by_day(day: date, months: int) -> date:
    """The same as `months_after`, the long way: count the months, then find a day that exists."""
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month in (0, 13):
            year, month = (year - 1, 12) if month == 0 else (year + 1, 1)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


@given(days, some.integers(-60, 60))
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(
    day: date, months: int
) -> None:
    assert months_after(day, months) == day_by_day(day, months)


@given(days, days, some.integers(-12, 12))
def test_months_later_keeps_the_order_of_days(one: date, other: date, months: int) -> None:
    first, second = sorted((one, other))
    assert months_after(first, months) <= months_after(second, months)

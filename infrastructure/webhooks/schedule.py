"""When a delivery that failed is tried again, and when it is given up."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST_DELAY = timedelta(seconds=5)
FACTOR = 3
LONGEST_DELAY = timedelta(hours=4)
GIVEN_UP_AFTER = timedelta(hours=24)

ASKS_TO_WAIT = frozenset({429, 503})


def delay(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts; `chance`, from 0 to 1, spreads the retries.

    >>> [str(delay(n, 0.5)) for n in (1, 2, 5, 20)]
    ['0:00:05', '0:00:15', '0:06:45', '4:00:00']
    >>> str(delay(1, 0.0)), str(delay(1, 1.0))
    ('0:00:02.500000', '0:00:07.500000')
    """
    whole: timedelta = min(FIRST_DELAY * FACTOR ** min(attempts - 1, 20), LONGEST_DELAY)
    return whole * (0.5 + chance)


def next_attempt(
    attempts: int, queued_at: datetime, at: datetime, wait_until: datetime | None
) -> datetime | None:
    """When to try again after so many attempts; None once a day has passed.

    The last attempt comes at the end of the day. `wait_until` is what the receiver asked for.
    """
    end = queued_at + GIVEN_UP_AFTER
    if at >= end or (wait_until is not None and wait_until > end):
        return None
    due = at + delay(attempts, random.random())  # noqa: S311 - spreads retries
    return min(max(due, wait_until or due), end)


def retry_after(status: int, header: str | None, at: datetime) -> datetime | None:
    """Until when the receiver asks to be left alone (RFC 9110, 10.2.3).

    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> str(retry_after(503, "90", noon))
    '2026-01-01 12:01:30+00:00'
    >>> str(retry_after(429, "Thu, 01 Jan 2026 13:00:00 GMT", noon))
    '2026-01-01 13:00:00+00:00'
    >>> retry_after(503, "soon", noon), retry_after(500, "90", noon)
    (None, None)
    """
    if status not in ASKS_TO_WAIT or header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return at + timedelta(seconds=min(int(text), 10**9))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""How long somebody has worked, by the months of their jobs."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from domain.partial_date import PartialDate
from domain.profile import Job

LONGEST = 80.0


def years_of(jobs: Iterable[Job], as_of: date | None) -> float | None:
    """Years of experience, to a tenth: the months in which there was a job, each counted once.

    The month in which a job ended counts, and a year without months is twelve of them. Nothing
    counts after the day `as_of`, of which a present job's last month must be whole. None if no job
    says from when to when it was.

    >>> year = PartialDate(2019)
    >>> years_of([Job(started_on=year, ended_on=year)] * 2, date(2024, 1, 1))
    1.0
    """
    spans = [span for job in jobs if (span := _months(job, as_of)) is not None]
    if not spans:
        return None
    return min(round(len(set().union(*spans)) / 12, 1), LONGEST)


def in_present_job_since(jobs: Iterable[Job], as_of: date | None) -> PartialDate | None:
    """Since when somebody has the present job, or the latest of several."""
    present = [job.started_on for job in jobs if job.is_present and job.started_on]
    return max((start for start in present if as_of is None or start.first <= as_of), default=None)


def _months(job: Job, as_of: date | None) -> range | None:
    """The months of a job, counted from year 0; None if that is not known."""
    start, end = job.started_on, job.ended_on
    if start is None or job.end_is_unknown or (end is None and as_of is None):
        return None
    if as_of and as_of < start.first:
        return None
    if end is None or (as_of and as_of < end.first):
        last = _last_whole_month(as_of or date.max)
    else:
        last = end.year * 12 + (end.month or 12) - 1
        if as_of and not end.month:
            last = min(last, _last_whole_month(as_of))
    return range(start.year * 12 + (start.month or 1) - 1, last + 1)


def _last_whole_month(day: date) -> int:
    whole = day.day == monthrange(day.year, day.month)[1]
    return day.year * 12 + day.month - (1 if whole else 2)

"""Figures of this process, counted as things happen; `/metrics` shows them.

Labels are names of ours: kinds of events, read models, outcomes.
"""

from collections.abc import Iterable
from functools import cache

from prometheus_client import Counter, Histogram

SIZES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

EVENTS = Counter(
    "sourcing_events_recorded", "Events recorded by this process.", ["kind"], registry=None
)
COMMIT_EVENTS = Histogram(
    "sourcing_event_log_commit_events",
    "Events that one transaction of the event log has written.",
    buckets=SIZES,
    registry=None,
)
BATCH_EVENTS = Histogram(
    "sourcing_projection_batch_events",
    "Events that a projection has applied in one batch.",
    ["projection"],
    buckets=SIZES,
    registry=None,
)
BATCH_SECONDS = Histogram(
    "sourcing_projection_batch_seconds",
    "Seconds that a projection took to apply a batch.",
    ["projection"],
    buckets=SECONDS,
    registry=None,
)
LETTERS = Counter(
    "sourcing_letter_attempts",
    "Attempts to deliver a letter: delivered, rejected, to be tried again, or stopped before.",
    ["outcome"],
    registry=None,
)

OF_PROCESS = (EVENTS, COMMIT_EVENTS, BATCH_EVENTS, BATCH_SECONDS, LETTERS)
"""For the registry of a process."""


def count_events(kinds: Iterable[str]) -> None:
    """Count events that were recorded."""
    numbers: dict[str, int] = {}
    for kind in kinds:
        numbers[kind] = numbers.get(kind, 0) + 1
    for kind, number in numbers.items():
        _events_of(kind).inc(number)


# `labels` takes several times as long, and a command mostly records one event.
_events_of = cache(EVENTS.labels)

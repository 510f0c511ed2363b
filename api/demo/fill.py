"""Fills an empty marketplace with a simulated past."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from api.demo.agenda import DAY
from api.demo.world import World
from domain.employer_events import EmployerRegistered
from domain.event import Event
from domain.outreach_events import (
    InterviewRequested,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
)
from domain.position import PositionOpened

CHUNK = 4_000
"""Events written at once."""

Progress = Callable[[str, int, int], None]
"""Told what goes on, how much of it is done, and out of how much."""


class Log(Protocol):
    """Where events are written; `infrastructure.event_log.store.EventStore` is one."""

    def record(self, events: Sequence[Event]) -> int:
        """Record events in this order. Returns the position of the last."""
        ...


@dataclass(frozen=True)
class Summary:
    """What a marketplace was filled with."""

    candidates: int
    opted_in: int
    passive: int
    erased: int
    employers: int
    positions: int
    messages: int
    interview_requests: int
    accepted: int
    declined: int
    expired: int
    events: int
    log_position: int
    """Of the last event."""

    @property
    def outreaches(self) -> int:
        """Messages and interview requests together."""
        return self.messages + self.interview_requests


def fill(
    store: Log,
    *,
    candidates: int,
    seed: int,
    until: datetime,
    profiles: Iterable[Mapping[str, Any]] | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Summary:
    """Write eighteen months of a marketplace, and the sign-ups before them, in order of time.

    Args:
        store: an empty one.
        candidates: how many, from 20 to a million; at most that many of the profiles.
        seed: the same one gives the same events.
        until: the end, with its time zone.
        profiles: JSON Resume documents of real people to take the place of generated ones. What
            they do not say of sign-up, consent and activity is drawn from the seed.
        progress: called after every chunk.

    Raises:
        BadDocument: a profile cannot be read; nothing is written.
    """
    world = World(candidates=candidates, seed=seed, until=until, profiles=profiles)
    counts: Counter[str] = Counter()
    position = 0
    history = world.history()
    with _without_garbage_collection():
        while chunk := [*islice(history, CHUNK)]:
            position = store.record(chunk)
            counts.update(event.TOPIC for event in chunk)
            _tell(progress, world)
    return _summary(world, counts, position)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """The collector would walk through a million people again and again, and find nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _tell(progress: Progress, world: World) -> None:
    now = world.agenda.now
    if now < world.begin:
        progress("Members sign up", len(world.people), world.count)
    else:
        days = round((world.until.timestamp() - world.begin) / DAY)
        progress("Eighteen months pass", round((now - world.begin) / DAY), days)


def _summary(world: World, counts: Counter[str], position: int) -> Summary:
    members = [person.candidate for person in world.people]
    return Summary(
        candidates=len(members),
        opted_in=sum(member.opted_in for member in members),
        passive=sum(member.is_passive(world.until) for member in members if not member.erased),
        erased=sum(member.erased for member in members),
        employers=counts[EmployerRegistered.TOPIC],
        positions=counts[PositionOpened.TOPIC],
        messages=counts[MessageSent.TOPIC],
        interview_requests=counts[InterviewRequested.TOPIC],
        accepted=counts[OutreachAccepted.TOPIC],
        declined=counts[OutreachDeclined.TOPIC],
        expired=counts[OutreachExpired.TOPIC],
        events=counts.total(),
        log_position=position,
    )

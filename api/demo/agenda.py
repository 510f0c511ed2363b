"""The simulated world's clock: what will happen, in order of time, and what has been recorded."""

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from domain.actor import Actor, Cause
from domain.aggregate import Aggregate
from domain.event import Event

DAY = 86_400.0
"""Seconds. Moments are whole seconds since 1970, lengths of time are seconds as well."""

YEAR = 365.25 * DAY


class Agenda:
    """What is due when. Whatever happens may put more on the agenda."""

    def __init__(self, seed: int, until: datetime) -> None:
        self.now = 0
        self.until = int(until.timestamp())
        self._due: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._entries = 0
        self._requests = 0
        self._outbox: list[Event] = []
        self._seed = seed

    def at(self, moment: float, do: Callable[..., None], *about: object) -> None:
        """Have something happen at a moment, which is not before now; never if after the end."""
        if moment < self.until:
            self._entries += 1
            heapq.heappush(self._due, (int(moment), self._entries, do, about))

    def pass_time(self) -> Iterator[list[Event]]:
        """Let everything happen in order of time; yields what was recorded at each moment."""
        while self._due:
            self.now, _, do, about = heapq.heappop(self._due)
            do(*about)
            if self._outbox:
                recorded, self._outbox = self._outbox, []
                yield recorded

    def today(self) -> datetime:
        """The moment it is."""
        return datetime.fromtimestamp(self.now, UTC)

    def cause(self, by: Actor) -> Cause:
        """A request that somebody makes now."""
        self._requests += 1
        request = f"demo-{self._seed}-{self._requests}"
        return Cause.model_construct(by=by, at=self.today(), request_id=request)

    def record(self, *aggregates: Aggregate) -> None:
        """Take down what these aggregates have stated."""
        for aggregate in aggregates:
            self._outbox += aggregate.collect_events()

"""A part of the log, read once for all projections that follow it."""

from collections.abc import Sequence
from typing import cast

from eventsourcing.persistence import Notification

from domain.event import Event
from infrastructure.event_log.codec import SEALED_FIELD, EventMapper
from infrastructure.event_log.unreadable import UnreadableEvent
from infrastructure.projecting.projection import LoggedEvent


class LogBatch:
    """Stored events in order, each decoded when the first projection asks for it."""

    def __init__(self, mapper: EventMapper, stored: Sequence[Notification]) -> None:
        self.stored = stored
        self._mapper = mapper
        self._decoded: dict[bool, dict[int, Event | UnreadableEvent]] = {False: {}, True: {}}

    def events(self, stored: Sequence[Notification], *, personal: bool) -> list[LoggedEvent]:
        """Some of the events, with their personal fields or as after an erasure.

        Raises `UnreadableEvent` for the first that cannot be read.
        """
        decoded = self._decoded[personal]
        if missing := [event for event in stored if event.id not in decoded]:
            self._decode(missing, personal=personal)
        for one in stored:
            if isinstance(unreadable := decoded[one.id], UnreadableEvent):
                raise unreadable
        return [LoggedEvent(one.id, cast(Event, decoded[one.id])) for one in stored]

    def _decode(self, missing: Sequence[Notification], *, personal: bool) -> None:
        decoded, otherwise = self._decoded[personal], self._decoded[not personal]
        for one, event in zip(missing, self._mapper.read(missing, personal=personal), strict=True):
            decoded[one.id] = event
            if SEALED_FIELD not in one.state:  # the same for everybody
                otherwise[one.id] = event

"""How aggregates decide, record events, rebuild their state, and refuse."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import OriginatorIDError, OriginatorVersionError

from domain.actor import Cause
from domain.event import Event
from domain.handlers import HandlesEvents


class Refusal:
    """One reason why a command is refused: a stable code and a sentence that says what to do.

    The code is the class's name in snake case, the sentence its docstring with the details filled
    in.

    >>> class CupFull(Refusal):
    ...     "The cup holds {litres} litres and is full; take another."
    >>> CupFull(litres=2).code, str(CupFull(litres=2))
    ('cup_full', 'The cup holds 2 litres and is full; take another.')
    """

    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, **details: object) -> None:
        self.details = details

    def __str__(self) -> str:
        return " ".join((self.__doc__ or "").split()).format(**self.details)


class Refused(Exception):
    """A command was refused; carries every reason."""

    def __init__(self, *reasons: Refusal) -> None:
        super().__init__(" ".join(str(reason) for reason in reasons))
        self.reasons = reasons

    @property
    def codes(self) -> list[str]:
        """The stable codes of all reasons."""
        return [reason.code for reason in self.reasons]


def refuse(reasons: Iterable[Refusal]) -> None:
    """Raise `Refused` with all reasons at once, if there are any."""
    if given := tuple(reasons):
        raise Refused(*given)


class HistoryUnreadable(Refusal):
    """Events that this needs cannot be read ({kinds}); an operator must repair them first."""


class Aggregate(HandlesEvents):
    """Checks rules and records events; its state is what its handlers fold from those events.

    Handlers never raise and never decide. The state holds no personal data, so loading an aggregate
    needs no key.
    """

    kind: ClassVar[str]
    """The prefix of its events' stored names, such as `candidate`."""

    latest_only: ClassVar[frozenset[type[Event]]]
    """Frequent events: of each type, folding the one that happened last gives the same state."""

    def __init_subclass__(cls, *, kind: str, latest_only: Iterable[type[Event]] = ()) -> None:
        super().__init_subclass__()
        cls.kind = kind
        cls.latest_only = frozenset(latest_only)

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.version = 0
        self._unreadable: frozenset[str] = frozenset()
        self._pending: list[Event] = []

    @property
    def exists(self) -> bool:
        """Whether it has any events."""
        return self.version > 0

    def record(
        self, event: type[Event], cause: Cause, *, at: datetime | None = None, **facts: Any
    ) -> None:
        """Make an event with these facts and fold it into the state.

        Its timestamp is `at`, or the moment of the request.
        """
        fact = event(
            originator_id=self.id,
            originator_version=self.version + 1,
            timestamp=at or cause.at,
            actor=cause.by,
            request_id=cause.request_id,
            **facts,
        )
        self._apply(fact)
        self._pending.append(fact)

    def collect_events(self) -> Sequence[Event]:
        """Return the events that are not stored yet, and forget them."""
        pending, self._pending = self._pending, []
        return pending

    def reasons_if_unreadable(self, needed: Iterable[type[Event]] | None = None) -> list[Refusal]:
        """Why a decision is refused that needs events, by default all, which cannot be read."""
        kinds = {event.TOPIC for event in (self.handlers if needed is None else needed)}
        lost = kinds & self._unreadable
        return [HistoryUnreadable(kinds=", ".join(sorted(lost)))] if lost else []

    @classmethod
    def fold(
        cls,
        id: UUID,
        events: Iterable[Event],
        *,
        version: int | None = None,
        unreadable: Iterable[str] = (),
    ) -> Self:
        """Rebuild the aggregate from its events.

        If they are only a selection of its history, `version` is the version it has reached.
        `unreadable` are the stored names of events that are left out because nobody can read them.
        """
        aggregate = cls(id)
        aggregate._unreadable = frozenset(unreadable)
        for event in events:
            if version is not None:
                aggregate.version = event.originator_version - 1
            aggregate._apply(event)
        aggregate.version = aggregate.version if version is None else version
        return aggregate

    def _apply(self, event: Event) -> None:
        if event.originator_id != self.id:
            raise OriginatorIDError(event.originator_id, self.id)
        if event.originator_version != self.version + 1:
            raise OriginatorVersionError(event.originator_version, self.version + 1)
        if fold := self.handlers.get(type(event)):
            fold(self, event)
        self.version = event.originator_version

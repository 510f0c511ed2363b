"""How aggregates decide and remember, and how they refuse."""

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

    Its code is its class's name, its sentence its docstring with the details filled in.

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
    """A command was refused, for all of these reasons."""

    def __init__(self, *reasons: Refusal) -> None:
        super().__init__(" ".join(str(reason) for reason in reasons))
        self.reasons = reasons

    @property
    def codes(self) -> list[str]:
        """The stable code of every reason."""
        return [reason.code for reason in self.reasons]


def refuse(reasons: Iterable[Refusal]) -> None:
    """Refuse with every reason at once, if there is any."""
    if given := tuple(reasons):
        raise Refused(*given)


class Aggregate(HandlesEvents):
    """Decides by its rules, remembers by its events: its handlers never raise and never decide.

    It keeps no personal data: no decision needs any, and so loading one needs no key.
    """

    kind: ClassVar[str]
    """What its events' stored names begin with, such as `candidate`."""

    def __init_subclass__(cls, *, kind: str) -> None:
        super().__init_subclass__()
        cls.kind = kind

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.version = 0
        self._pending: list[Event] = []

    @property
    def exists(self) -> bool:
        """Whether anything has ever happened to it."""
        return self.version > 0

    def record(
        self, event: type[Event], cause: Cause, *, at: datetime | None = None, **facts: Any
    ) -> None:
        """State a new fact and fold it in.

        It happened when it was asked for, or at `at` where that is earlier or later.
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
        """Hand over the facts that are not recorded yet."""
        pending, self._pending = self._pending, []
        return pending

    @classmethod
    def fold(cls, id: UUID, events: Iterable[Event], *, version: int | None = None) -> Self:
        """The aggregate as these events leave it.

        With a version, the events may be a selection from its history up to that version.
        """
        aggregate = cls(id)
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

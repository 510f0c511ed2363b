"""An employer's standing as a sender: whether people answer its messages, and what follows if not.

A message counts once it is old enough for an answer, answered or not, until the window has passed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field

from domain.aggregate import Refusal
from domain.employer_events import (
    AnswerRateRecovered,
    AnswerRateWarned,
    AnswersCounted,
    BulkRestricted,
)
from domain.event import Event
from domain.values import Moment, Value

COUNTED_FOR = timedelta(days=14)
"""How old a message may be to count."""

TIME_TO_ANSWER = timedelta(days=3)
"""How old a message must be to count: most answers come sooner."""

FEWEST_MESSAGES = 100
"""With fewer messages, chance would decide."""

LOWEST_PERCENT = 13
"""How many of a hundred messages are answered at least."""

GRACE = timedelta(days=7)
"""From the warning until the answers are counted again."""

RESTRICTION = timedelta(days=14)
"""How long messages are then sent one by one."""


class SenderStanding(StrEnum):
    """What an employer may send."""

    GOOD = "good"
    WARNED = "warned"
    RESTRICTED = "restricted"


class AnswerRate(Value):
    """How many messages count at a moment, and how many of them the candidates answered.

    >>> AnswerRate(messages=100, answered=12).is_low, AnswerRate(messages=100, answered=13).is_low
    (True, False)
    >>> AnswerRate(messages=99, answered=0).is_low
    False
    """

    messages: Annotated[int, Field(ge=0)]
    answered: Annotated[int, Field(ge=0)]

    @property
    def is_low(self) -> bool:
        """Whether the employer is warned for it, or restricted after the grace."""
        too_few = self.answered * 100 < self.messages * LOWEST_PERCENT
        return self.messages >= FEWEST_MESSAGES and too_few


class BulkMessagesRestricted(Refusal):
    """Few people answer your messages; until {until:%-d %B %Y, %H:%M} UTC send them one by one."""


class Sender(Value):
    """What was decided last about an employer as a sender."""

    grace_ends_at: Moment | None = None
    restricted_until: Moment | None = None

    def standing(self, at: datetime) -> SenderStanding:
        """The standing at a moment."""
        if self.restricted_until and at < self.restricted_until:
            return SenderStanding.RESTRICTED
        return SenderStanding.WARNED if self.grace_ends_at else SenderStanding.GOOD

    def reasons_against_bulk(self, at: datetime) -> Iterator[Refusal]:
        """Why the employer may not send a message as one of many."""
        if self.standing(at) is SenderStanding.RESTRICTED:
            yield BulkMessagesRestricted(until=self.restricted_until)

    def due(self, rate: AnswerRate, at: datetime) -> tuple[type[Event], dict[str, Any]] | None:
        """The event that follows from an answer rate now, with its facts; None if nothing does."""
        standing, counted = self.standing(at), dict(rate)
        if standing is SenderStanding.GOOD and rate.is_low:
            return AnswerRateWarned, {**counted, "grace_ends_at": at + GRACE}
        if self.grace_ends_at is None or at < self.grace_ends_at:
            return None
        if rate.is_low:
            return BulkRestricted, {**counted, "until": at + RESTRICTION}
        return AnswerRateRecovered, counted

    @classmethod
    def after(cls, event: AnswersCounted) -> Self:
        """What an event decided."""
        return cls(
            grace_ends_at=event.grace_ends_at if isinstance(event, AnswerRateWarned) else None,
            restricted_until=event.until if isinstance(event, BulkRestricted) else None,
        )

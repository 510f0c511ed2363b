"""A position that an employer wants to fill, and its filters."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, refuse
from domain.command import Command, NotFound, Work
from domain.employer import own_employer
from domain.event import Event
from domain.filters import Filters
from domain.handlers import on
from domain.money import SalaryRange
from domain.values import StorableText

Title = Annotated[StorableText, Field(min_length=1, max_length=200)]
Place = Annotated[StorableText, Field(min_length=1, max_length=200)]


class PositionOpened(Event, name="position.opened", version=1):
    """An employer opened a position."""

    employer_id: UUID
    title: str
    description: str
    location: str | None
    remote: bool
    salary: SalaryRange | None
    filters: Filters


class FiltersSet(Event, name="position.filters_set", version=1):
    """The employer changed the position's filters."""

    employer_id: UUID
    filters: Filters


class PositionClosed(Event, name="position.closed", version=1):
    """The employer closed the position."""

    employer_id: UUID
    reason: str


class PositionAlreadyOpened(Refusal):
    """A position with this id exists already; use another id."""


class PositionIsClosed(Refusal):
    """The position is closed; open a new one."""


class FiltersUnchanged(Refusal):
    """The position has exactly these filters already."""


class Position(Aggregate, kind="position"):
    """Opened by an approved employer, narrowed by filters, closed once."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.employer_id = UUID(int=0)
        self.filters = Filters()
        self.is_open = False

    # Decisions: check the rule, then state the fact. Never run on replay.

    def open(
        self,
        cause: Cause,
        *,
        employer_id: UUID,
        title: str,
        description: str,
        location: str | None,
        remote: bool,
        salary: SalaryRange | None,
        filters: Filters,
    ) -> None:
        """Open the position."""
        refuse(self.reasons_against_opening())
        self.record(
            PositionOpened,
            cause,
            employer_id=employer_id,
            title=title,
            description=description,
            location=location,
            remote=remote,
            salary=salary,
            filters=filters,
        )

    def set_filters(self, cause: Cause, *, filters: Filters) -> None:
        """Replace the filters."""
        unchanged = [FiltersUnchanged()] if filters == self.filters else []
        refuse([*self.reasons_against_filling(), *unchanged])
        self.record(FiltersSet, cause, employer_id=self.employer_id, filters=filters)

    def close(self, cause: Cause, *, reason: str) -> None:
        """Close the position."""
        refuse(self.reasons_against_filling())
        self.record(PositionClosed, cause, employer_id=self.employer_id, reason=reason)

    def reasons_against_opening(self) -> list[Refusal]:
        """Why it cannot be opened; empty if it can."""
        return [PositionAlreadyOpened()] if self.exists else []

    def reasons_against_filling(self) -> list[Refusal]:
        """Why candidates cannot be contacted about it; empty if they can."""
        return [] if self.is_open else [PositionIsClosed()]

    # Facts: fold into state. Never raise, never decide.

    @on(PositionOpened)
    def on_position_opened(self, event: PositionOpened) -> None:
        self.employer_id = event.employer_id
        self.filters = event.filters
        self.is_open = True

    @on(FiltersSet)
    def on_filters_set(self, event: FiltersSet) -> None:
        self.filters = event.filters

    @on(PositionClosed)
    def on_position_closed(self, _: PositionClosed) -> None:
        self.is_open = False


class OpenPosition(Command):
    """Open a position of an approved employer."""

    position_id: UUID
    employer_id: UUID
    title: Title
    description: Annotated[StorableText, Field(max_length=20_000)] = ""
    location: Place | None = None
    remote: bool = False
    salary: SalaryRange | None = None
    filters: Filters = Filters()

    def execute(self, work: Work) -> Position:
        employer = own_employer(work, self, self.employer_id)
        position = work.find(Position, self.position_id)
        refuse([*employer.reasons_against_approaching(), *position.reasons_against_opening()])
        position.open(
            self,
            employer_id=self.employer_id,
            title=self.title,
            description=self.description,
            location=self.location,
            remote=self.remote,
            salary=self.salary,
            filters=self.filters,
        )
        return position


class SetFilters(Command):
    """Replace a position's filters."""

    position_id: UUID
    filters: Filters

    def execute(self, work: Work) -> Position:
        position = own_position(work, self, self.position_id)
        position.set_filters(self, filters=self.filters)
        return position


class ClosePosition(Command):
    """Close a position."""

    position_id: UUID
    reason: Annotated[StorableText, Field(min_length=1, max_length=500)] = "filled"

    def execute(self, work: Work) -> Position:
        position = own_position(work, self, self.position_id)
        position.close(self, reason=self.reason)
        return position


def own_position(work: Work, cause: Cause, position_id: UUID) -> Position:
    """The position, if the caller may act for its employer. Raises `NotFound` otherwise."""
    position = work.get(Position, position_id)
    if not cause.by.acts_for(position.employer_id):
        raise NotFound(Position, position_id)
    return position

"""A position that an employer wants to fill, and its filters."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, Refused, refuse
from domain.command import Command, NotFound, Work
from domain.employer import own_employer
from domain.event import Event
from domain.filters import Filters
from domain.handlers import on
from domain.money import SalaryRange
from domain.values import IN_ONE_LINE, Flag, Moment, StorableText

CLOSING_DATE = "closing date"
"""The reason of a position that closed by itself."""

Title = Annotated[StorableText, Field(min_length=1, max_length=200), IN_ONE_LINE]
Place = Annotated[StorableText, Field(min_length=1, max_length=200), IN_ONE_LINE]
Description = Annotated[StorableText, Field(max_length=20_000)]


class PositionOpened(Event, name="position.opened", version=3):
    """An employer opened a position, which closes by itself at `closes_at`."""

    employer_id: UUID
    title: str
    description: str
    location: str | None
    remote: bool
    salary: SalaryRange | None
    filters: Filters
    closes_at: Moment | None = None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 has no closing date."""

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """The filters of version 2 exclude nothing."""


class FiltersSet(Event, name="position.filters_set", version=2):
    """The employer changed the position's filters."""

    employer_id: UUID
    filters: Filters

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """The filters of version 1 exclude nothing."""


class TitleSet(Event, name="position.title_set", version=1):
    """The employer changed the position's title."""

    employer_id: UUID
    title: str


class DescriptionSet(Event, name="position.description_set", version=1):
    """The employer changed the position's description."""

    employer_id: UUID
    description: str


class WorkplaceSet(Event, name="position.workplace_set", version=1):
    """The employer changed where the work is done."""

    employer_id: UUID
    location: str | None
    remote: bool


class SalarySet(Event, name="position.salary_set", version=1):
    """The employer changed what the position pays; None if it does not say."""

    employer_id: UUID
    salary: SalaryRange | None


class ClosingDateSet(Event, name="position.closing_date_set", version=1):
    """The employer changed when the position closes by itself; None for never."""

    employer_id: UUID
    closes_at: Moment | None


class PositionClosed(Event, name="position.closed", version=1):
    """The employer closed the position."""

    employer_id: UUID
    reason: str


class PositionAlreadyOpened(Refusal):
    """A position with this id exists already; use another id."""


class PositionIsClosed(Refusal):
    """The position is closed; open a new one."""


class ClosingDateInPast(Refusal):
    """The closing date {closes_at:%-d %B %Y, %H:%M} UTC is past; choose a later one or none."""


class ClosingDateUnchanged(Refusal):
    """The position has exactly this closing date already."""


class ClosingDateNotReached(Refusal):
    """The position does not close by itself yet; close it by hand with a reason."""


class FiltersUnchanged(Refusal):
    """The position has exactly these filters already."""


class DetailsUnchanged(Refusal):
    """The position has exactly this title, description, place and salary already."""


class Position(Aggregate, kind="position"):
    """Opened by an approved employer, described, narrowed by filters, closed once."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.employer_id = UUID(int=0)
        self.title = ""
        self.description = ""
        self.location: str | None = None
        self.remote = False
        self.salary: SalaryRange | None = None
        self.filters = Filters()
        self.is_open = False
        self.closes_at: datetime | None = None

    # Decisions: check the rule, then state the fact. Never run on replay.

    def open(self, cause: Cause, *, closes_at: datetime | None = None, **facts: Any) -> None:
        """Open the position, with the facts of `PositionOpened`."""
        refuse(self.reasons_against_opening(cause.at, closes_at))
        self.record(PositionOpened, cause, closes_at=closes_at, **facts)

    def set_filters(self, cause: Cause, *, filters: Filters) -> None:
        """Replace the filters."""
        unchanged = [FiltersUnchanged()] if filters == self.filters else []
        refuse([*self.reasons_against_filling(cause.at), *unchanged])
        self.record(FiltersSet, cause, employer_id=self.employer_id, filters=filters)

    def set_details(
        self,
        cause: Cause,
        *,
        title: str,
        description: str,
        location: str | None,
        remote: bool,
        salary: SalaryRange | None,
    ) -> None:
        """Say what the position is from now on; each part that differs is an event of its own."""
        same = self.title == title, self.description == description, self.salary == salary
        moved = (self.location, self.remote) != (location, remote)
        unchanged = [DetailsUnchanged()] if all(same) and not moved else []
        refuse([*self.reasons_against_filling(cause.at), *unchanged])
        of = self.employer_id
        if self.title != title:
            self.record(TitleSet, cause, employer_id=of, title=title)
        if self.description != description:
            self.record(DescriptionSet, cause, employer_id=of, description=description)
        if moved:
            self.record(WorkplaceSet, cause, employer_id=of, location=location, remote=remote)
        if self.salary != salary:
            self.record(SalarySet, cause, employer_id=of, salary=salary)

    def set_closing_date(self, cause: Cause, *, closes_at: datetime | None) -> None:
        """Change when the position closes by itself."""
        unchanged = [ClosingDateUnchanged()] if closes_at == self.closes_at else []
        closed = [] if self.is_open else [PositionIsClosed()]
        refuse([*closed, *_reasons_against_closing_date(cause.at, closes_at), *unchanged])
        self.record(ClosingDateSet, cause, employer_id=self.employer_id, closes_at=closes_at)

    def close(self, cause: Cause, *, reason: str) -> None:
        """Close the position."""
        refuse([] if self.is_open else [PositionIsClosed()])
        self.record(PositionClosed, cause, employer_id=self.employer_id, reason=reason)

    def close_when_due(self, cause: Cause) -> None:
        """Close the position because its closing date has come."""
        if self.is_open and not self.is_due(cause.at):
            raise Refused(ClosingDateNotReached())
        self.close(cause, reason=CLOSING_DATE)

    def is_due(self, at: datetime) -> bool:
        """Whether the closing date has come."""
        return self.closes_at is not None and self.closes_at <= at

    def reasons_against_opening(self, at: datetime, closes_at: datetime | None) -> list[Refusal]:
        """Why it cannot be opened; empty if it can."""
        already = [PositionAlreadyOpened()] if self.exists else []
        return [*already, *_reasons_against_closing_date(at, closes_at)]

    def reasons_against_filling(self, at: datetime) -> list[Refusal]:
        """Why candidates cannot be contacted about it; empty if they can."""
        return [PositionIsClosed()] if not self.is_open or self.is_due(at) else []

    # Facts: fold into state. Never raise, never decide.

    @on(PositionOpened)
    def on_position_opened(self, event: PositionOpened) -> None:
        self.employer_id = event.employer_id
        self.title = event.title
        self.description = event.description
        self.location = event.location
        self.remote = event.remote
        self.salary = event.salary
        self.filters = event.filters
        self.is_open = True
        self.closes_at = event.closes_at

    @on(TitleSet)
    def on_title_set(self, event: TitleSet) -> None:
        self.title = event.title

    @on(DescriptionSet)
    def on_description_set(self, event: DescriptionSet) -> None:
        self.description = event.description

    @on(WorkplaceSet)
    def on_workplace_set(self, event: WorkplaceSet) -> None:
        self.location = event.location
        self.remote = event.remote

    @on(SalarySet)
    def on_salary_set(self, event: SalarySet) -> None:
        self.salary = event.salary

    @on(ClosingDateSet)
    def on_closing_date_set(self, event: ClosingDateSet) -> None:
        self.closes_at = event.closes_at

    @on(FiltersSet)
    def on_filters_set(self, event: FiltersSet) -> None:
        self.filters = event.filters

    @on(PositionClosed)
    def on_position_closed(self, _: PositionClosed) -> None:
        self.is_open = False


def _reasons_against_closing_date(at: datetime, closes_at: datetime | None) -> list[Refusal]:
    in_past = closes_at is not None and closes_at <= at
    return [ClosingDateInPast(closes_at=closes_at)] if in_past else []


class OpenPosition(Command):
    """Open a position of an approved employer."""

    position_id: UUID
    employer_id: UUID
    title: Title
    description: Description = ""
    location: Place | None = None
    remote: Flag = False
    salary: SalaryRange | None = None
    filters: Filters = Filters()
    closes_at: Moment | None = None

    def execute(self, work: Work) -> Position:
        employer = own_employer(work, self, self.employer_id)
        position = work.find(Position, self.position_id)
        against = position.reasons_against_opening(self.at, self.closes_at)
        refuse([*employer.reasons_against_approaching(), *against])
        position.open(self, **self.asked(without="position_id"))
        return position


class SetDetails(Command):
    """Change a position's title, description, place and salary. What was sent about it stays."""

    position_id: UUID
    title: Title
    description: Description = ""
    location: Place | None = None
    remote: Flag = False
    salary: SalaryRange | None = None

    def execute(self, work: Work) -> Position:
        position = own_position(work, self, self.position_id)
        position.set_details(self, **self.asked(without="position_id"))
        return position


class SetFilters(Command):
    """Replace a position's filters."""

    position_id: UUID
    filters: Filters

    def execute(self, work: Work) -> Position:
        position = own_position(work, self, self.position_id)
        position.set_filters(self, filters=self.filters)
        return position


class SetClosingDate(Command):
    """Change when a position closes by itself."""

    position_id: UUID
    closes_at: Moment | None

    def execute(self, work: Work) -> Position:
        position = own_position(work, self, self.position_id)
        position.set_closing_date(self, closes_at=self.closes_at)
        return position


class CloseDuePosition(Command):
    """Close a position because its closing date has come."""

    position_id: UUID

    def execute(self, work: Work) -> Position:
        position = work.get(Position, self.position_id)
        position.close_when_due(self)
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

"""The positions of each employer, with their filters."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain.filters import Filters
from domain.handlers import on
from domain.money import SalaryRange
from domain.position import (
    ClosingDateSet,
    DescriptionSet,
    FiltersSet,
    PositionClosed,
    PositionOpened,
    SalarySet,
    TitleSet,
    WorkplaceSet,
)
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, after, page


class Positions(Projection, name="positions", version=3, key="id"):
    """Every position as it stands."""

    TABLES = """
        CREATE TABLE positions (
            employer_id   uuid,
            position_id   uuid,
            title         text NOT NULL,
            description   text NOT NULL,
            location      text,
            remote        boolean NOT NULL,
            salary        jsonb,
            filters       jsonb NOT NULL,
            opened_at     timestamptz NOT NULL,
            closes_at     timestamptz,  -- when it closes by itself
            closed_at     timestamptz,
            closed_reason text,
            version       bigint NOT NULL,
            PRIMARY KEY (employer_id, position_id)
        );
        CREATE INDEX positions_by_id ON positions (position_id);
        CREATE INDEX positions_by_age ON positions (employer_id, opened_at DESC, position_id);
        CREATE INDEX positions_due ON positions (closes_at) WHERE closed_at IS NULL"""

    ADD = """
        INSERT INTO positions (
            employer_id, position_id, title, description, location, remote, salary, filters,
            opened_at, closes_at, version)
        VALUES (
            %(employer_id)s, %(id)s, %(title)s, %(description)s, %(location)s, %(remote)s,
            %(salary)s, %(filters)s, %(at)s, %(closes_at)s, %(version)s)"""

    SET_TITLE = """
        UPDATE positions SET title = %(title)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    SET_DESCRIPTION = """
        UPDATE positions SET description = %(description)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    SET_WORKPLACE = """
        UPDATE positions SET location = %(location)s, remote = %(remote)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    SET_SALARY = """
        UPDATE positions SET salary = %(salary)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    SET_FILTERS = """
        UPDATE positions SET filters = %(filters)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    SET_CLOSING_DATE = """
        UPDATE positions SET closes_at = %(closes_at)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    CLOSE = """
        UPDATE positions SET closed_at = %(at)s, closed_reason = %(reason)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND position_id = %(id)s"""

    @on(PositionOpened)
    def on_position_opened(self, event: PositionOpened) -> Change:
        return self.ADD, {
            "salary": _json(event.salary),
            "filters": Jsonb(event.filters.model_dump(mode="json")),
        }

    @on(TitleSet)
    def on_title_set(self, _event: TitleSet) -> Change:
        return self.SET_TITLE, {}

    @on(DescriptionSet)
    def on_description_set(self, _event: DescriptionSet) -> Change:
        return self.SET_DESCRIPTION, {}

    @on(WorkplaceSet)
    def on_workplace_set(self, _event: WorkplaceSet) -> Change:
        return self.SET_WORKPLACE, {}

    @on(SalarySet)
    def on_salary_set(self, event: SalarySet) -> Change:
        return self.SET_SALARY, {"salary": _json(event.salary)}

    @on(ClosingDateSet)
    def on_closing_date_set(self, _event: ClosingDateSet) -> Change:
        return self.SET_CLOSING_DATE, {}

    @on(FiltersSet)
    def on_filters_set(self, event: FiltersSet) -> Change:
        return self.SET_FILTERS, {"filters": Jsonb(event.filters.model_dump(mode="json"))}

    @on(PositionClosed)
    def on_position_closed(self, _event: PositionClosed) -> Change:
        return self.CLOSE, {}


def _json(salary: SalaryRange | None) -> Jsonb | None:
    return Jsonb(salary.model_dump(mode="json")) if salary else None


class PositionStatus(StrEnum):
    """Whether candidates are still wanted."""

    OPEN = "open"
    CLOSED = "closed"


class Position(BaseModel):
    """A position with its filters."""

    employer_id: UUID
    position_id: UUID
    title: str
    description: str
    location: str | None
    remote: bool
    salary: SalaryRange | None
    filters: Filters
    opened_at: datetime
    closes_at: datetime | None
    closed_at: datetime | None
    closed_reason: str | None
    version: int


def one(db: Connection, position_id: UUID) -> Position | None:
    """This position."""
    return fetch_one(db, Position, "SELECT * FROM positions WHERE position_id = %s", [position_id])


def of_employer(
    db: Connection,
    employer_id: UUID,
    limit: int,
    cursor: str | None,
    *,
    status: PositionStatus | None = None,
) -> Listed[Position]:
    """An employer's positions, the newest first, all of them or those in one state."""
    key = after(cursor, tuple[Literal["positions"], datetime, UUID])
    _, opened_at, id = key or (None, None, None)
    closed = None if status is None else status is PositionStatus.CLOSED
    rows = fetch_all(
        db,
        Position,
        """
        SELECT * FROM positions
        WHERE employer_id = %(employer)s
          AND (%(closed)s::boolean IS NULL OR (closed_at IS NOT NULL) = %(closed)s)
          AND (%(after)s::timestamptz IS NULL OR opened_at < %(after)s
               OR (opened_at = %(after)s AND position_id > %(id)s::uuid))
        ORDER BY opened_at DESC, position_id LIMIT %(limit)s""",
        {
            "employer": employer_id,
            "closed": closed,
            "after": opened_at,
            "id": id,
            "limit": limit + 1,
        },
    )
    return page(rows, limit, lambda row: ["positions", row.opened_at, row.position_id])


def titles(db: Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The titles of these positions."""
    rows = db.execute(
        "SELECT position_id, title FROM positions WHERE position_id = ANY(%s::uuid[])",
        [sorted(set(ids))],
    )
    return {id: str(title) for id, title in rows}


def due(db: Connection, at: datetime, limit: int) -> list[UUID]:
    """Open positions whose closing date has come."""
    rows = db.execute(
        "SELECT position_id FROM positions WHERE closed_at IS NULL AND closes_at <= %s"
        " ORDER BY closes_at LIMIT %s",
        [at, limit],
    )
    return [position_id for (position_id,) in rows]

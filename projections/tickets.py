"""What people asked support, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel

from domain.actor import Actor, Role
from domain.handlers import on
from domain.ticket import TicketClosed, TicketSubmitted
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, WholeNumber, after, page


class TicketStatus(StrEnum):
    """Whether support still has to see to a ticket."""

    OPEN = "open"
    CLOSED = "closed"


class Tickets(Projection, name="tickets", version=2, key="id", personal=True):
    """Every ticket with who submitted it, from which page, and its answer."""

    TABLES = """
        CREATE TABLE tickets (
            ticket_id      uuid PRIMARY KEY,
            position       bigint NOT NULL,
            subject        text NOT NULL,
            text           text NOT NULL,
            page           text NOT NULL,
            employer_id    uuid,
            submitted_by   text NOT NULL,
            submitted_role text NOT NULL,
            submitted_at   timestamptz NOT NULL,
            status         text NOT NULL,
            answer         text,
            closed_by      text,
            closed_at      timestamptz,
            version        bigint NOT NULL
        );
        CREATE INDEX tickets_by_status ON tickets (status, position DESC);
        CREATE INDEX tickets_by_person ON tickets (submitted_by, position DESC);
        CREATE INDEX tickets_by_age ON tickets (position DESC)"""

    ADD = """
        INSERT INTO tickets (
            ticket_id, position, subject, text, page, employer_id, submitted_by, submitted_role,
            submitted_at, status, version)
        VALUES (
            %(id)s, %(log_position)s, %(subject)s, %(text)s, %(page)s, %(employer_id)s, %(by)s,
            %(role)s, %(at)s, 'open', %(version)s)"""

    CLOSE = """
        UPDATE tickets
        SET status = 'closed', answer = %(answer)s, closed_by = %(by)s, closed_at = %(at)s,
            version = %(version)s
        WHERE ticket_id = %(id)s"""

    @on(TicketSubmitted)
    def on_ticket_submitted(self, event: TicketSubmitted) -> Change:
        return self.ADD, {"employer_id": event.actor.employer_id, "role": event.actor.role}

    @on(TicketClosed)
    def on_ticket_closed(self, _event: TicketClosed) -> Change:
        return self.CLOSE, {}


class Ticket(BaseModel):
    """A question to support, and its answer."""

    ticket_id: UUID
    position: int
    subject: str
    text: str
    page: str
    employer_id: UUID | None
    submitted_by: str
    submitted_role: Role
    submitted_at: datetime
    status: TicketStatus
    answer: str | None
    closed_by: str | None
    closed_at: datetime | None
    version: int


def one(db: Connection, ticket_id: UUID) -> Ticket | None:
    """This ticket."""
    return fetch_one(db, Ticket, "SELECT * FROM tickets WHERE ticket_id = %s", [ticket_id])


def listed(
    db: Connection,
    limit: int,
    cursor: str | None,
    *,
    status: TicketStatus | None = None,
    person: Actor | None = None,
) -> Listed[Ticket]:
    """Tickets, the newest first, perhaps only those in one state or by one person."""
    _, before = after(cursor, tuple[Literal["tickets"], WholeNumber]) or (None, None)
    rows = fetch_all(
        db,
        Ticket,
        """
        SELECT * FROM tickets
        WHERE (%(before)s::bigint IS NULL OR position < %(before)s)
          AND (%(status)s::text IS NULL OR status = %(status)s)
          AND (%(person)s::text IS NULL OR submitted_by = %(person)s
               AND submitted_role = %(role)s AND employer_id IS NOT DISTINCT FROM %(employer)s)
        ORDER BY position DESC LIMIT %(limit)s""",
        {
            "before": before,
            "status": status,
            "person": person.id if person else None,
            "role": person.role if person else None,
            "employer": person.employer_id if person else None,
            "limit": limit + 1,
        },
    )
    return page(rows, limit, lambda row: ["tickets", row.position])

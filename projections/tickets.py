"""What people asked support: each ticket with its owner, its state and its thread."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.actor import Actor, Role
from domain.handlers import on
from domain.terms import search_key
from domain.ticket import (
    TicketAnswered,
    TicketAssigned,
    TicketClosed,
    TicketRead,
    TicketReplied,
    TicketSubmitted,
)
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, WholeNumber, after, page


class TicketStatus(StrEnum):
    """Whose turn it is: support's, the user's, or nobody's."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class Tickets(Projection, name="tickets", version=3, key="id", personal=True):
    """Every ticket with who submitted it, from which page, its owner, and its messages."""

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
            owner          text,
            answer         text,
            closed_by      text,
            closed_at      timestamptz,
            changed_at     timestamptz NOT NULL,
            answered_at    timestamptz,
            answered_step  bigint NOT NULL,  -- the last thing that support wrote
            read_step      bigint NOT NULL,
            words          text NOT NULL,  -- all that was written, to search in
            version        bigint NOT NULL
        );
        CREATE INDEX tickets_by_status ON tickets (status, position DESC);
        CREATE INDEX tickets_by_person ON tickets (submitted_by, position DESC);
        CREATE INDEX tickets_by_age ON tickets (position DESC);
        CREATE INDEX tickets_by_owner ON tickets (owner, position DESC);
        CREATE TABLE ticket_messages (
            ticket_id    uuid,
            step         bigint,
            at           timestamptz NOT NULL,
            from_support boolean NOT NULL,
            written_by   text NOT NULL,
            signed_by    text,
            text         text NOT NULL,
            PRIMARY KEY (ticket_id, step)
        )"""

    ADD = """
        INSERT INTO tickets (
            ticket_id, position, subject, text, page, employer_id, submitted_by, submitted_role,
            submitted_at, status, changed_at, answered_step, read_step, words, version)
        VALUES (
            %(id)s, %(log_position)s, %(subject)s, %(text)s, %(page)s, %(employer_id)s, %(by)s,
            %(role)s, %(at)s, 'open', %(at)s, 0, 0, %(words)s, %(version)s)"""

    ADD_MESSAGE = """
        INSERT INTO ticket_messages (
            ticket_id, step, at, from_support, written_by, signed_by, text)
        VALUES (
            %(id)s, %(version)s, %(at)s, %(from_support)s, %(by)s, %(signed_by)s, %(said)s)"""

    ASSIGN = """
        UPDATE tickets SET owner = %(owner)s, version = %(version)s WHERE ticket_id = %(id)s"""

    ANSWER = """
        UPDATE tickets SET
            status = 'waiting', changed_at = %(at)s, answered_at = %(at)s,
            answered_step = %(version)s, words = words || ' ' || %(words)s, version = %(version)s
        WHERE ticket_id = %(id)s"""

    REPLY = """
        UPDATE tickets SET
            status = 'open', closed_by = NULL, closed_at = NULL, changed_at = %(at)s,
            read_step = %(version)s, words = words || ' ' || %(words)s, version = %(version)s
        WHERE ticket_id = %(id)s"""

    READ = """
        UPDATE tickets SET read_step = %(up_to)s, version = %(version)s WHERE ticket_id = %(id)s"""

    CLOSE = """
        UPDATE tickets SET
            status = 'closed', answer = %(answer)s, closed_by = %(by)s, closed_at = %(at)s,
            changed_at = %(at)s, answered_at = %(at)s, answered_step = %(version)s,
            words = words || ' ' || %(words)s, version = %(version)s
        WHERE ticket_id = %(id)s"""

    @on(TicketSubmitted)
    def on_ticket_submitted(self, event: TicketSubmitted) -> Change:
        actor = event.actor
        words = search_key(f"{event.subject} {event.text} {actor.id}")
        return self.ADD, {"employer_id": actor.employer_id, "role": actor.role, "words": words}

    @on(TicketAssigned)
    def on_ticket_assigned(self, _event: TicketAssigned) -> Change:
        return self.ASSIGN, {}

    @on(TicketAnswered)
    def on_ticket_answered(self, event: TicketAnswered) -> list[Change]:
        message = {"from_support": True, "said": event.text}
        return [(self.ANSWER, {"words": search_key(event.text)}), (self.ADD_MESSAGE, message)]

    @on(TicketReplied)
    def on_ticket_replied(self, event: TicketReplied) -> list[Change]:
        message = {"from_support": False, "signed_by": None, "said": event.text}
        return [(self.REPLY, {"words": search_key(event.text)}), (self.ADD_MESSAGE, message)]

    @on(TicketRead)
    def on_ticket_read(self, _event: TicketRead) -> Change:
        return self.READ, {}

    @on(TicketClosed)
    def on_ticket_closed(self, event: TicketClosed) -> list[Change]:
        close = self.CLOSE, {"words": search_key(event.answer or "")}
        if event.answer is None:
            return [close]
        message = {"from_support": True, "signed_by": None, "said": event.answer}
        return [close, (self.ADD_MESSAGE, message)]


class Ticket(BaseModel):
    """A question to support, and whose turn it is."""

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
    owner: str | None = Field(description="the name of the person of support who owns it")
    answer: str | None = Field(description="what it was closed with, if anything")
    closed_by: str | None
    closed_at: datetime | None
    changed_at: datetime = Field(description="when something was last written or it was closed")
    answered_step: int = Field(description="the version at which support wrote last; 0 if never")
    read_step: int = Field(description="up to which version the person who asked has read it")
    version: int


class TicketMessage(BaseModel):
    """What was written after the question itself."""

    step: int = Field(description="the version of the ticket that it made")
    at: datetime
    from_support: bool
    written_by: str
    signed_by: str | None = Field(description="the name under which support answered")
    text: str


class TicketThread(Ticket):
    """A ticket with all that was written about it, the oldest first."""

    messages: list[TicketMessage]


def one(db: Connection, ticket_id: UUID) -> TicketThread | None:
    """This ticket, with its thread."""
    ticket = fetch_one(db, Ticket, "SELECT * FROM tickets WHERE ticket_id = %s", [ticket_id])
    if ticket is None:
        return None
    messages = fetch_all(
        db,
        TicketMessage,
        "SELECT * FROM ticket_messages WHERE ticket_id = %s ORDER BY step",
        [ticket_id],
    )
    return TicketThread(**dict(ticket), messages=messages)


MATCHES = """
    (%(status)s::text IS NULL OR status = %(status)s)
    AND (%(owner)s::text IS NULL OR owner = %(owner)s)
    AND (NOT %(unassigned)s OR owner IS NULL)
    AND (%(words)s::text IS NULL OR strpos(words, %(words)s) > 0)
    AND (%(person)s::text IS NULL OR submitted_by = %(person)s
         AND submitted_role = %(role)s AND employer_id IS NOT DISTINCT FROM %(employer)s)"""


def listed(
    db: Connection,
    limit: int,
    cursor: str | None,
    *,
    status: TicketStatus | None = None,
    owner: str | None = None,
    unassigned: bool = False,
    words: str | None = None,
    person: Actor | None = None,
) -> Listed[Ticket]:
    """Tickets, the newest first.

    Perhaps only those in one state, of one owner or of none, with these words, or by one person.
    """
    _, before = after(cursor, tuple[Literal["tickets"], WholeNumber]) or (None, None)
    rows = fetch_all(
        db,
        Ticket,
        f"""
        SELECT * FROM tickets
        WHERE (%(before)s::bigint IS NULL OR position < %(before)s) AND {MATCHES}
        ORDER BY position DESC LIMIT %(limit)s""",  # noqa: S608 - our own text
        {
            "before": before,
            "status": status,
            "owner": owner,
            "unassigned": unassigned,
            "words": words and search_key(words),
            **_person(person),
            "limit": limit + 1,
        },
    )
    return page(rows, limit, lambda row: ["tickets", row.position])


def owners(db: Connection) -> list[str]:
    """The names of all who own a ticket."""
    rows = db.execute("SELECT DISTINCT owner FROM tickets WHERE owner IS NOT NULL ORDER BY owner")
    return [owner for (owner,) in rows]


def unread(db: Connection, person: Actor) -> int:
    """In how many of a person's tickets support has written something that they have not read."""
    row = db.execute(
        """
        SELECT count(*) FROM tickets
        WHERE submitted_by = %(person)s AND submitted_role = %(role)s
          AND employer_id IS NOT DISTINCT FROM %(employer)s AND answered_step > read_step""",
        _person(person),
    ).fetchone()
    return int(row[0]) if row else 0


def answered_since(db: Connection, person: Actor, moment: datetime) -> list[Ticket]:
    """A person's tickets in which support has written since a moment, and which are unread."""
    return fetch_all(
        db,
        Ticket,
        """
        SELECT * FROM tickets
        WHERE submitted_by = %(person)s AND submitted_role = %(role)s
          AND employer_id IS NOT DISTINCT FROM %(employer)s
          AND answered_step > read_step AND answered_at > %(moment)s
        ORDER BY position""",
        {**_person(person), "moment": moment},
    )


def _person(person: Actor | None) -> dict[str, object]:
    return {
        "person": person.id if person else None,
        "role": person.role if person else None,
        "employer": person.employer_id if person else None,
    }

"""Tickets: what people ask support, from any page, and the thread that follows."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

import domain.ticket
from api.http.access import Anyone, Support
from api.http.caller import Caller, CommandResult
from api.http.lists import Cursor, Limit
from domain.command import NotFound
from domain.ticket import (
    AnswerTicket,
    AssignTicket,
    CloseTicket,
    MarkTicketRead,
    Page,
    ReplyToTicket,
    Subject,
    SubmitTicket,
)
from domain.values import NUMBER, FreeText, Name, StorableText, Value
from projections import tickets
from projections.paging import Listed
from projections.tickets import Ticket, Tickets, TicketStatus, TicketThread

router = APIRouter(tags=["Help"])

Words = Annotated[StorableText | None, Query(max_length=200, description="that the ticket has")]
Owner = Annotated[StorableText | None, Query(max_length=200, description="the name of the owner")]


class NewTicket(Value):
    """What to ask support, and the page it is about."""

    subject: Subject
    text: FreeText
    page: Page = ""


class TicketOwner(Value):
    """The name of the person of support who owns a ticket."""

    owner: Name


class TicketAnswer(Value):
    """What support writes, and the name of who writes it."""

    text: FreeText
    signed_by: Name


class TicketReply(Value):
    """What the person who asked writes."""

    text: FreeText


class TicketReading(Value):
    """How far the person who asked has read."""

    step: Annotated[
        int, NUMBER, Field(ge=0, le=2**31 - 1, description="of the last message that was read")
    ]


class TicketClosure(Value):
    """What support answers, if anything."""

    answer: FreeText | None = None


@router.post("/tickets", status_code=201)
def submit_ticket(body: NewTicket, caller: Anyone) -> CommandResult:
    """Ask support something. Anybody who is signed in may."""
    return caller.run(SubmitTicket, ticket_id=caller.new_id(), **dict(body))


@router.get("/tickets")
def list_tickets(
    caller: Support,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: TicketStatus | None = None,
    owner: Owner = None,
    unassigned: Annotated[bool, Query(description="only those that nobody owns")] = False,
    q: Words = None,
) -> Listed[Ticket]:
    """All tickets, the newest first; perhaps of one state or owner, or with these words."""
    with caller.reading(Tickets) as db:
        return tickets.listed(
            db, limit, cursor, status=status, owner=owner, unassigned=unassigned, words=q
        )


@router.get("/tickets/{ticket_id}")
def read_ticket(ticket_id: UUID, caller: Support) -> TicketThread:
    """A ticket, and all that was written about it."""
    return _found(ticket_id, caller)


@router.put("/tickets/{ticket_id}/owner")
def assign_ticket(ticket_id: UUID, body: TicketOwner, caller: Support) -> CommandResult:
    """Say which person of support owns a ticket."""
    return caller.run(AssignTicket, ticket_id=ticket_id, owner=body.owner)


@router.post("/tickets/{ticket_id}/answers", status_code=201)
def answer_ticket(ticket_id: UUID, body: TicketAnswer, caller: Support) -> CommandResult:
    """Write to the person who submitted a ticket. Who answers first owns it."""
    return caller.run(AnswerTicket, ticket_id=ticket_id, **dict(body))


@router.post("/tickets/{ticket_id}/closure", status_code=201)
def close_ticket(ticket_id: UUID, body: TicketClosure, caller: Support) -> CommandResult:
    """Close a ticket, perhaps with an answer to the person who submitted it."""
    return caller.run(CloseTicket, ticket_id=ticket_id, answer=body.answer)


@router.get("/me/tickets")
def list_my_tickets(caller: Anyone, limit: Limit = 50, cursor: Cursor = None) -> Listed[Ticket]:
    """What the caller asked support, the newest first."""
    with caller.reading(Tickets) as db:
        return tickets.listed(db, limit, cursor, person=caller.actor)


@router.get("/me/tickets/{ticket_id}")
def read_my_ticket(ticket_id: UUID, caller: Anyone) -> TicketThread:
    """A ticket that the caller submitted, and all that was written about it."""
    ticket = _found(ticket_id, caller)
    asker = (ticket.submitted_by, ticket.submitted_role, ticket.employer_id)
    if asker != (caller.actor.id, caller.actor.role, caller.actor.employer_id):
        raise NotFound(domain.ticket.Ticket, ticket_id)
    return ticket


@router.post("/me/tickets/{ticket_id}/replies", status_code=201)
def reply_to_ticket(ticket_id: UUID, body: TicketReply, caller: Anyone) -> CommandResult:
    """Write to support about one's own ticket, which opens it again if it is closed."""
    return caller.run(ReplyToTicket, ticket_id=ticket_id, text=body.text)


@router.post("/me/tickets/{ticket_id}/reading", status_code=201)
def mark_ticket_read(ticket_id: UUID, body: TicketReading, caller: Anyone) -> CommandResult:
    """Note that one's own ticket was read up to one of its messages."""
    return caller.run(MarkTicketRead, ticket_id=ticket_id, up_to=body.step)


def _found(ticket_id: UUID, caller: Caller) -> TicketThread:
    with caller.reading(Tickets) as db:
        ticket = tickets.one(db, ticket_id)
    if ticket is None:
        raise NotFound(domain.ticket.Ticket, ticket_id)
    caller.set_etag(ticket.version)
    return ticket

"""Tickets: what people ask support, from any page."""

from uuid import UUID

from fastapi import APIRouter

import domain.ticket
from api.http.access import Anyone, Support
from api.http.caller import CommandResult
from api.http.lists import Cursor, Limit
from domain.command import NotFound
from domain.ticket import CloseTicket, Page, Subject, SubmitTicket
from domain.values import FreeText, Value
from projections import tickets
from projections.paging import Listed
from projections.tickets import Ticket, Tickets, TicketStatus

router = APIRouter(tags=["Help"])


class NewTicket(Value):
    """What to ask support, and the page it is about."""

    subject: Subject
    text: FreeText
    page: Page = ""


class TicketClosure(Value):
    """What support answers, if anything."""

    answer: FreeText | None = None


@router.post("/tickets", status_code=201)
def submit_ticket(body: NewTicket, caller: Anyone) -> CommandResult:
    """Ask support something. Anybody who is signed in may."""
    return caller.run(SubmitTicket, ticket_id=caller.new_id(), **dict(body))


@router.get("/tickets")
def list_tickets(
    caller: Support, limit: Limit = 50, cursor: Cursor = None, status: TicketStatus | None = None
) -> Listed[Ticket]:
    """All tickets, the newest first."""
    with caller.reading(Tickets) as db:
        return tickets.listed(db, limit, cursor, status=status)


@router.get("/tickets/{ticket_id}")
def read_ticket(ticket_id: UUID, caller: Support) -> Ticket:
    """A ticket, and what became of it."""
    with caller.reading(Tickets) as db:
        ticket = tickets.one(db, ticket_id)
    if ticket is None:
        raise NotFound(domain.ticket.Ticket, ticket_id)
    caller.set_etag(ticket.version)
    return ticket


@router.get("/me/tickets")
def list_my_tickets(caller: Anyone, limit: Limit = 50, cursor: Cursor = None) -> Listed[Ticket]:
    """What the caller asked support, the newest first, with the answers."""
    with caller.reading(Tickets) as db:
        return tickets.listed(db, limit, cursor, person=caller.actor)


@router.post("/tickets/{ticket_id}/closure", status_code=201)
def close_ticket(ticket_id: UUID, body: TicketClosure, caller: Support) -> CommandResult:
    """Close a ticket, perhaps with an answer to the person who submitted it."""
    return caller.run(CloseTicket, ticket_id=ticket_id, answer=body.answer)

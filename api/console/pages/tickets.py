"""Support's list of tickets, and each of them with its thread."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.console.session import Support, Visit
from api.http.lists import Cursor
from api.routes.tickets import Owner, TicketAnswer, TicketClosure, TicketOwner, Words, read_ticket
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.ticket import AnswerTicket, AssignTicket, CloseTicket
from projections import employers, tickets
from projections.employers import Employers
from projections.tickets import Ticket, Tickets, TicketStatus

router = APIRouter()

AT_A_TIME = 20
NOBODY = "-"
"""What the form says for tickets without an owner."""


@router.get("/tickets")
def tickets_page(
    visit: Support,
    status: Annotated[TicketStatus, Query()] = TicketStatus.OPEN,
    owner: Owner = None,
    q: Words = None,
    cursor: Cursor = None,
) -> Response:
    """The tickets in one state, the newest first, perhaps of one owner or with some words."""
    owner, q = (owner or "").strip(), (q or "").strip()
    unassigned = owner == NOBODY
    with visit.caller.reading(Tickets) as db:
        owners = tickets.owners(db)
        listed = tickets.listed(
            db,
            AT_A_TIME,
            cursor,
            status=status,
            owner=None if unassigned else owner or None,
            unassigned=unassigned,
            words=q or None,
        )
    more = address("/tickets", status=status, owner=owner, q=q, cursor=listed.next_cursor)
    return visit.page(
        "tickets.html",
        tickets=listed.items,
        companies=_companies(visit, listed.items),
        chosen=status,
        owner=owner,
        owners=owners,
        q=q,
        more_at=more if listed.next_cursor else None,
    )


@router.get("/tickets/{ticket_id}")
def ticket_page(visit: Support, ticket_id: UUID) -> Response:
    """A ticket, with the forms to answer, assign and close it."""
    return visit.page("ticket.html", **_shown(visit, ticket_id))


@router.post("/tickets/{ticket_id}/owner")
def assign_ticket(visit: Support, ticket_id: UUID) -> Response:
    """Say who of support owns a ticket."""
    try:
        owner = visit.sent.read(TicketOwner).owner
        result = visit.caller.run(AssignTicket, ticket_id=ticket_id, owner=owner)
    except REFUSED as error:
        return visit.again("ticket.html", error, **_shown(visit, ticket_id))
    return visit.done(result, f"/tickets/{ticket_id}", "ticket-assigned")


@router.post("/tickets/{ticket_id}/answers")
def answer_ticket(visit: Support, ticket_id: UUID) -> Response:
    """Write to the person who submitted a ticket."""
    try:
        body = visit.sent.read(TicketAnswer)
        result = visit.caller.run(AnswerTicket, ticket_id=ticket_id, **dict(body))
    except REFUSED as error:
        return visit.again("ticket.html", error, **_shown(visit, ticket_id))
    return visit.done(result, f"/tickets/{ticket_id}", "ticket-answered")


@router.post("/tickets/{ticket_id}/closure")
def close_ticket(visit: Support, ticket_id: UUID) -> Response:
    """Close a ticket, perhaps with an answer."""
    try:
        body = visit.sent.read(TicketClosure)
        result = visit.caller.run(CloseTicket, ticket_id=ticket_id, answer=body.answer)
    except REFUSED as error:
        return visit.again("ticket.html", error, **_shown(visit, ticket_id))
    return visit.done(result, f"/tickets/{ticket_id}", "ticket-closed")


def _shown(visit: Visit, ticket_id: UUID) -> dict[str, Any]:
    ticket = read_ticket(ticket_id, visit.caller)
    return {"ticket": ticket, "companies": _companies(visit, [ticket])}


def _companies(visit: Visit, shown: list[Ticket]) -> dict[UUID, str]:
    ids = [ticket.employer_id for ticket in shown if ticket.employer_id]
    if not ids:
        return {}
    with visit.caller.reading(Employers) as db:
        return employers.companies(db, ids)

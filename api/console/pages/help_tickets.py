"""What somebody asked support: their tickets, and the thread of each."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response

from api.console.reading import note
from api.console.session import Anyone, Visit
from api.http.lists import Cursor
from api.routes.tickets import TicketReply, read_my_ticket
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.ticket import MarkTicketRead, ReplyToTicket
from projections import feedback, tickets
from projections.employers import Employers
from projections.feedback import FeedbackList
from projections.tickets import Tickets

router = APIRouter()

AT_A_TIME = 20


@router.get("/help/tickets")
def my_tickets_page(visit: Anyone, cursor: Cursor = None) -> Response:
    """The visitor's tickets, the newest first."""
    with visit.caller.reading(Tickets) as db:
        listed = tickets.listed(db, AT_A_TIME, cursor, person=visit.caller.actor)
    more_at = listed.next_cursor and address("/help/tickets", cursor=listed.next_cursor)
    return visit.page("help_tickets.html", tickets=listed.items, more_at=more_at)


@router.get("/help/tickets/{ticket_id}")
def my_ticket_page(visit: Anyone, ticket_id: UUID, tasks: BackgroundTasks) -> Response:
    """A ticket of the visitor's, with its thread and a form to reply."""
    shown = _shown(visit, ticket_id)
    if shown["ticket"].answered_step > shown["ticket"].read_step:
        read = {"ticket_id": ticket_id, "up_to": shown["ticket"].answered_step}
        tasks.add_task(note, visit.caller, MarkTicketRead, **read)
    return visit.page("help_ticket.html", **shown)


@router.post("/help/tickets/{ticket_id}/replies")
def reply(visit: Anyone, ticket_id: UUID) -> Response:
    """Write to support; a closed ticket is open again."""
    try:
        text = visit.sent.read(TicketReply).text
        result = visit.caller.run(ReplyToTicket, ticket_id=ticket_id, text=text)
    except REFUSED as error:
        return visit.again("help_ticket.html", error, **_shown(visit, ticket_id))
    return visit.done(result, f"/help/tickets/{ticket_id}", "ticket-replied")


@router.get("/help/count")
def help_count(visit: Anyone) -> Response:
    """How many answers the visitor has not read, for the menu."""
    with visit.caller.reading(Tickets, FeedbackList, Employers) as db:
        number = tickets.unread(db, visit.caller.actor)
        number += len(feedback.unread(db, visit.caller.actor))
    return visit.page("help_count.html", number=number)


def _shown(visit: Visit, ticket_id: UUID) -> dict[str, Any]:
    return {"ticket": read_my_ticket(ticket_id, visit.caller)}

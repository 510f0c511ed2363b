"""The page of help: what the feature is, whether the page helped, and a way to ask support."""

from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from api.console.session import Anyone, Visit
from api.routes.ratings import Answer
from api.routes.tickets import NewTicket
from api.web.forms import REFUSED
from domain.outreach import ANSWER_WINDOW
from domain.rating import GiveRating
from domain.ticket import SubmitTicket
from projections import employers, ratings, tickets
from projections.employers import Employers
from projections.ratings import Ratings
from projections.tickets import Tickets

router = APIRouter()

PAGE = "help"
LATEST = 5


@router.get("/help")
def help_page(visit: Anyone) -> Response:
    """What passive candidate sourcing is, and who answers what the page does not."""
    return visit.page("help.html", **_shown(visit))


@router.get("/help/shortcuts")
def shortcuts_page(visit: Anyone) -> Response:
    """The keys that do something in lists."""
    return visit.page("shortcuts.html")


@router.post("/help/rating")
def rate(visit: Anyone) -> Response:
    """Say whether the page was helpful, or change one's answer."""
    answer = visit.sent.read(Answer)
    result = visit.caller.run(GiveRating, page=PAGE, helpful=answer.helpful)
    return visit.done(result, "/help", "rated")


@router.post("/help/tickets")
def submit_ticket(visit: Anyone) -> Response:
    """Ask support something."""
    try:
        body = visit.sent.read(NewTicket)
        ticket_id = visit.caller.new_id()
        result = visit.caller.run(SubmitTicket, ticket_id=ticket_id, **dict(body))
    except REFUSED as error:
        return visit.again("help.html", error, **_shown(visit))
    return visit.done(result, "/help", "ticket-submitted")


def _shown(visit: Visit) -> dict[str, Any]:
    actor = visit.caller.actor
    with visit.caller.reading(Ratings, Tickets, Employers) as db:
        employer = employers.one(db, actor.employer_id) if actor.employer_id else None
        return {
            "employer": employer,
            "rating": ratings.of_page(db, PAGE, actor),
            "tickets": tickets.listed(db, LATEST, None, person=actor).items,
            "came_from": _came_from(visit.request),
            "answer_days": ANSWER_WINDOW.days,
        }


def _came_from(request: Request) -> str:
    """The page of ours that led here, if one did."""
    referrer = urlsplit(request.headers.get("referer", ""))
    elsewhere = referrer.netloc != request.headers.get("host")
    if elsewhere or referrer.path.startswith(("/help", "/sign-in")):
        return ""
    return referrer.path[:500]

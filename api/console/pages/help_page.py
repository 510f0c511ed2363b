"""The page of help: what the feature is, whether it helped and why not, a way to ask support."""

from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from api.console.session import Anyone, Support, Visit
from api.http.lists import Cursor
from api.routes.ratings import Answer, Explanation
from api.routes.tickets import NewTicket
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.outreach import ANSWER_WINDOW
from domain.rating import ExplainRating, GiveRating
from domain.ticket import SubmitTicket
from projections import employers, feedback, ratings, tickets
from projections.employers import Employers
from projections.feedback import FeedbackList
from projections.ratings import Ratings
from projections.tickets import Tickets

router = APIRouter()

PAGE = "help"
LATEST = 5
REASONS_AT_A_TIME = 20


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


@router.post("/help/rating/reason")
def explain(visit: Anyone) -> Response:
    """Say why the page was not helpful."""
    try:
        reason = visit.sent.read(Explanation).reason
        result = visit.caller.run(ExplainRating, page=PAGE, reason=reason)
    except REFUSED as error:
        return visit.again("help.html", error, **_shown(visit, "reason"))
    return visit.done(result, "/help", "rating-explained")


@router.get("/help/reasons")
def reasons_page(visit: Support, cursor: Cursor = None) -> Response:
    """Why people did not find the page helpful, the newest first."""
    with visit.caller.reading(Ratings, Employers) as db:
        counts = ratings.of_page(db, PAGE, visit.caller.actor)
        listed = ratings.reasons(db, PAGE, REASONS_AT_A_TIME, cursor)
        ids = [one.employer_id for one in listed.items if one.employer_id]
        companies = employers.companies(db, ids)
    more_at = listed.next_cursor and address("/help/reasons", cursor=listed.next_cursor)
    return visit.page(
        "help_reasons.html",
        rating=counts,
        reasons=listed.items,
        companies=companies,
        more_at=more_at,
    )


@router.post("/help/tickets")
def submit_ticket(visit: Anyone) -> Response:
    """Ask support something."""
    try:
        body = visit.sent.read(NewTicket)
        ticket_id = visit.caller.new_id()
        result = visit.caller.run(SubmitTicket, ticket_id=ticket_id, **dict(body))
    except REFUSED as error:
        return visit.again("help.html", error, **_shown(visit, "ticket"))
    return visit.done(result, "/help", "ticket-submitted")


def _shown(visit: Visit, form: str | None = None) -> dict[str, Any]:
    """What the page shows; `form` is the one that was refused."""
    actor = visit.caller.actor
    with visit.caller.reading(Ratings, Tickets, FeedbackList, Employers) as db:
        employer = employers.one(db, actor.employer_id) if actor.employer_id else None
        return {
            "form": form,
            "employer": employer,
            "unread_feedback": len(feedback.unread(db, actor)),
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

"""What recruiters think of the feature, from where they are to their Customer Success Manager."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.console.forms import REFUSED
from api.console.rendering import address, local_path
from api.console.session import Recruiter, SuccessManager
from api.http.lists import Cursor
from api.http.problems import Problem
from api.routes import employers as employer_routes
from domain.values import StorableText

router = APIRouter()

Part = Annotated[StorableText, Query(max_length=254)]


@router.get("/feedback")
def feedback_page(
    visit: SuccessManager, company: Part = "", manager: Part = "", cursor: Cursor = None
) -> Response:
    """What recruiters said, the newest first."""
    company, manager = company.strip(), manager.strip()
    listed = employer_routes.list_all_feedback(
        visit.caller, 20, cursor, company=company or None, manager_email=manager or None
    )
    more = address("/feedback", company=company, manager=manager, cursor=listed.next_cursor)
    return visit.page(
        "feedback.html",
        feedback=listed.items,
        company=company,
        manager=manager,
        more_at=more if listed.next_cursor else None,
        continued=cursor is not None,
    )


@router.post("/feedback")
def share_feedback(visit: Recruiter) -> Response:
    """Tell the Customer Success Manager something, then go back to the page it was about."""
    employer_id = visit.caller.actor.employer_id
    if employer_id is None:
        raise Problem(403, "forbidden", "Feedback is an employer's; sign in as a recruiter.")
    page = local_path(visit.sent.value("page")).partition("?")[0]
    try:
        body = visit.sent.read(employer_routes.NewFeedback)
        outcome = employer_routes.share_feedback(employer_id, body, visit.caller)
    except REFUSED as error:
        return visit.again("feedback_again.html", error, page=page)
    return visit.go(page, after=outcome.log_position, notice="feedback-shared")

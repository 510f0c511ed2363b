"""What recruiters think of the feature, from where they are to their Customer Success Manager."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.console.rendering import local_path
from api.console.session import Recruiter, SuccessManager
from api.http.lists import Cursor
from api.http.problems import Problem
from api.routes.employers import NewFeedback
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.employer import ShareFeedback
from domain.values import StorableText
from projections import employers
from projections.employers import Employers

router = APIRouter()

AT_A_TIME = 20

Part = Annotated[StorableText, Query(max_length=254)]


@router.get("/feedback")
def feedback_page(
    visit: SuccessManager, company: Part = "", manager: Part = "", cursor: Cursor = None
) -> Response:
    """What recruiters said, the newest first."""
    company, manager = company.strip(), manager.strip()
    with visit.caller.reading(Employers) as db:
        listed = employers.feedback(
            db, AT_A_TIME, cursor, company=company or None, manager_email=manager or None
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
        body = visit.sent.read(NewFeedback)
        result = visit.caller.run(ShareFeedback, employer_id=employer_id, **dict(body))
    except REFUSED as error:
        return visit.again("feedback_again.html", error, page=page)
    return visit.done(result, page, "feedback-shared")

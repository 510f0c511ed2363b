"""What recruiters think of the feature, and what their Customer Success Manager answers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Response

from api.console.reading import note
from api.console.rendering import local_path
from api.console.session import Recruiter, SuccessManager
from api.http.lists import Cursor
from api.http.problems import Problem
from api.routes.feedback import NewAnswer, NewFeedback, NewState, read_feedback
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.employer import ShareFeedback
from domain.feedback import (
    AnswerFeedback,
    FeedbackNumber,
    MarkFeedbackAnswerRead,
    SetFeedbackDone,
)
from domain.values import StorableText
from projections import feedback
from projections.employers import Employers
from projections.feedback import Feedback, FeedbackList

router = APIRouter()

AT_A_TIME = 20
BESIDE_A_PAGE = 3
"""How much of one's own feedback the page shows that it was shared from."""

Part = Annotated[StorableText, Query(max_length=254)]


@router.get("/feedback")
def feedback_page(
    visit: SuccessManager,
    company: Part = "",
    manager: Part = "",
    done: bool = False,
    cursor: Cursor = None,
) -> Response:
    """What recruiters said, the newest first: what is left to answer, or what is done."""
    company, manager = company.strip(), manager.strip()
    with visit.caller.reading(FeedbackList, Employers) as db:
        listed = feedback.listed(
            db,
            AT_A_TIME,
            cursor,
            company=company or None,
            manager_email=manager or None,
            done=done,
        )
    asked = {"company": company, "manager": manager, "done": "true" if done else ""}
    return visit.page(
        "feedback.html",
        feedback=listed.items,
        company=company,
        manager=manager,
        done=done,
        more_at=listed.next_cursor and address("/feedback", **asked, cursor=listed.next_cursor),
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


@router.get("/feedback/yours")
def my_feedback_page(
    visit: Recruiter,
    tasks: BackgroundTasks,
    page: Annotated[StorableText, Query(max_length=500)] = "",
    cursor: Cursor = None,
) -> Response:
    """The visitor's own feedback with its answers; for a script, that of a page."""
    actor = visit.caller.actor
    items: list[Feedback] = []
    more = None
    if actor.employer_id:
        limit = BESIDE_A_PAGE if page else AT_A_TIME
        with visit.caller.reading(FeedbackList, Employers) as db:
            listed = feedback.shared_by(db, limit, cursor, actor, page or None)
        items, more = listed.items, listed.next_cursor
    for one in items:
        if one.answered_step > one.read_step:
            read = {"employer_id": one.employer_id, "number": one.number}
            tasks.add_task(
                note, visit.caller, MarkFeedbackAnswerRead, **read, up_to=one.answered_step
            )
    template = "my_feedback_part.html" if visit.is_part else "my_feedback.html"
    more_at = more and address("/feedback/yours", page=page, cursor=more)
    return visit.page(template, feedback=items, more_at=more_at)


@router.get("/feedback/{employer_id}/{number}")
def one_feedback_page(visit: SuccessManager, employer_id: UUID, number: FeedbackNumber) -> Response:
    """One piece of feedback, with its answers and a form for another."""
    return visit.page("feedback_one.html", one=read_feedback(employer_id, number, visit.caller))


@router.post("/feedback/{employer_id}/{number}/answers")
def answer_feedback(visit: SuccessManager, employer_id: UUID, number: FeedbackNumber) -> Response:
    """Answer feedback."""
    try:
        body = visit.sent.read(NewAnswer)
        result = visit.caller.run(
            AnswerFeedback, employer_id=employer_id, number=number, **dict(body)
        )
    except REFUSED as error:
        one = read_feedback(employer_id, number, visit.caller)
        return visit.again("feedback_one.html", error, one=one)
    return visit.done(result, f"/feedback/{employer_id}/{number}", "feedback-answered")


@router.post("/feedback/{employer_id}/{number}/done")
def set_feedback_done(visit: SuccessManager, employer_id: UUID, number: FeedbackNumber) -> Response:
    """Say whether nothing is left to do about feedback, then go back to where that was said."""
    done = visit.sent.read(NewState).done
    about: dict[str, Any] = {"employer_id": employer_id, "number": number}
    result = visit.caller.run(SetFeedbackDone, **about, done=done)
    back = local_path(visit.sent.value("_back")).partition("?")[0]
    return visit.done(result, back, "feedback-done" if done else "feedback-reopened")

"""Feedback: recruiters share it, Customer Success Managers answer it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

import domain.feedback
from api.http.access import Recruiter, SuccessManager
from api.http.caller import CommandResult
from api.http.lists import Company, Cursor, Limit, ManagerEmail
from domain.command import NotFound
from domain.employer import ShareFeedback
from domain.feedback import (
    AnswerFeedback,
    FeedbackNumber,
    MarkFeedbackAnswerRead,
    SetFeedbackDone,
    feedback_id,
)
from domain.values import NUMBER, Flag, FreeText, Name, StorableText, Value
from projections import feedback
from projections.employers import Employers
from projections.feedback import Feedback, FeedbackList
from projections.paging import Listed

router = APIRouter(tags=["Feedback"])

Done = Annotated[bool | None, Query(description="whether nothing is left to do about it")]


class NewFeedback(Value):
    """What a recruiter wants their Customer Success Manager to know."""

    text: FreeText
    page: Annotated[StorableText, Field(max_length=500)] = ""


class NewAnswer(Value):
    """What a Customer Success Manager answers, and the name of who does."""

    text: FreeText
    signed_by: Name


class NewState(Value):
    """Whether nothing is left to do."""

    done: Flag


class AnswerReading(Value):
    """How far the sender has read the answers."""

    step: Annotated[
        int, NUMBER, Field(ge=0, le=2**31 - 1, description="of the last answer that was read")
    ]


@router.post("/employers/{employer_id}/feedback", status_code=201)
def share_feedback(employer_id: UUID, body: NewFeedback, caller: Recruiter) -> CommandResult:
    """Tell the employer's Customer Success Manager something. The `version` is its number."""
    return caller.run(ShareFeedback, employer_id=employer_id, **dict(body))


@router.get("/employers/{employer_id}/feedback")
def list_feedback(
    employer_id: UUID,
    caller: SuccessManager,
    limit: Limit = 50,
    cursor: Cursor = None,
    done: Done = None,
) -> Listed[Feedback]:
    """What an employer's recruiters said, the newest first, with the answers."""
    with caller.reading(FeedbackList, Employers) as db:
        return feedback.listed(db, limit, cursor, employer_id, done=done)


@router.get("/employers/{employer_id}/feedback/{number}")
def read_feedback(employer_id: UUID, number: FeedbackNumber, caller: SuccessManager) -> Feedback:
    """One piece of feedback, with the answers."""
    with caller.reading(FeedbackList, Employers) as db:
        found = feedback.one(db, employer_id, number)
    if found is None:
        raise NotFound(domain.feedback.Feedback, feedback_id(employer_id, number))
    return found


@router.post("/employers/{employer_id}/feedback/{number}/answers", status_code=201)
def answer_feedback(
    employer_id: UUID, number: FeedbackNumber, body: NewAnswer, caller: SuccessManager
) -> CommandResult:
    """Answer feedback. Its sender sees it where they shared it."""
    return caller.run(AnswerFeedback, employer_id=employer_id, number=number, **dict(body))


@router.put("/employers/{employer_id}/feedback/{number}/done")
def set_feedback_done(
    employer_id: UUID, number: FeedbackNumber, body: NewState, caller: SuccessManager
) -> CommandResult:
    """Say whether nothing is left to do about feedback."""
    return caller.run(SetFeedbackDone, employer_id=employer_id, number=number, done=body.done)


@router.get("/feedback")
def list_all_feedback(
    caller: SuccessManager,
    limit: Limit = 50,
    cursor: Cursor = None,
    company: Company = None,
    manager_email: ManagerEmail = None,
    done: Done = None,
) -> Listed[Feedback]:
    """What recruiters said, the newest first; perhaps only those of some employers."""
    with caller.reading(FeedbackList, Employers) as db:
        return feedback.listed(
            db, limit, cursor, company=company, manager_email=manager_email, done=done
        )


@router.get("/me/feedback")
def list_my_feedback(
    caller: Recruiter, limit: Limit = 50, cursor: Cursor = None
) -> Listed[Feedback]:
    """What the caller shared, the newest first, with the answers."""
    if caller.actor.employer_id is None:
        return Listed(items=[])
    with caller.reading(FeedbackList, Employers) as db:
        return feedback.shared_by(db, limit, cursor, caller.actor)


@router.post("/me/feedback/{number}/reading", status_code=201)
def mark_answer_read(
    number: FeedbackNumber, body: AnswerReading, caller: Recruiter
) -> CommandResult:
    """Note that the answers to one's own feedback were read up to one of them."""
    employer_id = caller.actor.employer_id
    if employer_id is None:
        raise NotFound(domain.feedback.Feedback, feedback_id(UUID(int=0), number))
    return caller.run(
        MarkFeedbackAnswerRead, employer_id=employer_id, number=number, up_to=body.step
    )

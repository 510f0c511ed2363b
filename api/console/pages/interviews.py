"""Everyone approached for a position, and each conversation from its first word to its last."""

from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.candidates import cards, visibility
from api.candidates.outreach_search import with_all_names
from api.console.session import Recruiter, RecruiterOrSupport, Visit
from api.http.lists import Cursor
from api.routes.outreach import Appointment
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.outreach import ANSWER_WINDOW, ScheduleInterview, WithdrawOutreach
from domain.outreach_events import Status
from projections import interview_list, outreach_timeline
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.outreach_timeline import OutreachTimeline
from projections.positions import Positions

router = APIRouter()

AT_A_TIME = 50
BADGES = {"": "All", "passive": "Passive Candidate", "active": "Active candidates"}


class Asked(BaseModel):
    """Which of a position's interviews to see.

    What is `known` already is not sent again, and nothing where the read models have `reached` no
    further.
    """

    status: Status | Literal[""] = ""
    badge: Literal["", "passive", "active"] = ""
    cursor: Cursor = None
    known: str = ""
    reached: int | None = None


@router.get("/positions/{position_id}/interviews")
def interviews_page(
    position_id: UUID, visit: RecruiterOrSupport, asked: Annotated[Asked, Query()]
) -> Response:
    """Everyone approached for a position, the latest first."""
    caller = visit.caller
    with caller.reading(Positions, InterviewList, CandidatePool) as db:
        changed = visibility.changed(db)
        if changed == asked.reached:
            return Response(status_code=204)
        position = visibility.position_of(db, caller, position_id)
        listed = interview_list.of_position(
            db,
            position.employer_id,
            position_id,
            AT_A_TIME,
            asked.cursor,
            status=asked.status or None,
            passive=asked.badge == "passive" if asked.badge else None,
        )
        if asked.reached is None:
            counts = visibility.counts(db, position, caller)
        elif polled := visibility.polled_counts(db, position, caller, since=asked.reached):
            changed, counts = polled
        else:
            return Response(status_code=204)
        # Changes whenever something in this page of interviews does.
        said = repr([(row.outreach_id, row.version) for row in listed.items])
        known = sha256(said.encode()).hexdigest()[:16]
        if known == asked.known:
            response = visit.page(
                "interviews_updates.html", counts=counts, known=known, reached=changed
            )
            response.headers["HX-Reswap"] = "none"  # of the list itself, which has not changed
            return response
        named = cards.with_names(db, listed)
    here = {"status": asked.status, "badge": asked.badge}
    path = f"/positions/{position_id}/interviews"
    return visit.page(
        "interviews_part.html" if asked.known else "interviews.html",
        position=position,
        counts=counts,
        tab="interviews",
        interviews=named.items,
        asked=asked,
        statuses=["", *Status],
        badges=BADGES,
        more_at=named.next_cursor and address(path, **here, cursor=named.next_cursor),
        updates_at=address(path, **here, cursor=asked.cursor),
        known=known,
        reached=changed,
        is_update=bool(asked.known),
    )


@router.get("/outreach/{outreach_id}")
def conversation_page(
    outreach_id: UUID, visit: RecruiterOrSupport, known: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """What was said, by whom and when; and what may be done next."""
    shown = _conversation(visit, outreach_id)
    if shown["outreach"].version == known:
        return Response(status_code=204)
    page = "conversation_part.html" if known else "conversation.html"
    return visit.page(page, **shown, is_update=bool(known))


@router.post("/outreach/{outreach_id}/withdrawal")
def withdraw(outreach_id: UUID, visit: Recruiter) -> Response:
    """Take an approach back."""
    try:
        result = visit.caller.run(WithdrawOutreach, outreach_id=outreach_id)
    except REFUSED as error:
        return _again(visit, outreach_id, error)
    return visit.done(result, f"/outreach/{outreach_id}", "withdrawn")


@router.post("/outreach/{outreach_id}/interview")
def schedule_interview(outreach_id: UUID, visit: Recruiter) -> Response:
    """Note when the interview starts."""
    try:
        body = visit.sent.in_utc().read(Appointment)
        result = visit.caller.run(
            ScheduleInterview, outreach_id=outreach_id, starts_at=body.starts_at
        )
    except REFUSED as error:
        return _again(visit, outreach_id, error)
    return visit.done(result, f"/outreach/{outreach_id}", "interview-scheduled")


def _again(visit: Visit, outreach_id: UUID, error: Exception) -> Response:
    shown = _conversation(visit, outreach_id)
    return visit.again("conversation.html", error, **shown, is_update=False)


def _conversation(visit: Visit, outreach_id: UUID) -> dict[str, Any]:
    caller = visit.caller
    with caller.reading(InterviewList, OutreachTimeline, CandidatePool, Employers, Positions) as db:
        outreach = visibility.outreach_of(db, caller, outreach_id)
        steps = outreach_timeline.of_outreach(db, outreach_id)
        (named,) = with_all_names(db, [outreach])
    waits = named.status is Status.AWAITING_ANSWER
    return {
        "outreach": named,
        "steps": steps,
        "answer_until": named.sent_at + ANSWER_WINDOW if waits else None,
        "may_schedule": named.status in (Status.ACCEPTED, Status.INTERVIEW_SCHEDULED),
    }

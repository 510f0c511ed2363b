"""A conversation with a candidate, from its first word to its last, and what comes next in it."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, BackgroundTasks, Query, Response

from api.candidates import visibility
from api.candidates.outreach_search import with_all_names
from api.console.reading import note
from api.console.session import Recruiter, RecruiterOrSupport, Visit
from api.routes.outreach import Appointment, Cancellation, Correction, Offer, Written
from api.web.forms import REFUSED, Faults, Sent
from domain.actor import CompanyRole, Role
from domain.command import Command
from domain.contacting import (
    CorrectAnswer,
    EditMessage,
    FollowUp,
    MarkThreadRead,
    Message,
    ReplyToCandidate,
    WithdrawOutreach,
)
from domain.event import ERASED
from domain.interviewing import MOST_TIMES, CancelInterview, Meeting, OfferTimes, ScheduleInterview
from domain.outreach import ANSWER_WINDOW, ANSWERABLE, CORRECTABLE, FOLLOW_UP_AFTER
from domain.outreach_events import Status
from domain.values import Value
from projections import interviews, outreach_timeline
from projections.candidate_pool import CandidatePool
from projections.interview_list import Interview, InterviewList
from projections.outreach_timeline import OutreachTimeline, Step
from projections.positions import Positions
from projections.teams import Teams

router = APIRouter()

NOT_SAID = ("thread_read", "letter_released", "letter_delivered")
"""Steps that are no part of what the two say."""

ZONES = sorted(zone for zone in available_timezones() if "/" in zone)

FIRST_STEPS = ("message_sent", "interview_requested")

CORRECTIONS = (
    (Status.WROTE_BACK, "Neither yes nor no"),
    (Status.ACCEPTED, "Yes"),
    (Status.DECLINED, "No"),
)
"""What a reply can be corrected to, in words."""


class Invitation(Appointment):
    """When an interview starts; both are invited, whatever is said of the meeting."""

    meeting: Meeting = Meeting()


@router.get("/outreach/{outreach_id}")
def conversation_page(
    outreach_id: UUID,
    visit: RecruiterOrSupport,
    tasks: BackgroundTasks,
    known: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """What was said, by whom and when; and what may be done next."""
    shown = _conversation(visit, outreach_id)
    outreach = shown["outreach"]
    actor = visit.caller.actor
    reads = actor.role is Role.RECRUITER and actor.may(CompanyRole.RECRUITER)
    if reads and outreach.heard_step > outreach.read_step:
        read = {"outreach_id": outreach_id, "up_to": outreach.heard_step}
        tasks.add_task(note, visit.caller, MarkThreadRead, **read)
    if shown["known"] == known:
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
    with replace(visit.caller, after=result.log_position).reading(InterviewList) as db:
        outreach = interviews.one(db, outreach_id)
    undone = outreach is not None and outreach.status is Status.UNDONE
    return visit.done(result, f"/outreach/{outreach_id}", "undone" if undone else "withdrawn")


@router.get("/outreach/{outreach_id}/message")
def edit_page(outreach_id: UUID, visit: Recruiter) -> Response:
    """The message that has not left yet, to be changed."""
    shown = _conversation(visit, outreach_id)
    return visit.page("message_edit.html", **shown, typed=_message(shown["steps"]))


@router.post("/outreach/{outreach_id}/message")
def edit(outreach_id: UUID, visit: Recruiter) -> Response:
    """Change the message before it leaves."""
    try:
        message = visit.sent.read(Message)
        result = visit.caller.run(EditMessage, outreach_id=outreach_id, message=message)
    except REFUSED as error:
        shown = _conversation(visit, outreach_id)
        return visit.again("message_edit.html", error, **shown, typed=visit.sent)
    return visit.done(result, f"/outreach/{outreach_id}", "message-edited")


@router.post("/outreach/{outreach_id}/follow-up")
def follow_up(outreach_id: UUID, visit: Recruiter) -> Response:
    """Write once more to a candidate who has not answered."""
    return _do(visit, outreach_id, FollowUp, Written, "follow-up-sent")


@router.post("/outreach/{outreach_id}/reply")
def reply(outreach_id: UUID, visit: Recruiter) -> Response:
    """Write to a candidate who has answered."""
    return _do(visit, outreach_id, ReplyToCandidate, Written, "reply-sent")


@router.post("/outreach/{outreach_id}/correction")
def correct(outreach_id: UUID, visit: Recruiter) -> Response:
    """Take the candidate's reply for something else than the rules did."""
    return _do(visit, outreach_id, CorrectAnswer, Correction, "corrected")


@router.post("/outreach/{outreach_id}/times")
def offer_times(outreach_id: UUID, visit: Recruiter) -> Response:
    """Offer times for an interview, in the recruiter's time zone."""
    return _do(visit, outreach_id, OfferTimes, Offer, "times-offered")


@router.post("/outreach/{outreach_id}/interview")
def schedule_interview(outreach_id: UUID, visit: Recruiter) -> Response:
    """Schedule the interview, or move it, and invite both."""
    return _do(visit, outreach_id, ScheduleInterview, Invitation, "interview-scheduled")


@router.post("/outreach/{outreach_id}/cancellation")
def cancel_interview(outreach_id: UUID, visit: Recruiter) -> Response:
    """Cancel the interview."""
    return _do(visit, outreach_id, CancelInterview, Cancellation, "interview-cancelled")


def _do(
    visit: Visit, outreach_id: UUID, command: type[Command], form: type[Value], notice: str
) -> Response:
    """Run a command with what was typed, times being in the time zone that was named."""
    try:
        body = visit.sent.in_zone(visit.sent.value("meeting.zone")).read(form)
        result = visit.caller.run(command, outreach_id=outreach_id, **dict(body))
    except REFUSED as error:
        return _again(visit, outreach_id, error)
    return visit.done(result, f"/outreach/{outreach_id}", notice)


def _again(visit: Visit, outreach_id: UUID, error: Exception) -> Response:
    shown = _conversation(visit, outreach_id)
    time = "times" if visit.sent.value("times[]") else "starts_at"
    faults = Faults(error, {"interview_in_past": time, "interview_unchanged": time})
    return visit.page("conversation.html", faults, sent=visit.sent, **shown, is_update=False)


def _conversation(visit: Visit, outreach_id: UUID) -> dict[str, Any]:
    caller = visit.caller
    reads = (InterviewList, OutreachTimeline, CandidatePool, Positions, Teams)
    with caller.reading(*reads) as db:
        outreach = visibility.outreach_of(db, caller, outreach_id)
        every = outreach_timeline.of_outreach(db, outreach_id)
        (named,) = with_all_names(db, [outreach])
    steps = [step for step in every if step.what not in NOT_SAID]
    return {
        "outreach": named,
        "steps": steps,
        "known": max(step.step for step in every if step.what != "thread_read"),
        "sender_name": _sender(steps),
        "zones": ZONES,
        "most_times": MOST_TIMES,
        "offered": _offered(steps),
        "disclosed": next((s.personal for s in steps if s.what == "contact_disclosed"), None),
        **_next(named, steps, caller.at),
    }


def _next(outreach: Interview, steps: list[Step], at: datetime) -> dict[str, Any]:
    """What may be done now."""
    status = outreach.status
    waits = status is Status.AWAITING_ANSWER
    has_written = any(step.what == "reply_received" for step in steps)
    follow_up_at = outreach.waiting_since + FOLLOW_UP_AFTER
    may_follow_up = waits and not outreach.followed_up and outreach.left_at is not None
    return {
        "leaves_at": outreach.deliver_at if waits and outreach.left_at is None else None,
        "answer_until": outreach.waiting_since + ANSWER_WINDOW if waits else None,
        "follow_up_at": follow_up_at if may_follow_up else None,
        "may_follow_up": may_follow_up and at >= follow_up_at,
        "may_withdraw": status in ANSWERABLE,
        "may_schedule": status in (Status.ACCEPTED, Status.INTERVIEW_SCHEDULED),
        "may_reply": status in (Status.ACCEPTED, Status.INTERVIEW_SCHEDULED)
        or (status in ANSWERABLE and has_written),
        "corrections": CORRECTIONS if has_written and status in CORRECTABLE else (),
    }


def _offered(steps: list[Step]) -> list[datetime]:
    """The times that the candidate can pick from."""
    said = [step for step in steps if step.what in ("times_offered", "interview_scheduled")]
    offer = said[-1] if said and said[-1].what == "times_offered" else None
    return [datetime.fromisoformat(time) for time in offer.details["times"]] if offer else []


def _sender(steps: list[Step]) -> str:
    signed = [step.personal.get("sender_name") for step in steps]
    return next((name for name in reversed(signed) if name and name != ERASED), "")


def _message(steps: list[Step]) -> Sent:
    """The message as it was last edited, as fields of its form."""
    said = next(s for s in reversed(steps) if s.what in ("message_edited", *FIRST_STEPS))
    fields = [(name, text) for name, text in said.personal.items() if text != ERASED]
    pay = said.details.get("salary", {})
    fields += [(f"salary.{name}", str(value)) for name, value in pay.items() if value is not None]
    fields += [("location", said.details.get("location") or "")]
    fields += [("remote", "true" if said.details.get("remote") else "")]
    return Sent(fields)

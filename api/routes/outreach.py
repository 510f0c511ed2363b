"""Outreaches: what became of each approach, and its timeline."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from api.audit import timeline
from api.candidates import outreach_search
from api.candidates.outreach_search import FoundOutreach
from api.candidates.profile import Contribution, Explanation
from api.candidates.visibility import outreach_of
from api.http.access import AuditReader, Platform, Recruiter, Support, TimelineReader
from api.http.caller import CommandResult
from api.http.lists import Company, Cursor, Limit, found
from api.http.problems import Problem
from domain.actor import Role
from domain.answering import (
    AcceptOutreach,
    Contact,
    DeclineOutreach,
    Note,
    PostponeOutreach,
    ReceiveReply,
)
from domain.contacting import (
    CorrectAnswer,
    EditMessage,
    FollowUp,
    Line,
    MarkThreadRead,
    Message,
    ReplyToCandidate,
    WithdrawOutreach,
)
from domain.interviewing import (
    MOST_TIMES,
    CancelInterview,
    Meeting,
    OfferTimes,
    PickTime,
    ScheduleInterview,
)
from domain.likelihood import band
from domain.outreach import Outreach
from domain.outreach_events import Channel, DeclineReason, Status, Understood
from domain.values import NUMBER, Day, FreeText, Moment, StorableText, Value
from projections import outreach_timeline
from projections.interview_list import Interview, InterviewList
from projections.likelihood.audit import replay
from projections.likelihood.audit.replay import NotReproducible
from projections.likelihood.audit.training_slice import Differs, TakesLong
from projections.outreach_timeline import OutreachTimeline, Step
from projections.paging import Listed

router = APIRouter(tags=["Outreach"])


class Acceptance(Value):
    """A candidate's yes, and what the employer may know to reach them."""

    note: Note | None = None
    contact: Contact = Contact()


class Decline(Value):
    """A candidate's no."""

    reason: DeclineReason
    note: Note | None = None


class Postponement(Value):
    """A candidate's wish to be written to later."""

    until: Day
    note: Note | None = None


class CandidateReply(Value):
    """What a candidate wrote back, and what it says if that is clear."""

    text: FreeText
    understood: Understood = Understood.UNCLEAR


class Written(Value):
    """What an employer writes to a candidate whom it has written to before."""

    text: FreeText
    sender_name: Line


class ReadUpTo(Value):
    """How far a thread was read: the step of its last event."""

    step: Annotated[int, NUMBER, Field(ge=1)]


class Correction(Value):
    """What a written reply really says."""

    status: Literal[Status.WROTE_BACK, Status.ACCEPTED, Status.DECLINED]


class Appointment(Value):
    """When an interview starts. With a `meeting`, both get an invitation."""

    starts_at: Moment
    meeting: Meeting | None = None


class Offer(Value):
    """Times for an interview, of which the candidate picks one."""

    times: Annotated[tuple[Moment, ...], Field(min_length=1, max_length=MOST_TIMES)]
    meeting: Meeting = Meeting()


class Pick(Value):
    """The time that a candidate picked."""

    starts_at: Moment


class Cancellation(Value):
    """Why an interview is cancelled."""

    note: Note | None = None


class ExplainedOutreach(Explanation):
    """What the sender of an approach saw of the candidate's likelihood to respond, and why."""

    outreach_id: UUID
    log_position: int = Field(description="of the event that sent it")
    sent_by: str


MOST_EVENTS_REPLAYED = 30_000
"""About those whose outreach teaches after the nearest snapshot; they take some two seconds."""

Asked = Annotated[
    StorableText | None,
    Query(max_length=2000, description="ids, as such or in a text, or part of the name"),
]


@router.get("/outreach")
def find_outreach(
    caller: Support,
    q: Asked = None,
    company: Company = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listed[FoundOutreach]:
    """The approaches of all employers, the latest first; perhaps only some of them.

    What is asked for may be the id of an outreach, a candidate, a position or an employer, several
    of them, or a text that has them in it such as a page's address; else it is part of a
    candidate's name.
    """
    return outreach_search.search(caller, q, company, limit, cursor)


@router.get("/outreach/{outreach_id}")
def read_outreach(outreach_id: UUID, caller: TimelineReader) -> Interview:
    """An approach and how far it has come."""
    with caller.reading(InterviewList) as db:
        outreach = outreach_of(db, caller, outreach_id)
    caller.set_etag(outreach.version)
    return outreach


@router.get("/outreach/{outreach_id}/timeline")
def read_timeline(outreach_id: UUID, caller: TimelineReader) -> list[Step]:
    """Each step of an outreach: who did what, when, and by which request.

    Recruiters see the steps and details that webhooks tell their employer of.
    """
    with caller.reading(OutreachTimeline) as db:
        steps = timeline.of_outreach(caller.marketplace.store, db, outreach_id)
    found(caller, Outreach, outreach_id, steps[0] if steps else None)
    return timeline.for_employer(steps) if caller.actor.role is Role.RECRUITER else steps


@router.get("/outreach/{outreach_id}/explanation")
def explain_outreach(outreach_id: UUID, caller: AuditReader) -> ExplainedOutreach:
    """What the sender saw of the candidate's likelihood to respond, and why.

    It is rebuilt from the event log, and answered only if it is what was recorded to the last bit.
    """
    with caller.reading() as db:
        try:
            explained = replay.explain(
                caller.marketplace.store, db, outreach_id, most=MOST_EVENTS_REPLAYED
            )
        except TakesLong as reason:
            raise Problem(
                409,
                "replay-too-long",
                f"{reason} That is too long to wait for here:"
                f" run `sourcing model explain --outreach {outreach_id}`.",
            ) from None
        except NotReproducible as reason:
            raise Problem(409, "not-reproducible", str(reason)) from None
        except Differs as difference:
            raise Problem(500, "replay-differs", str(difference)) from None
    return ExplainedOutreach(
        **dict(explained.likelihood),
        band=band(explained.likelihood.probability),
        at=explained.at,
        contributions=[
            Contribution.model_validate(reason, from_attributes=True)
            for reason in explained.reasons
        ],
        outreach_id=explained.outreach_id,
        log_position=explained.log_position,
        sent_by=explained.sent_by,
    )


@router.get("/timeline")
def find_steps(
    caller: Support,
    limit: Limit = 50,
    cursor: Cursor = None,
    candidate_id: Annotated[UUID | None, Query()] = None,
    employer_id: Annotated[UUID | None, Query()] = None,
) -> Listed[Step]:
    """The steps of all outreaches, the latest first; perhaps of one candidate or employer."""
    with caller.reading(OutreachTimeline) as db:
        return outreach_timeline.found(
            db, limit, cursor, candidate_id=candidate_id, employer_id=employer_id
        )


@router.post("/outreach/{outreach_id}/withdrawal", status_code=201)
def withdraw(outreach_id: UUID, caller: Recruiter) -> CommandResult:
    """Take an approach back before it is answered; before it has left, this undoes it."""
    return caller.run(WithdrawOutreach, outreach_id=outreach_id)


@router.post("/outreach/{outreach_id}/acceptance", status_code=201)
def accept(outreach_id: UUID, body: Acceptance, caller: Platform) -> CommandResult:
    """Pass on a candidate's yes."""
    return caller.run(AcceptOutreach, outreach_id=outreach_id, **dict(body))


@router.post("/outreach/{outreach_id}/decline", status_code=201)
def decline(outreach_id: UUID, body: Decline, caller: Platform) -> CommandResult:
    """Pass on a candidate's no."""
    return caller.run(DeclineOutreach, outreach_id=outreach_id, **dict(body))


@router.post("/outreach/{outreach_id}/postponement", status_code=201)
def postpone(outreach_id: UUID, body: Postponement, caller: Platform) -> CommandResult:
    """Pass on a candidate's wish to be written to later."""
    return caller.run(PostponeOutreach, outreach_id=outreach_id, **dict(body))


@router.post("/outreach/{outreach_id}/candidate-replies", status_code=201)
def receive_reply(outreach_id: UUID, body: CandidateReply, caller: Platform) -> CommandResult:
    """Pass on what a candidate wrote back."""
    return caller.run(ReceiveReply, outreach_id=outreach_id, channel=Channel.API, **dict(body))


@router.put("/outreach/{outreach_id}/message")
def edit_message(outreach_id: UUID, body: Message, caller: Recruiter) -> CommandResult:
    """Change a message before it leaves."""
    return caller.run(EditMessage, outreach_id=outreach_id, message=body)


@router.post("/outreach/{outreach_id}/follow-up", status_code=201)
def follow_up(outreach_id: UUID, body: Written, caller: Recruiter) -> CommandResult:
    """Write once more to a candidate who has not answered for five days."""
    return caller.run(FollowUp, outreach_id=outreach_id, **dict(body))


@router.post("/outreach/{outreach_id}/replies", status_code=201)
def reply(outreach_id: UUID, body: Written, caller: Recruiter) -> CommandResult:
    """Write to a candidate who has answered."""
    return caller.run(ReplyToCandidate, outreach_id=outreach_id, **dict(body))


@router.post("/outreach/{outreach_id}/reading", status_code=201)
def mark_read(outreach_id: UUID, body: ReadUpTo, caller: Recruiter) -> CommandResult:
    """Note that a thread was read up to one of its steps."""
    return caller.run(MarkThreadRead, outreach_id=outreach_id, up_to=body.step)


@router.post("/outreach/{outreach_id}/correction", status_code=201)
def correct_answer(outreach_id: UUID, body: Correction, caller: Recruiter) -> CommandResult:
    """Take a candidate's written reply for something else than the rules did."""
    return caller.run(CorrectAnswer, outreach_id=outreach_id, status=body.status)


@router.post("/outreach/{outreach_id}/interview", status_code=201)
def schedule_interview(outreach_id: UUID, body: Appointment, caller: Recruiter) -> CommandResult:
    """Note when an interview starts; doing so again moves it."""
    return caller.run(ScheduleInterview, outreach_id=outreach_id, **dict(body))


@router.post("/outreach/{outreach_id}/times", status_code=201)
def offer_times(outreach_id: UUID, body: Offer, caller: Recruiter) -> CommandResult:
    """Offer up to five times for an interview; the candidate picks one on their page."""
    return caller.run(OfferTimes, outreach_id=outreach_id, **dict(body))


@router.post("/outreach/{outreach_id}/picked-time", status_code=201)
def pick_time(outreach_id: UUID, body: Pick, caller: Platform) -> CommandResult:
    """Pass on which of the times a candidate picked."""
    return caller.run(PickTime, outreach_id=outreach_id, starts_at=body.starts_at)


@router.post("/outreach/{outreach_id}/cancellation", status_code=201)
def cancel_interview(outreach_id: UUID, body: Cancellation, caller: Recruiter) -> CommandResult:
    """Cancel the interview. Those invited are told."""
    return caller.run(CancelInterview, outreach_id=outreach_id, note=body.note)

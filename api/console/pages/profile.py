"""A candidate's whole profile as seen from a position, and the message to them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Response

from api.candidates import viewings, visibility
from api.candidates.cards import Card
from api.candidates.letter_fields import check_complete, fill, own_fields
from api.candidates.profile import approach
from api.console.seen import Seen, seen_by, seen_now, shown
from api.console.session import Recruiter, RecruiterOrSupport, Visit
from api.console.way_back import came_from, list_of, page_of, with_answer
from api.http.caller import CommandResult
from api.http.problems import Problem, Reason
from api.web.forms import REFUSED, Faults, Sent
from api.web.once import once
from domain.candidate import Candidate
from domain.command import NotFound
from domain.contacting import Message, RequestInterview, SendMessage
from domain.template import fields
from projections.candidate_pool import CandidatePool
from projections.interview_list import InterviewList
from projections.positions import Positions

router = APIRouter()

Came = Annotated[str, Query(max_length=2_000)]
"""The address of the list that a profile is opened from."""

APPROACHES: dict[str, tuple[type[SendMessage | RequestInterview], str]] = {
    "message": (SendMessage, "message-sent"),
    "interview_request": (RequestInterview, "interview-requested"),
}


@router.get("/positions/{position_id}/candidates/{candidate_id}")
def profile_page(
    position_id: UUID,
    candidate_id: UUID,
    visit: RecruiterOrSupport,
    tasks: BackgroundTasks,
    at: Came = "",
) -> Response:
    """A candidate's profile, each field with its source and age; and the message form.

    `at` is the list that one came from.
    """
    seen = opened(visit, tasks, position_id, candidate_id)
    return visit.page("profile.html", **shown(seen, page_of(position_id, at)))


@router.get("/positions/{position_id}/candidates/{candidate_id}/panel")
def panel_part(
    position_id: UUID,
    candidate_id: UUID,
    visit: RecruiterOrSupport,
    tasks: BackgroundTasks,
    at: Came = "",
) -> Response:
    """The profile and the message form, to stand beside the list."""
    seen = opened(visit, tasks, position_id, candidate_id)
    return visit.page("panel.html", **shown(seen, page_of(position_id, at)))


def opened(visit: Visit, tasks: BackgroundTasks, position_id: UUID, candidate_id: UUID) -> Seen:
    """A candidate whose profile is opened, which is noted once it has been sent.

    Raises:
        NotFound: the caller may not see the candidate, or there is none.
        Problem: 403, with every reason why the position's candidates are not shown.
    """
    seen = seen_by(visit.caller, position_id, candidate_id)
    if seen.profile is None:
        raise seen.hidden or NotFound(Candidate, candidate_id)
    viewings.note_opened(visit.caller, tasks, seen.position, seen.profile)
    return seen


UNAVAILABLE = Problem(
    409,
    "refused",
    "This candidate can no longer be contacted.",
    [Reason(code="unavailable", detail="This candidate can no longer be contacted.")],
)


@router.post("/positions/{position_id}/candidates/{candidate_id}")
def write(position_id: UUID, candidate_id: UUID, visit: Recruiter) -> Response:
    """Preview a message, edit it, or send it; on a page of its own, or in the panel."""
    by = visit.sent.value("_by")
    if by not in APPROACHES:
        raise Problem(400, "bad-form", "The form lacks how to approach; open the page again.")
    command, notice = APPROACHES[by]
    step = visit.sent.value("_step") or (visit.sent.value("_template") and "template")
    back = page_of(position_id, visit.sent.value("_back"))
    message: Message | None = None
    try:
        if step in ("preview", "send"):
            message = visit.sent.read(Message)
            message = _filled(visit, message, position_id, candidate_id)
        if message and step == "send":
            check_complete(message)
            send = partial(approach, visit.caller, command, position_id, candidate_id, message)
            result = once(send)
            if visit.is_part:
                return _sent_part(visit, result, position_id, candidate_id, back)
            page = list_of(back) if back else f"/positions/{position_id}/interviews"
            answer = {"after": result.log_position, "notice": notice}
            return visit.go(with_answer(page, **answer))
    except REFUSED as error:
        seen = seen_now(visit.caller, position_id, candidate_id)
        why = Faults(UNAVAILABLE if isinstance(error, NotFound) else error)
        return _written(visit, seen, back, why)
    seen = seen_by(visit.caller, position_id, candidate_id)
    return _written(visit, seen, back, previewed=message)


def _filled(visit: Visit, message: Message, position_id: UUID, candidate_id: UUID) -> Message:
    """The message with its fields filled in; as it is to a candidate who may not be seen."""
    if not fields(message.subject, message.text):
        return message
    seen = seen_by(visit.caller, position_id, candidate_id)
    own = {
        name: visit.sent.value(f"_field.{name}") for name in fields(message.text, message.subject)
    }
    profile = seen.profile
    return fill(message, profile, seen.position, seen.employer, own) if profile else message


def _written(
    visit: Visit,
    seen: Seen,
    back: str,
    faults: Faults | None = None,
    previewed: Message | None = None,
) -> Response:
    """The form as it was typed, or its preview: where it was, or on the page that has room."""
    sent = visit.sent
    chosen = next(
        (t for t in seen.templates if str(t.template_id) == sent.value("_template")), None
    )
    if chosen and not sent.value("_step"):
        kept = [said for said in sent.fields if said[0] not in ("subject", "text")]
        sent = Sent([*kept, ("subject", chosen.subject), ("text", chosen.text)])
    own = own_fields(sent.value("subject"), sent.value("text"))
    about = shown(seen, back) | {"sent": sent, "previewed": previewed, "own_fields": own}
    if previewed:
        about["missing"] = fields(previewed.subject, previewed.text)
    if visit.is_part:
        response = visit.page("panel.html", faults, **about)
        if faults:
            response.status_code = 422
        return response
    page = "profile.html" if seen.profile else "message_kept.html"
    if previewed and seen.profile:
        page = "preview.html"
    return visit.page(page, faults, **about)


def panel(
    visit: Visit,
    tasks: BackgroundTasks,
    position_id: UUID,
    candidate_id: UUID | None,
    list_at: str,
    cards: Sequence[Card],
) -> dict[str, Any]:
    """What the panel beside a list takes: who is open, and who stands before and after them."""
    if candidate_id is None:
        return {"opened": False, "beside": {}}
    ids = [card.candidate_id for card in cards]
    place = ids.index(candidate_id) if candidate_id in ids else None
    around = {} if place is None else {"previous": place - 1, "next": place + 1}
    beside = {
        name: with_answer(list_at, open=ids[at])
        for name, at in around.items()
        if 0 <= at < len(ids)
    }
    try:
        seen = opened(visit, tasks, position_id, candidate_id)
    except (NotFound, Problem):
        seen = seen_by(visit.caller, position_id, candidate_id)
    about = shown(seen, with_answer(list_at, open=candidate_id))
    of_the_list = ("position", "employer")
    mine = {name: said for name, said in about.items() if name not in of_the_list}
    return mine | {"opened": True, "beside": beside}


def _sent_part(
    visit: Visit, result: CommandResult, position_id: UUID, candidate_id: UUID, back: str
) -> Response:
    caller = replace(visit.caller, after=result.log_position)
    seen = seen_by(caller, position_id, candidate_id)
    with caller.reading(Positions, CandidatePool, InterviewList) as db:
        counts = visibility.counts(db, seen.position, caller)
    response = visit.page("sent_part.html", counts=counts, **shown(seen, back))
    response.headers["HX-Trigger-After-Settle"] = "message-sent"
    return response


def profile_with_faults(
    visit: Visit,
    position_id: UUID,
    candidate_id: UUID,
    error: Exception,
    *,
    remark_sent: Sent | None = None,
) -> Response:
    """The profile with the reasons why a decision about the candidate, or a note, was refused."""
    seen = seen_now(visit.caller, position_id, candidate_id)
    if seen.profile is None:
        raise seen.hidden or NotFound(Candidate, candidate_id)
    back = page_of(position_id, came_from(visit.sent.value("_back")))
    about = {"of_review": remark_sent is None, "remark_sent": remark_sent}
    return visit.page("profile.html", Faults(error), **shown(seen, back) | about)

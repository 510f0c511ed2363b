"""A candidate's whole profile as seen from a position, and the message to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Response

from api.candidates import reviews, viewings, visibility
from api.candidates.cards import Card
from api.candidates.profile import FullProfile, approach
from api.console.session import Recruiter, RecruiterOrSupport, Visit
from api.console.way_back import list_of, page_of, with_answer
from api.console.wording.reason_words import in_plain_words
from api.http.caller import Caller, CommandResult
from api.http.problems import Problem, Reason
from api.web.forms import REFUSED, Faults, Sent
from api.web.once import once
from domain.candidate import Candidate
from domain.command import NotFound
from domain.contacting import Message, RequestInterview, SendMessage
from domain.event import ERASED
from domain.partial_date import PartialDate
from infrastructure.projecting.checkpoints import NotCaughtUp
from projections import employers, interviews, outreach_timeline
from projections.candidate_pool import CandidatePool, Origin
from projections.employers import Employer, Employers
from projections.interview_list import Interview, InterviewList
from projections.likelihood.projection import Likelihoods
from projections.outreach_timeline import OutreachTimeline
from projections.positions import Position, Positions
from projections.profiles_opened import ProfilesOpened

router = APIRouter()

EVERY_REASON = 1_000
Came = Annotated[str, Query(max_length=2_000)]
"""The address of the list that a profile is opened from."""

APPROACHES: dict[str, tuple[type[SendMessage | RequestInterview], str]] = {
    "message": (SendMessage, "message-sent"),
    "interview_request": (RequestInterview, "interview-requested"),
}

FIELDS = {
    "roles": "Role",
    "years_experience": "Experience",
    "in_present_job_since": "In the present job since",
    "city": "City",
    "country": "Country",
    "open_to_remote": "Remote work",
    "expected_salary": "Expected salary",
    "work_authorisation": "May work in",
    "languages": "Languages",
}
"""What a profile lists beside the history and the skills, by its name there."""


@dataclass(frozen=True)
class Seen:
    """What there is to see of a candidate from a position."""

    position: Position
    candidate_id: UUID
    employer: Employer | None
    profile: FullProfile | None
    hidden: NotFound | Problem | None
    """Why there is no profile to see."""
    outreach: Interview | None
    beginning: Sent
    """The first values of the message form, from the position and the last message."""


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
    step = visit.sent.value("_step")
    back = page_of(position_id, visit.sent.value("_back"))
    message: Message | None = None
    try:
        if step != "write":
            message = visit.sent.read(Message)
        if message and step == "send":
            send = partial(approach, visit.caller, command, position_id, candidate_id, message)
            result = once(send)
            if visit.is_part:
                return _sent_part(visit, result, position_id, candidate_id, back)
            page = list_of(back) if back else f"/positions/{position_id}/interviews"
            answer = {"after": result.log_position, "notice": notice}
            return visit.go(with_answer(page, **answer))
    except REFUSED as error:
        seen = _seen_now(visit.caller, position_id, candidate_id)
        why = Faults(UNAVAILABLE if isinstance(error, NotFound) else error)
        return _written(visit, seen, back, why)
    seen = seen_by(visit.caller, position_id, candidate_id)
    return _written(visit, seen, back, previewed=message if step == "preview" else None)


def _written(
    visit: Visit,
    seen: Seen,
    back: str,
    faults: Faults | None = None,
    previewed: Message | None = None,
) -> Response:
    """The form as it was typed, or its preview: where it was, or on the page that has room."""
    about = shown(seen, back) | {"sent": visit.sent, "previewed": previewed}
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


def _seen_now(caller: Caller, position_id: UUID, candidate_id: UUID) -> Seen:
    """What the page shows at the end of the log, so that it agrees with the refusal."""
    try:
        reached = caller.marketplace.store.head()
        return seen_by(replace(caller, after=reached), position_id, candidate_id)
    except NotCaughtUp:
        return seen_by(replace(caller, after=None), position_id, candidate_id)


def seen_by(caller: Caller, position_id: UUID, candidate_id: UUID) -> Seen:
    """What a caller sees of a candidate from a position."""
    reads = (Positions, CandidatePool, Employers, InterviewList, OutreachTimeline)
    with caller.reading(*reads, advisory=(Likelihoods, ProfilesOpened)) as db:
        position = visibility.position_of(db, caller, position_id)
        employer = employers.one(db, position.employer_id)
        profile, hidden = None, None
        try:
            profile = visibility.profile_of(
                db, caller, employer, position, candidate_id, reasons=EVERY_REASON
            )
            (profile,) = reviews.marked(db, caller, position, [profile])
        except (NotFound, Problem) as error:
            hidden = error
        letter = outreach_timeline.last_letter(db, position.employer_id, caller.actor.id)
        outreach = interviews.latest(db, position_id, candidate_id)
    return Seen(
        position, candidate_id, employer, profile, hidden, outreach, _beginning(position, letter)
    )


def _beginning(position: Position, last_message: outreach_timeline.Step | None) -> Sent:
    fields = [("location", position.location or ""), ("remote", "true" if position.remote else "")]
    if pay := position.salary:
        said = pay.model_dump(mode="json", exclude_none=True)
        fields += [(f"salary.{name}", str(value)) for name, value in said.items()]
    if last_message:
        for name in ("sender_name", "sender_role"):
            if (signed := last_message.personal.get(name)) not in (None, ERASED):
                fields.append((name, str(signed)))
    return Sent(fields)


def profile_with_faults(
    visit: Visit, position_id: UUID, candidate_id: UUID, error: Exception
) -> Response:
    """The profile with the reasons why a decision about the candidate was refused."""
    seen = _seen_now(visit.caller, position_id, candidate_id)
    if seen.profile is None:
        raise seen.hidden or NotFound(Candidate, candidate_id)
    back = page_of(position_id, visit.sent.value("_back"))
    return visit.page("profile.html", Faults(error), **shown(seen, back) | {"of_review": True})


def shown(seen: Seen, at: str = "") -> dict[str, Any]:
    """What the templates of a profile take; `at` is the list that it was opened from."""
    jobs, unknown = seen.profile.jobs if seen.profile else [], PartialDate(1)
    home = f"/positions/{seen.position.position_id}"
    tab = "recommendations" if seen.profile and not seen.profile.passive else "passive-candidates"
    return vars(seen) | {
        "jobs": sorted(jobs, key=lambda job: job.started_on or unknown, reverse=True),
        "facts": _facts(seen.profile) if seen.profile else [],
        "reasons": in_plain_words(seen.profile) if seen.profile else None,
        "of_review": False,
        "previewed": None,
        "at": at,
        "list_at": list_of(at) if at else f"{home}/{tab}",
        "profile_path": f"{home}/candidates/{seen.candidate_id}",
    }


def _facts(profile: FullProfile) -> list[tuple[str, Any, Origin | None]]:
    """The fields that say something: each with its name, and its source and age."""
    known = profile.facts.known()
    return [
        (name, known[field], profile.provenance.get(field))
        for field, name in FIELDS.items()
        if known.get(field) not in (None, ())
    ]

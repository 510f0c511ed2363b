"""A candidate's whole profile as seen from a position, and the message to them."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response

from api.candidates import reviews, viewings, visibility
from api.candidates.profile import FullProfile, approach
from api.console.session import Recruiter, RecruiterOrSupport, Visit
from api.http.caller import Caller
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
REASONS_AT_FIRST = 6

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
    employer: Employer | None
    profile: FullProfile | None
    hidden: NotFound | Problem | None
    """Why there is no profile to see."""
    outreach: Interview | None
    beginning: Sent
    """The first values of the message form, from the position and the last message."""


@router.get("/positions/{position_id}/candidates/{candidate_id}")
def profile_page(
    position_id: UUID, candidate_id: UUID, visit: RecruiterOrSupport, tasks: BackgroundTasks
) -> Response:
    """A candidate's profile, each field with its source and age; and the message form."""
    seen = _seen(visit.caller, position_id, candidate_id)
    if seen.profile is None:
        raise seen.hidden or NotFound(Candidate, candidate_id)
    viewings.note_opened(visit.caller, tasks, seen.position, seen.profile)
    return visit.page("profile.html", **_shown(seen))


UNAVAILABLE = Problem(
    409,
    "refused",
    "This candidate can no longer be contacted.",
    [Reason(code="unavailable", detail="This candidate can no longer be contacted.")],
)


@router.post("/positions/{position_id}/candidates/{candidate_id}")
def write(position_id: UUID, candidate_id: UUID, visit: Recruiter) -> Response:
    """Preview a message, edit it, or send it."""
    by = visit.sent.value("_by")
    if by not in APPROACHES:
        raise Problem(400, "bad-form", "The form lacks how to approach; open the page again.")
    command, notice = APPROACHES[by]
    step = visit.sent.value("_step")
    try:
        if step != "write":
            message = visit.sent.read(Message)
        if step == "send":
            send = partial(approach, visit.caller, command, position_id, candidate_id, message)
            result = once(send)
            return visit.done(result, f"/positions/{position_id}/interviews", notice)
    except REFUSED as error:
        seen = _seen_now(visit.caller, position_id, candidate_id)
        page = "profile.html" if seen.profile else "message_kept.html"
        why = UNAVAILABLE if isinstance(error, NotFound) else error
        return visit.again(page, why, **_shown(seen))
    seen = _seen(visit.caller, position_id, candidate_id)
    if step == "preview" and seen.profile:
        return visit.page("preview.html", sent=visit.sent, message=message, **_shown(seen))
    page = "profile.html" if seen.profile else "message_kept.html"
    return visit.page(page, sent=visit.sent, **_shown(seen))


def _seen_now(caller: Caller, position_id: UUID, candidate_id: UUID) -> Seen:
    """What the page shows at the end of the log, so that it agrees with the refusal."""
    try:
        reached = caller.marketplace.store.head()
        return _seen(replace(caller, after=reached), position_id, candidate_id)
    except NotCaughtUp:
        return _seen(replace(caller, after=None), position_id, candidate_id)


def _seen(caller: Caller, position_id: UUID, candidate_id: UUID) -> Seen:
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
    return Seen(position, employer, profile, hidden, outreach, _beginning(position, letter))


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
    return visit.page("profile.html", Faults(error), **_shown(seen) | {"of_review": True})


def _shown(seen: Seen) -> dict[str, Any]:
    jobs, unknown = seen.profile.jobs if seen.profile else [], PartialDate(1)
    return vars(seen) | {
        "jobs": sorted(jobs, key=lambda job: job.started_on or unknown, reverse=True),
        "facts": _facts(seen.profile) if seen.profile else [],
        "reasons": _weighed(seen.profile) if seen.profile else [],
        "reasons_at_first": REASONS_AT_FIRST,
        "of_review": False,
    }


def _facts(profile: FullProfile) -> list[tuple[str, Any, Origin | None]]:
    """The fields that say something: each with its name, and its source and age."""
    known = profile.facts.known()
    return [
        (name, known[field], profile.provenance.get(field))
        for field, name in FIELDS.items()
        if known.get(field) not in (None, ())
    ]


def _weighed(profile: FullProfile) -> list[tuple[str, float, float]]:
    """Every reason for the likelihood: its words, what it adds, and its share of the weightiest."""
    given = profile.likelihood.reasons if profile.likelihood else []
    heaviest = max((abs(reason.contribution) for reason in given), default=0) or 1
    return [
        (reason.text, reason.contribution, abs(reason.contribution) / heaviest) for reason in given
    ]

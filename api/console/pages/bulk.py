"""What is done for several candidates of a list: for each by itself, as if there was no other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.candidates import reviews, visibility
from api.candidates.letter_fields import check_complete, fill, own_fields
from api.candidates.profile import FullProfile, approach
from api.candidates.reviews import decide
from api.console.seen import beginning_of
from api.console.session import Recruiter, Visit
from api.console.way_back import list_of, page_of
from api.http.caller import Caller, CommandResult
from api.http.problems import Problem, problem_of
from api.routes.reviews import WhyNot
from api.web.forms import REFUSED, Faults, Sent
from domain.aggregate import Refused
from domain.command import NotFound
from domain.contacting import Message, RequestInterview, SendMessage
from domain.review import SetCandidateAside, ShortlistCandidate
from domain.template import fields
from infrastructure.database.postgres import Database
from projections import employers, interviews, outreach_timeline, templates
from projections.candidate_pool import CandidatePool
from projections.employers import Employer, Employers
from projections.interview_list import Interview, InterviewList
from projections.likelihood.projection import Likelihoods
from projections.outreach_timeline import OutreachTimeline
from projections.positions import Position, Positions
from projections.profiles_opened import ProfilesOpened
from projections.remarks import Remarks
from projections.reviews import Reviews
from projections.templates import Template, Templates

router = APIRouter()

Act = Callable[[Caller, UUID], CommandResult]

MOST_AT_ONCE = 50
UNSEEN = "A candidate who can't be shown any more"

READS = (Positions, CandidatePool, Employers, InterviewList, OutreachTimeline, Templates, Reviews)

SAID = {
    "shortlist": ("shortlisted", "shortlisted"),
    "set-aside": ("hidden from this position", "hidden from this position"),
    "send": ("message leaves soon", "messages leave soon"),
}
"""What became of one, and of several."""


@dataclass(frozen=True)
class Ticked:
    """The candidates whose rows were ticked, as far as they may be seen, and what a form needs."""

    position: Position
    employer: Employer | None
    profiles: dict[UUID, FullProfile]
    templates: list[Template]
    beginning: Sent


@dataclass
class Outcome:
    """The candidates it was done for, and those skipped, with the reason."""

    said: str = ""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    rows: list[tuple[FullProfile, Interview | None]] = field(default_factory=list)


@router.post("/positions/{position_id}/bulk")
def do_for_several(position_id: UUID, visit: Recruiter) -> Response:
    """Shortlist the ticked candidates, set them aside, or write to them."""
    ids, step = _ids(visit.sent), visit.sent.value("_step")
    ticked = _ticked(visit.caller, position_id, ids)
    try:
        message = visit.sent.read(Message) if step in ("preview", "send") else None
        act = _act(visit.sent, ticked, step, message)
    except REFUSED as error:
        return _written(visit, ticked, visit.sent, faults=Faults(error))
    if act:
        return _done(visit, ticked, ids, act)
    typed = visit.sent if message else _begun(visit.sent, ticked)
    return _written(visit, ticked, typed, message)


def _act(sent: Sent, ticked: Ticked, step: str, message: Message | None) -> Act | None:
    """What a button does for each candidate; None if it only shows the message."""
    position_id = ticked.position.position_id
    if step == "shortlist":
        return lambda caller, each: decide(caller, ShortlistCandidate, position_id, each)
    if step == "set-aside":
        why = dict(sent.read(WhyNot))
        return lambda caller, each: decide(caller, SetCandidateAside, position_id, each, **why)
    if step == "send" and message:
        return lambda caller, each: _send(caller, ticked, each, message, sent)
    return None


def _ids(sent: Sent) -> list[UUID]:
    try:
        ids = list(dict.fromkeys(UUID(id) for id in sent.value("_candidate").split()))
    except ValueError:
        raise Problem(
            400, "bad-form", "The form names no candidates; open the page again."
        ) from None
    if not ids:
        raise Problem(422, "invalid", "Tick the candidates first.")
    if len(ids) > MOST_AT_ONCE:
        raise Problem(422, "invalid", f"Tick at most {MOST_AT_ONCE} candidates at once.")
    return ids


def _ticked(caller: Caller, position_id: UUID, ids: Sequence[UUID]) -> Ticked:
    with caller.reading(*READS, advisory=(Likelihoods, ProfilesOpened, Remarks)) as db:
        position = visibility.position_of(db, caller, position_id)
        letter = outreach_timeline.last_letter(db, position.employer_id, caller.actor.id)
        employer = employers.one(db, position.employer_id)
        return Ticked(
            position,
            employer,
            _profiles(db, caller, employer, position, ids),
            templates.of_employer(db, position.employer_id),
            beginning_of(position, letter),
        )


def _profiles(
    db: Database,
    caller: Caller,
    employer: Employer | None,
    position: Position,
    ids: Sequence[UUID],
) -> dict[UUID, FullProfile]:
    found = {}
    for id in ids:
        try:
            profile = visibility.profile_of(db, caller, employer, position, id)
        except (NotFound, Problem):
            continue
        (found[id],) = reviews.marked(db, caller, position, [profile])
    return found


def _begun(sent: Sent, ticked: Ticked) -> Sent:
    """What the form to write begins with: a template, what was typed, or the first values."""
    chosen = next(
        (one for one in ticked.templates if str(one.template_id) == sent.value("_template")), None
    )
    if chosen:
        kept = [said for said in sent.fields if said[0] not in ("subject", "text")]
        return Sent([*kept, ("subject", chosen.subject), ("text", chosen.text)])
    return sent if sent.value("_step") == "write" else ticked.beginning


def _send(caller: Caller, ticked: Ticked, id: UUID, message: Message, sent: Sent) -> CommandResult:
    """Send one of the messages, through the contact gate as every one."""
    profile = ticked.profiles[id]
    letter = _letter(ticked, profile, message, sent)
    check_complete(letter)
    about = (ticked.position.position_id, id, letter)
    if profile.passive:
        return approach(caller, SendMessage, *about, bulk=True)
    return approach(caller, RequestInterview, *about)


def _letter(ticked: Ticked, profile: FullProfile, message: Message, sent: Sent) -> Message:
    own = {name: sent.value(f"_field.{name}") for name in fields(message.subject, message.text)}
    return fill(message, profile, ticked.position, ticked.employer, own)


def _done(
    visit: Visit,
    ticked: Ticked,
    ids: Sequence[UUID],
    act: Act,
) -> Response:
    """Do it for each candidate, and say which ones were skipped."""
    outcome, done, reached = Outcome(), [], 0
    for id in ids:
        profile = ticked.profiles.get(id)
        if profile is None:
            outcome.skipped.append((UNSEEN, "they can no longer be contacted."))
            continue
        # Of their own, so that a form that is sent again does for each what is left.
        caller = replace(visit.caller, idempotency_key=f"{visit.caller.idempotency_key}/{id}")
        try:
            reached = max(reached, act(caller, id).log_position)
            done.append(id)
        except NotFound:
            outcome.skipped.append((UNSEEN, "they can no longer be contacted."))
        except (Refused, *REFUSED) as error:
            outcome.skipped.append((profile.name, _why(error)))
    one, several = SAID[visit.sent.value("_step")]
    outcome.said = f"{len(done)} {one if len(done) == 1 else several}."
    caller = replace(visit.caller, after=reached or visit.caller.after)
    with caller.reading(*READS, advisory=(Likelihoods, ProfilesOpened, Remarks)) as db:
        position = visibility.position_of(db, caller, ticked.position.position_id)
        now = _profiles(db, caller, ticked.employer, position, done)
        for id, profile in now.items():
            outcome.rows.append((profile, interviews.latest(db, position.position_id, id)))
        counts = visibility.counts(db, position, caller)
    return _page(visit, ticked, outcome=outcome, counts=counts)


def _why(error: Exception) -> str:
    details = problem_of(error).details
    return " ".join(reason.detail for reason in details.reasons) or details.detail


def _written(
    visit: Visit,
    ticked: Ticked,
    typed: Sent,
    previewed: Message | None = None,
    faults: Faults | None = None,
) -> Response:
    """The form to write to all of them, or how each will read it."""
    previews = []
    for profile in ticked.profiles.values() if previewed else ():
        letter = _letter(ticked, profile, previewed, visit.sent) if previewed else None
        previews.append((profile, letter, fields(letter.subject, letter.text) if letter else []))
    own = own_fields(typed.value("subject"), typed.value("text"))
    with visit.caller.reading(*READS) as db:
        counts = visibility.counts(db, ticked.position, visit.caller)
    about = {"typed": typed, "previews": previews, "own_fields": own, "counts": counts}
    response = _page(visit, ticked, faults, **about)
    if faults and visit.is_part:
        response.status_code = 422
    return response


def _page(visit: Visit, ticked: Ticked, faults: Faults | None = None, **shown: Any) -> Response:
    home = f"/positions/{ticked.position.position_id}"
    back = page_of(ticked.position.position_id, visit.sent.value("_back"))
    about = {
        "outcome": None,
        "position": ticked.position,
        "employer": ticked.employer,
        "recipients": [*ticked.profiles.values()],
        "templates": ticked.templates,
        "bulk_path": f"{home}/bulk",
        "list_at": list_of(back) if back else f"{home}/passive-candidates",
        "is_part": visit.is_part,
        "tab": "",
        "sent": visit.sent,
    }
    return visit.page("bulk_part.html" if visit.is_part else "bulk.html", faults, **about | shown)

"""What there is to see of a candidate from a position, and how templates take it."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from api.candidates import reviews, visibility
from api.candidates.profile import FullProfile
from api.candidates.remarks import RemarksOf, of_candidate
from api.console.way_back import list_of
from api.console.wording.reason_words import in_plain_words
from api.http.caller import Caller
from api.http.problems import Problem
from api.web.forms import Sent
from domain.actor import Role
from domain.command import NotFound
from domain.event import ERASED
from domain.partial_date import PartialDate
from infrastructure.projecting.checkpoints import NotCaughtUp
from projections import employers, interviews, outreach_timeline, templates
from projections.candidate_pool import CandidatePool
from projections.candidate_profiles import Origin
from projections.employers import Employer, Employers
from projections.interview_list import Interview, InterviewList
from projections.likelihood.projection import Likelihoods
from projections.outreach_timeline import OutreachTimeline
from projections.positions import Position, Positions
from projections.profiles_opened import ProfilesOpened
from projections.remarks import Remarks, TagInUse, tags_in_use
from projections.templates import Template, Templates

READS = (
    Positions,
    CandidatePool,
    Employers,
    InterviewList,
    OutreachTimeline,
    Templates,
    Remarks,
)

EVERY_REASON = 1_000

FIELDS = {
    "roles": "Role",
    "years_experience": "Experience",
    "in_present_job_since": "In current job since",
    "city": "City",
    "country": "Country",
    "open_to_remote": "Remote work",
    "expected_salary": "Expected salary",
    "work_authorisation": "Work permit",
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
    templates: list[Template]
    remarks: RemarksOf | None
    """What the company notes about the candidate. None for others."""
    tags_in_use: list[TagInUse]


def seen_now(caller: Caller, position_id: UUID, candidate_id: UUID) -> Seen:
    """What the page shows at the end of the log, so that it agrees with the refusal."""
    try:
        reached = caller.marketplace.store.head()
        return seen_by(replace(caller, after=reached), position_id, candidate_id)
    except NotCaughtUp:
        return seen_by(replace(caller, after=None), position_id, candidate_id)


def seen_by(caller: Caller, position_id: UUID, candidate_id: UUID) -> Seen:
    """What a caller sees of a candidate from a position."""
    with caller.reading(*READS, advisory=(Likelihoods, ProfilesOpened)) as db:
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
        is_writer = caller.actor.role in (Role.RECRUITER, Role.ADMIN)
        texts = templates.of_employer(db, position.employer_id) if is_writer else []
        outreach = interviews.latest(db, position_id, candidate_id)
        noted, tags = None, []
        if profile and is_writer:
            noted = of_candidate(db, position.employer_id, candidate_id)
            tags = tags_in_use(db, position.employer_id)
    beginning = beginning_of(position, letter)
    return Seen(
        position, candidate_id, employer, profile, hidden, outreach, beginning, texts, noted, tags
    )


def beginning_of(position: Position, last_message: outreach_timeline.Step | None) -> Sent:
    """The first values of a message form, from the position and the last message."""
    fields = [("location", position.location or ""), ("remote", "true" if position.remote else "")]
    if pay := position.salary:
        said = pay.model_dump(mode="json", exclude_none=True)
        fields += [(f"salary.{name}", str(value)) for name, value in said.items()]
    if last_message:
        for name in ("sender_name", "sender_role"):
            if (signed := last_message.personal.get(name)) not in (None, ERASED):
                fields.append((name, str(signed)))
    return Sent(fields)


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
        "own_fields": [],
        "missing": [],
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

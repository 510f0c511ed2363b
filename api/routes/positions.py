"""Positions, their filters, and the candidates that the filters let through."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Body, Query
from pydantic import AfterValidator, BaseModel, Field

from api.candidates import cards, reviews, viewings, visibility
from api.candidates.cards import Card, NamedInterview
from api.candidates.profile import Explanation, FullProfile, approach, current_explanation
from api.candidates.visibility import Counts, position_of, profile_of
from api.formats.documents import BadDocument, DocumentWarning
from api.formats.job_posting import ReadPosting, read_posting
from api.http.access import Reader, Recruiter, RecruiterOrSupport
from api.http.caller import Caller, CommandResult, IfMatch, version_in
from api.http.lists import Cursor, Limit
from api.http.problems import Problem, Reason
from domain.actor import Role
from domain.candidate import Candidate
from domain.command import NotFound
from domain.contacting import Message, RequestInterview, SendMessage
from domain.employer import Employer
from domain.filters import Filters
from domain.money import SalaryRange
from domain.outreach_events import Status
from domain.position import (
    ClosePosition,
    Description,
    OpenPosition,
    Place,
    SetClosingDate,
    SetDetails,
    SetFilters,
    Title,
)
from domain.values import Flag, Moment, StorableText, Value
from domain.viewing import Feed, Sort
from projections import candidate_counts, employers, positions
from projections.candidate_counts import Relaxation
from projections.candidate_pool import CandidatePool
from projections.canonical import with_canonical_names
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.interviews import of_position
from projections.likelihood.projection import Likelihoods
from projections.paging import Listed
from projections.positions import Positions
from projections.profiles_opened import ProfilesOpened
from projections.remarks import Remarks
from projections.teams import Teams

router = APIRouter(tags=["Positions"])

READS_OF_PROFILE = (Positions, CandidatePool, Employers, InterviewList)

ReadFilters = Annotated[Filters, AfterValidator(with_canonical_names)]
"""Filters whose countries and languages are written in any of their names or codes."""


class Details(Value):
    """What a position says of itself."""

    title: Title
    description: Description = ""
    location: Place | None = None
    remote: Flag = False
    salary: SalaryRange | None = None


class NewPosition(Details):
    """A position to open."""

    filters: ReadFilters = Filters()
    closes_at: Moment | None = Field(None, description="when it closes by itself")


class ClosingDate(Value):
    """When a position closes by itself; null for never."""

    closes_at: Moment | None


class Closure(Value):
    """Why a position is closed."""

    reason: Annotated[StorableText, Field(min_length=1, max_length=500)] = "filled"


class Approach(Value):
    """A message and the candidate it goes to."""

    candidate_id: UUID
    message: Message


class NewMessage(Approach):
    """A message, and whether it is one of many."""

    bulk: Flag = Field(
        False,
        description="sent as one of many, such as by a program that goes through a list; refused"
        " (`bulk_messages_restricted`) while the employer may only send single messages",
    )


@router.post("/employers/{employer_id}/positions", status_code=201)
def open_position(employer_id: UUID, body: NewPosition, caller: Recruiter) -> CommandResult:
    """Open a position. Takes an approved employer."""
    return caller.run(
        OpenPosition, employer_id=employer_id, position_id=caller.new_id(), **dict(body)
    )


class OpenedFromPosting(CommandResult):
    """The position that a posting became."""

    warnings: list[DocumentWarning] = Field(description="what was left out, or read in part")


Posting = Annotated[Any, Body(description="JSON-LD with a schema.org `JobPosting`")]


@router.post("/employers/{employer_id}/job-postings", status_code=201)
def open_position_from_job_posting(
    employer_id: UUID, document: Posting, caller: Recruiter
) -> OpenedFromPosting:
    """Open a position from a schema.org `JobPosting`; a preview shows what is understood."""
    posting = posting_of(employer_id, document, caller)
    opened = caller.run(
        OpenPosition,
        employer_id=employer_id,
        position_id=caller.new_id(),
        # What the posting says depends on the day that it is read on; what was sent does not.
        payload=document,
        **posting.facts(),
    )
    return OpenedFromPosting(**dict(opened), warnings=[*posting.warnings])


@router.post("/employers/{employer_id}/job-postings/preview")
def preview_job_posting(employer_id: UUID, document: Posting, caller: Recruiter) -> ReadPosting:
    """What a `JobPosting` is understood as, and what is left out. Nothing is opened."""
    return posting_of(employer_id, document, caller)


def posting_of(employer_id: UUID, document: Any, caller: Caller) -> ReadPosting:
    """A posting of an employer as it is understood. Raises a 422 if it has no title."""
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    try:
        return read_posting(document, caller.at)
    except BadDocument as error:
        reasons = [Reason(code="bad_document", detail=problem) for problem in error.problems]
        raise Problem(422, "invalid", str(error), reasons) from None


@router.get("/employers/{employer_id}/positions")
def list_positions(
    employer_id: UUID,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[positions.PositionStatus | None, Query(description="only these")] = None,
) -> Listed[positions.Position]:
    """An employer's positions, the newest first."""
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    with caller.reading(Positions) as db:
        return positions.of_employer(db, employer_id, limit, cursor, status=status)


@router.get("/positions/{position_id}")
def read_position(position_id: UUID, caller: Reader) -> positions.Position:
    """A position with its filters."""
    with caller.reading(Positions) as db:
        position = position_of(db, caller, position_id)
    caller.set_etag(position.version)
    return position


@router.put("/positions/{position_id}/details")
def set_details(
    position_id: UUID, body: Details, caller: Recruiter, if_match: IfMatch = None
) -> CommandResult:
    """Change a position's title, description, place and salary.

    All of them are replaced. Messages that were sent stay as they are, and their candidates go on
    reading the position as it was then.
    """
    return caller.run(
        SetDetails, if_version=version_in(if_match), position_id=position_id, **dict(body)
    )


@router.put("/positions/{position_id}/filters")
def set_filters(
    position_id: UUID, body: ReadFilters, caller: Recruiter, if_match: IfMatch = None
) -> CommandResult:
    """Change whom a position is for."""
    return caller.run(
        SetFilters, if_version=version_in(if_match), position_id=position_id, filters=body
    )


@router.put("/positions/{position_id}/closing-date")
def set_closing_date(
    position_id: UUID, body: ClosingDate, caller: Recruiter, if_match: IfMatch = None
) -> CommandResult:
    """Change when a position closes by itself."""
    return caller.run(
        SetClosingDate,
        if_version=version_in(if_match),
        position_id=position_id,
        closes_at=body.closes_at,
    )


@router.post("/positions/{position_id}/closure", status_code=201)
def close(
    position_id: UUID, body: Closure, caller: Recruiter, if_match: IfMatch = None
) -> CommandResult:
    """Close a position for good."""
    return caller.run(
        ClosePosition, if_version=version_in(if_match), position_id=position_id, reason=body.reason
    )


@router.get("/positions/{position_id}/counts")
def count(position_id: UUID, caller: Reader) -> Counts:
    """How many each tab of a position has."""
    with caller.reading(Positions, CandidatePool, InterviewList) as db:
        return visibility.counts(db, position_of(db, caller, position_id), caller)


@router.get("/positions/{position_id}/relaxations")
def list_relaxations(position_id: UUID, caller: RecruiterOrSupport) -> list[Relaxation]:
    """What dropping each criterion of the filters would add, the most first."""
    with caller.reading(Positions, CandidatePool) as db:
        position = position_of(db, caller, position_id)
        return candidate_counts.relaxations(db, cards.search(position, caller.at))


class FeedQuery(BaseModel):
    """Which part of a list, and in which order."""

    limit: Limit = 20
    cursor: Cursor = None
    sort: Sort = Sort.LIKELIHOOD


Asked = Annotated[FeedQuery, Query()]


@router.get("/positions/{position_id}/recommendations")
def recommendations(
    position_id: UUID, caller: RecruiterOrSupport, tasks: BackgroundTasks, asked: Asked
) -> Listed[Card]:
    """The active candidates whom the filters let through, the likeliest to respond first."""
    return _listed(position_id, caller, tasks, Feed.RECOMMENDATIONS, asked)


@router.get("/positions/{position_id}/passive-candidates")
def passive_candidates(
    position_id: UUID, caller: RecruiterOrSupport, tasks: BackgroundTasks, asked: Asked
) -> Listed[Card]:
    """The passive candidates whom the filters let through. Takes an employer in the beta."""
    return _listed(position_id, caller, tasks, Feed.PASSIVE, asked)


@router.get("/positions/{position_id}/candidates/{candidate_id}")
def read_profile(
    position_id: UUID, candidate_id: UUID, caller: RecruiterOrSupport, tasks: BackgroundTasks
) -> FullProfile:
    """A candidate's whole profile as seen from a position, and how to approach them."""
    with caller.reading(*READS_OF_PROFILE, advisory=(Likelihoods, ProfilesOpened, Remarks)) as db:
        position = position_of(db, caller, position_id)
        employer = employers.one(db, position.employer_id)
        profile = profile_of(db, caller, employer, position, candidate_id)
        (profile,) = reviews.marked(db, caller, position, [profile])
    viewings.note_opened(caller, tasks, position, profile)
    return profile


@router.get("/positions/{position_id}/candidates/{candidate_id}/likelihood")
def explain_likelihood(
    position_id: UUID, candidate_id: UUID, caller: RecruiterOrSupport
) -> Explanation:
    """Why a candidate is as likely to respond to this position as they are, feature by feature.

    Recruiters read behaviour (activity in detail, approaches of other employers) as one line, and
    the likelihood in steps.
    """
    with caller.reading(*READS_OF_PROFILE, Likelihoods) as db:
        position = position_of(db, caller, position_id)
        employer = employers.one(db, position.employer_id)
        profile_of(db, caller, employer, position, candidate_id)
        explained = current_explanation(
            db,
            candidate_id,
            position_id,
            caller.at,
            to_recruiter=caller.actor.role is Role.RECRUITER,
        )
    if explained is None:
        raise NotFound(Candidate, candidate_id)
    return explained


@router.post("/positions/{position_id}/messages", status_code=201)
def send_message(position_id: UUID, body: NewMessage, caller: Recruiter) -> CommandResult:
    """Send a message to a passive candidate about this position."""
    return approach(caller, SendMessage, position_id, **dict(body))


@router.post("/positions/{position_id}/interview-requests", status_code=201)
def request_interview(position_id: UUID, body: Approach, caller: Recruiter) -> CommandResult:
    """Ask an active candidate for an interview about this position."""
    return approach(caller, RequestInterview, position_id, **dict(body))


@router.get("/positions/{position_id}/interviews")
def interviews(
    position_id: UUID,
    caller: RecruiterOrSupport,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Status | None = None,
    badge: Annotated[
        Literal["Passive Candidate", "none"] | None, Query(description="only with, or without")
    ] = None,
    sent_by: Annotated[
        StorableText | None,
        Query(
            max_length=200, description="only what one person sent, by their id; `me` for one's own"
        ),
    ] = None,
) -> Listed[NamedInterview]:
    """Everyone approached for a position, the latest first, passive ones with their badge."""
    with caller.reading(Positions, InterviewList, CandidatePool, Teams) as db:
        position = position_of(db, caller, position_id)
        listed = of_position(
            db,
            position.employer_id,
            position_id,
            limit,
            cursor,
            status=status,
            passive=None if badge is None else badge != "none",
            sent_by=caller.actor.id if sent_by == "me" else sent_by,
        )
        return cards.with_names(db, listed)


def _listed(
    position_id: UUID, caller: Caller, tasks: BackgroundTasks, feed: Feed, asked: FeedQuery
) -> Listed[Card]:
    limit, cursor, sort = asked.limit, asked.cursor, asked.sort
    advisory = (Likelihoods, ProfilesOpened, Remarks)
    with caller.reading(Positions, CandidatePool, Employers, advisory=advisory) as db:
        position = position_of(db, caller, position_id)
        visibility.check_may_look(employers.one(db, position.employer_id), position, feed)
        listed = cards.of_feed(db, feed, position, caller.at, limit, cursor, sort)
        listed.items = reviews.marked(db, caller, position, listed.items)
    viewings.note_shown(caller, tasks, position, feed, sort, listed.items)
    return listed

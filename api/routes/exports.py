"""Lists as files for spreadsheets, and the profile of a candidate who said yes as JSON Resume.

`format` or the Accept header says which file: CSV or XLSX. A file has the first thousand rows of
its list, in the list's order and with its filters, and says what the list itself says. Cells that a
spreadsheet would run begin with an apostrophe. Who takes candidates away is noted.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api.candidates import exports
from api.candidates.visibility import position_of
from api.formats import position_table
from api.formats.tables import FILES, TableFormat, asked_for, download
from api.http.access import Reader, Recruiter, RecruiterOrSupport
from api.http.caller import Caller
from domain.command import NotFound
from domain.employer import Employer
from domain.outreach_events import Status
from domain.values import StorableText
from domain.viewing import Feed, Sort
from projections import positions
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.likelihood.projection import Likelihoods
from projections.outreach_timeline import OutreachTimeline
from projections.positions import Positions, PositionStatus
from projections.profiles_opened import ProfilesOpened
from projections.shortlist import Decided
from projections.teams import Teams

router = APIRouter(tags=["Exports"])

READS = (Positions, CandidatePool, Employers, InterviewList)
MARKS = (Likelihoods, ProfilesOpened)

Format = Annotated[
    TableFormat | None, Query(description="the kind of file; else the Accept header says, or CSV")
]
Badge = Annotated[
    Literal["Passive Candidate", "none"] | None, Query(description="only with, or without")
]

SentBy = Annotated[
    StorableText | None,
    Query(max_length=200, description="only what one person sent, by their id; `me` for one's own"),
]

AS_FILE: dict[str, Any] = {"response_class": Response, "responses": {200: FILES}}


@router.get("/positions/{position_id}/recommendations/file", **AS_FILE)
def export_recommendations(
    position_id: UUID,
    request: Request,
    caller: RecruiterOrSupport,
    format: Format = None,
    sort: Sort = Sort.LIKELIHOOD,
) -> Response:
    """The active candidates whom the filters let through, as a file."""
    return candidates_file(
        caller, position_id, Feed.RECOMMENDATIONS, sort, asked_for(request, format)
    )


@router.get("/positions/{position_id}/passive-candidates/file", **AS_FILE)
def export_passive_candidates(
    position_id: UUID,
    request: Request,
    caller: RecruiterOrSupport,
    format: Format = None,
    sort: Sort = Sort.LIKELIHOOD,
) -> Response:
    """The passive candidates whom the filters let through, as a file."""
    return candidates_file(caller, position_id, Feed.PASSIVE, sort, asked_for(request, format))


@router.get("/positions/{position_id}/shortlist/file", **AS_FILE)
def export_shortlist(
    position_id: UUID, request: Request, caller: Recruiter, format: Format = None
) -> Response:
    """The shortlist of a position as a file."""
    return decided_file(caller, position_id, Decided.SHORTLISTED, asked_for(request, format))


@router.get("/positions/{position_id}/set-aside/file", **AS_FILE)
def export_set_aside(
    position_id: UUID, request: Request, caller: Recruiter, format: Format = None
) -> Response:
    """The candidates whom the employer is not interested in, and why, as a file."""
    return decided_file(caller, position_id, Decided.SET_ASIDE, asked_for(request, format))


@router.get("/positions/{position_id}/interviews/file", **AS_FILE)
def export_interviews(
    position_id: UUID,
    request: Request,
    caller: RecruiterOrSupport,
    format: Format = None,
    status: Status | None = None,
    badge: Badge = None,
    sent_by: SentBy = None,
) -> Response:
    """Everyone approached for a position, as a file."""
    passive = None if badge is None else badge != "none"
    by = caller.actor.id if sent_by == "me" else sent_by
    file = asked_for(request, format)
    return interviews_file(caller, position_id, file, status=status, passive=passive, sent_by=by)


@router.get("/employers/{employer_id}/positions/file", **AS_FILE)
def export_positions(
    employer_id: UUID,
    request: Request,
    caller: Reader,
    format: Format = None,
    status: Annotated[PositionStatus | None, Query(description="only these")] = None,
) -> Response:
    """An employer's positions as a file."""
    return positions_file(caller, employer_id, status, asked_for(request, format))


@router.get("/outreach/{outreach_id}/resume")
def export_resume(outreach_id: UUID, caller: Recruiter) -> JSONResponse:
    """The profile of a candidate who said yes, as JSON Resume 1.0.0.

    How to reach them stands in it as far as they told the employer. 403 before a yes.
    """
    return resume_file(caller, outreach_id)


# Shared with the console's pages -----------------------------------------------------------------


def candidates_file(
    caller: Caller, position_id: UUID, kind: Feed, sort: Sort, file: TableFormat
) -> Response:
    """One of a position's two lists. Raises a 403 if its page would not show it."""
    with caller.reading(*READS, advisory=MARKS) as db:
        position = position_of(db, caller, position_id)
        return exports.feed(caller, db, position, kind, sort, file)


def decided_file(
    caller: Caller, position_id: UUID, decided: Decided, file: TableFormat
) -> Response:
    """A position's shortlist, or who is not of interest."""
    with caller.reading(*READS, advisory=MARKS) as db:
        position = position_of(db, caller, position_id)
        return exports.decided(caller, db, position, decided, file)


def interviews_file(caller: Caller, position_id: UUID, file: TableFormat, **only: Any) -> Response:
    """Everyone approached for a position, or some of them."""
    with caller.reading(*READS, Teams) as db:
        position = position_of(db, caller, position_id)
        return exports.approached(caller, db, position, file, **only)


def positions_file(
    caller: Caller, employer_id: UUID, status: PositionStatus | None, file: TableFormat
) -> Response:
    """An employer's positions. Raises `NotFound` if it is another's."""
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    with caller.reading(Positions) as db:
        rows = exports.first_rows(
            lambda cursor: positions.of_employer(
                db, employer_id, exports.PAGE, cursor, status=status
            )
        )
    return download(file, position_table.COLUMNS, rows, f"positions-{caller.at:%Y-%m-%d}")


def resume_file(caller: Caller, outreach_id: UUID) -> JSONResponse:
    """The profile of a candidate who said yes. Raises a 403 before they do."""
    with caller.reading(InterviewList, CandidatePool, OutreachTimeline, Positions) as db:
        document = exports.resume(caller, db, outreach_id)
    disposition = {"Content-Disposition": 'attachment; filename="resume.json"'}
    return JSONResponse(document, headers=disposition)

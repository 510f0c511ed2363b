"""Lists as files, and the profile of a candidate who said yes."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response

from api.console.pages.feeds import Listing
from api.console.session import PositionReader, Recruiter, RecruiterOrSupport
from api.formats.tables import TableFormat
from api.routes.employers import read_employer
from api.routes.exports import (
    candidates_file,
    decided_file,
    interviews_file,
    positions_file,
    resume_file,
)
from domain.outreach_events import Status
from domain.viewing import Sort
from projections.positions import PositionStatus
from projections.shortlist import Decided

router = APIRouter()


@router.get("/positions/{position_id}/recommendations/file")
@router.get("/positions/{position_id}/passive-candidates/file")
def candidates(
    position_id: UUID,
    feed: Listing,
    visit: RecruiterOrSupport,
    format: TableFormat = TableFormat.CSV,
    sort: Sort = Sort.LIKELIHOOD,
) -> Response:
    """One of a position's two lists."""
    return candidates_file(visit.caller, position_id, feed, sort, format)


@router.get("/positions/{position_id}/shortlist/file")
def decided(
    position_id: UUID,
    visit: Recruiter,
    format: TableFormat = TableFormat.CSV,
    show: Decided = Decided.SHORTLISTED,
) -> Response:
    """A position's shortlist, or who is not of interest."""
    return decided_file(visit.caller, position_id, show, format)


@router.get("/positions/{position_id}/interviews/file")
def interviews(
    position_id: UUID,
    visit: RecruiterOrSupport,
    format: TableFormat = TableFormat.CSV,
    status: Status | Literal[""] = "",
    badge: Literal["", "passive", "active"] = "",
    whose: Literal["", "mine"] = "",
) -> Response:
    """Everyone approached for a position, as the page's filters have it."""
    passive = badge == "passive" if badge else None
    return interviews_file(
        visit.caller,
        position_id,
        format,
        status=status or None,
        passive=passive,
        sent_by=visit.caller.actor.id if whose else None,
    )


@router.get("/positions/file")
def positions(
    visit: PositionReader,
    format: TableFormat = TableFormat.CSV,
    employer: UUID | None = None,
    status: PositionStatus = PositionStatus.OPEN,
) -> Response:
    """An employer's positions."""
    employer_id = employer or visit.caller.actor.employer_id
    if employer_id is None:
        return visit.go("/positions")
    who = read_employer(employer_id, visit.caller)
    return positions_file(visit.caller, who.employer_id, status, format)


@router.get("/outreach/{outreach_id}/resume")
def resume(outreach_id: UUID, visit: Recruiter) -> Response:
    """The profile of a candidate who said yes, as JSON Resume."""
    return resume_file(visit.caller, outreach_id)

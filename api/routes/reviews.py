"""What recruiters decide about candidates: a position's shortlist, and who is not of interest."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from api.candidates import reviews
from api.candidates.cards import Card
from api.candidates.reviews import DecidedCard, decide
from api.candidates.visibility import position_of
from api.http.access import Recruiter
from api.http.caller import Caller, CommandResult
from api.http.lists import Cursor, Limit
from domain.review import (
    Note,
    SetAsideReason,
    SetCandidateAside,
    ShortlistCandidate,
    TakeCandidateBack,
    UnshortlistCandidate,
)
from domain.tagging import Tag
from domain.values import Value
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.likelihood.projection import Likelihoods
from projections.paging import Listed
from projections.positions import Positions
from projections.profiles_opened import ProfilesOpened
from projections.remarks import Remarks
from projections.shortlist import Decided

router = APIRouter(prefix="/positions/{position_id}", tags=["Shortlists"])


class WhyNot(Value):
    """Why a candidate is not of interest. The company sees it, and the person in their data."""

    reason: SetAsideReason
    note: Note | None = Field(None, description="the person can read it in what is held about them")


@router.get("/shortlist")
def list_shortlist(
    position_id: UUID,
    caller: Recruiter,
    limit: Limit = 20,
    cursor: Cursor = None,
    tag: Annotated[Tag | None, Query(description="only those with this tag")] = None,
) -> Listed[Card]:
    """The shortlist of a position, the latest first.

    It leaves out candidates who cannot be contacted now. Those who were contacted about the
    position are under its interviews.
    """
    listed = _listed(position_id, caller, Decided.SHORTLISTED, limit, cursor, tag)
    return Listed(items=[*listed.items], next_cursor=listed.next_cursor)


@router.get("/set-aside")
def list_set_aside(
    position_id: UUID, caller: Recruiter, limit: Limit = 20, cursor: Cursor = None
) -> Listed[DecidedCard]:
    """The candidates whom the employer is not interested in for a position, and why."""
    return _listed(position_id, caller, Decided.SET_ASIDE, limit, cursor)


@router.post("/candidates/{candidate_id}/shortlist", status_code=201)
def shortlist(position_id: UUID, candidate_id: UUID, caller: Recruiter) -> CommandResult:
    """Put a candidate on the position's shortlist."""
    return decide(caller, ShortlistCandidate, position_id, candidate_id)


@router.delete("/candidates/{candidate_id}/shortlist")
def unshortlist(position_id: UUID, candidate_id: UUID, caller: Recruiter) -> CommandResult:
    """Take a candidate off the position's shortlist."""
    return decide(caller, UnshortlistCandidate, position_id, candidate_id)


@router.post("/candidates/{candidate_id}/set-aside", status_code=201)
def set_aside(
    position_id: UUID, candidate_id: UUID, body: WhyNot, caller: Recruiter
) -> CommandResult:
    """Leave a candidate out of the position's lists, because they are not of interest.

    They cannot be contacted about the position until they are taken back. The first reason stays
    until then. Other positions are not concerned, and the candidate is not told.
    """
    return decide(caller, SetCandidateAside, position_id, candidate_id, **dict(body))


@router.delete("/candidates/{candidate_id}/set-aside")
def take_back(position_id: UUID, candidate_id: UUID, caller: Recruiter) -> CommandResult:
    """Take a candidate back who was set aside."""
    return decide(caller, TakeCandidateBack, position_id, candidate_id)


def _listed(
    position_id: UUID,
    caller: Caller,
    decided: Decided,
    limit: int,
    cursor: str | None,
    tag: str | None = None,
) -> Listed[DecidedCard]:
    reads = (Positions, CandidatePool, Employers, Remarks)
    with caller.reading(*reads, advisory=(Likelihoods, ProfilesOpened)) as db:
        position = position_of(db, caller, position_id)
        return reviews.listed(db, caller, position, decided, limit, cursor, tag)

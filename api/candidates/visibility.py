"""What of a position somebody may see: another's does not exist, and not every list is shown."""

from uuid import UUID

from pydantic import BaseModel

from api.candidates import cards
from api.candidates.profile import FullProfile, full_profile
from api.http.caller import Caller
from api.http.lists import found
from api.http.problems import Problem, Reason
from domain.aggregate import Refusal
from domain.candidate import Candidate
from domain.command import NotFound
from domain.employer import EmployerIsSuspended, EmployerNotApproved, NotInBeta
from domain.position import Position, PositionIsClosed
from domain.viewing import Feed
from infrastructure.database.postgres import Database
from infrastructure.projecting.checkpoints import log_positions as reached_by
from projections import interview_list, positions
from projections.candidate_pool import CandidatePool
from projections.employers import Employer, Employers
from projections.interview_list import InterviewList
from projections.positions import Positions


class Counts(BaseModel):
    """How many each tab of a position has, by its address."""

    recommendations: int
    passive_candidates: int
    interviews: int


def position_of(db: Database, caller: Caller, position_id: UUID) -> positions.Position:
    """The position, if it is the caller's. Raises `NotFound` otherwise."""
    return found(caller, Position, position_id, positions.one(db, position_id))


def counts(db: Database, position: positions.Position, caller: Caller) -> Counts:
    """How many each tab of a position has now."""
    active, passive = cards.counts(db, position, caller.at)
    return Counts(
        recommendations=active,
        passive_candidates=passive,
        interviews=interview_list.count(db, position.employer_id, position.position_id),
    )


def reached(caller: Caller) -> int:
    """How far the read models are that these counts are of. Nothing changes while it stays."""
    wanted = [CandidatePool(), Positions(), Employers(), InterviewList()]
    return min(reached_by(wanted, caller.marketplace.pool).values())


def reasons_against_looking(
    employer: Employer | None, position: positions.Position, feed: Feed
) -> list[Refusal]:
    """Nobody is shown to who may not approach them: every reason not to show this list."""
    against: list[Refusal] = []
    if employer is None or employer.status == "registered":
        against.append(EmployerNotApproved())
    elif employer.status == "suspended":
        against.append(EmployerIsSuspended(reason=employer.suspended_for))
    if feed is Feed.PASSIVE and not (employer and employer.in_beta):
        against.append(NotInBeta())
    if position.closed_at:
        against.append(PositionIsClosed())
    return against


def check_may_look(employer: Employer | None, position: positions.Position, feed: Feed) -> None:
    """Raise a 403 with every reason, if there is one not to show this list."""
    against = reasons_against_looking(employer, position, feed)
    if against:
        reasons = [Reason(code=reason.code, detail=str(reason)) for reason in against]
        raise Problem(403, "not-shown", " ".join(map(str, against)), reasons)


def profile_of(
    db: Database,
    caller: Caller,
    employer: Employer | None,
    position: positions.Position,
    candidate_id: UUID,
    *,
    reasons: int = cards.REASONS_SHOWN,
) -> FullProfile:
    """A candidate whom the caller may see as this position's, which is this employer's.

    Raises:
        NotFound: nobody is to be seen there.
        Problem: 403, with every reason.
    """
    profile = full_profile(db, position, candidate_id, caller.at, reasons=reasons)
    if profile is None:
        raise NotFound(Candidate, candidate_id)
    if profile.outreach_id is None:
        feed = Feed.PASSIVE if profile.passive else Feed.RECOMMENDATIONS
        check_may_look(employer, position, feed)
    return profile

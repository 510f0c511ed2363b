"""What a caller may see of a position: another employer's does not exist, nor do hidden people."""

import math
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from time import monotonic
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
from domain.outreach import Outreach
from domain.position import Position, PositionIsClosed
from domain.viewing import Feed
from infrastructure.database.postgres import Database, snapshot
from infrastructure.projecting.checkpoints import changed_log_position
from projections import candidate_counts, funnel, interviews, positions, shortlist
from projections.candidate_pool import CandidatePool
from projections.candidate_search import still_listed
from projections.employers import Employer, Employers
from projections.interview_list import Interview, InterviewList
from projections.positions import Positions
from projections.reviews import Reviews
from projections.shortlist import Decided

SHOWN_FOR = timedelta(hours=24)
"""How long a candidate's profile can be opened after a list showed them."""

POLLED_FOR = 2.0
"""Seconds for which open pages share what was counted."""

MOST_POLLED = 1_000
"""Positions whose counts are kept for that."""


class Counts(BaseModel):
    """How many each tab of a position has, by its address."""

    recommendations: int
    passive_candidates: int
    shortlist: int
    interviews: int


def position_of(db: Database, caller: Caller, position_id: UUID) -> positions.Position:
    """The position, if it is the caller's. Raises `NotFound` otherwise."""
    return found(caller, Position, position_id, positions.one(db, position_id))


def outreach_of(db: Database, caller: Caller, outreach_id: UUID) -> Interview:
    """The outreach, if it is the caller's. Raises `NotFound` otherwise."""
    return found(caller, Outreach, outreach_id, interviews.one(db, outreach_id))


def counts(db: Database, position: positions.Position, caller: Caller) -> Counts:
    """How many each tab of a position has now."""
    contacted = interviews.count(db, position.employer_id, position.position_id)
    if position.closed_at:  # nobody is shown for it any more
        return Counts(recommendations=0, passive_candidates=0, shortlist=0, interviews=contacted)
    search = cards.search(position, caller.at)
    active, passive = candidate_counts.counts(db, search)
    return Counts(
        recommendations=active,
        passive_candidates=passive,
        shortlist=shortlist.count(db, Decided.SHORTLISTED, search),
        interviews=contacted,
    )


def changed(db: Database) -> int:
    """The log position of the last change of what these counts are of."""
    return changed_log_position((CandidatePool, Positions, Employers, InterviewList, Reviews), db)


@dataclass
class _Polled:
    """The counts that a position's open pages share, and the log position that they are of."""

    lock: Lock = field(default_factory=Lock)
    counted_at: float = -math.inf
    log_position: int = 0
    counts: Counts | None = None


_polled: dict[tuple[UUID, int], _Polled] = {}


def polled_counts(
    db: Database, position: positions.Position, caller: Caller, *, since: int
) -> tuple[int, Counts] | None:
    """What `changed` and `counts` say, at most `POLLED_FOR` seconds old.

    For pages that ask every few seconds: however many there are, a position is counted once in that
    time. None if there is nothing newer than `since` to say yet, or another page is counting.
    """
    while len(_polled) >= MOST_POLLED:
        _polled.pop(next(iter(_polled)), None)
    polled = _polled.setdefault((position.position_id, position.version), _Polled())
    if not polled.lock.acquire(blocking=False):
        return None
    try:
        is_old = monotonic() - polled.counted_at > POLLED_FOR
        if polled.counts is None or is_old or polled.log_position < since:
            log_position = changed(db)
            polled.counts = counts(db, position, caller)
            polled.log_position, polled.counted_at = log_position, monotonic()
        return (polled.log_position, polled.counts) if polled.log_position > since else None
    finally:
        polled.lock.release()


def reasons_against_looking(
    employer: Employer | None, position: positions.Position, feed: Feed
) -> list[Refusal]:
    """Every reason not to show this list: only candidates who may be approached are shown."""
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
    """A candidate whom the caller may see from this position, which is this employer's.

    They may if the position approached the candidate, lists them now, has them on its shortlist or
    set aside, or showed them within the last `SHOWN_FOR`. Any other candidate is answered as an
    unknown one is.

    Raises:
        NotFound: the caller may not see the candidate, or there is none.
        Problem: 403, with every reason why the position's candidates are not shown.
    """
    profile = full_profile(db, position, candidate_id, caller.at, reasons=reasons)
    if profile and profile.outreach_id:
        return profile
    check_may_look(employer, position, Feed.RECOMMENDATIONS)
    if profile is None:
        raise NotFound(Candidate, candidate_id)
    feed = Feed.PASSIVE if profile.passive else Feed.RECOMMENDATIONS
    about = (position.employer_id, position.position_id)
    search = cards.search(position, caller.at)
    # At one moment: who is set aside meanwhile is one or the other, never neither.
    with snapshot(db):
        may_see = (
            shortlist.is_decided(db, *about, candidate_id)
            or funnel.was_shown(db, *about, candidate_id, caller.at - SHOWN_FOR)
            or (
                not reasons_against_looking(employer, position, feed)
                and still_listed(db, feed, search, [candidate_id])
            )
        )
    if not may_see:
        raise NotFound(Candidate, candidate_id)
    check_may_look(employer, position, feed)
    return profile

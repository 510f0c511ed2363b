"""A position's shortlist, who is not of interest, and the buttons that decide so."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Response

from api.candidates import cards, reviews, visibility
from api.candidates.reviews import decide
from api.console.pages.profile import panel, profile_with_faults
from api.console.seen import seen_by, shown
from api.console.session import Recruiter, Visit
from api.console.way_back import page_of, with_answer
from api.http.caller import CommandResult
from api.http.lists import Cursor
from api.http.problems import Problem
from api.routes.reviews import WhyNot
from api.web.forms import REFUSED
from api.web.once import once
from api.web.rendering import address
from domain.candidate import Candidate
from domain.command import Command, NotFound
from domain.review import (
    SetCandidateAside,
    ShortlistCandidate,
    TakeCandidateBack,
    UnshortlistCandidate,
)
from domain.tagging import Tag
from domain.terms import key
from domain.viewing import Feed
from projections import employers, shortlist
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.likelihood.projection import Likelihoods
from projections.paging import Listed
from projections.positions import Positions
from projections.profiles_opened import ProfilesOpened
from projections.remarks import Remarks
from projections.shortlist import Decided

router = APIRouter()

AT_A_TIME = 20

STEPS: Mapping[str, tuple[type[Command], str]] = {
    "shortlist": (ShortlistCandidate, "shortlisted"),
    "unshortlist": (UnshortlistCandidate, "unshortlisted"),
    "set-aside": (SetCandidateAside, "set-aside"),
    "take-back": (TakeCandidateBack, "taken-back"),
}
"""What each button does, and what the page says then."""

READS = (Positions, CandidatePool, Employers, InterviewList, Remarks)


@router.get("/positions/{position_id}/shortlist")
def shortlist_page(
    position_id: UUID,
    visit: Recruiter,
    tasks: BackgroundTasks,
    show: Annotated[Decided, Query()] = Decided.SHORTLISTED,
    tag: Annotated[Tag | None, Query()] = None,
    cursor: Cursor = None,
    open: UUID | None = None,
) -> Response:
    """The shortlist of a position, perhaps only those with a tag; or who is not of interest."""
    caller, path = visit.caller, f"/positions/{position_id}/shortlist"
    with caller.reading(*READS, advisory=(Likelihoods, ProfilesOpened)) as db:
        position = visibility.position_of(db, caller, position_id)
        employer = employers.one(db, position.employer_id)
        counts = visibility.counts(db, position, caller)
        search = cards.search(position, caller.at)
        set_aside = shortlist.count(db, Decided.SET_ASIDE, search)
        tags = shortlist.tags(db, show, search)
        against = visibility.reasons_against_looking(employer, position, Feed.RECOMMENDATIONS)
        listed: Listed[reviews.DecidedCard] = Listed(items=[])
        if not against:
            listed = reviews.listed(db, caller, position, show, AT_A_TIME, cursor, tag)
    shows = None if show is Decided.SHORTLISTED else show.value
    here = address(path, show=shows, tag=tag, cursor=cursor)
    chosen = tag and key(tag)
    return visit.page(
        "shortlist.html",
        position=position,
        employer=employer,
        counts=counts,
        set_aside=set_aside,
        against=against,
        tab="shortlist",
        shows_set_aside=show is Decided.SET_ASIDE,
        cards=listed.items,
        here=here,
        more_at=listed.next_cursor
        and address(path, show=shows, tag=tag, cursor=listed.next_cursor),
        tag=tag,
        everyone_at=address(path, show=shows),
        tags=[
            (one, address(path, show=shows, tag=one.tag), key(one.tag) == chosen) for one in tags
        ],
        undo=visit.undo(position_id, here),
        **panel(visit, tasks, position_id, open, here, listed.items),
    )


@router.post("/positions/{position_id}/candidates/{candidate_id}/review")
def review(position_id: UUID, candidate_id: UUID, visit: Recruiter) -> Response:
    """Shortlist a candidate, set them aside, or take that back; and go on where one was."""
    step = visit.sent.value("_step")
    if step not in STEPS:
        raise Problem(400, "bad-form", "The form lacks what to do; open the page again.")
    command, notice = STEPS[step]
    try:
        why = dict(visit.sent.read(WhyNot)) if step == "set-aside" else {}
        result = once(partial(decide, visit.caller, command, position_id, candidate_id, **why))
    except NotFound:
        raise
    except REFUSED as error:
        return profile_with_faults(visit, position_id, candidate_id, error)
    back = page_of(position_id, visit.sent.value("_back"))
    if visit.is_part:
        return _part(visit, result, position_id, candidate_id, back)
    page = back or f"/positions/{position_id}/candidates/{candidate_id}"
    answer = {"after": result.log_position, "notice": notice, "decided": candidate_id}
    return visit.go(with_answer(page, **answer))


def _part(
    visit: Visit, result: CommandResult, position_id: UUID, candidate_id: UUID, back: str
) -> Response:
    """What changes in the page: the panel, if it was decided there, the row, the counts."""
    caller = replace(visit.caller, after=result.log_position)
    seen = seen_by(caller, position_id, candidate_id)
    if seen.profile is None:
        raise seen.hidden or NotFound(Candidate, candidate_id)
    with caller.reading(*READS) as db:
        counts = visibility.counts(db, seen.position, caller)
    in_panel = visit.sent.value("_within") == "panel"
    response = visit.page("review_part.html", in_panel=in_panel, counts=counts, **shown(seen, back))
    if in_panel and seen.profile.set_aside:
        response.headers["HX-Trigger-After-Settle"] = "set-aside"
    return response

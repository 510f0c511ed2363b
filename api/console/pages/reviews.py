"""A position's shortlist, who is not of interest, and the buttons that decide so."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.candidates import cards, reviews, visibility
from api.candidates.reviews import decide
from api.console.pages.profile import profile_with_faults
from api.console.session import Recruiter, Visit
from api.http.caller import CommandResult
from api.http.lists import Cursor
from api.http.problems import Problem
from api.routes.reviews import WhyNot
from api.web.forms import REFUSED
from api.web.once import once
from api.web.rendering import address
from domain.command import Command, NotFound
from domain.review import (
    SetCandidateAside,
    ShortlistCandidate,
    TakeCandidateBack,
    UnshortlistCandidate,
)
from domain.viewing import Feed
from projections import employers, shortlist
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.likelihood.projection import Likelihoods
from projections.paging import Listed
from projections.positions import Positions
from projections.profiles_opened import ProfilesOpened
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

READS = (Positions, CandidatePool, Employers, InterviewList)


@router.get("/positions/{position_id}/shortlist")
def shortlist_page(
    position_id: UUID,
    visit: Recruiter,
    show: Annotated[Decided, Query()] = Decided.SHORTLISTED,
    cursor: Cursor = None,
) -> Response:
    """The shortlist of a position, or who is not of interest."""
    caller, path = visit.caller, f"/positions/{position_id}/shortlist"
    with caller.reading(*READS, advisory=(Likelihoods, ProfilesOpened)) as db:
        position = visibility.position_of(db, caller, position_id)
        employer = employers.one(db, position.employer_id)
        counts = visibility.counts(db, position, caller)
        set_aside = shortlist.count(db, Decided.SET_ASIDE, cards.search(position, caller.at))
        against = visibility.reasons_against_looking(employer, position, Feed.RECOMMENDATIONS)
        listed: Listed[reviews.DecidedCard] = Listed(items=[])
        if not against:
            listed = reviews.listed(db, caller, position, show, AT_A_TIME, cursor)
    here = address(path, show=None if show is Decided.SHORTLISTED else show.value, cursor=cursor)
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
        more_at=listed.next_cursor and address(path, show=show.value, cursor=listed.next_cursor),
        undo=visit.undo(position_id, here),
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
    if visit.request.headers.get("hx-request") == "true":
        return _part(visit, result, position_id, candidate_id)
    home = f"/positions/{position_id}"
    back = urlsplit(visit.sent.value("_back"))
    path = back.path if back.path.startswith(f"{home}/") else f"{home}/candidates/{candidate_id}"
    asked = dict(parse_qsl(back.query)) if path == back.path else {}
    kept = {name: said for name, said in asked.items() if name not in ("after", "notice")}
    answered = {"after": result.log_position, "notice": notice, "decided": candidate_id}
    fragment = f"#{back.fragment}" if path == back.path and back.fragment else ""
    return visit.go(address(path, **kept | answered) + fragment)


def _part(visit: Visit, result: CommandResult, position_id: UUID, candidate_id: UUID) -> Response:
    """What takes the place of a card's buttons, or of the card of a candidate who is set aside."""
    caller = replace(visit.caller, after=result.log_position)
    with caller.reading(*READS, advisory=(Likelihoods, ProfilesOpened)) as db:
        position = visibility.position_of(db, caller, position_id)
        employer = employers.one(db, position.employer_id)
        profile = visibility.profile_of(db, caller, employer, position, candidate_id)
        (profile,) = reviews.marked(db, caller, position, [profile])
        counts = visibility.counts(db, position, caller)
    back = visit.sent.value("_back")
    return visit.page("review_part.html", position=position, card=profile, counts=counts, back=back)

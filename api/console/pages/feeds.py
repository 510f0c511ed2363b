"""A position's two lists of candidates, and how its employer comes to see the passive ones."""

import json
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from api.candidates import cards, reviews, viewings, visibility
from api.candidates.cards import Card
from api.candidates.visibility import Counts
from api.console.pages.profile import panel
from api.console.session import Recruiter, RecruiterOrSupport, Visit
from api.http.caller import Caller
from api.http.lists import Cursor
from api.web.forms import REFUSED, Faults
from api.web.rendering import address
from domain.employer import JoinBeta
from domain.likelihood import BAND_FROM
from domain.viewing import Feed, Sort
from infrastructure.database.postgres import Database
from projections import candidate_counts, candidate_search, employers
from projections.candidate_counts import Relaxation
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.likelihood.projection import Likelihoods
from projections.paging import Listed
from projections.positions import Position, Positions
from projections.profiles_opened import ProfilesOpened
from projections.remarks import Remarks

router = APIRouter()

AT_A_TIME = 20
MOST_BY_SCROLLING = 60
"""From here on candidates come when asked for, so that somebody can reach the end of the page."""
MOST_ON_A_PAGE = 100
"""Their ids still fit into an address that proxies take, when the page asks for updates."""
MOST_RELAXATIONS = 3

MARKS = (Likelihoods, ProfilesOpened, Remarks)
"""What cards say that may be a moment old."""

PATHS = {Feed.RECOMMENDATIONS: "recommendations", Feed.PASSIVE: "passive-candidates"}
SORTS = {
    Sort.LIKELIHOOD: "Likelihood",
    Sort.MATCH: "Skills matched",
    Sort.LAST_ACTIVE: "Last active",
}


@dataclass(frozen=True)
class View:
    """How somebody looks at a list: its order, where the page starts, and how far it goes."""

    position_id: UUID
    feed: Feed
    sort: Sort
    cursor: str | None = None
    shown: int = AT_A_TIME

    def address(self, **more: object) -> str:
        """Where this view is."""
        sort = None if self.sort is Sort.LIKELIHOOD else self.sort.value
        shown = None if self.shown == AT_A_TIME else self.shown
        return address(self.path, **{"sort": sort, "cursor": self.cursor, "shown": shown, **more})

    @property
    def path(self) -> str:
        """Where the list is."""
        return f"/positions/{self.position_id}/{PATHS[self.feed]}"


class Asked(BaseModel):
    """How to see a list, as the page's address says; or only what comes `further` down.

    `open` is the candidate whose profile stands beside the list.
    """

    sort: Sort = Sort.LIKELIHOOD
    cursor: Cursor = None
    shown: Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE)] = AT_A_TIME
    further: Cursor = None
    open: UUID | None = None


class Known(BaseModel):
    """What a page knows: how far the read models had come, how many there were, and whom it shows.

    `said` is how many it has said have joined.
    """

    reached: int
    count: int
    said: int = 0
    shown: Annotated[list[UUID], Field(max_length=MOST_ON_A_PAGE)] = []


def feed_of(request: Request) -> Feed:
    """The list that a page's address names."""
    return Feed.PASSIVE if PATHS[Feed.PASSIVE] in request.url.path else Feed.RECOMMENDATIONS


Listing = Annotated[Feed, Depends(feed_of)]


@router.get("/positions/{position_id}/recommendations")
@router.get("/positions/{position_id}/passive-candidates")
def list_page(
    position_id: UUID,
    feed: Listing,
    visit: RecruiterOrSupport,
    tasks: BackgroundTasks,
    asked: Annotated[Asked, Query()],
) -> Response:
    """The candidates whom the filters let through; or what there is to know before the beta."""
    view = View(position_id, feed, asked.sort, asked.cursor, asked.shown)
    if asked.further:
        return _part(visit, tasks, view, asked.further)
    return _page(visit, tasks, view, candidate_id=asked.open)


@router.post("/positions/{position_id}/passive-candidates/beta")
def join_beta(position_id: UUID, visit: Recruiter, tasks: BackgroundTasks) -> Response:
    """Join the beta, and see the candidates."""
    view = View(position_id, Feed.PASSIVE, Sort.LIKELIHOOD)
    with visit.caller.reading(Positions) as db:
        position = visibility.position_of(db, visit.caller, position_id)
    try:
        result = visit.caller.run(JoinBeta, employer_id=position.employer_id)
    except REFUSED as error:
        return _page(visit, tasks, view, Faults(error))
    return visit.done(result, view.path, "beta-joined")


def _page(
    visit: Visit,
    tasks: BackgroundTasks,
    view: View,
    faults: Faults | None = None,
    candidate_id: UUID | None = None,
) -> Response:
    caller = visit.caller
    reads = (Positions, CandidatePool, Employers, InterviewList)
    with caller.reading(*reads, advisory=MARKS) as db:
        changed = visibility.changed(db)
        position = visibility.position_of(db, caller, view.position_id)
        employer = employers.one(db, position.employer_id)
        counts = visibility.counts(db, position, caller)
        against = visibility.reasons_against_looking(employer, position, view.feed)
        listed: Listed[Card] = Listed(items=[])
        if not against:
            listed = cards.of_feed(
                db, view.feed, position, caller.at, view.shown, view.cursor, view.sort
            )
            listed.items = reviews.marked(db, caller, position, listed.items)
        passive = view.feed is Feed.PASSIVE
        count = _count(counts, view.feed)
        relaxations = [] if count or against else _worthwhile(db, position, caller, passive)
    viewings.note_shown(caller, tasks, position, view.feed, view.sort, listed.items)
    is_landing = passive and not (employer and employer.in_beta)
    return visit.page(
        "landing.html" if is_landing else "feed.html",
        faults,
        position=position,
        employer=employer,
        counts=counts,
        count=count,
        relaxations=relaxations,
        tab=PATHS[view.feed],
        passive=passive,
        against=against,
        reached=changed,
        sorts=[(name, View(view.position_id, view.feed, sort)) for sort, name in SORTS.items()],
        bands=BAND_FROM,
        undo=visit.undo(view.position_id, view.address()),
        **_cards(view, listed),
        **panel(visit, tasks, view.position_id, candidate_id, view.address(), listed.items),
    )


def _count(counts: Counts, feed: Feed) -> int:
    return counts.passive_candidates if feed is Feed.PASSIVE else counts.recommendations


def _worthwhile(
    db: Database, position: Position, caller: Caller, passive: bool
) -> list[Relaxation]:
    """The criteria of the filters that, dropped alone, would bring somebody into an empty list."""
    found = candidate_counts.relaxations(db, cards.search(position, caller.at))
    would_add = [r for r in found if (r.passive_candidates if passive else r.recommendations)]
    return would_add[:MOST_RELAXATIONS]


def _part(visit: Visit, tasks: BackgroundTasks, view: View, further: str) -> Response:
    """The candidates further down a page that goes on; the page's address keeps how far it goes."""
    caller = visit.caller
    with caller.reading(Positions, CandidatePool, Employers, advisory=MARKS) as db:
        position = visibility.position_of(db, caller, view.position_id)
        visibility.check_may_look(employers.one(db, position.employer_id), position, view.feed)
        listed = cards.of_feed(db, view.feed, position, caller.at, AT_A_TIME, further, view.sort)
        listed.items = reviews.marked(db, caller, position, listed.items)
    viewings.note_shown(caller, tasks, position, view.feed, view.sort, listed.items)
    was_asked_for = view.shown > MOST_BY_SCROLLING
    response = visit.page(
        "feed_part.html",
        position=position,
        passive=view.feed is Feed.PASSIVE,
        focus=was_asked_for,
        **_cards(view, listed),
    )
    # Not the script library's own header, which would forget who is open beside the list.
    response.headers["HX-Trigger"] = json.dumps({"list-grew": {"shown": view.shown}})
    return response


def _cards(view: View, listed: Listed[Card]) -> dict[str, Any]:
    """The cards, and the way to those after them."""
    after = listed.next_cursor
    further = replace(view, shown=min(view.shown + AT_A_TIME, MOST_ON_A_PAGE))
    is_full = further.shown == view.shown
    next_page = replace(view, cursor=after, shown=AT_A_TIME)
    last = f"#c-{listed.items[-1].candidate_id}" if listed.items else ""
    return {
        "view": view,
        "cards": listed.items,
        "more_at": after and (next_page.address() if is_full else further.address() + last),
        "more_part": after and not is_full and further.address(further=after),
        "by_scrolling": further.shown <= MOST_BY_SCROLLING,
    }


@router.get("/positions/{position_id}/recommendations/updates")
@router.get("/positions/{position_id}/passive-candidates/updates")
def list_updates(
    position_id: UUID, feed: Listing, visit: RecruiterOrSupport, known: Annotated[Known, Query()]
) -> Response:
    """Who has left a list since its page was made, how many have joined; nothing if nobody did."""
    caller = visit.caller
    with caller.reading(Positions, CandidatePool, Employers, InterviewList) as db:
        if visibility.changed(db) == known.reached:
            return Response(status_code=204)
        position = visibility.position_of(db, caller, position_id)
        visibility.check_may_look(employers.one(db, position.employer_id), position, feed)
        polled = visibility.polled_counts(db, position, caller, since=known.reached)
        if polled is None:
            return Response(status_code=204)
        changed, counts = polled
        searched = cards.search(position, caller.at)
        still = candidate_search.still_listed(db, feed, searched, known.shown)
    count = _count(counts, feed)
    gone = [id for id in known.shown if id not in still]
    return visit.page(
        "feed_updates.html",
        view=View(position_id, feed, Sort.LIKELIHOOD),
        reached=changed,
        known=known,
        counts=counts,
        count=count,
        # Candidates further down who left are not known, so this is a lower bound.
        joined=max(0, count - known.count + len(gone)),
        gone=gone,
    )

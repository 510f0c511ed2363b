"""Everyone approached for a position."""

from hashlib import sha256
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.candidates import cards, visibility
from api.console.session import RecruiterOrSupport
from api.http.lists import Cursor
from api.web.rendering import address
from domain.outreach_events import Status
from projections import interviews
from projections.candidate_pool import CandidatePool
from projections.interview_list import InterviewList
from projections.positions import Positions
from projections.teams import Teams

router = APIRouter()

AT_A_TIME = 50
SENDERS = {"": "Everyone's", "mine": "Mine"}
BADGES = {"": "All", "passive": "Passive Candidate", "active": "Active candidates"}


class Asked(BaseModel):
    """Which of a position's interviews to see.

    What is `known` already is not sent again, and nothing where the read models have `reached` no
    further.
    """

    status: Status | Literal[""] = ""
    badge: Literal["", "passive", "active"] = ""
    whose: Literal["", "mine"] = ""
    cursor: Cursor = None
    known: str = ""
    reached: int | None = None


@router.get("/positions/{position_id}/interviews")
def interviews_page(
    position_id: UUID, visit: RecruiterOrSupport, asked: Annotated[Asked, Query()]
) -> Response:
    """Everyone approached for a position, the latest first."""
    caller = visit.caller
    with caller.reading(Positions, InterviewList, CandidatePool, Teams) as db:
        changed = visibility.changed(db)
        if changed == asked.reached:
            return Response(status_code=204)
        position = visibility.position_of(db, caller, position_id)
        listed = interviews.of_position(
            db,
            position.employer_id,
            position_id,
            AT_A_TIME,
            asked.cursor,
            status=asked.status or None,
            passive=asked.badge == "passive" if asked.badge else None,
            sent_by=caller.actor.id if asked.whose else None,
        )
        if asked.reached is None:
            counts = visibility.counts(db, position, caller)
        elif polled := visibility.polled_counts(db, position, caller, since=asked.reached):
            changed, counts = polled
        else:
            return Response(status_code=204)
        # Changes whenever something in this page of interviews does.
        said = repr([(row.outreach_id, row.version) for row in listed.items])
        known = sha256(said.encode()).hexdigest()[:16]
        if known == asked.known:
            response = visit.page(
                "interviews_updates.html", counts=counts, known=known, reached=changed
            )
            response.headers["HX-Reswap"] = "none"  # of the list itself, which has not changed
            return response
        named = cards.with_names(db, listed)
    here = {"status": asked.status, "badge": asked.badge, "whose": asked.whose}
    path = f"/positions/{position_id}/interviews"
    return visit.page(
        "interviews_part.html" if asked.known else "interviews.html",
        position=position,
        counts=counts,
        tab="interviews",
        interviews=named.items,
        asked=asked,
        statuses=["", *Status],
        badges=BADGES,
        senders=SENDERS,
        more_at=named.next_cursor and address(path, **here, cursor=named.next_cursor),
        updates_at=address(path, **here, cursor=asked.cursor),
        known=known,
        reached=changed,
        is_update=bool(asked.known),
    )

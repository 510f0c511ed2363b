"""Support's finder of outreaches, and all that happened in one of them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.audit import timeline as audit_timeline
from api.audit.past_state import loaded
from api.candidates.outreach_search import search, with_all_names
from api.candidates.profile import Contribution
from api.candidates.visibility import outreach_of
from api.charts import charts
from api.console.session import Support, Visit, visiting
from api.http.lists import Cursor
from api.routes import outreach as outreach_routes
from api.web.rendering import address
from domain import contact_gate, do_not_contact
from domain.actor import Role
from domain.candidate import Candidate
from domain.candidate_events import DECIDES_CONTACT
from domain.contact_gate import AlreadyContacted, Contact
from domain.employer import Employer
from domain.position import Position
from domain.values import StorableText
from infrastructure.event_log.store import UnitOfWork
from projections.candidate_pool import CandidatePool
from projections.interview_list import InterviewList
from projections.outreach_timeline import OutreachTimeline
from projections.positions import Positions
from projections.teams import Teams

router = APIRouter()

AuditReader = Annotated[Visit, Depends(visiting(Role.SUPPORT, Role.AUDITOR))]
DRAWN = 10
"""Reasons that are drawn; the table has all."""

Part = Annotated[StorableText, Query(max_length=2000)]


@router.get("/outreach")
def finder(visit: Support, q: Part = "", company: Part = "", cursor: Cursor = None) -> Response:
    """Outreaches of all employers, found by candidate, employer, position or id."""
    q, company = q.strip(), company.strip()
    listed = search(visit.caller, q, company[:200], 20, cursor)
    more = address("/outreach", q=q, company=company, cursor=listed.next_cursor)
    return visit.page(
        "outreach_finder.html",
        found=listed.items,
        q=q,
        company=company,
        more_at=more if listed.next_cursor else None,
    )


@router.get("/outreach/{outreach_id}/timeline")
def timeline(visit: Support, outreach_id: UUID) -> Response:
    """Every step of an outreach, and what the contact gate says now."""
    caller = visit.caller
    reads = (InterviewList, OutreachTimeline, CandidatePool, Positions, Teams)
    with caller.reading(*reads) as db:
        outreach = outreach_of(db, caller, outreach_id)
        (named,) = with_all_names(db, [outreach])
        store = caller.marketplace.store
        steps = audit_timeline.of_outreach(store, db, outreach_id)
        employer = loaded(store, db, Employer, outreach.employer_id)
        position = loaded(store, db, Position, outreach.position_id)
        candidate = loaded(store, db, Candidate, outreach.candidate_id)
    listed = do_not_contact.entries(UnitOfWork(store), employer.id, candidate.standing())
    contact = Contact.MESSAGE if outreach.badge else Contact.INTERVIEW_REQUEST
    about = (contact, employer, position, candidate)
    against = [
        *employer.reasons_if_unreadable(),
        *position.reasons_if_unreadable(),
        *candidate.reasons_if_unreadable(DECIDES_CONTACT),
        *contact_gate.against_contact(*about, entries=listed, contacted=False, at=caller.at),
    ]
    return visit.page(
        "timeline.html",
        outreach=named,
        steps=steps,
        # About this position they were; the page asks about another.
        against=[(r.code, str(r)) for r in against if not isinstance(r, AlreadyContacted)],
    )


@router.get("/outreach/{outreach_id}/explanation")
def explanation(visit: AuditReader, outreach_id: UUID, rebuilt: bool = False) -> Response:
    """What the sender saw of the likelihood to respond, and why, once that is rebuilt from the log.

    Which takes seconds: the page comes at once, and asks for itself again with the reasons in it.
    """
    if not rebuilt:
        with visit.caller.reading(InterviewList) as db:
            outreach = outreach_of(db, visit.caller, outreach_id)
        if outreach.likelihood:
            shown = outreach.likelihood
            return visit.page("explanation_awaited.html", outreach=outreach, shown=shown)
    explained = outreach_routes.explain_outreach(outreach_id, visit.caller)
    weightiest = _by_sentence(explained.contributions)
    return visit.page(
        "explanation.html",
        explained=explained,
        weightiest=weightiest,
        drawn=charts.signed(
            "What spoke for an answer, and what against",
            [(text, total) for text, total, _ in weightiest[:DRAWN]],
            of="Reason",
        ),
    )


def _by_sentence(
    given: Sequence[Contribution],
) -> list[tuple[str, float, list[Contribution]]]:
    """Each sentence once, with what its features add up to, the weightiest first."""
    of: dict[str, list[Contribution]] = {}
    for one in given:
        of.setdefault(one.text, []).append(one)
    summed = [(text, sum(one.contribution for one in parts), parts) for text, parts in of.items()]
    return sorted(summed, key=lambda one: -abs(one[1]))

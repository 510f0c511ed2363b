"""What employers may do: how often they write, or that nobody does."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from api.person.visit import ByLetter, Visit
from api.web.forms import REFUSED
from domain.candidate_commands import OptIn, OptOut, SetContactBudget
from domain.contact_gate import MOST_CONTACTS, contacts_allowed
from domain.values import Value
from infrastructure.languages.translation import gettext as _
from projections import employers
from projections.employers import Employers

router = APIRouter(prefix="/p/{token}")


class Budget(Value):
    """How many employers may write within 30 days."""

    contacts: Annotated[int, Field(ge=0, le=MOST_CONTACTS)]


@router.get("/choices")
def choices_page(visit: ByLetter) -> Response:
    """How often employers may write, who may not, and how to stop it all."""
    return visit.page("choices.html", **_shown(visit))


@router.post("/budget")
def set_budget(visit: ByLetter) -> Response:
    """Say how often employers may write."""
    try:
        body = visit.sent.read(Budget)
        result = visit.run(SetContactBudget, candidate_id=visit.person.id, contacts=body.contacts)
    except REFUSED as error:
        return visit.again("choices.html", error, **_shown(visit))
    return visit.done(result, "budget-set", "/choices")


@router.post("/stop")
def stop(visit: ByLetter) -> Response:
    """Stop all messages."""
    try:
        result = visit.run(OptOut, candidate_id=visit.person.id)
    except REFUSED as error:
        return visit.again("choices.html", error, **_shown(visit))
    return visit.done(result, "stopped", "/choices")


@router.post("/resume")
def resume(visit: ByLetter) -> Response:
    """Allow messages again."""
    try:
        result = visit.run(OptIn, candidate_id=visit.person.id)
    except REFUSED as error:
        return visit.again("choices.html", error, **_shown(visit))
    return visit.done(result, "resumed", "/choices")


def _shown(visit: Visit) -> dict[str, Any]:
    standing = visit.person.standing()
    with visit.caller.reading(Employers) as db:
        companies = employers.companies(db, [*standing.blocked, visit.employer_id])
    return {
        "budget": contacts_allowed(standing),
        "blocked": sorted(companies[id] for id in standing.blocked if id in companies),
        "is_blocked": visit.employer_id in standing.blocked,
        "company": companies.get(visit.employer_id) or _("the employer"),
    }

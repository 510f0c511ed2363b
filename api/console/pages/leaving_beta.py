"""Taking a company out of the beta, which takes an owner and its name."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.console.session import Recruiter, Visit
from api.delivery.channels import delivers_by_mail
from api.http.problems import Problem, Reason
from api.routes.employers import read_employer
from api.routes.team import list_team
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.employer import LeaveBeta
from domain.terms import search_key
from projections.employers import Employer

router = APIRouter(prefix="/beta/leave")


@router.get("")
def leave_page(visit: Recruiter, employer: UUID | None = None) -> Response:
    """What leaving means for the company, and the form for owners."""
    company = _company(visit, employer)
    return visit.page("leaving_beta.html", **_shown(visit, company))


@router.post("")
def leave(visit: Recruiter, employer: UUID | None = None) -> Response:
    """Leave, if the company's name was typed."""
    company = _company(visit, employer)
    try:
        if search_key(visit.sent.value("company")) != search_key(company.company):
            detail = f"Type the name of the company: {company.company}."
            raise Problem(
                422, "invalid", detail, [Reason(code="name", detail=detail, field="company")]
            )
        result = visit.caller.run(LeaveBeta, employer_id=company.employer_id)
    except REFUSED as error:
        return visit.again("leaving_beta.html", error, **_shown(visit, company))
    return visit.done(result, address("/positions", employer=employer), "beta-left")


def _shown(visit: Visit, company: Employer) -> dict[str, Any]:
    team = list_team(company.employer_id, visit.caller)
    owners = [one for one in team if one.status == "member" and one.company_role == "owner"]
    return {
        "employer": company,
        "owners": [one.name for one in owners if str(one.member_id) != visit.caller.actor.id],
        "is_mailed": delivers_by_mail(visit.caller.marketplace.settings),
        "here": address("/beta/leave", employer=visit.request.query_params.get("employer")),
        "back": visit.request.query_params.get("employer"),
    }


def _company(visit: Visit, employer: UUID | None) -> Employer:
    whose = employer or visit.caller.actor.employer_id
    if whose is None:
        raise Problem(404, "not-found", "There is no such page; check its address.")
    return read_employer(whose, visit.caller)

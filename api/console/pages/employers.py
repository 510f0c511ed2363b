"""Employers for administrators: registered, approved, suspended, and who looks after them."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.console.session import Admin, Visit
from api.http.caller import CommandResult
from api.http.lists import Cursor
from api.routes.employers import (
    NewEmployer,
    Suspension,
    approve,
    assign_manager,
    list_employers,
    read_employer,
    register,
    suspend,
)
from api.routes.team import list_team
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.actor import CompanyRole
from domain.employer import Manager

router = APIRouter(prefix="/employers")

AT_A_TIME = 20


@router.get("")
def employers_page(visit: Admin, company: str = "", cursor: Cursor = None) -> Response:
    """The employers by name, and the form to register one."""
    return visit.page("employers.html", **_listed(visit, company, cursor))


@router.post("")
def register_employer(visit: Admin) -> Response:
    """Register an employer, and see what it needs next."""
    try:
        result = register(visit.sent.read(NewEmployer), visit.caller)
    except REFUSED as error:
        return visit.again("employers.html", error, **_listed(visit, "", None))
    return visit.done(result, f"/employers/{result.id}", "employer-registered")


@router.get("/{employer_id}")
def employer_page(employer_id: UUID, visit: Admin) -> Response:
    """An employer, and what an administrator can do about it."""
    return visit.page("employer.html", **_about(visit, employer_id))


@router.post("/{employer_id}/approval")
def approve_employer(employer_id: UUID, visit: Admin) -> Response:
    """Let an employer write to candidates; this also ends a suspension."""
    try:
        result = approve(employer_id, visit.caller)
    except REFUSED as error:
        return visit.again("employer.html", error, **_about(visit, employer_id))
    return _done(visit, result, "employer-approved")


@router.post("/{employer_id}/suspension")
def suspend_employer(employer_id: UUID, visit: Admin) -> Response:
    """Stop an employer from writing to candidates, and say why."""
    try:
        result = suspend(employer_id, visit.sent.read(Suspension), visit.caller)
    except REFUSED as error:
        return visit.again("employer.html", error, **_about(visit, employer_id))
    return _done(visit, result, "employer-suspended")


@router.post("/{employer_id}/manager")
def change_manager(employer_id: UUID, visit: Admin) -> Response:
    """Say who looks after an employer from now on."""
    try:
        result = assign_manager(employer_id, visit.sent.read(Manager), visit.caller)
    except REFUSED as error:
        return visit.again("employer.html", error, **_about(visit, employer_id))
    return _done(visit, result, "manager-assigned")


def _done(visit: Visit, result: CommandResult, notice: str) -> Response:
    return visit.done(result, f"/employers/{result.id}", notice)


def _listed(visit: Visit, company: str, cursor: str | None) -> dict[str, Any]:
    found = list_employers(
        visit.caller, limit=AT_A_TIME, cursor=cursor, company=company.strip() or None
    )
    more = address("/employers", company=company, cursor=found.next_cursor)
    shown = {"employers": found.items, "company": company}
    return {**shown, "more_at": more if found.next_cursor else None}


def _about(visit: Visit, employer_id: UUID) -> dict[str, Any]:
    team = [one for one in list_team(employer_id, visit.caller) if one.status == "member"]
    return {
        "employer": read_employer(employer_id, visit.caller),
        "members": len(team),
        "owners": [one.name for one in team if one.company_role is CompanyRole.OWNER],
    }

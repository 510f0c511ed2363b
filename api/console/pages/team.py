"""The team of an employer: who is in it, in which role, and who is invited."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.console.session import Recruiter, Visit, visiting
from api.console.wording.team_words import WHAT_ROLES_MAY
from api.delivery.channels import delivers_by_mail
from api.http.problems import Problem
from api.routes.employers import read_employer
from api.routes.team import NewMember, NewRole, invited, list_team
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.actor import Role
from domain.command import Command
from domain.team_commands import ChangeCompanyRole, EraseMember, RemoveMember, RevokeInvitation

router = APIRouter(prefix="/team")

Reader = Annotated[Visit, Depends(visiting(Role.RECRUITER, Role.SUPPORT, Role.CSM))]

ENDINGS: dict[str, tuple[type[Command], str]] = {
    "remove": (RemoveMember, "member-removed"),
    "revoke": (RevokeInvitation, "invitation-revoked"),
    "erase": (EraseMember, "member-erased"),
}
"""What a button beside somebody does, and the notice that says so."""


@router.get("")
def team_page(visit: Reader, employer: UUID | None = None) -> Response:
    """Members, open invitations, and the forms of those who may change them."""
    if _whose(visit, employer) is None:
        return visit.page("team.html", company=None)
    return visit.page("team.html", **_shown(visit, employer))


@router.post("/invitations")
def invite(visit: Recruiter, employer: UUID | None = None) -> Response:
    """Invite somebody."""
    try:
        body = visit.sent.read(NewMember)
        result = invited(_checked(visit, employer), body, visit.caller)
    except REFUSED as error:
        return visit.again("team.html", error, **_shown(visit, employer))
    return visit.done(result, _path(employer), "member-invited")


@router.post("/{member_id}/role")
def change_role(member_id: UUID, visit: Recruiter, employer: UUID | None = None) -> Response:
    """Give a member another role."""
    try:
        about: dict[str, Any] = {"employer_id": _checked(visit, employer), "member_id": member_id}
        asked = dict(visit.sent.read(NewRole))
        result = visit.caller.run(ChangeCompanyRole, **about, **asked)
    except REFUSED as error:
        return visit.again("team.html", error, **_shown(visit, employer))
    return visit.done(result, _path(employer), "role-changed")


@router.post("/{member_id}/{step}")
def end(member_id: UUID, step: str, visit: Recruiter, employer: UUID | None = None) -> Response:
    """Remove a member, revoke an invitation, or erase a person who left."""
    if step not in ENDINGS:
        raise Problem(404, "not-found", "There is no such page; check its address.")
    command, notice = ENDINGS[step]
    try:
        whose = _checked(visit, employer)
        result = visit.caller.run(command, employer_id=whose, member_id=member_id)
    except REFUSED as error:
        return visit.again("team.html", error, **_shown(visit, employer))
    return visit.done(result, _path(employer), notice)


def _shown(visit: Visit, employer: UUID | None) -> dict[str, Any]:
    whose = _checked(visit, employer)
    everybody = list_team(whose, visit.caller)
    at = visit.caller.at
    return {
        "company": read_employer(whose, visit.caller).company,
        "members": [one for one in everybody if one.status == "member"],
        "invitations": [one for one in everybody if one.status == "invited"],
        "former": [one for one in everybody if one.status == "former"],
        "expired": {
            one.member_id for one in everybody if one.status == "invited" and one.expires_at <= at
        },
        "role_meanings": WHAT_ROLES_MAY,
        "suffix": f"?employer={employer}" if employer else "",
        "is_mailed": delivers_by_mail(visit.caller.marketplace.settings),
    }


def _whose(visit: Visit, employer: UUID | None) -> UUID | None:
    return employer or visit.caller.actor.employer_id


def _checked(visit: Visit, employer: UUID | None) -> UUID:
    whose = _whose(visit, employer)
    if whose is None:
        raise Problem(400, "bad-form", "The form lacks whose it is; open the page again.")
    return whose


def _path(employer: UUID | None) -> str:
    return address("/team", employer=employer)

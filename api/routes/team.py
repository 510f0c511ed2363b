"""The team of an employer: its members, their roles, and open invitations."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api.http.access import Recruiter, TeamReader
from api.http.caller import Caller, CommandResult
from api.identifiers import of_address
from domain.actor import CompanyRole
from domain.command import NotFound
from domain.employer import Employer
from domain.team_commands import (
    ChangeCompanyRole,
    EraseMember,
    InviteMember,
    RemoveMember,
    RevokeInvitation,
)
from domain.values import Email, Name, Value
from projections import teams
from projections.teams import Member, Teams

router = APIRouter(prefix="/employers/{employer_id}/team", tags=["Team"])


class NewMember(Value):
    """Whom to invite."""

    name: Name
    email: Email
    company_role: CompanyRole = CompanyRole.RECRUITER


class NewRole(Value):
    """What a member may do from now on."""

    company_role: CompanyRole


class Invited(CommandResult):
    """The team with a new invitation."""

    member_id: UUID = Field(description="of the person who was invited")


@router.get("")
def list_team(employer_id: UUID, caller: TeamReader) -> list[Member]:
    """Members, open invitations and former members by name. Erased ones are not listed."""
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    with caller.reading(Teams) as db:
        return teams.of_employer(db, employer_id)


@router.post("/invitations", status_code=201)
def invite(employer_id: UUID, body: NewMember, caller: Recruiter) -> Invited:
    """Invite somebody by mail. The link in it can be used once, for 7 days. Takes an owner."""
    return invited(employer_id, body, caller)


def invited(employer_id: UUID, body: NewMember, caller: Caller) -> Invited:
    """Invite somebody on the caller's behalf."""
    member_id = caller.new_id()
    key = of_address(caller.marketplace.address_key, body.email)
    asked: dict[str, Any] = {"employer_id": employer_id, "member_id": member_id, "address_key": key}
    result = caller.run(InviteMember, **asked, **dict(body))
    return Invited(**dict(result), member_id=member_id)


@router.delete("/invitations/{member_id}")
def revoke_invitation(employer_id: UUID, member_id: UUID, caller: Recruiter) -> CommandResult:
    """Revoke an invitation: its link stops working. Takes an owner."""
    return caller.run(RevokeInvitation, employer_id=employer_id, member_id=member_id)


@router.put("/{member_id}/role")
def change_role(
    employer_id: UUID, member_id: UUID, body: NewRole, caller: Recruiter
) -> CommandResult:
    """Give a member another role. Takes an owner; the last owner stays one."""
    about: dict[str, Any] = {"employer_id": employer_id, "member_id": member_id}
    return caller.run(ChangeCompanyRole, **about, **dict(body))


@router.delete("/{member_id}")
def remove_member(employer_id: UUID, member_id: UUID, caller: Recruiter) -> CommandResult:
    """Remove a member; within a second they can do nothing here any more. Takes an owner."""
    about: dict[str, Any] = {"employer_id": employer_id, "member_id": member_id}
    return caller.run(RemoveMember, **about)


@router.delete("/{member_id}/personal-data")
def erase_member(employer_id: UUID, member_id: UUID, caller: Recruiter) -> CommandResult:
    """Erase the name and address of a former member for ever. Takes an owner."""
    return caller.run(EraseMember, employer_id=employer_id, member_id=member_id)

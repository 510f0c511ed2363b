"""The team of an employer: who may act for it, and in which role."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from domain.actor import Actor, Cause, CompanyRole, Role
from domain.aggregate import Aggregate, Refusal, Refused, refuse
from domain.command import NotAllowed, OwnersOnly, check_role
from domain.event import Event
from domain.handlers import on
from domain.team_events import (
    CompanyRoleChanged,
    InvitationRevoked,
    MemberErased,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
)

TEAMS = UUID("5a0a3c5e-6a39-5c4c-9d1d-0e6a3f1f7b10")

INVITATION_LASTS = timedelta(days=7)
MOST_INVITATIONS = 100


def team_id(employer_id: UUID) -> UUID:
    """The id of an employer's only team."""
    return uuid5(TEAMS, str(employer_id))


class AlreadyInvited(Refusal):
    """This address has an open invitation; revoke it to send another."""


class AlreadyMember(Refusal):
    """Somebody with this address is a member already; change their role instead."""


class TooManyInvitations(Refusal):
    """There are {most} open invitations; revoke some, or wait until they are accepted."""


class InvitationOver(Refusal):
    """This invitation was used, revoked or has expired; ask your company for a new one."""


class NotAMember(Refusal):
    """There is no such member; they may have been removed."""


class LastOwner(Refusal):
    """Every company keeps an owner: make another member an owner first."""


class StillInTheTeam(Refusal):
    """They are still in the team: remove them, or revoke their invitation, first."""


@dataclass(frozen=True)
class Invitation:
    """An invitation that was neither accepted nor revoked; it may have expired."""

    address_key: UUID
    company_role: CompanyRole
    expires_at: datetime


class Team(Aggregate, kind="team"):
    """Members and open invitations. Once it has had an owner, it always has one."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.invited: dict[UUID, Invitation] = {}
        self.members: dict[UUID, CompanyRole] = {}
        self.addresses: dict[UUID, UUID] = {}
        """Of members, as keyed hashes."""
        self.former: set[UUID] = set()
        """Who is neither member nor invited any more, and not erased."""
        self.employer_id: UUID | None = None

    def role_of(self, actor_id: str) -> CompanyRole | None:
        """The role of a member by the id that they act under; None for anybody else."""
        return next((role for id, role in self.members.items() if str(id) == actor_id), None)

    def as_member(self, by: Actor) -> Actor:
        """A recruiter in the role that they have now; who was never a member, as they are.

        Raises `NotAllowed` for a person who is no longer in the team.
        """
        if by.role is not Role.RECRUITER:
            return by
        if by.id in map(str, self.former):
            raise NotAllowed(OwnersOnly())
        role = self.role_of(by.id)
        return by.model_copy(update={"company_role": role}) if role else by

    def check_owner(self, cause: Cause) -> None:
        """Raise `NotAllowed` unless the caller is an owner, or of the marketplace.

        Asked in the transaction of a command: an owner who was removed or got another role
        meanwhile decides nothing any more.
        """
        by = self.as_member(cause.by)
        check_role(cause.model_copy(update={"by": by}), CompanyRole.OWNER)

    # Decisions: check the rule, then state the fact. Never run on replay.

    def invite(self, cause: Cause, *, member_id: UUID, address_key: UUID, **facts: Any) -> None:
        """Invite somebody; an expired invitation to the same address ends with it."""
        still_open = [one for one in self.invited.values() if one.expires_at > cause.at]
        reasons: list[Refusal] = []
        if address_key in self.addresses.values():
            reasons.append(AlreadyMember())
        if any(one.address_key == address_key for one in still_open):
            reasons.append(AlreadyInvited())
        if len(still_open) >= MOST_INVITATIONS:
            reasons.append(TooManyInvitations(most=MOST_INVITATIONS))
        refuse(reasons)
        self.record(
            MemberInvited,
            cause,
            member_id=member_id,
            address_key=address_key,
            expires_at=cause.at + INVITATION_LASTS,
            **facts,
        )

    def revoke(self, cause: Cause, member_id: UUID) -> None:
        """Take an invitation back."""
        if member_id not in self.invited:
            raise Refused(InvitationOver())
        self._record(InvitationRevoked, cause, member_id)

    def join(self, cause: Cause, member_id: UUID) -> None:
        """Accept an invitation, once and in time."""
        invitation = self.invited.get(member_id)
        if invitation is None or invitation.expires_at <= cause.at:
            raise Refused(InvitationOver())
        self._record(MemberJoined, cause, member_id)

    def change_role(self, cause: Cause, member_id: UUID, role: CompanyRole) -> None:
        """Give a member another role. The same again records nothing."""
        self._check_member(member_id, stays_owner=role is CompanyRole.OWNER)
        if self.members[member_id] is not role:
            self._record(CompanyRoleChanged, cause, member_id, company_role=role)

    def remove(self, cause: Cause, member_id: UUID) -> None:
        """Remove a member."""
        self._check_member(member_id, stays_owner=False)
        self._record(MemberRemoved, cause, member_id)

    def erase(self, cause: Cause, member_id: UUID) -> None:
        """Erase the name and address of a person who is no longer in the team."""
        if member_id in self.members or member_id in self.invited:
            raise Refused(StillInTheTeam())
        if member_id not in self.former:
            raise Refused(NotAMember())
        self._record(MemberErased, cause, member_id)

    def _record(self, event: type[Event], cause: Cause, member_id: UUID, **facts: Any) -> None:
        self.record(event, cause, employer_id=self.employer_id, member_id=member_id, **facts)

    def _check_member(self, member_id: UUID, *, stays_owner: bool) -> None:
        role = self.members.get(member_id)
        if role is None:
            raise Refused(NotAMember())
        owners = [*self.members.values()].count(CompanyRole.OWNER)
        if role is CompanyRole.OWNER and owners == 1 and not stays_owner:
            raise Refused(LastOwner())

    # Facts: fold into state. Never raise, never decide.

    @on(MemberInvited)
    def on_member_invited(self, event: MemberInvited) -> None:
        self.employer_id, key = event.employer_id, event.address_key
        over = {id for id, one in self.invited.items() if one.address_key == key}
        self.invited = {id: one for id, one in self.invited.items() if id not in over}
        self.former |= over
        self.invited[event.member_id] = Invitation(key, event.company_role, event.expires_at)

    @on(InvitationRevoked)
    def on_invitation_revoked(self, event: InvitationRevoked) -> None:
        self.invited.pop(event.member_id, None)
        self.former.add(event.member_id)

    @on(MemberJoined)
    def on_member_joined(self, event: MemberJoined) -> None:
        invitation = self.invited.pop(event.member_id)
        self.members[event.member_id] = invitation.company_role
        self.addresses[event.member_id] = invitation.address_key

    @on(CompanyRoleChanged)
    def on_company_role_changed(self, event: CompanyRoleChanged) -> None:
        self.members[event.member_id] = event.company_role

    @on(MemberRemoved)
    def on_member_removed(self, event: MemberRemoved) -> None:
        self.members.pop(event.member_id, None)
        self.addresses.pop(event.member_id, None)
        self.former.add(event.member_id)

    @on(MemberErased)
    def on_member_erased(self, event: MemberErased) -> None:
        self.former.discard(event.member_id)

"""What can be asked of the team of an employer: by its owners, and by whom they invite."""

from uuid import UUID

from domain.actor import Actor, CompanyRole, Role
from domain.command import Command, Work
from domain.employer import own_employer
from domain.notification import Notification, notification_id
from domain.team import Team, team_id
from domain.values import Email, Name


class InviteMember(Command):
    """Invite somebody to the team of an employer, in a role."""

    takes = CompanyRole.OWNER

    employer_id: UUID
    member_id: UUID
    name: Name
    email: Email
    company_role: CompanyRole
    address_key: UUID

    def execute(self, work: Work) -> Team:
        team = _team(work, self)
        team.invite(self, **self.asked(without=""))
        return team


class RevokeInvitation(Command):
    """Take an invitation back before it is accepted."""

    takes = CompanyRole.OWNER

    employer_id: UUID
    member_id: UUID

    def execute(self, work: Work) -> Team:
        team = _team(work, self)
        team.revoke(self, self.member_id)
        return team


class AcceptInvitation(Command):
    """Join the team, by the link that was mailed to the person it invites."""

    takes = CompanyRole.READ_ONLY

    employer_id: UUID
    member_id: UUID

    def execute(self, work: Work) -> Team:
        own_employer(work, self, self.employer_id)
        team = work.find(Team, team_id(self.employer_id))
        team.join(self, self.member_id)
        return team


class ChangeCompanyRole(Command):
    """Give a member another role in the company."""

    takes = CompanyRole.OWNER

    employer_id: UUID
    member_id: UUID
    company_role: CompanyRole

    def execute(self, work: Work) -> Team:
        team = _team(work, self)
        team.change_role(self, self.member_id, self.company_role)
        return team


class RemoveMember(Command):
    """Remove a member, who can then neither sign in nor act for the employer."""

    takes = CompanyRole.OWNER

    employer_id: UUID
    member_id: UUID

    def execute(self, work: Work) -> Team:
        team = _team(work, self)
        team.remove(self, self.member_id)
        _notification(work, self).stop(self, self.employer_id)
        return team


class EraseMember(Command):
    """Erase the name and address of a person who was removed, or whose invitation is over."""

    takes = CompanyRole.OWNER

    employer_id: UUID
    member_id: UUID

    def execute(self, work: Work) -> Team:
        team = _team(work, self)
        team.erase(self, self.member_id)
        _notification(work, self).erase(self, self.employer_id)
        return team


def _notification(work: Work, command: RemoveMember | EraseMember) -> Notification:
    """How the member wants to be told of answers."""
    employer_id = command.employer_id
    member = Actor(id=str(command.member_id), role=Role.RECRUITER, employer_id=employer_id)
    return work.find(Notification, notification_id(member))


def _team(work: Work, command: Command) -> Team:
    employer_id: UUID = command.employer_id  # type: ignore[attr-defined]
    own_employer(work, command, employer_id)
    team = work.find(Team, team_id(employer_id))
    team.check_owner(command)
    return team

"""What happens to the people who work for an employer: invited, joined, given roles, removed."""

from uuid import UUID

from domain.actor import CompanyRole
from domain.event import Event, Personal
from domain.values import Moment


class MemberInvited(Event, name="team.member_invited", version=1, person="member_id"):
    """Somebody was invited to the team of an employer.

    `address_key` is a keyed hash of their address, by which an invitation to it is known again.
    """

    employer_id: UUID
    member_id: UUID
    company_role: CompanyRole
    expires_at: Moment
    address_key: UUID
    name: Personal[str]
    email: Personal[str]


class InvitationRevoked(Event, name="team.invitation_revoked", version=1):
    """An invitation that nobody had accepted was taken back."""

    employer_id: UUID
    member_id: UUID


class MemberJoined(Event, name="team.member_joined", version=1):
    """Who was invited accepted it, by the link that was mailed to them."""

    employer_id: UUID
    member_id: UUID


class CompanyRoleChanged(Event, name="team.company_role_changed", version=1):
    """A member got another role."""

    employer_id: UUID
    member_id: UUID
    company_role: CompanyRole


class MemberRemoved(Event, name="team.member_removed", version=1):
    """A member no longer works for the employer here; their name stays with what they did."""

    employer_id: UUID
    member_id: UUID


class MemberErased(Event, name="team.member_erased", version=1, person="member_id", erases=True):
    """The name and address of a person who is no longer in the team were erased."""

    employer_id: UUID
    member_id: UUID

"""Who makes a change, and what a change carries about its cause."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from domain.values import Moment, StorableText, Value


class Role(StrEnum):
    """The role of a person or program that calls the system."""

    RECRUITER = "recruiter"
    PLATFORM = "platform"
    SUPPORT = "support"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    CSM = "csm"
    ADMIN = "admin"
    CANDIDATE = "candidate"
    DELIVERY = "delivery"
    SYSTEM = "system"


class CompanyRole(StrEnum):
    """What a member of an employer's team may do there, the most first."""

    OWNER = "owner"
    RECRUITER = "recruiter"
    READ_ONLY = "read_only"

    @property
    def rank(self) -> int:
        """The lower, the more it may do."""
        return [*CompanyRole].index(self)


class Actor(Value):
    """Who makes a change; a recruiter acts for one employer, other roles for the marketplace.

    What a recruiter may do for the employer is their company role, which no event keeps: the team's
    own events say what it was. Without one they may do what recruiters do.
    """

    id: StorableText
    role: Role
    employer_id: UUID | None = None
    company_role: CompanyRole | None = Field(default=None, exclude=True)

    def acts_for(self, employer_id: UUID) -> bool:
        """Whether the actor may act for this employer; a recruiter may only for their own."""
        return self.role is not Role.RECRUITER or self.employer_id == employer_id

    def is_same_person(self, other: "Actor") -> bool:
        """Whether the other acts as the same person, whatever their role in the company is now."""
        return (self.id, self.role, self.employer_id) == (other.id, other.role, other.employer_id)

    def may(self, least: CompanyRole) -> bool:
        """Whether the actor may do what takes at least this role in the company."""
        if self.role is not Role.RECRUITER:
            return True
        return (self.company_role or CompanyRole.RECRUITER).rank <= least.rank


class Cause(Value):
    """Who asked for a change, when, and in which request."""

    by: Actor
    at: Moment
    request_id: StorableText

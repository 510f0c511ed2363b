"""Who makes a change, and what a change carries about its cause."""

from enum import StrEnum
from uuid import UUID

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


class Actor(Value):
    """Who makes a change; a recruiter acts for one employer, other roles for the marketplace."""

    id: StorableText
    role: Role
    employer_id: UUID | None = None

    def acts_for(self, employer_id: UUID) -> bool:
        """Whether the actor may act for this employer; a recruiter may only for their own."""
        return self.role is not Role.RECRUITER or self.employer_id == employer_id


class Cause(Value):
    """Who asked for a change, when, and in which request."""

    by: Actor
    at: Moment
    request_id: StorableText

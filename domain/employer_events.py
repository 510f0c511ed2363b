"""What happens to an employer: its account, the beta, feedback, its standing as a sender."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from domain.event import Event, Personal
from domain.values import Moment


class EmployerRegistered(Event, name="employer.registered", version=2):
    """A company got an account and a Customer Success Manager.

    `company_key` is a keyed hash of its name, by which it is found where candidates work.
    """

    company: str
    manager_name: Personal[str]
    manager_email: Personal[str]
    company_key: UUID | None = None

    @staticmethod
    def upcast_v1_v2(_: dict[str, Any]) -> None:
        """Version 1 has no hash; `CompanyKeyNoted` follows it."""


class CompanyKeyNoted(Event, name="employer.company_key_noted", version=1):
    """The keyed hash of a company's name that an earlier version stored without it."""

    company_key: UUID


class NamesDeclared(Event, name="employer.names_declared", version=1):
    """The company said what else it is called, its mail domains and affiliates, in place of before.

    `keys` are the keyed hashes of all of them.
    """

    names: tuple[str, ...]
    domains: tuple[str, ...]
    affiliates: tuple[str, ...]
    keys: tuple[UUID, ...]


class EmployerApproved(Event, name="employer.approved", version=1):
    """The marketplace allowed the company to contact candidates."""


class EmployerSuspended(Event, name="employer.suspended", version=1):
    """The company may not contact candidates until it is approved again."""

    reason: str


class ManagerAssigned(Event, name="employer.manager_assigned", version=1):
    """The company got another Customer Success Manager."""

    manager_name: Personal[str]
    manager_email: Personal[str]


class BetaJoined(Event, name="employer.beta_joined", version=1):
    """The company joined the beta, which lets it contact passive candidates."""


class BetaLeft(Event, name="employer.beta_left", version=1):
    """The company left the beta and can no longer contact passive candidates."""


class FeedbackShared(Event, name="employer.feedback_shared", version=1):
    """A recruiter shared feedback with the employer's Customer Success Manager."""

    text: Personal[str]
    page: str


class AnswersCounted(BaseModel):
    """What the events carry: the answer rate that they follow from."""

    messages: int
    answered: int


class AnswerRateWarned(AnswersCounted, Event, name="employer.answer_rate_warned", version=1):
    """Few people answered the employer's messages; they are counted again when the grace ends."""

    grace_ends_at: Moment


class BulkRestricted(AnswersCounted, Event, name="employer.bulk_restricted", version=1):
    """As few answered after the grace: until then the employer sends messages one by one."""

    until: Moment


class AnswerRateRecovered(AnswersCounted, Event, name="employer.answer_rate_recovered", version=1):
    """Enough people answered after the grace; the warning is over."""


DECIDES_BULK = (AnswerRateWarned, BulkRestricted, AnswerRateRecovered)

"""Commands by which an employer contacts a candidate: each passes the contact gate."""

from collections.abc import Callable, Iterable
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo

from domain import contact_gate
from domain.aggregate import Refusal, refuse
from domain.candidate import Candidate
from domain.candidate_events import DECIDES_CONTACT
from domain.command import Command, Work
from domain.employer import Employer
from domain.likelihood import Likelihood
from domain.money import SalaryRange
from domain.outreach import Outreach, outreach_id
from domain.position import own_position
from domain.values import IN_ONE_LINE, Flag, StorableText, Value

Line = Annotated[StorableText, Field(min_length=1, max_length=200), IN_ONE_LINE]


def _needed_on_site(location: str | None, others: ValidationInfo) -> str | None:
    if location is None and not others.data.get("remote", True):
        raise ValueError("give a location or mark the work as remote")
    return location


class Message(Value):
    """What an employer writes. Every field is required; `location` only if not `remote`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "Queues at Acme",
                    "text": "Would you like to talk about our queues?",
                    "salary": {"minimum": 90_000, "maximum": 120_000, "currency": "EUR"},
                    "location": "Berlin",
                    "sender_name": "Robin Doe",
                    "sender_role": "Head of Engineering",
                }
            ]
        }
    )

    subject: Line
    text: Annotated[StorableText, Field(min_length=1, max_length=10_000)]
    salary: SalaryRange
    remote: Flag = False
    location: Annotated[
        Line | None, AfterValidator(_needed_on_site), Field(validate_default=True)
    ] = None
    sender_name: Line
    sender_role: Line


class SendMessage(Command):
    """Send a passive candidate a message about a position."""

    position_id: UUID
    candidate_id: UUID
    message: Message
    likelihood: Likelihood | None = None

    def execute(self, work: Work) -> Outreach:
        return _contact(work, self, Outreach.send_message, contact_gate.against_message)


class RequestInterview(Command):
    """Ask an active candidate for an interview about a position."""

    position_id: UUID
    candidate_id: UUID
    message: Message
    likelihood: Likelihood | None = None

    def execute(self, work: Work) -> Outreach:
        return _contact(
            work, self, Outreach.request_interview, contact_gate.against_interview_request
        )


def _contact(
    work: Work,
    command: SendMessage | RequestInterview,
    decide: Callable[..., None],
    reasons_against: Callable[..., Iterable[Refusal]],
) -> Outreach:
    position = own_position(work, command, command.position_id)
    employer = work.get(Employer, position.employer_id)
    candidate = work.get(Candidate, command.candidate_id, needed=DECIDES_CONTACT)
    outreach = work.find(Outreach, outreach_id(position.id, candidate.id))
    refuse(reasons_against(employer, position, candidate, contacted=outreach.exists, at=command.at))
    about = {"employer_id": employer.id, "position_id": position.id}
    decide(
        outreach,
        command,
        **about,
        candidate_id=candidate.id,
        likelihood=command.likelihood,
        **dict(command.message),
    )
    candidate.be_contacted(command, **about, outreach_id=outreach.id)
    return outreach

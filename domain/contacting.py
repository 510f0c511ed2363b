"""Commands by which an employer contacts a candidate: each passes the contact gate."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from domain import contact_gate, do_not_contact, review
from domain.aggregate import refuse
from domain.candidate import Candidate
from domain.candidate_events import DECIDES_CONTACT
from domain.command import Command, Work
from domain.contact_gate import Contact
from domain.employer import Employer
from domain.likelihood import Likelihood
from domain.money import SalaryRange
from domain.outreach import Outreach, outreach_id, own_outreach, retract_contact
from domain.outreach_events import Status
from domain.position import Position, own_position
from domain.values import IN_ONE_LINE, Flag, FreeText, StorableText, Value

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


class FirstContact(BaseModel):
    """What the two ways of contacting a candidate first have in common.

    The letter leaves after `undo_window`, until when it can be undone; None if others deliver it.
    """

    position_id: UUID
    candidate_id: UUID
    message: Message
    likelihood: Likelihood | None = None
    undo_window: timedelta | None = None


class SendMessage(FirstContact, Command):
    """Send a passive candidate a message about a position; `bulk` if it is one of many."""

    bulk: Flag = False

    def execute(self, work: Work) -> Outreach:
        decide = partial(Outreach.send_message, bulk=self.bulk)
        return _contact(work, self, Contact.MESSAGE, decide, bulk=self.bulk)


class RequestInterview(FirstContact, Command):
    """Ask an active candidate for an interview about a position."""

    def execute(self, work: Work) -> Outreach:
        return _contact(work, self, Contact.INTERVIEW_REQUEST, Outreach.request_interview)


def _contact(
    work: Work,
    command: SendMessage | RequestInterview,
    contact: Contact,
    decide: Callable[..., None],
    *,
    bulk: bool = False,
) -> Outreach:
    position = own_position(work, command, command.position_id)
    employer = work.get(Employer, position.employer_id)
    candidate = work.get(Candidate, command.candidate_id, needed=DECIDES_CONTACT)
    retracted = candidate.retracted[position.id]
    outreach = work.find(Outreach, outreach_id(position.id, candidate.id, retracted))
    gate = (contact, employer, position, candidate)
    listed = do_not_contact.entries(work, employer.id, candidate.standing())
    against = contact_gate.against_contact(
        *gate, entries=listed, contacted=outreach.exists, at=command.at, bulk=bulk
    )
    refuse([*against, *review.against_contact(work, position.id, candidate)])
    about = {"employer_id": employer.id, "position_id": position.id}
    window = command.undo_window
    decide(
        outreach,
        command,
        **about,
        candidate_id=candidate.id,
        likelihood=command.likelihood,
        deliver_at=None if window is None else command.at + window,
        grounds=contact_gate.grounds(employer, candidate, command.at),
        **dict(command.message),
    )
    candidate.be_contacted(command, **about, outreach_id=outreach.id)
    return outreach


class WithdrawOutreach(Command):
    """Take an outreach back before the candidate answers: undo it, if it has not left yet."""

    outreach_id: UUID

    def execute(self, work: Work) -> Outreach:
        outreach = own_outreach(work, self, self.outreach_id)
        outreach.withdraw(self)
        if outreach.status is Status.UNDONE:
            retract_contact(work, self, outreach)
        return outreach


class EditMessage(Command):
    """Change a message before it leaves."""

    outreach_id: UUID
    message: Message

    def execute(self, work: Work) -> Outreach:
        outreach = own_outreach(work, self, self.outreach_id)
        outreach.edit_message(self, **dict(self.message))
        return outreach


class FollowUp(Command):
    """Write once more to a candidate who has not answered. It cannot be undone."""

    outreach_id: UUID
    text: FreeText
    sender_name: Line

    def execute(self, work: Work) -> Outreach:
        outreach = own_outreach(work, self, self.outreach_id)
        candidate = work.get(Candidate, outreach.about["candidate_id"], needed=DECIDES_CONTACT)
        position = work.get(Position, outreach.about["position_id"])
        employer = work.get(Employer, outreach.about["employer_id"])
        gate = (Contact.FOLLOW_UP, employer, position, candidate)
        listed = do_not_contact.entries(work, employer.id, candidate.standing())
        refuse(contact_gate.against_contact(*gate, entries=listed, contacted=True, at=self.at))
        content = {"text": self.text, "sender_name": self.sender_name}
        outreach.follow_up(self, **content, deliver_at=self.at)
        about = {"employer_id": employer.id, "position_id": position.id}
        candidate.be_contacted(self, **about, outreach_id=outreach.id)
        return outreach


class ReplyToCandidate(Command):
    """Write to a candidate who has answered. `mail` names a mail, taken once."""

    outreach_id: UUID
    text: FreeText
    sender_name: Line
    mail: UUID | None = None

    def execute(self, work: Work) -> Outreach:
        outreach = own_outreach(work, self, self.outreach_id)
        if self.mail in outreach.mails:
            return outreach
        candidate = work.get(Candidate, outreach.about["candidate_id"], needed=DECIDES_CONTACT)
        employer = work.get(Employer, outreach.about["employer_id"])
        refuse(employer.reasons_against_approaching())
        listed = do_not_contact.entries(work, employer.id, candidate.standing())
        refuse(contact_gate.against_reply(employer, candidate, entries=listed, at=self.at))
        content = {"text": self.text, "sender_name": self.sender_name, "mail": self.mail}
        outreach.reply(self, **content, deliver_at=self.at)
        return outreach


class MarkThreadRead(Command):
    """Note that a recruiter read a thread up to one of its events."""

    outreach_id: UUID
    up_to: Annotated[int, Field(ge=1)]

    def execute(self, work: Work) -> Outreach:
        outreach = own_outreach(work, self, self.outreach_id)
        outreach.mark_read(self, up_to=min(self.up_to, outreach.version))
        return outreach


class CorrectAnswer(Command):
    """Take a candidate's written reply for something else than the rules did."""

    outreach_id: UUID
    status: Status

    def execute(self, work: Work) -> Outreach:
        outreach = own_outreach(work, self, self.outreach_id)
        outreach.correct_answer(self, status=self.status)
        return outreach

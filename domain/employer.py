"""An employer of the marketplace: registration, approval, the beta, and feedback."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.actor import Actor, Cause, CompanyRole
from domain.aggregate import Aggregate, Refusal, Refused, refuse
from domain.command import Command, NotFound, Work
from domain.employer_events import (
    DECIDES_BULK,
    AnswersCounted,
    BetaJoined,
    BetaLeft,
    CompanyKeyNoted,
    EmployerApproved,
    EmployerRegistered,
    EmployerSuspended,
    FeedbackShared,
    ManagerAssigned,
    NamesDeclared,
)
from domain.handlers import on
from domain.sender_standing import AnswerRate, Sender
from domain.team import Team, team_id
from domain.values import Email, FreeText, Name, StorableText, Value


class EmployerAlreadyRegistered(Refusal):
    """An employer with this id is registered already; use another id."""


class EmployerAlreadyApproved(Refusal):
    """The employer is approved already."""


class EmployerNotApproved(Refusal):
    """The employer is not approved yet; ask the Customer Success Manager for approval."""


class EmployerIsSuspended(Refusal):
    """The employer is suspended ({reason}); ask the Customer Success Manager about it."""


class AlreadyInBeta(Refusal):
    """The employer is in the beta already."""


class NotInBeta(Refusal):
    """The employer has not joined the beta; join it from the Passive candidates tab."""


class Employer(Aggregate, kind="employer"):
    """Registered, then approved or suspended; an approved employer can join the beta."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.approved = False
        self.suspended_for: str | None = None
        self.in_beta = False
        self.company_key: UUID | None = None
        self.declared: tuple[UUID, ...] = ()
        self.sender = Sender()
        self.feedback: dict[int, Actor] = {}
        """Who shared feedback, by the version that it made."""

    @property
    def keys(self) -> set[UUID]:
        """The keyed hashes of its names, mail domains and affiliates."""
        return {*self.declared, *([self.company_key] if self.company_key else [])}

    # Decisions: check the rule, then state the fact. Never run on replay.

    def register(
        self, cause: Cause, *, company: str, manager: "Manager", company_key: UUID | None = None
    ) -> None:
        """Open the account."""
        if self.exists:
            raise Refused(EmployerAlreadyRegistered())
        self.record(
            EmployerRegistered,
            cause,
            company=company,
            manager_name=manager.name,
            manager_email=manager.email,
            company_key=company_key,
        )

    def note_company_key(self, cause: Cause, company_key: UUID) -> None:
        """Record the hash of its name, if it was registered without it."""
        if self.company_key is None:
            self.record(CompanyKeyNoted, cause, company_key=company_key)

    def declare_names(self, cause: Cause, **names: Any) -> None:
        """Say what else the company is called, in place of what was said before."""
        self.record(NamesDeclared, cause, **names)

    def approve(self, cause: Cause) -> None:
        """Allow the employer to contact candidates; this also ends a suspension."""
        if self.approved:
            raise Refused(EmployerAlreadyApproved())
        self.record(EmployerApproved, cause)

    def suspend(self, cause: Cause, *, reason: str) -> None:
        """Stop the employer from contacting candidates."""
        refuse(self.reasons_against_approaching())
        self.record(EmployerSuspended, cause, reason=reason)

    def assign_manager(self, cause: Cause, manager: "Manager") -> None:
        """Say who looks after the employer from now on."""
        name, email = manager.name, manager.email
        self.record(ManagerAssigned, cause, manager_name=name, manager_email=email)

    def join_beta(self, cause: Cause) -> None:
        """Join the beta."""
        already = [AlreadyInBeta()] if self.in_beta else []
        refuse([*self.reasons_against_approaching(), *already])
        self.record(BetaJoined, cause)

    def leave_beta(self, cause: Cause) -> None:
        """Leave the beta."""
        if not self.in_beta:
            raise Refused(NotInBeta())
        self.record(BetaLeft, cause)

    def share_feedback(self, cause: Cause, *, text: str, page: str) -> None:
        """Share feedback with the Customer Success Manager."""
        self.record(FeedbackShared, cause, text=text, page=page)

    def review_answer_rate(self, cause: Cause, rate: AnswerRate) -> None:
        """Warn of few answers; after the grace restrict bulk messages, or lift the warning."""
        if due := self.sender.due(rate, cause.at):
            event, facts = due
            self.record(event, cause, **facts)

    def reasons_against_approaching(self) -> list[Refusal]:
        """Why the employer may not contact candidates; empty if it may."""
        if self.suspended_for is not None:
            return [EmployerIsSuspended(reason=self.suspended_for)]
        return [] if self.approved else [EmployerNotApproved()]

    # Facts: fold into state. Never raise, never decide.

    @on(EmployerRegistered, CompanyKeyNoted)
    def on_company_key(self, event: EmployerRegistered | CompanyKeyNoted) -> None:
        self.company_key = event.company_key

    @on(NamesDeclared)
    def on_names_declared(self, event: NamesDeclared) -> None:
        self.declared = event.keys

    @on(EmployerApproved)
    def on_employer_approved(self, _: EmployerApproved) -> None:
        self.approved = True
        self.suspended_for = None

    @on(EmployerSuspended)
    def on_employer_suspended(self, event: EmployerSuspended) -> None:
        self.approved = False
        self.suspended_for = event.reason

    @on(BetaJoined, BetaLeft)
    def on_beta_joined_or_left(self, event: BetaJoined | BetaLeft) -> None:
        self.in_beta = isinstance(event, BetaJoined)

    @on(FeedbackShared)
    def on_feedback_shared(self, event: FeedbackShared) -> None:
        self.feedback[event.originator_version] = event.actor

    @on(*DECIDES_BULK)
    def on_answers_counted(self, event: AnswersCounted) -> None:
        self.sender = Sender.after(event)


class Manager(Value):
    """The Customer Success Manager of an employer."""

    name: Name
    email: Email


class RegisterEmployer(Command):
    """Open an employer's account."""

    employer_id: UUID
    company: Name
    manager: Manager
    company_key: UUID | None = None

    def execute(self, work: Work) -> Employer:
        employer = work.find(Employer, self.employer_id)
        employer.register(self, **self.asked(without="employer_id"))
        return employer


class NoteCompanyKey(Command):
    """Record the hash of the name of a company that was registered without it."""

    employer_id: UUID
    company_key: UUID

    def execute(self, work: Work) -> Employer:
        employer = work.get(Employer, self.employer_id)
        employer.note_company_key(self, self.company_key)
        return employer


Names = Annotated[tuple[Name, ...], Field(max_length=100)]


class DeclareNames(Command):
    """Say what else a company is called, its mail domains and affiliates, in place of before.

    `keys` are the keyed hashes of all of them. Who works there is not contacted by the company.
    """

    employer_id: UUID
    names: Names = ()
    domains: Names = ()
    affiliates: Names = ()
    keys: tuple[UUID, ...]

    def execute(self, work: Work) -> Employer:
        employer = own_employer(work, self, self.employer_id)
        employer.declare_names(self, **self.asked(without="employer_id"))
        return employer


class ApproveEmployer(Command):
    """Allow an employer to contact candidates."""

    employer_id: UUID

    def execute(self, work: Work) -> Employer:
        employer = work.get(Employer, self.employer_id)
        employer.approve(self)
        return employer


class SuspendEmployer(Command):
    """Stop an employer from contacting candidates."""

    employer_id: UUID
    reason: Annotated[StorableText, Field(min_length=1, max_length=500)]

    def execute(self, work: Work) -> Employer:
        employer = work.get(Employer, self.employer_id)
        employer.suspend(self, reason=self.reason)
        return employer


class AssignManager(Command):
    """Say which Customer Success Manager looks after an employer from now on."""

    employer_id: UUID
    manager: Manager

    def execute(self, work: Work) -> Employer:
        employer = work.get(Employer, self.employer_id)
        employer.assign_manager(self, self.manager)
        return employer


class JoinBeta(Command):
    """Join the beta, which lets an employer contact passive candidates."""

    employer_id: UUID

    def execute(self, work: Work) -> Employer:
        employer = own_employer(work, self, self.employer_id)
        employer.join_beta(self)
        return employer


class LeaveBeta(Command):
    """Leave the beta, for the whole company."""

    takes = CompanyRole.OWNER

    employer_id: UUID

    def execute(self, work: Work) -> Employer:
        employer = own_employer(work, self, self.employer_id)
        work.find(Team, team_id(self.employer_id)).check_owner(self)
        employer.leave_beta(self)
        return employer


class ReviewAnswerRate(Command):
    """Draw the consequences of how many of an employer's messages are answered."""

    employer_id: UUID
    rate: AnswerRate

    def execute(self, work: Work) -> Employer:
        employer = work.get(Employer, self.employer_id)
        employer.review_answer_rate(self, self.rate)
        return employer


class ShareFeedback(Command):
    """Share feedback on the feature with the employer's Customer Success Manager."""

    takes = CompanyRole.READ_ONLY

    employer_id: UUID
    text: FreeText
    page: Annotated[StorableText, Field(max_length=500)] = ""

    def execute(self, work: Work) -> Employer:
        employer = own_employer(work, self, self.employer_id)
        employer.share_feedback(self, text=self.text, page=self.page)
        return employer


def own_employer(work: Work, cause: Cause, employer_id: UUID) -> Employer:
    """The employer, if the caller may act for it. Raises `NotFound` otherwise."""
    if not cause.by.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    return work.get(Employer, employer_id)

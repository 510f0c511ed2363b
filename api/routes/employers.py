"""Employers: registered and approved by the marketplace, in the beta by choice."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api.company_names import is_public_mail
from api.http.access import Admin, Reader, Recruiter, Staff
from api.http.caller import CommandResult
from api.http.lists import Company, Cursor, Limit, found
from api.http.problems import Problem, Reason
from api.identifiers import mail_domain, of_company, of_domain
from domain.employer import (
    ApproveEmployer,
    AssignManager,
    DeclareNames,
    Employer,
    JoinBeta,
    LeaveBeta,
    Names,
    RegisterEmployer,
    SuspendEmployer,
)
from domain.employer import Manager as CustomerSuccessManager
from domain.values import Name, StorableText, Value
from projections import employers
from projections.employers import Employers
from projections.paging import Listed

router = APIRouter(tags=["Employers"])


class NewEmployer(Value):
    """A company to register."""

    company: Name
    manager: CustomerSuccessManager


class NewNames(Value):
    """What else a company is called, in place of what was declared before."""

    names: Names = ()
    domains: Names = Field((), description="of its mail, such as acme.example")
    affiliates: Names = Field((), description="companies whose people it does not contact either")


class Suspension(Value):
    """Why an employer is suspended."""

    reason: Annotated[StorableText, Field(min_length=1, max_length=500)]


@router.post("/employers", status_code=201)
def register(body: NewEmployer, caller: Admin) -> CommandResult:
    """Register an employer with the Customer Success Manager who looks after it."""
    key = of_company(caller.marketplace.address_key, body.company)
    return caller.run(RegisterEmployer, employer_id=caller.new_id(), company_key=key, **dict(body))


@router.get("/employers")
def list_employers(
    caller: Staff, limit: Limit = 50, cursor: Cursor = None, company: Company = None
) -> Listed[employers.Employer]:
    """The employers by name."""
    with caller.reading(Employers) as db:
        return employers.listed(db, limit, cursor, company)


@router.put("/employers/{employer_id}/names")
def declare_names(employer_id: UUID, body: NewNames, caller: Recruiter) -> CommandResult:
    """Say what else the company is called, and its mail domains and affiliates.

    It does not contact people who work there by their present job or the domain of their address.
    Its registered name counts by itself.
    """
    domains = tuple(map(mail_domain, body.domains))
    public = [domain for domain in domains if is_public_mail(domain)]
    if public:
        detail = f"Everybody can have an address there: {', '.join(public)}. Leave it out."
        raise Problem(422, "invalid", detail, [Reason(code="public_mail_domain", detail=detail)])
    key = caller.marketplace.address_key
    companies = [of_company(key, name) for name in (*body.names, *body.affiliates)]
    keys = [*(each for each in companies if each), *(of_domain(key, each) for each in domains)]
    said: dict[str, Any] = {"names": body.names, "domains": domains, "affiliates": body.affiliates}
    return caller.run(DeclareNames, employer_id=employer_id, **said, keys=tuple(keys))


@router.get("/employers/{employer_id}")
def read_employer(employer_id: UUID, caller: Reader) -> employers.Employer:
    """An employer; a recruiter sees their own alone."""
    with caller.reading(Employers) as db:
        employer = found(caller, Employer, employer_id, employers.one(db, employer_id))
    caller.set_etag(employer.version)
    return employer


@router.post("/employers/{employer_id}/approval", status_code=201)
def approve(employer_id: UUID, caller: Admin) -> CommandResult:
    """Let an employer approach candidates; this also ends a suspension."""
    return caller.run(ApproveEmployer, employer_id=employer_id)


@router.post("/employers/{employer_id}/suspension", status_code=201)
def suspend(employer_id: UUID, body: Suspension, caller: Admin) -> CommandResult:
    """Stop an employer from approaching anybody."""
    return caller.run(SuspendEmployer, employer_id=employer_id, reason=body.reason)


@router.put("/employers/{employer_id}/manager")
def assign_manager(employer_id: UUID, body: CustomerSuccessManager, caller: Admin) -> CommandResult:
    """Say which Customer Success Manager looks after an employer from now on."""
    return caller.run(AssignManager, employer_id=employer_id, manager=body)


@router.post("/employers/{employer_id}/beta", status_code=201)
def join_beta(employer_id: UUID, caller: Recruiter) -> CommandResult:
    """Join the beta: reach passive candidates from now on. Takes an approved employer."""
    return caller.run(JoinBeta, employer_id=employer_id)


@router.delete("/employers/{employer_id}/beta")
def leave_beta(employer_id: UUID, caller: Recruiter) -> CommandResult:
    """Leave the beta."""
    return caller.run(LeaveBeta, employer_id=employer_id)

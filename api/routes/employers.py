"""Employers: registered and approved by the marketplace, in the beta by choice; their feedback."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from api.http.access import Admin, Reader, Recruiter, Staff, SuccessManager
from api.http.caller import CommandResult
from api.http.lists import Company, Cursor, Limit, found
from domain.employer import (
    ApproveEmployer,
    Employer,
    JoinBeta,
    LeaveBeta,
    RegisterEmployer,
    ShareFeedback,
    SuspendEmployer,
)
from domain.employer import Manager as CustomerSuccessManager
from domain.values import FreeText, Name, StorableText, Value
from projections import employers
from projections.employers import Employers
from projections.paging import Listed

router = APIRouter(tags=["Employers"])


class NewEmployer(Value):
    """A company to register."""

    company: Name
    manager: CustomerSuccessManager


class Suspension(Value):
    """Why an employer is suspended."""

    reason: Annotated[StorableText, Field(min_length=1, max_length=500)]


class NewFeedback(Value):
    """What a recruiter wants their Customer Success Manager to know."""

    text: FreeText
    page: Annotated[StorableText, Field(max_length=500)] = ""


@router.post("/employers", status_code=201)
def register(body: NewEmployer, caller: Admin) -> CommandResult:
    """Register an employer with the Customer Success Manager who looks after it."""
    return caller.run(RegisterEmployer, employer_id=caller.new_id(), **dict(body))


@router.get("/employers")
def list_employers(
    caller: Staff, limit: Limit = 50, cursor: Cursor = None, company: Company = None
) -> Listed[employers.Employer]:
    """The employers by name."""
    with caller.reading(Employers) as db:
        return employers.listed(db, limit, cursor, company)


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


@router.post("/employers/{employer_id}/beta", status_code=201)
def join_beta(employer_id: UUID, caller: Recruiter) -> CommandResult:
    """Join the beta: reach passive candidates from now on. Takes an approved employer."""
    return caller.run(JoinBeta, employer_id=employer_id)


@router.delete("/employers/{employer_id}/beta")
def leave_beta(employer_id: UUID, caller: Recruiter) -> CommandResult:
    """Leave the beta."""
    return caller.run(LeaveBeta, employer_id=employer_id)


@router.post("/employers/{employer_id}/feedback", status_code=201)
def share_feedback(employer_id: UUID, body: NewFeedback, caller: Recruiter) -> CommandResult:
    """Tell the employer's Customer Success Manager something about the feature."""
    return caller.run(ShareFeedback, employer_id=employer_id, **dict(body))


@router.get("/employers/{employer_id}/feedback")
def list_feedback(
    employer_id: UUID, caller: SuccessManager, limit: Limit = 50, cursor: Cursor = None
) -> Listed[employers.Feedback]:
    """What an employer's recruiters said, the newest first."""
    with caller.reading(Employers) as db:
        return employers.feedback(db, limit, cursor, employer_id)


@router.get("/feedback")
def list_all_feedback(
    caller: SuccessManager,
    limit: Limit = 50,
    cursor: Cursor = None,
    company: Company = None,
    manager_email: Annotated[
        StorableText | None,
        Query(max_length=254, description="of the employers that they look after"),
    ] = None,
) -> Listed[employers.Feedback]:
    """What recruiters said, the newest first; perhaps only those of some employers."""
    with caller.reading(Employers) as db:
        return employers.feedback(db, limit, cursor, company=company, manager_email=manager_email)

"""Whom a token speaks for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import Field

from api.http.access import Anyone, Recruiter, allowed, bearer
from api.http.caller import CommandResult
from api.http.tokens import WITH_TOKENS, Tokens
from domain.actor import CompanyRole, Role
from domain.notification import Frequency, SetNotification
from domain.values import Email, Value

router = APIRouter(prefix="/me", tags=["Me"])


class Me(Value):
    """Who a token speaks for."""

    id: str
    role: Role
    employer_id: UUID | None
    company_role: CompanyRole | None = Field(description="of a recruiter, in their company")


@router.get("")
def read_me(caller: Anyone) -> Me:
    """Who the caller is: their id, role and, for a recruiter, employer and role in it."""
    actor = caller.actor
    of_company = CompanyRole.RECRUITER if actor.role is Role.RECRUITER else None
    company_role = actor.company_role or of_company
    return Me(**dict(actor) | {"company_role": company_role})


class Wish(Value):
    """How often a recruiter wants to be told of answers by mail, and where."""

    frequency: Frequency
    email: Email | None = None


@router.put("/notification")
def set_notification(body: Wish, caller: Recruiter) -> CommandResult:
    """Choose how often to be told of answers: by mail for each, once a day, or never."""
    return caller.run(SetNotification, **dict(body))


@router.delete("/token", status_code=204, dependencies=[Depends(allowed(*WITH_TOKENS))])
def revoke_token(
    request: Request, token: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]
) -> None:
    """Revoke the token of this request. Within a second nothing takes it any more."""
    tokens: Tokens = request.app.state.tokens
    tokens.revoke(token.credentials)

"""Whom a token speaks for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials

from api.http.access import Anyone, Recruiter, allowed, bearer
from api.http.caller import CommandResult
from api.http.tokens import WITH_TOKENS, Tokens
from domain.actor import Actor
from domain.notification import Frequency, SetNotification
from domain.values import Email, Value

router = APIRouter(prefix="/me", tags=["Me"])


@router.get("")
def read_me(caller: Anyone) -> Actor:
    """Who the caller is: their id, role and, for a recruiter, employer."""
    return caller.actor


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

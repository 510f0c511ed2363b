"""Whom a token speaks for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials

from api.http.access import Anyone, allowed, bearer
from api.http.tokens import WITH_TOKENS, Tokens
from domain.actor import Actor

router = APIRouter(prefix="/me", tags=["Me"])


@router.get("")
def read_me(caller: Anyone) -> Actor:
    """Who the caller is: their id, role and, for a recruiter, employer."""
    return caller.actor


@router.delete("/token", status_code=204, dependencies=[Depends(allowed(*WITH_TOKENS))])
def revoke_token(
    request: Request, token: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]
) -> None:
    """Revoke the token of this request. Within a second nothing takes it any more."""
    tokens: Tokens = request.app.state.tokens
    tokens.revoke(token.credentials)

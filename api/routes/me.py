"""Whom a token speaks for."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.caller import Caller, allowed
from domain.event import Actor, Role

router = APIRouter(prefix="/me", tags=["Me"])


@router.get("")
def read_me(caller: Annotated[Caller, Depends(allowed(*Role))]) -> Actor:
    """Who the caller is: their id, role and, for a recruiter, employer."""
    return caller.actor

"""Whom a token speaks for."""

from fastapi import APIRouter

from api.caller import Anyone
from domain.event import Actor

router = APIRouter(prefix="/me", tags=["Me"])


@router.get("")
def read_me(caller: Anyone) -> Actor:
    """Who the caller is: their id, role and, for a recruiter, employer."""
    return caller.actor

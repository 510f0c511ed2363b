"""What all reading routes share: paging, and 404 for what belongs to another employer."""

from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from fastapi import Query

from api.http.caller import Caller
from domain.aggregate import Aggregate
from domain.command import NotFound
from domain.values import StorableText

Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[
    str | None, Query(max_length=4000, description="`next_cursor` of the page before")
]
ManagerEmail = Annotated[
    StorableText | None,
    Query(max_length=254, description="of the employers that they look after"),
]
Company = Annotated[StorableText | None, Query(max_length=200, description="part of the name")]


class OfEmployer(Protocol):
    """Something that belongs to an employer."""

    employer_id: UUID


T = TypeVar("T", bound=OfEmployer)


def found(caller: Caller, kind: type[Aggregate], id: UUID, thing: T | None) -> T:
    """What was read. Raises `NotFound` if it is missing or belongs to another employer."""
    if thing is None or not caller.actor.acts_for(thing.employer_id):
        raise NotFound(kind, id)
    return thing

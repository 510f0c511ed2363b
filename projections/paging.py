"""Pages of a list by key: the cursor of a page is the sort key of the last row before it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, Field, TypeAdapter
from pydantic_core import to_json

T = TypeVar("T")
K = TypeVar("K", bound=tuple[Any, ...])

WholeNumber = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A count or a log position as part of a cursor; PostgreSQL's bigint holds it."""


class BadCursor(ValueError):
    """The cursor was not made by this list."""

    def __init__(self) -> None:
        super().__init__("The cursor is not one of this list; start again without a cursor.")


class Listed(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        None, description="give it as `cursor` for the next page; null at the end"
    )


def page(rows: Sequence[T], limit: int, key: Callable[[T], Sequence[Any]]) -> Listed[T]:
    """The page that these rows make, of which one more than the limit was asked for.

    >>> page([1, 2, 3], 2, lambda n: [n]).next_cursor
    'WzJd'
    """
    items = list(rows[:limit])
    more = len(rows) > limit
    return Listed(items=items, next_cursor=encoded(key(items[-1])) if more else None)


def after(cursor: str | None, kind: type[K]) -> K | None:
    """The key that a cursor stands for, of this tuple type; None for the first page.

    >>> after("WzJd", tuple[int])
    (2,)

    Raises:
        BadCursor: it is not one of this list.
    """
    if cursor is None:
        return None
    try:
        return TypeAdapter(kind).validate_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise BadCursor from None


def encoded(key: Sequence[Any]) -> str:
    """The cursor that stands for a key."""
    return urlsafe_b64encode(to_json(list(key))).decode().rstrip("=")

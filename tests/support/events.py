"""Events as tests make them: what a test leaves out is usual."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from domain.actor import Actor
from domain.event import Event
from domain.money import SalaryRange

E = TypeVar("E", bound=Event)

A_MESSAGE: dict[str, Any] = {
    "subject": "Hello",
    "text": "Would you like to talk?",
    "salary": SalaryRange(minimum=1, maximum=2, currency="EUR"),
    "location": "Lyon",
    "remote": False,
    "sender_name": "Rae",
    "sender_role": "Recruiter",
    "likelihood": None,
}
"""What a message says."""


def event_of(
    kind: type[E],
    id: UUID,
    /,
    *,
    at: datetime,
    by: Actor,
    version: int = 1,
    request_id: str = "test",
    **facts: Any,
) -> E:
    """An event of an aggregate's stream, at a moment and by an actor."""
    return kind(
        originator_id=id,
        originator_version=version,
        timestamp=at,
        actor=by,
        request_id=request_id,
        **facts,
    )

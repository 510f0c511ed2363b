"""What an employer may see of the event log: the events of its own work, without the model's."""

import json
from uuid import UUID

from domain.employer import (
    BetaJoined,
    BetaLeft,
    EmployerApproved,
    EmployerRegistered,
    EmployerSuspended,
)
from domain.event import Event
from domain.outreach_events import (
    InterviewRequested,
    InterviewScheduled,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachWithdrawn,
)
from domain.position import ClosingDateSet, FiltersSet, PositionClosed, PositionOpened

FOR_EMPLOYERS: tuple[type[Event], ...] = (
    EmployerRegistered, EmployerApproved, EmployerSuspended, BetaJoined, BetaLeft,
    PositionOpened, FiltersSet, ClosingDateSet, PositionClosed,
    MessageSent, InterviewRequested, OutreachWithdrawn, OutreachAccepted, OutreachDeclined,
    OutreachExpired, InterviewScheduled,
)  # fmt: skip
"""Chosen one by one: an event that is not here is for the marketplace's own people."""

KINDS_FOR_EMPLOYERS = frozenset(event.TOPIC for event in FOR_EMPLOYERS)

HIDDEN_FROM_EMPLOYERS = frozenset({"likelihood"})
"""Fields of these events: recruiters read the likelihood in steps, not to the last digit."""


def employer_of(kind: str, id: UUID, state: bytes) -> UUID | None:
    """Whose event this is, by its stored name, its aggregate's id and its stored state.

    None for one that no employer may see.

    >>> acme, outreach = UUID(int=1), UUID(int=2)
    >>> employer_of("outreach.accepted", outreach, b'{"employer_id": "%s"}' % str(acme).encode())
    UUID('00000000-0000-0000-0000-000000000001')
    >>> employer_of("employer.approved", acme, b"{}") == acme
    True
    >>> employer_of("candidate.contacted", outreach, b'{"employer_id": null}')
    """
    if kind not in KINDS_FOR_EMPLOYERS:
        return None
    if kind.startswith("employer."):
        return id
    try:
        return UUID(json.loads(state)["employer_id"])
    except (LookupError, TypeError, ValueError, AttributeError):  # by hand anything can be written
        return None

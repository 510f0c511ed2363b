"""Commands executed on an event store: employers, positions, members and a message to send."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.actor import Actor, Role
from domain.command import Command
from domain.contacting import Message, SendMessage
from domain.employer import (
    ApproveEmployer,
    JoinBeta,
    Manager,
    RegisterEmployer,
)
from domain.identifier import SignUpCandidate
from domain.money import SalaryRange
from domain.position import OpenPosition
from infrastructure.event_log.store import (
    EventStore,
)

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=400)
ADMIN = Actor(id="ada", role=Role.ADMIN)
BY: dict[str, Any] = {"by": ADMIN, "at": NOW, "request_id": "request"}
MESSAGE = Message(
    subject="A role for you",
    text="We build robots",
    salary=SalaryRange(minimum=1, maximum=2, currency="EUR"),
    remote=True,
    sender_name="Robin",
    sender_role="Head",
)
PRIVATE = ("Ada Lovelace", "ada@example.com", "Wrote programs", *MESSAGE.subject.split("\n"))


def employer(store: EventStore, *more: type[Command]) -> UUID:
    id = uuid4()
    manager = Manager(name="Casey", email="casey@example.com")
    store.execute(RegisterEmployer(**BY, employer_id=id, company="Acme", manager=manager))
    for command in more:
        store.execute(command(**BY, employer_id=id))  # type: ignore[call-arg]
    return id


def position(store: EventStore, employer_id: UUID) -> UUID:
    id = uuid4()
    store.execute(OpenPosition(**BY, position_id=id, employer_id=employer_id, title="Developer"))
    return id


def member(store: EventStore) -> UUID:
    id = uuid4()
    told: dict[str, Any] = dict(zip(("name", "email", "summary"), PRIVATE, strict=False))
    store.execute(
        SignUpCandidate(**BY, candidate_id=id, **told, signed_up_at=LONG_AGO, opted_in=True)
    )
    return id


def a_message(store: EventStore) -> SendMessage:
    """A message that may be sent."""
    place = position(store, employer(store, ApproveEmployer, JoinBeta))
    return SendMessage(**BY, position_id=place, candidate_id=member(store), message=MESSAGE)

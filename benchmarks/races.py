"""Races over whether a candidate is contacted: of two that exclude each other one happens.

Every race is run many times on a real PostgreSQL, by two threads at once or by fifty. What ends all
contact (an opt-out, a block, an entry of the do-not-contact list, a suspension, a closing, an
erasure, leaving the beta) or bulk messages (a restriction) always happens, and a message only
before it.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from api.marketplace import open_marketplace
from domain.actor import Actor, Role
from domain.aggregate import Refused
from domain.answering import AcceptOutreach
from domain.candidate_commands import BlockEmployer, EraseCandidate, OptOut, SetContactBudget
from domain.command import Command
from domain.contacting import Message, SendMessage, WithdrawOutreach
from domain.delivering import ReleaseLetter
from domain.do_not_contact import AddToDoNotContact, Named
from domain.employer import (
    ApproveEmployer,
    JoinBeta,
    LeaveBeta,
    Manager,
    RegisterEmployer,
    ReviewAnswerRate,
    SuspendEmployer,
)
from domain.identifier import SignUpCandidate
from domain.money import SalaryRange
from domain.position import ClosePosition, OpenPosition
from domain.sender_standing import GRACE, AnswerRate
from infrastructure.event_log.store import Contended, EventStore, Recorded
from infrastructure.settings import Settings

ROUNDS = 1_000
EMPLOYERS = 50
MOST_JITTER = 0.05
"""Seconds by which one of the two may be later, so that over the rounds either comes first."""

NOW = datetime.now(UTC)
BY: dict[str, Any] = {"by": Actor(id="race", role=Role.ADMIN), "at": NOW, "request_id": "race"}
MESSAGE = Message(
    subject="A role for you",
    text="We build robots.",
    salary=SalaryRange(minimum=1, maximum=2, currency="EUR"),
    remote=True,
    sender_name="Robin",
    sender_role="Head",
)


class Arena:
    """One employer with a position, and a passive candidate, new for every round."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.employer_id, self.position_id = employer(store)
        self.candidate_id, self.address = uuid4(), uuid4()
        store.execute(
            SignUpCandidate(
                **BY,
                candidate_id=self.candidate_id,
                address=self.address,
                name="Casey",
                email="casey@example.com",
                signed_up_at=NOW - timedelta(days=400),
                opted_in=True,
            )
        )

    def sending(self, **options: Any) -> SendMessage:
        about: dict[str, Any] = {
            "position_id": self.position_id,
            "candidate_id": self.candidate_id,
        }
        return SendMessage(**BY, **about, message=MESSAGE, **options)

    def ending(self, command: type[Command], **more: Any) -> Command:
        ids = ("employer_id", "position_id", "candidate_id")
        about = {name: getattr(self, name) for name in ids if name in command.model_fields}
        return command(**BY | about | more)


def employer(store: EventStore) -> tuple[UUID, UUID]:
    """An approved employer in the beta, and its position."""
    employer_id, position_id = uuid4(), uuid4()
    manager = Manager(name="Morgan", email="morgan@example.com")
    for command in (
        RegisterEmployer(**BY, employer_id=employer_id, company="Acme", manager=manager),
        ApproveEmployer(**BY, employer_id=employer_id),
        JoinBeta(**BY, employer_id=employer_id),
        OpenPosition(**BY, position_id=position_id, employer_id=employer_id, title="Developer"),
    ):
        store.execute(command)
    return employer_id, position_id


def at_once(store: EventStore, commands: Sequence[Command]) -> list[Recorded | Refused]:
    """What becomes of commands given by a thread each at the same moment."""
    outcomes: list[Any] = [None] * len(commands)
    start = threading.Barrier(len(commands))

    def give(number: int, command: Command) -> None:
        start.wait()
        time.sleep(random.uniform(0, MOST_JITTER))
        while outcomes[number] is None:
            try:
                outcomes[number] = store.execute(command)
            except Refused as refused:
                outcomes[number] = refused
            except Contended:
                continue

    threads = [threading.Thread(target=give, args=each) for each in enumerate(commands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


Race = Callable[[EventStore], str]
"""Runs a race once, raises AssertionError if both or neither happened, and says who was first."""


def against_send(command: type[Command], code: str, **more: Any) -> Race:
    """A message against what ends all messages."""

    def race(store: EventStore) -> str:
        arena = Arena(store)
        entry = {"identifier": arena.address} if command is AddToDoNotContact else {}
        return sent_or_ended(store, arena.sending(), arena.ending(command, **more, **entry), code)

    return race


def sent_or_ended(store: EventStore, send: Command, end: Command, code: str) -> str:
    """Which of the two came first: a message after the end is refused."""
    sent, ended = at_once(store, [send, end])
    assert isinstance(ended, Recorded), ended
    if isinstance(sent, Recorded):
        assert sent.log_position < ended.log_position, "a message came after its end"
        return "sent before"
    assert sent.codes == [code], sent.codes
    return "refused"


def bulk_and_restriction(store: EventStore) -> str:
    """A bulk message against a restriction to single messages, once the grace has ended."""
    arena, rate = Arena(store), AnswerRate(messages=100, answered=0)
    store.execute(arena.ending(ReviewAnswerRate, rate=rate, at=NOW - GRACE))
    restrict = arena.ending(ReviewAnswerRate, rate=rate)
    return sent_or_ended(store, arena.sending(bulk=True), restrict, "bulk_messages_restricted")


def one_of_two(prepare: Callable[[UUID], Sequence[Command]]) -> Race:
    """Two commands about an outreach, of which exactly one is taken."""

    def race(store: EventStore) -> str:
        arena = Arena(store)
        outreach_id = store.execute(arena.sending()).id
        outcomes = at_once(store, prepare(outreach_id))
        taken = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Recorded)]
        assert len(taken) == 1, outcomes
        return f"number {taken[0] + 1}"

    return race


def budget(store: EventStore) -> str:
    """Fifty employers at once against what a candidate wants to hear."""
    arena = Arena(store)
    wanted = random.randint(1, 10)
    store.execute(arena.ending(SetContactBudget, contacts=wanted))
    positions = [employer(store)[1] for _ in range(EMPLOYERS)]
    sends = [arena.sending().model_copy(update={"position_id": one}) for one in positions]
    outcomes = at_once(store, sends)
    sent = [outcome for outcome in outcomes if isinstance(outcome, Recorded)]
    refused = {
        code for outcome in outcomes if isinstance(outcome, Refused) for code in outcome.codes
    }
    assert len(sent) == wanted, f"{len(sent)} of {wanted}"
    assert refused == {"candidate_contacted_too_often"}, refused
    return f"exactly {wanted}"


RACES: dict[str, Race] = {
    "opt-out": against_send(OptOut, "candidate_opted_out"),
    "block": against_send(BlockEmployer, "candidate_blocked_employer"),
    "do-not-contact": against_send(
        AddToDoNotContact, "on_do_not_contact_list", kind=Named.ADDRESS, reason="A client."
    ),
    "suspension": against_send(SuspendEmployer, "employer_is_suspended", reason="spam"),
    "closing": against_send(ClosePosition, "position_is_closed"),
    "erasure": against_send(EraseCandidate, "candidate_is_erased"),
    "leaving the beta": against_send(LeaveBeta, "not_in_beta"),
    "accept and withdraw": one_of_two(
        lambda outreach_id: [
            AcceptOutreach(**BY, outreach_id=outreach_id),
            WithdrawOutreach(**BY, outreach_id=outreach_id),
        ]
    ),
}


def undo_and_release(store: EventStore) -> str:
    """An undo at the moment at which the letter leaves: undone, or withdrawn after it left."""
    arena = Arena(store)
    id = store.execute(arena.sending(undo_window=timedelta(0))).id
    release = ReleaseLetter(**BY, outreach_id=id, letter=1)
    undone, released = at_once(store, [WithdrawOutreach(**BY, outreach_id=id), release])
    assert isinstance(undone, Recorded), undone
    kinds = [event.topic for event in store.recorder.select_events(id)]
    took_back = "outreach.undone" in kinds
    left = "outreach.letter_released" in kinds
    assert took_back is not left, kinds
    assert left is isinstance(released, Recorded)
    return "undone" if took_back else "released"


RACES |= {
    "bulk and restriction": bulk_and_restriction,
    "undo and release": undo_and_release,
    "fifty employers and a budget": budget,
}


def raced(store: EventStore, name: str, rounds: int) -> Counter[str]:
    """How often each outcome came of so many rounds of a race."""
    return Counter(RACES[name](store) for _ in range(rounds))


def main() -> None:
    """Run every race on an embedded server, and tell who was first how often."""
    with open_marketplace(Settings()) as marketplace:
        for name in RACES:
            rounds = ROUNDS // EMPLOYERS if RACES[name] is budget else ROUNDS
            print(f"{name}: {dict(raced(marketplace.store, name, rounds))}")

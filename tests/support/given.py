"""The words that tests of the domain are written in: given a history, when a command, then events.

What a command looks at went through the production codec, as it does in production: personal fields
are sealed, and aggregates are loaded without them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from uuid import NAMESPACE_DNS, UUID, uuid5

from eventsourcing.persistence import StoredEvent

from domain.actor import Actor, CompanyRole, Role
from domain.aggregate import Aggregate, Refused, refuse
from domain.candidate_events import (
    CandidateErased,
    CandidateSignedUp,
    Contacted,
    EmployerBlocked,
    OptedIn,
    OptedOut,
    WasActive,
)
from domain.command import Command, NotFound
from domain.contacting import Message
from domain.employer_events import (
    BetaJoined,
    EmployerApproved,
    EmployerRegistered,
    EmployerSuspended,
)
from domain.event import Event
from domain.filters import Filters
from domain.money import SalaryRange
from domain.outreach import outreach_id
from domain.outreach_events import (
    InterviewScheduled,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachWithdrawn,
)
from domain.position import PositionClosed, PositionOpened
from domain.profile import Facts
from domain.sources import ActivityKind
from infrastructure.event_log.codec import EventMapper
from infrastructure.event_log.keys import Key, Keyring
from tests.support.events import event_of

A = TypeVar("A", bound=Aggregate)


# --- When


NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=730)
SIX_MONTHS_AGO = datetime(2025, 10, 15, 12, tzinfo=UTC)


def days(number: float) -> timedelta:
    return timedelta(days=number)


# --- Who


def named(name: str) -> UUID:
    """The same id for the same name, in every run."""
    return uuid5(NAMESPACE_DNS, name)


ACME, GLOBEX = named("acme"), named("globex")
BACKEND_ENGINEER, DATA_ENGINEER, GLOBEX_ENGINEER = (
    named("backend engineer at acme"),
    named("data engineer at acme"),
    named("engineer at globex"),
)
CASEY, ROBIN = named("casey"), named("robin")
TO_CASEY = outreach_id(BACKEND_ENGINEER, CASEY)

the_platform = Actor(id="platform", role=Role.PLATFORM)
the_admin = Actor(id="admin-1", role=Role.ADMIN)
the_support = Actor(id="support-1", role=Role.SUPPORT)
the_system = Actor(id="worker", role=Role.SYSTEM)
acmes_recruiter = Actor(id="recruiter-1", role=Role.RECRUITER, employer_id=ACME)
acmes_owner = acmes_recruiter.model_copy(update={"company_role": CompanyRole.OWNER})
acmes_reader = acmes_recruiter.model_copy(update={"company_role": CompanyRole.READ_ONLY})
globexs_recruiter = Actor(id="recruiter-2", role=Role.RECRUITER, employer_id=GLOBEX)
globexs_owner = globexs_recruiter.model_copy(update={"company_role": CompanyRole.OWNER})

THE_REQUEST = "request-1"


def by(actor: Actor, *, at: datetime = NOW) -> dict[str, Any]:
    """What every command says beside what it asks for."""
    return {"by": actor, "at": at, "request_id": THE_REQUEST}


# --- Facts


@dataclass(frozen=True)
class Fact:
    """An event as a test tells it: what it leaves out is either usual or beside the point."""

    event: type[Event]
    about: UUID
    at: datetime | None
    by: Actor | None
    says: Mapping[str, Any]


def fact(
    event: type[Event],
    about: UUID,
    *,
    at: datetime | None = None,
    by: Actor | None = None,
    **says: Any,
) -> Fact:
    """This happened to this aggregate.

    As history, it happened long ago and by the platform unless told otherwise. As the outcome of a
    command, it has happened when the command was given and by whom.
    """
    return Fact(event, about, at, by, says)


History: TypeAlias = "Fact | tuple[History, ...]"

A_LETTER = Message(
    subject="Backend engineer at Acme",
    text="Your work on queues is what we need.",
    salary=SalaryRange(minimum=90_000, maximum=120_000, currency="USD"),
    location="Berlin",
    sender_name="Sam Sender",
    sender_role="Head of Engineering",
)


def registered(employer: UUID) -> Fact:
    return fact(
        EmployerRegistered,
        employer,
        company="Acme",
        manager_name="Morgan Manager",
        manager_email="morgan@example.com",
    )


def approved(employer: UUID) -> History:
    return registered(employer), fact(EmployerApproved, employer)


def opened(position: UUID, employer: UUID, filters: Filters | None = None) -> Fact:
    return fact(
        PositionOpened,
        position,
        employer_id=employer,
        title="Engineer",
        description="",
        location="Berlin",
        remote=False,
        salary=None,
        filters=filters or Filters(),
    )


def signed_up(
    candidate: UUID = CASEY, *, at: datetime = LONG_AGO, has_address: bool = True, **says: Any
) -> Fact:
    return fact(
        CandidateSignedUp,
        candidate,
        at=at,
        name="Casey",
        fields=("skills",),
        facts=Facts(skills=("Python",)),
        has_address=has_address,
        **says,
    )


def was_active(candidate: UUID = CASEY, *, at: datetime) -> Fact:
    return fact(
        WasActive, candidate, at=at, kind=ActivityKind.SIGNED_IN, source="web", source_id=str(at)
    )


def contacted(*moments: datetime) -> History:
    """Other employers wrote to Casey at these moments."""
    return tuple(
        fact(
            Contacted,
            CASEY,
            at=moment,
            employer_id=GLOBEX,
            position_id=named(f"position {moment}"),
            outreach_id=named(f"outreach {moment}"),
        )
        for moment in moments
    )


def message_sent(
    *,
    at: datetime,
    position: UUID = BACKEND_ENGINEER,
    employer: UUID = ACME,
    deliver_at: datetime | None = None,
    bulk: bool = False,
) -> History:
    """A passive Casey has had a message about a position."""
    about: dict[str, Any] = {"employer_id": employer, "position_id": position}
    outreach = outreach_id(position, CASEY)
    letter: dict[str, Any] = {**dict(A_LETTER), "likelihood": None, "deliver_at": deliver_at}
    return (
        fact(MessageSent, outreach, at=at, **about, candidate_id=CASEY, **letter, bulk=bulk),
        fact(Contacted, CASEY, at=at, **about, outreach_id=outreach),
    )


about_casey: dict[str, Any] = {
    "employer_id": ACME,
    "position_id": BACKEND_ENGINEER,
    "candidate_id": CASEY,
}

registered_employer = registered(ACME)
approved_employer = approved(ACME)
suspended_employer = (approved_employer, fact(EmployerSuspended, ACME, reason="spam"))
in_the_beta = fact(BetaJoined, ACME)
another_approved_employer = approved(GLOBEX)

open_position = opened(BACKEND_ENGINEER, ACME)
another_open_position = opened(DATA_ENGINEER, ACME)
another_employers_position = opened(GLOBEX_ENGINEER, GLOBEX)
closed_position = (
    open_position,
    fact(PositionClosed, BACKEND_ENGINEER, employer_id=ACME, reason="filled"),
)

member = signed_up()
opted_in = fact(OptedIn, CASEY)
opted_out = fact(OptedOut, CASEY)
passive_candidate = (member, opted_in)
active_candidate = (member, opted_in, was_active(at=NOW - days(3)))
blocked_acme = fact(EmployerBlocked, CASEY, employer_id=ACME)
erased = fact(CandidateErased, CASEY)

a_message = message_sent(at=NOW - days(2))
an_unanswered_message = message_sent(at=NOW - days(14))
accepted = fact(OutreachAccepted, TO_CASEY, at=NOW - days(1), note=None, **about_casey)
declined = fact(
    OutreachDeclined, TO_CASEY, at=NOW - days(1), reason="salary", note=None, **about_casey
)
withdrawn = fact(OutreachWithdrawn, TO_CASEY, at=NOW - days(1), **about_casey)
expired = fact(OutreachExpired, TO_CASEY, at=NOW, **about_casey)
interview_scheduled = fact(
    InterviewScheduled, TO_CASEY, at=NOW, starts_at=NOW + days(3), **about_casey
)

able_to_write = (approved_employer, in_the_beta, open_position)


# --- Given, when, then


class KeysAtHand(Keyring):
    """The keys of persons, the same in every run and held in memory."""

    def __init__(self) -> None:
        self.destroyed: set[UUID] = set()

    def decryption_keys(self, persons: Iterable[UUID]) -> Mapping[UUID, Key]:
        return {person: _key(person) for person in persons if person not in self.destroyed}

    def encryption_keys(self, persons: Iterable[UUID]) -> Mapping[UUID, Key | None]:
        return {p: None if p in self.destroyed else _key(p) for p in persons}


def _key(person: UUID) -> Key:
    return Key(person.bytes * 2)


@dataclass
class Story:
    """What has happened so far, and what became of the last command."""

    keys: KeysAtHand = field(default_factory=KeysAtHand)
    happened: list[Event] = field(default_factory=list)
    outcome: Sequence[Event] | Refused | None = None
    command: Command | None = None
    aggregates: Sequence[Aggregate] = ()
    unreadable: Collection[type[Event]] = ()
    _stored: list[StoredEvent] = field(default_factory=list)
    _as_loaded: dict[UUID, list[Event]] = field(default_factory=lambda: defaultdict(list))

    def given(self, *history: History) -> None:
        for one in history:
            if isinstance(one, tuple):
                self.given(*one)
            else:
                self._begin_with(one)

    def _begin_with(self, told: Fact) -> None:
        self.keep(
            event_of(
                told.event,
                told.about,
                version=len(self._as_loaded[told.about]) + 1,
                at=told.at or LONG_AGO,
                by=told.by or the_platform,
                request_id="an earlier request",
                **told.says,
            )
        )

    def when(self, command: Command) -> Sequence[Event] | Refused:
        work = InMemoryWork(self)
        self.command = command
        try:
            command.decide(work)
        except Refused as refused:
            assert not work.collected(), "the facts of a refused command must not be stated"
            self.outcome = refused
        else:
            self.outcome = work.collected()
            self.aggregates = work.aggregates()
            for event in self.outcome:
                self.keep(event)
        return self.outcome

    def read(self) -> list[Event]:
        """What happened, with personal fields as far as the persons' keys still exist."""
        mapper = EventMapper(self.keys)
        return mapper.with_personal_fields(self._stored)

    def keep(self, event: Event) -> None:
        """Record an event, through the production codec and back."""
        mapper = EventMapper(self.keys)
        self.happened.append(event)
        self._stored.append(mapper.to_stored_event(event))
        self._as_loaded[event.originator_id].append(mapper.to_domain_event(self._stored[-1]))
        if event.erases:
            self.keys.destroyed.add(event.person_id)

    def loaded(self, kind: type[A], id: UUID) -> A:
        """The aggregate as it is loaded now."""
        events = self._as_loaded[id]
        readable = (event for event in events if type(event) not in self.unreadable)
        lost = {event.TOPIC for event in self.unreadable}
        return kind.fold(id, readable, version=len(events), unreadable=lost)


class InMemoryWork:
    """The aggregates of one command, on a history in memory."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._loaded: dict[UUID, Aggregate] = {}

    def get(self, kind: type[A], id: UUID, needed: Sequence[type[Event]] | None = None) -> A:
        aggregate = self.find(kind, id, needed)
        if not aggregate.exists:
            raise NotFound(kind, id)
        return aggregate

    def find(self, kind: type[A], id: UUID, needed: Sequence[type[Event]] | None = None) -> A:
        aggregate = self._loaded.setdefault(id, self._story.loaded(kind, id))
        if not isinstance(aggregate, kind):
            raise NotFound(kind, id)
        refuse(aggregate.reasons_if_unreadable(needed))
        return aggregate

    def find_all(self, kind: type[A], ids: Sequence[UUID]) -> list[A]:
        return [self.find(kind, id) for id in ids]

    def aggregates(self) -> Sequence[Aggregate]:
        return [*self._loaded.values()]

    def collected(self) -> list[Event]:
        return [event for one in self._loaded.values() for event in one.collect_events()]


_story = Story()


def told() -> Story:
    """The story so far."""
    return _story


def given(*history: History) -> None:
    """Begin a new story, in which this has happened."""
    global _story  # noqa: PLW0603 - a test tells one story
    _story = Story()
    _story.given(*history)


def cannot_be_read(*events: type[Event]) -> None:
    """What happened of these types cannot be read."""
    _story.unreadable = events


def when(command: Command) -> None:
    """Somebody asks for this."""
    _story.when(command)


def then(*expected: Fact) -> None:
    """Exactly this happened, by whom and when the command says unless told otherwise."""
    outcome, command = _story.outcome, _story.command
    assert command is not None
    assert not isinstance(outcome, Refused), f"refused: {outcome}"
    assert outcome is not None
    # In one transaction, what happens to one aggregate has an order, two of them have none.
    happened = sorted(outcome, key=lambda event: event.originator_id)
    stated = sorted(expected, key=lambda told: told.about)
    assert [(type(event).__name__, event.originator_id) for event in happened] == [
        (told.event.__name__, told.about) for told in stated
    ]
    for event, told in zip(happened, stated, strict=True):
        assert {name: getattr(event, name) for name in told.says} == told.says
        assert event.timestamp == (told.at or command.at)
        assert event.actor == (told.by or command.by)
        assert event.request_id == command.request_id


def then_refused(*codes: str) -> list[str]:
    """It was refused for exactly these reasons, and nothing was recorded.

    Returns:
        The sentence of each reason.
    """
    outcome = _story.outcome
    assert isinstance(outcome, Refused), f"not refused, but recorded: {outcome}"
    assert sorted(outcome.codes) == sorted(codes)
    sentences = [str(reason) for reason in outcome.reasons]
    assert str(outcome) == " ".join(sentences)
    return sentences

"""What a rebuilt model follows from: the whole log, or the little of it that moves a model.

A model learns from outreach alone, so whoever is never approached matters only by when their events
happened: silence is told by the moment of any event. From a snapshot on, a model follows from the
outreach that was under way then or was sent since, from all that was told of its candidates and
positions, and from the events by which a day of silence had passed. All of these are found by
indexes, but for the moments, for which the log after the snapshot is skimmed and not read.
"""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import NamedTuple, Protocol
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import DataError

from domain.candidate import Contacted
from domain.event import Event
from domain.outreach import InterviewRequested, MessageSent
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore
from projections.likelihood.learner import (
    FOLLOWED,
    OF_A_CANDIDATE,
    OF_A_POSITION,
    OF_AN_OUTREACH,
    SILENCE,
    OutreachSent,
)

EVENTS_AT_ONCE = 5_000

SKIMMED_FOR_ONE = 25
"""So many events are skimmed in the time in which one is taken in."""

Step = tuple[int, Event | datetime]
"""A position of the log, and its event, or the moment of one that tells nothing else."""


class Differs(Exception):
    """A replay of the log gives something else than was recorded."""


class TakesLong(Exception):
    """A replay takes more events than the caller would wait for."""


class Progress(Protocol):
    """Told how much is done, out of how much."""

    def __call__(self, done: int, total: int, /) -> None: ...


class TrainingSlice(NamedTuple):
    """What is to be taken in of a log up to a position, in order."""

    events: list[Logged]
    moments: Mapping[int, datetime]
    """By position, of events that only let time pass."""
    latest: datetime
    """The latest moment that any event of the log bears."""


def approaches(store: EventStore, after: int, until: int) -> list[tuple[int, OutreachSent]]:
    """The outreach that was sent between two positions, each with the position of its sending."""
    found = []
    for position, event in _read(store, after, until, (MessageSent, InterviewRequested)):
        assert isinstance(event, OutreachSent)
        found.append((position, event))
    return found


def full_log(
    store: EventStore, until: int, approached: Container[UUID], progress: Progress
) -> Iterator[Step]:
    """The whole log up to a position; of candidates who were not approached the moments alone."""
    for position, event in _read(store, 0, until, FOLLOWED, progress):
        matters = not isinstance(event, OF_A_CANDIDATE) or event.originator_id in approached
        yield position, event if matters else event.timestamp


def since_snapshot(
    store: EventStore,
    db: Database,
    after: int,
    until: int,
    under_way: Mapping[UUID, float | None],
    latest: datetime,
    *,
    besides: Iterable[OutreachSent] = (),
    most: int | None = None,
) -> TrainingSlice:
    """What a model follows from that is known after one position, up to another.

    Args:
        store: to read the log by, like `db`.
        db: of the log.
        after: where the model is known.
        until: where it is wanted.
        under_way: the outreach under way at the first; None for one whose silence is to come.
        latest: the latest moment that any event bore up to there.
        besides: approaches whose candidates and positions are to be known as well.
        most: how many events may be needed; what is skimmed counts by its time.

    Raises:
        TakesLong: more are needed.
    """
    skimmed = (until - after) // SKIMMED_FOR_ONE
    _check(skimmed, most)
    limit = None if most is None else most + 1
    sent = approaches(store, after, until)
    begun = [*_decoded(store, queries.of_aggregates(db, under_way, after, _topics(OF_AN_OUTREACH)))]
    waiting = [(at, e) for at, e in begun if isinstance(e, OutreachSent)]
    concerned = [event for _, event in (*waiting, *sent)] + [*besides]

    candidates = {event.candidate_id for event in concerned}
    of_candidates = (*OF_A_CANDIDATE, Contacted)
    told = queries.of_aggregates(db, candidates, until, _topics(of_candidates), limit)
    _check(skimmed + len(told), most)
    contacts = _decoded(store, [one for one in told if one.stored.topic == Contacted.TOPIC])
    outreach = {event.originator_id for event in concerned}
    outreach |= {event.outreach_id for _, event in contacts if isinstance(event, Contacted)}
    events = [one for one in told if one.stored.topic != Contacted.TOPIC]
    events += queries.of_aggregates(db, outreach, until, _topics(OF_AN_OUTREACH))
    positions = {event.position_id for event in concerned}
    events += queries.of_aggregates(db, positions, until, _topics(OF_A_POSITION))
    _check(skimmed + len(events), most)

    silent = [(at, e) for at, e in waiting if under_way[e.originator_id] is None] + sent
    due = [(at, event.timestamp + SILENCE) for at, event in silent]
    moments, newest = _passing(db, after, until, due, latest)
    return TrainingSlice(sorted(events), moments, newest)


def steps(store: EventStore, lessons: TrainingSlice, progress: Progress) -> Iterator[Step]:
    """The lessons in order. An event lets its own time pass."""
    places = {one.log_position for one in lessons.events}
    moments = sorted(item for item in lessons.moments.items() if item[0] not in places)

    def events() -> Iterator[Step]:
        total = len(lessons.events)
        for done, step in enumerate(_decoded(store, lessons.events)):
            if done % EVENTS_AT_ONCE == 0:
                progress(done, total)
            yield step
        progress(total, total)

    return merge(events(), moments, key=itemgetter(0))


def _passing(
    db: Database, after: int, until: int, due: Collection[tuple[int, datetime]], latest: datetime
) -> tuple[dict[int, datetime], datetime]:
    """Where time passes that matters to outreach sent at a position, whose silence is due then.

    Due are they once any event up to there reached the moment, but not before the first event after
    the sending: where the log had got further already, that one.
    """
    topics, moments = _topics(FOLLOWED), {moment for _, moment in due}
    try:
        reached, newest = queries.first_reaching(db, moments, after, until, topics)
    except DataError as error:
        raise Differs(
            f"An event after position {after} does not say when it happened: {error}"
        ) from error
    late = {
        max(sent, after)
        for sent, moment in due
        if moment <= latest or reached.get(moment, until + 1) <= sent
    }
    passing: dict[int, datetime] = dict.fromkeys(queries.next_after(db, late, topics), latest)
    for moment, position in reached.items():
        passing[position] = max(moment, passing.get(position, latest))
    within = {position: moment for position, moment in passing.items() if position <= until}
    return within, max(latest, newest or latest)


def _check(needed: int, most: int | None) -> None:
    if most is not None and needed > most:
        raise TakesLong(f"It takes more than {most:,} events.")


def _topics(kinds: Iterable[type[Event]]) -> list[str]:
    return sorted(event.TOPIC for event in kinds)


def _untold(_done: int, _total: int, /) -> None:
    pass


def _read(
    store: EventStore,
    after: int,
    until: int,
    kinds: Iterable[type[Event]],
    progress: Progress = _untold,
) -> Iterator[tuple[int, Event]]:
    topics = _topics(kinds)
    while after < until:
        progress(after, until)
        stored, reached = store.read(after, EVENTS_AT_ONCE, topics)
        for notification in stored:
            if notification.id <= until:
                yield notification.id, decoded(store, notification.id, notification)
        if reached == after:
            break
        after = reached
    progress(until, until)


def _decoded(store: EventStore, logged: Iterable[Logged]) -> Iterator[tuple[int, Event]]:
    for one in logged:
        yield one.log_position, decoded(store, one.log_position, one.stored)


def decoded(store: EventStore, position: int, stored: StoredEvent) -> Event:
    """An event without its personal fields, from which nothing is learned."""
    try:
        return store.mapper.to_domain_event(stored)
    except (ValueError, LookupError, TypeError) as error:
        raise Differs(f"The event at position {position} cannot be read: {error}") from error

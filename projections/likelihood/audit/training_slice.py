"""Selects the events that a model is rebuilt from: the full log, or a slice since a snapshot.

A model learns from outreach alone. Of candidates who are never contacted only the timestamps
matter, because any event may show that a day of silence has passed. A slice has the outreach that
was open at the snapshot or was sent since, every event of its candidates and positions, and the
events at which a day of silence had passed. Indexes find all but the last, for which the log's
timestamps after the snapshot are scanned without decoding events.
"""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import merge
from operator import itemgetter
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import DataError

from domain.candidate_events import Contacted
from domain.event import Event
from domain.outreach_events import InterviewRequested, MessageSent
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking
from infrastructure.projecting.parking import Checkpoint
from projections.likelihood.learner import (
    FOLLOWED,
    OF_A_CANDIDATE,
    OF_A_POSITION,
    OF_AN_OUTREACH,
    SILENCE,
    OutreachSent,
)
from projections.likelihood.projection import Likelihoods

EVENTS_AT_ONCE = 5_000

SCANNED_FOR_ONE = 25
"""How many timestamps are scanned in the time in which one event is learned."""

Step = tuple[int, Event | datetime]
"""A log position with its event, or with the event's timestamp if nothing else matters."""


class Differs(Exception):
    """A replay of the log differs from what was recorded."""


class TakesLong(Exception):
    """A replay needs more events than the caller allows."""


Progress = Callable[[int, int], None]
"""Called with the events done, and the total."""


def no_progress(_done: int, _total: int, /) -> None:
    """Reports nothing."""


def skipped_events(db: Database) -> frozenset[int]:
    """The log positions of the events at which the read model failed, and which it skipped."""
    checkpoint = Checkpoint(Likelihoods.name, Likelihoods.version, LOG_ID, live=True)
    return frozenset(parking.blocked_streams(db, checkpoint).values())


def outreach_sent(
    store: EventStore, after: int, until: int, skipped: Collection[int]
) -> list[tuple[int, OutreachSent]]:
    """The outreach sent between two log positions, each with its own."""
    read = _read(store, after, until, (MessageSent, InterviewRequested), skipped)
    return [(at, event) for at, event in read if isinstance(event, OutreachSent)]


def full_log(
    store: EventStore,
    until: int,
    contacted: Container[UUID],
    skipped: Collection[int],
    progress: Progress,
) -> Iterator[Step]:
    """The log up to a log position; of candidates who were not contacted only the timestamps."""
    for log_position, event in _read(store, 0, until, FOLLOWED, skipped, progress):
        matters = not isinstance(event, OF_A_CANDIDATE) or event.originator_id in contacted
        yield log_position, event if matters else event.timestamp


def since_snapshot(
    store: EventStore,
    db: Database,
    after: int,
    until: int,
    open_outreach: Mapping[UUID, float | None],
    *,
    besides: Iterable[OutreachSent] = (),
    most: int | None = None,
    progress: Progress = no_progress,
) -> Iterator[Step]:
    """What a model learns from between a snapshot and a later log position, in log order.

    `open_outreach` was open at the snapshot, with None where its silence is not learned yet. The
    candidates and positions of the outreach `besides` are needed as well. Raises `TakesLong` if
    more than `most` events are needed; scanned timestamps count by their time.
    """
    scanned = (until - after) // SCANNED_FOR_ONE
    _check(scanned, most)
    limit = None if most is None else most + 1
    skipped = skipped_events(db)
    sent = outreach_sent(store, after, until, skipped)
    of_open = queries.of_aggregates(db, open_outreach, after, _topics(OF_AN_OUTREACH))
    readable = [one for one in of_open if one.log_position not in skipped]
    still_open = [(at, e) for at, e in _decoded(store, readable) if isinstance(e, OutreachSent)]
    relevant = [event for _, event in (*still_open, *sent)] + [*besides]

    candidates = {event.candidate_id for event in relevant}
    of_candidates = queries.of_aggregates(
        db, candidates, until, _topics((*OF_A_CANDIDATE, Contacted)), limit
    )
    _check(scanned + len(of_candidates), most)
    contacts = [one for one in of_candidates if one.stored.topic == Contacted.TOPIC]
    events = [one for one in of_candidates if one.stored.topic != Contacted.TOPIC]
    outreach = {event.originator_id for event in relevant}
    outreach |= {e.outreach_id for _, e in _decoded(store, contacts) if isinstance(e, Contacted)}
    events += queries.of_aggregates(db, outreach, until, _topics(OF_AN_OUTREACH))
    positions = {event.position_id for event in relevant}
    events += queries.of_aggregates(db, positions, until, _topics(OF_A_POSITION))
    _check(scanned + len(events), most)

    taken = sorted(one for one in events if one.log_position not in skipped)
    silent = [(at, e) for at, e in still_open if open_outreach[e.originator_id] is None] + sent
    due = {event.timestamp + SILENCE for _, event in silent}
    behind = [after, *(at for at, _ in sent)]  # where a silence may be due as soon as it begins
    try:
        moments = queries.passing(db, due, behind, after, until, _topics(FOLLOWED), skipped)
    except DataError as error:
        raise Differs(
            f"An event after position {after} does not say when it happened: {error}"
        ) from error
    learned = {one.log_position for one in taken}
    others = [(at, moment) for at, moment in moments if at not in learned]
    return merge(_followed(store, taken, progress), others, key=itemgetter(0))


def _followed(store: EventStore, taken: Sequence[Logged], progress: Progress) -> Iterator[Step]:
    for done, step in enumerate(_decoded(store, taken)):
        if done % EVENTS_AT_ONCE == 0:
            progress(done, len(taken))
        yield step
    progress(len(taken), len(taken))


def _check(needed: int, most: int | None) -> None:
    if most is not None and needed > most:
        raise TakesLong(f"It takes more than {most:,} events.")


def _topics(kinds: Iterable[type[Event]]) -> list[str]:
    return sorted(event.TOPIC for event in kinds)


def _read(
    store: EventStore,
    after: int,
    until: int,
    kinds: Iterable[type[Event]],
    skipped: Collection[int],
    progress: Progress = no_progress,
) -> Iterator[tuple[int, Event]]:
    topics = _topics(kinds)
    while after < until:
        progress(after, until)
        stored, reached = store.read(after, EVENTS_AT_ONCE, topics)
        for notification in stored:
            if notification.id <= until and notification.id not in skipped:
                yield notification.id, _event(store, notification.id, notification)
        if reached == after:
            break
        after = reached
    progress(until, until)


def _decoded(store: EventStore, logged: Iterable[Logged]) -> Iterator[tuple[int, Event]]:
    for one in logged:
        yield one.log_position, _event(store, one.log_position, one.stored)


def _event(store: EventStore, log_position: int, stored: StoredEvent) -> Event:
    """An event without its personal fields, which the learner does not read."""
    try:
        return store.mapper.to_domain_event(stored)
    except (ValueError, LookupError, TypeError) as error:
        raise Differs(f"The event at position {log_position} cannot be read: {error}") from error

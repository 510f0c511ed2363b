"""Rebuilds the likelihood model from the log, and compares it with everything recorded of it.

Recorded are snapshots, the read model's own model, and with each outreach what its sender saw. A
replay must give the same bits; the first difference is named.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from domain.command import NotFound
from domain.event import Event
from domain.likelihood import Likelihood
from domain.outreach import Outreach
from domain.outreach_events import InterviewRequested, MessageSent
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.store import EventStore
from projections.likelihood.audit import records, training_slice
from projections.likelihood.audit.records import Record, StartingPoint
from projections.likelihood.audit.training_slice import Differs, Progress, Step, no_progress
from projections.likelihood.changes import Changes
from projections.likelihood.estimator.model import ESTIMATOR, LikelihoodModel
from projections.likelihood.estimator.schema import BadFeatures
from projections.likelihood.explanations import FeatureReason, reasons
from projections.likelihood.features.catalogue import FEATURE_VERSION, ORDER
from projections.likelihood.learner import UNKNOWN_POSITION, Learner, OutreachSent

SENT = sorted(event.TOPIC for event in (MessageSent, InterviewRequested))


class NotReproducible(Exception):
    """No likelihood was recorded, or a program of other versions recorded it."""


@dataclass
class Replay:
    """The model as of a log position, rebuilt."""

    log_position: int
    learner: Learner
    began_at: int
    """The log position of the snapshot that it continued from; 0 from the log alone."""
    agreed: Mapping[str, int]
    """How many records were compared and are equal, by kind."""
    not_compared: Mapping[str, int]
    """How many records programs of other versions made, by kind."""

    @property
    def model(self) -> LikelihoodModel:
        return self.learner.model


class OutreachExplanation(NamedTuple):
    """What the sender of an outreach saw, with reasons."""

    outreach_id: UUID
    log_position: int
    """Of the event that sent it."""
    sent_by: str
    at: datetime
    likelihood: Likelihood
    reasons: list[FeatureReason]
    """One a feature; their contributions, summed up in this order, are the logit bit for bit."""


def replay(
    store: EventStore,
    db: Database,
    log_position: int,
    *,
    from_scratch: bool = False,
    progress: Progress = no_progress,
) -> Replay:
    """Rebuild the model as of a log position, from the nearest snapshot unless from scratch.

    Raises:
        Differs: the replay differs from something recorded on the way; says what and where.
    """
    start = None if from_scratch else records.nearest_snapshot(db, log_position)
    began_at = start.log_position if start else 0
    skipped = training_slice.skipped_events(db)
    sent = training_slice.outreach_sent(store, began_at, log_position, skipped)
    recorded = [
        *records.of_snapshots(db, log_position),
        *records.of_read_model(db, log_position),
        *(records.of_sender(at, event) for at, event in sent),
    ]
    passed = [record for record in recorded if record and record.as_of >= began_at]
    ours = [record for record in passed if record.is_ours]
    if from_scratch:
        contacted = {event.candidate_id for _, event in sent}
        log = training_slice.full_log(store, log_position, contacted, skipped, progress)
    else:
        open_outreach = start.snapshot.open_outreach if start else {}
        log = training_slice.since_snapshot(
            store, db, began_at, log_position, open_outreach, progress=progress
        )
    learner = _rebuilt(log, ours, start)
    agreed = Counter(record.kind for record in ours)
    not_compared = Counter(record.kind for record in passed if not record.is_ours)
    return Replay(log_position, learner, began_at, agreed, not_compared)


def explain(
    store: EventStore, db: Database, outreach_id: UUID, *, most: int | None = None
) -> OutreachExplanation:
    """What the sender of an outreach saw, rebuilt from the log and found equal.

    Raises:
        NotFound: there is no such outreach.
        NotReproducible: it has no likelihood, or one by a program of other versions.
        Differs: the replay gives other bits than the event recorded.
        TakesLong: more events are needed than `most`.
    """
    log_position, event = _sending(store, db, outreach_id)
    likelihood = event.likelihood
    if likelihood is None:
        raise NotReproducible(
            "Its sender saw no likelihood: it was sent by a simulated past, or by a program that"
            " showed none."
        )
    if not records.is_ours(likelihood):
        raise NotReproducible(
            f"Its sender saw {likelihood.probability:.1%}, by {records.program_of(likelihood)}."
            f" This program has features of version {FEATURE_VERSION} and estimator {ESTIMATOR},"
            " which give other bits: explain it with a program of those versions."
        )
    assert likelihood.as_of_position is not None
    as_of = likelihood.as_of_position
    record = records.of_sender(log_position, event)
    assert record is not None
    start = records.nearest_snapshot(db, as_of)
    after, open_outreach = (start.log_position, start.snapshot.open_outreach) if start else (0, {})
    log = training_slice.since_snapshot(
        store, db, after, as_of, open_outreach, besides=[event], most=most
    )
    learner = _rebuilt(log, [record], start)
    position = learner.positions.get(event.position_id, UNKNOWN_POSITION)
    x = learner.features(event.candidate_id, position, event.timestamp)
    parts = learner.model.contributions(x, ORDER)
    given = reasons(x, parts, names_nice_skills=bool(position.nice))
    return OutreachExplanation(
        outreach_id, log_position, event.actor.id, event.timestamp, likelihood, given
    )


def _rebuilt(
    log: Iterable[Step], compared: Iterable[Record], start: StartingPoint | None
) -> Learner:
    """A learner that has learned from the log, compared with the records.

    A record is compared after the event at its log position, before the next.
    """
    learner = Learner()
    agreed_up_to = began_at = start.log_position if start else 0
    snapshot = [(began_at, start)] if start else []
    recorded = sorted(((record.as_of, record) for record in compared), key=itemgetter(0))
    for at, step in merge(log, snapshot, recorded, key=itemgetter(0)):
        if isinstance(step, Record):
            _compare(step, learner, agreed_up_to)
            agreed_up_to = at
        elif isinstance(step, StartingPoint):
            try:
                learner.resume(step.snapshot)
            except ValueError as error:
                raise records.cannot_continue(at, error) from error
        elif start and at <= began_at:
            assert isinstance(step, Event)
            learner.recall(at, step, start.snapshot.open_outreach)
        else:
            _learn(learner, at, step)
        learner.changes = Changes()
    return learner


def _learn(learner: Learner, at: int, step: Event | datetime) -> None:
    try:
        if isinstance(step, Event):
            learner.apply(at, step)
        else:
            learner.advance_clock(at, step)
    except BadFeatures as error:
        raise Differs(f"The event at position {at} has impossible features: {error}") from error


def _compare(record: Record, learner: Learner, agreed_up_to: int) -> None:
    for name, recorded, rebuilt in record.compare(learner):
        if recorded != rebuilt:
            raise Differs(
                f"{record.what} differs from the replay up to position {record.as_of}: {name} was"
                f" recorded as {recorded!r}, and the log gives {rebuilt!r}. Up to position"
                f" {agreed_up_to} they agree."
            )


def _sending(store: EventStore, db: Database, outreach_id: UUID) -> tuple[int, OutreachSent]:
    for logged in queries.of_aggregate(db, outreach_id):
        if logged.stored.topic in SENT:
            event = store.mapper.to_domain_event(logged.stored)
            assert isinstance(event, OutreachSent)
            return logged.log_position, event
    raise NotFound(Outreach, outreach_id)

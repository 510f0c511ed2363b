"""Rebuilds the likelihood model from the log, and compares it with everything recorded of it.

Recorded are snapshots, the read model's own model, and with each outreach what its sender saw. A
replay must give the same bits; the first difference is named.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from domain.event import Event
from domain.outreach import InterviewRequested, Likelihood, MessageSent
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.store import EventStore
from projections.likelihood.audit import records, training_slice
from projections.likelihood.audit.records import Record, StartingPoint
from projections.likelihood.audit.training_slice import (
    Differs,
    Progress,
    Step,
    TrainingSlice,
    no_progress,
)
from projections.likelihood.changes import Changes
from projections.likelihood.estimator.model import ESTIMATOR, LikelihoodModel
from projections.likelihood.estimator.schema import BadFeatures
from projections.likelihood.explanations import FeatureReason, reasons
from projections.likelihood.features.catalogue import FEATURE_VERSION, ORDER
from projections.likelihood.learner import LONG_AGO, UNKNOWN_POSITION, Learner, OutreachSent

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
        log = _Log(training_slice.full_log(store, log_position, contacted, skipped, progress))
        learner = _rebuilt(log, log_position, ours, None)
    else:
        needed = _training_slice(store, db, log_position, start)
        log = _Log(training_slice.steps(store, needed, progress))
        learner = _rebuilt(log, log_position, ours, start)
        learner.latest = needed.latest
    agreed = Counter(record.kind for record in ours)
    not_compared = Counter(record.kind for record in passed if not record.is_ours)
    return Replay(log_position, learner, began_at, agreed, not_compared)


def explain(
    store: EventStore, db: Database, outreach_id: UUID, *, most: int | None = None
) -> OutreachExplanation:
    """What the sender of an outreach saw, rebuilt from the log and found equal.

    Raises:
        LookupError: there is no such outreach.
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
    needed = _training_slice(store, db, as_of, start, besides=[event], most=most)
    log = _Log(training_slice.steps(store, needed, no_progress))
    learner = _rebuilt(log, as_of, [record], start)
    position = learner.positions.get(event.position_id, UNKNOWN_POSITION)
    x = learner.features(event.candidate_id, position, event.timestamp)
    parts = learner.model.contributions(x, ORDER)
    return OutreachExplanation(
        outreach_id, log_position, event.actor.id, event.timestamp, likelihood, reasons(x, parts)
    )


def _training_slice(
    store: EventStore,
    db: Database,
    until: int,
    start: StartingPoint | None,
    *,
    besides: Iterable[OutreachSent] = (),
    most: int | None = None,
) -> TrainingSlice:
    after = start.log_position if start else 0
    open_outreach = start.snapshot.open_outreach if start else {}
    latest = start.snapshot.latest if start else LONG_AGO
    return training_slice.since_snapshot(
        store,
        db,
        after,
        until,
        open_outreach,
        latest,
        besides=besides,
        most=most,
    )


def _rebuilt(
    log: "_Log", until: int, compared: Iterable[Record], start: StartingPoint | None
) -> Learner:
    """A learner that has learned the log up to a log position, compared with the records.

    A record is compared after the event at its log position, before the next.
    """
    learner = Learner(scoring=False)
    agreed_up_to = 0
    if start is not None:
        agreed_up_to = start.log_position
        for at, event in log.up_to(start.log_position):
            assert isinstance(event, Event)
            learner.recall(at, event, start.snapshot.open_outreach)
            learner.changes = Changes()
        try:
            learner.resume(start.snapshot)
        except ValueError as error:
            raise records.cannot_continue(start.log_position, error) from error
    for record in sorted(compared, key=attrgetter("as_of")):
        if record.as_of >= agreed_up_to:
            _learn(learner, log.up_to(record.as_of))
            _compare(record, learner, agreed_up_to)
            agreed_up_to = record.as_of
    _learn(learner, log.up_to(until))
    return learner


def _learn(learner: Learner, steps: Iterable[Step]) -> None:
    for at, step in steps:
        try:
            if isinstance(step, Event):
                learner.apply(at, step)
            else:
                learner.advance_clock(at, step)
        except BadFeatures as error:
            raise Differs(f"The event at position {at} has impossible features: {error}") from error
        learner.changes = Changes()


def _compare(record: Record, learner: Learner, agreed_up_to: int) -> None:
    for name, recorded, rebuilt in record.compare(learner):
        if recorded != rebuilt:
            raise Differs(
                f"{record.what} differs from the replay up to position {record.as_of}: {name} was"
                f" recorded as {recorded!r}, and the log gives {rebuilt!r}. Up to position"
                f" {agreed_up_to} they agree."
            )


class _Log:
    """The steps of a replay, read as far as they are needed."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps = steps
        self._next = next(steps, None)

    def up_to(self, log_position: int) -> Iterator[Step]:
        """The next steps, up to a log position."""
        while self._next is not None and self._next[0] <= log_position:
            yield self._next
            self._next = next(self._steps, None)


def _sending(store: EventStore, db: Database, outreach_id: UUID) -> tuple[int, OutreachSent]:
    for logged in queries.of_aggregate(db, outreach_id):
        if logged.stored.topic in SENT:
            event = store.mapper.to_domain_event(logged.stored)
            assert isinstance(event, OutreachSent)
            return logged.log_position, event
    raise LookupError(f"There is no outreach {outreach_id}.")

"""Rebuilds the likelihood model from the log alone, and holds it against all that was recorded.

Recorded are the snapshots, the model that the read model keeps, and with each outreach what its
sender saw. All of it must come again to the last bit: whatever differs first is named.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from domain.event import Event
from domain.outreach import InterviewRequested, Likelihood, MessageSent
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.event_log.store import EventStore
from projections.likelihood.audit import training_slice as recall
from projections.likelihood.audit.training_slice import (
    Differs,
    Progress,
    Step,
    TakesLong,
    TrainingSlice,
)
from projections.likelihood.estimator.model import ESTIMATOR, ForeignModel, LikelihoodModel
from projections.likelihood.estimator.schema import BadFeatures
from projections.likelihood.explanations import FeatureReason, reasons
from projections.likelihood.features.catalogue import FEATURE_VERSION, ORDER
from projections.likelihood.learner import (
    LONG_AGO,
    NO_OPENING,
    Changes,
    Learner,
    OutreachSent,
    standing,
)
from projections.likelihood.projection import Likelihoods

__all__ = [
    "Differs",
    "NotReproducible",
    "OutreachExplanation",
    "Replay",
    "TakesLong",
    "explain",
    "replay",
]

APPROACHES = sorted(event.TOPIC for event in (MessageSent, InterviewRequested))

LAST_UNNAMED_ESTIMATOR = 3
"""What does not name its estimator was recorded by a program that had this one, or an older."""

# Which program wrote a state, without reading the whole of it: keys are sorted, and no other of
# these names has a number.
_OF_THIS_PROGRAM = f"""
    substring(state FROM '"estimator": ?([0-9]+)') = '{ESTIMATOR}'
    AND substring(state FROM '"version": ?([0-9]+)') = '{FEATURE_VERSION}'"""

SNAPSHOTS = f"""
    SELECT log_position, hash, {_OF_THIS_PROGRAM} FROM likelihood_snapshots
    WHERE log_id = %s AND log_position <= %s ORDER BY log_position"""  # noqa: S608 - our own names

NEAREST_SNAPSHOT = f"""
    SELECT log_position, hash, state FROM likelihood_snapshots
    WHERE log_id = %s AND log_position <= %s AND {_OF_THIS_PROGRAM}
    ORDER BY log_position DESC LIMIT 1"""  # noqa: S608 - our own names

KEPT = f"""
    SELECT model.log_position, hash, checkpoint.log_position, {_OF_THIS_PROGRAM}
    FROM likelihood_model AS model JOIN projection_checkpoints AS checkpoint USING (log_id)
    WHERE log_id = %s AND projection = %s AND version = %s"""  # noqa: S608 - our own names


class NotReproducible(Exception):
    """Nothing was recorded, or by a program of other versions, of whose bits this cannot tell."""


def _untold(_done: int, _total: int, /) -> None:
    pass


@dataclass
class Replay:
    """The model as of a position of the log, rebuilt."""

    position: int
    learner: Learner
    began_at: int
    """The position of the snapshot that it was continued from; 0 from the log alone."""
    agreed: Mapping[str, int]
    """How many records came again, by what they are."""
    beyond: Mapping[str, int]
    """How many records on the way another program made, of which this one cannot tell."""

    @property
    def model(self) -> LikelihoodModel:
        return self.learner.model


class OutreachExplanation(NamedTuple):
    """What the sender of an outreach saw, and what it was made of."""

    outreach_id: UUID
    log_position: int
    """Of the event that sent it."""
    sent_by: str
    at: datetime
    likelihood: Likelihood
    reasons: list[FeatureReason]
    """One a feature; their contributions, summed up in this order, are the logit bit for bit."""


class _Snapshot(NamedTuple):
    """From where a replay may start."""

    position: int
    hash: str
    state: str


class _Record(NamedTuple):
    """Something recorded of the model as it was when the log was known up to a position."""

    as_of: int
    kind: str
    what: str
    is_ours: bool
    """Whether a program of these versions made it; else it is not compared."""
    compare: Callable[[Learner], Iterable[tuple[str, object, object]]]
    """What is compared: its name, as recorded, and as rebuilt."""


# Rebuilding -------------------------------------------------------------------------------------


def replay(
    store: EventStore,
    db: Database,
    position: int,
    *,
    from_scratch: bool = False,
    progress: Progress = _untold,
) -> Replay:
    """Rebuild the model as of a position, from the nearest snapshot unless from scratch.

    Raises:
        Differs: something recorded on the way does not come again; says what and where.
    """
    snapshot = None if from_scratch else _nearest_snapshot(db, position)
    began_at = snapshot.position if snapshot else 0
    approaches = recall.approaches(store, began_at, position)
    recorded = [
        *_of_snapshots(db, position),
        *_of_the_read_model(db, position),
        *(_of_a_sender(at, event) for at, event in approaches),
    ]
    passed = [record for record in recorded if record and record.as_of >= began_at]
    records = [record for record in passed if record.is_ours]
    if from_scratch:
        approached = {event.candidate_id for _, event in approaches}
        log = _Log(recall.full_log(store, position, approached, progress))
        learner = _rebuilt(log, position, records, None)
    else:
        lessons = _lessons(store, db, position, snapshot)
        log = _Log(recall.steps(store, lessons, progress))
        learner = _rebuilt(log, position, records, snapshot)
        learner.latest = lessons.latest
    agreed = Counter(record.kind for record in records)
    beyond = Counter(record.kind for record in passed if not record.is_ours)
    return Replay(position, learner, began_at, agreed, beyond)


def explain(
    store: EventStore, db: Database, outreach_id: UUID, *, most: int | None = None
) -> OutreachExplanation:
    """What the sender of an outreach saw, rebuilt from the log and found to be the same.

    Raises:
        LookupError: there is no such outreach.
        NotReproducible: it carries no likelihood, or one of which this program cannot tell.
        Differs: the replay gives other bits than the event recorded.
        TakesLong: more than so many events are needed.
    """
    position, event = _sending(store, db, outreach_id)
    likelihood = event.likelihood
    if likelihood is None:
        raise NotReproducible(
            "Its sender saw no likelihood: it was sent by a simulated past, or by a program that"
            " showed none."
        )
    if not _is_ours(likelihood):
        raise NotReproducible(
            f"Its sender saw {likelihood.probability:.1%}, by {_program_of(likelihood)}. This"
            f" program has features of version {FEATURE_VERSION} and estimator {ESTIMATOR}, whose"
            " bits are others by right: explain it with a program of those versions."
        )
    assert likelihood.as_of_position is not None
    as_of = likelihood.as_of_position
    record = _of_a_sender(position, event)
    assert record is not None
    snapshot = _nearest_snapshot(db, as_of)
    lessons = _lessons(store, db, as_of, snapshot, besides=[event], most=most)
    learner = _rebuilt(_Log(recall.steps(store, lessons, _untold)), as_of, [record], snapshot)
    opening = learner.openings.get(event.position_id, NO_OPENING)
    x = learner.features(event.candidate_id, opening, event.timestamp)
    parts = learner.model.contributions(x, ORDER)
    return OutreachExplanation(
        outreach_id, position, event.actor.id, event.timestamp, likelihood, reasons(x, parts)
    )


def _lessons(
    store: EventStore,
    db: Database,
    position: int,
    snapshot: _Snapshot | None,
    *,
    besides: Iterable[OutreachSent] = (),
    most: int | None = None,
) -> TrainingSlice:
    """What the model as of a position follows from, continued from a snapshot if there is one."""
    if snapshot is None:
        return recall.since_snapshot(
            store, db, 0, position, {}, LONG_AGO, besides=besides, most=most
        )
    with _continuing(snapshot):
        latest, under_way = standing(snapshot.state)
    return recall.since_snapshot(
        store, db, snapshot.position, position, under_way, latest, besides=besides, most=most
    )


def _rebuilt(
    log: "_Log", position: int, records: Iterable[_Record], snapshot: _Snapshot | None
) -> Learner:
    """A learner that has taken in the log up to a position, compared with the records on the way.

    A record is compared once the log is taken in up to where it was made, before the next event.
    """
    learner = Learner(scoring=False)
    agreed_up_to = 0
    if snapshot is not None:
        agreed_up_to = snapshot.position
        with _continuing(snapshot):
            _, under_way = standing(snapshot.state)
        for at, event in log.up_to(snapshot.position):
            assert isinstance(event, Event)
            learner.recall(at, event, under_way)
            learner.changes = Changes()
        _resume(learner, snapshot)
    for record in sorted(records, key=attrgetter("as_of")):
        if record.as_of >= agreed_up_to:
            _take_in(learner, log.up_to(record.as_of))
            _compare(record, learner, agreed_up_to)
            agreed_up_to = record.as_of
    _take_in(learner, log.up_to(position))
    return learner


def _take_in(learner: Learner, steps: Iterable[Step]) -> None:
    for at, told in steps:
        try:
            if isinstance(told, Event):
                learner.apply(at, told)
            else:
                learner.advance_clock(at, told)
        except BadFeatures as error:
            raise Differs(f"The event at position {at} teaches what none can: {error}.") from error
        learner.changes = Changes()


def _resume(learner: Learner, snapshot: _Snapshot) -> None:
    with _continuing(snapshot):
        learner.resume(snapshot.state)
    if (came := learner.model.hash()) != snapshot.hash:
        raise Differs(
            f"The snapshot at position {snapshot.position} was recorded under the hash"
            f" {snapshot.hash}, and its state has {came}. Replay from scratch."
        )


@contextmanager
def _continuing(snapshot: _Snapshot) -> Iterator[None]:
    try:
        yield
    except (ForeignModel, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Differs(
            f"The snapshot at position {snapshot.position} cannot be continued from: {error}"
            " Replay from scratch."
        ) from error


def _compare(record: _Record, learner: Learner, agreed_up_to: int) -> None:
    for name, recorded, came in record.compare(learner):
        if recorded != came:
            raise Differs(
                f"{record.what} differs from the replay up to position {record.as_of}: {name} was"
                f" recorded as {recorded!r}, and the log gives {came!r}. Up to position"
                f" {agreed_up_to} they agree."
            )


class _Log:
    """The steps that a model is rebuilt by, taken as far as they are asked for."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps = steps
        self._next = next(steps, None)

    def up_to(self, position: int) -> Iterator[Step]:
        """Those up to a position that were not given yet."""
        while self._next is not None and self._next[0] <= position:
            yield self._next
            self._next = next(self._steps, None)


# What was recorded ------------------------------------------------------------------------------


def _nearest_snapshot(db: Database, position: int) -> _Snapshot | None:
    row = db.execute(NEAREST_SNAPSHOT, (LOG_ID, position)).fetchone()
    return None if row is None else _Snapshot(*row)


def _of_snapshots(db: Database, position: int) -> Iterator[_Record]:
    for at, hash, is_ours in db.execute(SNAPSHOTS, (LOG_ID, position)).fetchall():
        what = f"The snapshot at position {at}"
        yield _Record(at, "snapshots", what, bool(is_ours), _hash_is(hash))


def _of_the_read_model(db: Database, position: int) -> Iterator[_Record]:
    whose = (LOG_ID, Likelihoods.name, Likelihoods.version)
    for learned, hash, reached, is_ours in db.execute(KEPT, whose).fetchall():
        if learned <= position:
            what = f"The read model, which last learned at position {learned},"
            as_of = min(reached, position)
            yield _Record(as_of, "read model", what, bool(is_ours), _hash_is(hash))


def _hash_is(hash: str) -> Callable[[Learner], Iterable[tuple[str, object, object]]]:
    return lambda learner: [("hash", hash, learner.model.hash())]


def _sending(store: EventStore, db: Database, outreach_id: UUID) -> tuple[int, OutreachSent]:
    for logged in queries.of_aggregate(db, outreach_id):
        if logged.stored.topic in APPROACHES:
            event = store.mapper.to_domain_event(logged.stored)
            assert isinstance(event, OutreachSent)
            return logged.log_position, event
    raise LookupError(f"There is no outreach {outreach_id}.")


def _is_ours(likelihood: Likelihood) -> bool:
    """Whether a program of these versions made it, and said enough to hold it against a replay."""
    return (
        likelihood.model_hash is not None
        and likelihood.as_of_position is not None
        and likelihood.feature_version == FEATURE_VERSION
        and (likelihood.estimator_version or LAST_UNNAMED_ESTIMATOR) == ESTIMATOR
    )


def _program_of(likelihood: Likelihood) -> str:
    estimator = likelihood.estimator_version
    named = f"estimator {estimator or f'{LAST_UNNAMED_ESTIMATOR} or an older one'}"
    hashed = "" if likelihood.model_hash else ", without the hash of the model"
    return f"features of version {likelihood.feature_version} and {named}{hashed}"


def _of_a_sender(position: int, event: OutreachSent) -> _Record | None:
    """What the sender saw: the candidate, the position and the model as they were known then."""
    likelihood = event.likelihood
    if likelihood is None:
        return None

    def compare(learner: Learner) -> Iterator[tuple[str, object, object]]:
        model = learner.model
        yield "model_position", likelihood.model_position, learner.model_log_position
        yield "model_hash", likelihood.model_hash, model.hash()
        yield "whether the candidate was known", True, event.candidate_id in learner.states
        opening = learner.openings.get(event.position_id, NO_OPENING)
        x = learner.features(event.candidate_id, opening, event.timestamp)
        logit = model.logit(x)
        yield "logit", likelihood.logit, logit
        yield "probability", likelihood.probability, model.probability(logit)

    what = f"What the sender of outreach {event.originator_id} saw (event {position})"
    as_of = likelihood.as_of_position or 0
    return _Record(as_of, "outreach", what, _is_ours(likelihood), compare)

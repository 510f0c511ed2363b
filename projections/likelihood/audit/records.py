"""What was recorded of the model: snapshots, the read model, and what senders of outreach saw."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from domain.likelihood import Likelihood
from infrastructure.database.postgres import Database
from infrastructure.event_log.log_head import LOG_ID
from projections.likelihood.audit.training_slice import Differs
from projections.likelihood.estimator.model import ESTIMATOR, ForeignModel
from projections.likelihood.features.catalogue import FEATURE_VERSION
from projections.likelihood.learner import UNKNOWN_POSITION, Learner, OutreachSent
from projections.likelihood.model_state import LearnerSnapshot
from projections.likelihood.projection import Likelihoods

LAST_UNNAMED_ESTIMATOR = 3
"""A record that does not name its estimator was made by this one or an older one."""

# Finds the versions without parsing the state: its keys are sorted, and no other key of these
# names has a number.
_IS_OURS = f"""
    substring(state FROM '"estimator": ?([0-9]+)') = '{ESTIMATOR}'
    AND substring(state FROM '"version": ?([0-9]+)') = '{FEATURE_VERSION}'"""

SNAPSHOTS = f"""
    SELECT log_position, hash, {_IS_OURS} FROM likelihood_snapshots
    WHERE log_id = %s AND log_position <= %s ORDER BY log_position"""  # noqa: S608 - our own names

NEAREST_SNAPSHOT = f"""
    SELECT log_position, hash, state FROM likelihood_snapshots
    WHERE log_id = %s AND log_position <= %s AND {_IS_OURS}
    ORDER BY log_position DESC LIMIT 1"""  # noqa: S608 - our own names

READ_MODEL = f"""
    SELECT model.log_position, hash, checkpoint.log_position, {_IS_OURS}
    FROM likelihood_model AS model JOIN projection_checkpoints AS checkpoint USING (log_id)
    WHERE log_id = %s AND projection = %s AND version = %s AND live"""  # noqa: S608 - our own names

Compared = tuple[str, object, object]
"""A name, its recorded value, and the rebuilt one."""


class Record(NamedTuple):
    """Something recorded of the model as of a log position."""

    as_of: int
    kind: str
    what: str
    is_ours: bool
    """Whether a program of these versions made it; others are not compared."""
    compare: Callable[[Learner], Iterable[Compared]]


class StartingPoint(NamedTuple):
    """A stored snapshot, from which a replay may start."""

    log_position: int
    hash: str
    snapshot: LearnerSnapshot


def nearest_snapshot(db: Database, until: int) -> StartingPoint | None:
    """The last snapshot up to a log position that this program can continue.

    Raises:
        Differs: its state is damaged.
    """
    row = db.execute(NEAREST_SNAPSHOT, (LOG_ID, until)).fetchone()
    if row is None:
        return None
    log_position, hash, state = row
    try:
        snapshot = LearnerSnapshot.from_json(state)
    except ForeignModel as error:
        raise cannot_continue(log_position, error) from error
    if (rebuilt := snapshot.model.hash()) != hash:
        raise Differs(
            f"The snapshot at position {log_position} was recorded under the hash {hash}, and its"
            f" state has {rebuilt}. Replay from scratch."
        )
    return StartingPoint(log_position, hash, snapshot)


def cannot_continue(log_position: int, error: Exception) -> Differs:
    """The refusal of a damaged snapshot."""
    return Differs(
        f"The snapshot at position {log_position} cannot be continued from: {error}"
        " Replay from scratch."
    )


def of_snapshots(db: Database, until: int) -> Iterator[Record]:
    """The hashes of the snapshots up to a log position."""
    for log_position, hash, is_ours in db.execute(SNAPSHOTS, (LOG_ID, until)).fetchall():
        what = f"The snapshot at position {log_position}"
        yield Record(log_position, "snapshots", what, bool(is_ours), _hash_is(hash))


def of_read_model(db: Database, until: int) -> Iterator[Record]:
    """The hash of the read model's own model, if it learned nothing after a log position."""
    projection = (LOG_ID, Likelihoods.name, Likelihoods.version)
    for learned, hash, reached, is_ours in db.execute(READ_MODEL, projection).fetchall():
        if learned <= until:
            what = f"The read model, which last learned at position {learned},"
            as_of = min(reached, until)
            yield Record(as_of, "read model", what, bool(is_ours), _hash_is(hash))


def of_sender(log_position: int, event: OutreachSent) -> Record | None:
    """What the sender of an outreach saw; None if no likelihood."""
    likelihood = event.likelihood
    if likelihood is None:
        return None

    def compare(learner: Learner) -> Iterator[Compared]:
        model = learner.model
        yield "model_position", likelihood.model_position, learner.model_log_position
        yield "model_hash", likelihood.model_hash, model.hash()
        yield "whether the candidate was known", True, event.candidate_id in learner.states
        position = learner.positions.get(event.position_id, UNKNOWN_POSITION)
        logit = model.logit(learner.features(event.candidate_id, position, event.timestamp))
        yield "logit", likelihood.logit, logit
        yield "probability", likelihood.probability, model.probability(logit)

    what = f"What the sender of outreach {event.originator_id} saw (event {log_position})"
    as_of = likelihood.as_of_position or 0
    return Record(as_of, "outreach", what, is_ours(likelihood), compare)


def is_ours(likelihood: Likelihood) -> bool:
    """Whether a program of these versions recorded it, with all that a replay is compared with."""
    return (
        likelihood.model_hash is not None
        and likelihood.as_of_position is not None
        and likelihood.feature_version == FEATURE_VERSION
        and (likelihood.estimator_version or LAST_UNNAMED_ESTIMATOR) == ESTIMATOR
    )


def program_of(likelihood: Likelihood) -> str:
    """The versions of the program that recorded it, in words."""
    estimator = likelihood.estimator_version
    named = f"estimator {estimator or f'{LAST_UNNAMED_ESTIMATOR} or an older one'}"
    hashed = "" if likelihood.model_hash else ", without the hash of the model"
    return f"features of version {likelihood.feature_version} and {named}{hashed}"


def _hash_is(hash: str) -> Callable[[Learner], Iterable[Compared]]:
    return lambda learner: [("hash", hash, learner.model.hash())]

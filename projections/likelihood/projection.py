"""How likely each candidate is to respond, learned from every answer and every silence.

`likelihood_learning` says how it is learned; here it follows the log. A candidate's stored score is
their own part of the logit, which ranks the pool, as of their last event, by the model as it was
then, until a sweep brings all scores up to date. Who is shown is scored anew when they are read,
together with the position.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from domain.candidate import CandidateErased
from domain.event import Event
from domain.position import FiltersSet, PositionOpened
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.projecting.projection import LoggedEvent, Projection
from projections.likelihood import rescoring
from projections.likelihood.challengers import Challengers
from projections.likelihood.estimator.model import ESTIMATOR, ForeignModel, LikelihoodModel
from projections.likelihood.estimator.schema import Features
from projections.likelihood.features.candidate import STATE, STATE_NUMBERS, CandidateState, as_row
from projections.likelihood.features.catalogue import CANDIDATE_SCHEMA, FEATURE_VERSION
from projections.likelihood.features.position_match import PositionState
from projections.likelihood.learner import (
    FOLLOWED,
    LONG_AGO,
    NO_CHALLENGERS,
    Changes,
    Learner,
    OutreachSent,
    OutreachSettled,
    Prediction,
    snapshot,
    untrained_model,
)
from projections.likelihood.rescoring import Sweep

SNAPSHOT_EVERY = 5_000
"""Events between two places in the log at which a snapshot may be kept."""


TABLES_VERSION = 1
"""Raise it with any change to the tables; features and estimator count by themselves."""

VERSION = TABLES_VERSION + FEATURE_VERSION + ESTIMATOR


class Likelihoods(Projection, name="likelihood", version=VERSION):
    """What is known of each candidate, how likely that makes an answer, and the model behind it."""

    FORMER_TABLES = ("likelihood_open_outreach",)

    TABLES = f"""
        CREATE TABLE likelihood_scores (
            candidate_id   uuid PRIMARY KEY,
            logit          double precision NOT NULL,
            scored_at      timestamptz NOT NULL,
            model_log_position bigint NOT NULL
        );
        CREATE INDEX likelihood_scores_by_logit ON likelihood_scores (logit DESC, candidate_id);

        -- What a candidate's features follow from: features.candidate.CandidateState says how.
        CREATE TABLE likelihood_features (
            candidate_id   uuid PRIMARY KEY,
            {", ".join(f"{name} double precision" for name in STATE_NUMBERS)},
            role           text NOT NULL,
            remote_wish    text NOT NULL,
            city           text,
            country        text,
            skills         jsonb NOT NULL
        ) WITH (fillfactor = 80);

        -- The same of a position: features.position_match.PositionState.
        CREATE TABLE likelihood_positions (
            position_id    uuid PRIMARY KEY,
            opening        jsonb NOT NULL
        );

        -- What was thought of each outreach when it was sent, by the model as it was then, and what
        -- became of it: answered, or expired; withdrawn ones are deleted. Kept for ever, to watch
        -- and to audit.
        CREATE TABLE likelihood_predictions (
            candidate_id     uuid,
            outreach_id      uuid,
            employer_id      uuid NOT NULL,
            position_id      uuid NOT NULL,
            kind             text NOT NULL,  -- message or interview_request
            sent_at          timestamptz NOT NULL,
            sent_log_position    bigint NOT NULL,
            model_log_position   bigint NOT NULL,
            logit            double precision NOT NULL,
            probability      double precision NOT NULL,
            challengers      jsonb NOT NULL,  -- the probability that each gave
            role             text NOT NULL,
            seniority        text NOT NULL,
            features         jsonb NOT NULL,  -- as of the sending
            silent_from      timestamptz NOT NULL,
            learned_logit    double precision,  -- once the silence has taught
            outcome          boolean,
            settled_at       timestamptz,
            settled_log_position bigint,
            PRIMARY KEY (candidate_id, outreach_id)
        );
        CREATE INDEX likelihood_predictions_settled
            ON likelihood_predictions (settled_log_position);
        CREATE INDEX likelihood_predictions_sent ON likelihood_predictions (sent_log_position);
        CREATE INDEX likelihood_predictions_due ON likelihood_predictions (silent_from)
            WHERE outcome IS NULL AND learned_logit IS NULL;

        -- The model after the last event that it learned from, and what is known of the whole log.
        CREATE TABLE likelihood_model (
            log_id             smallint PRIMARY KEY,
            log_position       bigint NOT NULL,
            hash               text NOT NULL,
            state              text NOT NULL,
            latest             timestamptz NOT NULL,
            candidates         bigint NOT NULL,
            events_since_sweep bigint NOT NULL,
            last_sweep         jsonb
        );

        -- The model now and then, from which a replay may start: likelihood_learning.snapshot.
        CREATE TABLE likelihood_snapshots (
            log_id       smallint,
            log_position bigint,
            hash         text NOT NULL,
            state        text NOT NULL,
            PRIMARY KEY (log_id, log_position)
        )"""

    def __init__(self) -> None:
        self.challengers = NO_CHALLENGERS
        """Who learns and predicts beside the model; none unless somebody puts them here."""
        self._held: _Held | None = None

    @property
    def follows(self) -> Collection[type[Event]]:
        """The events that the learner learns from."""
        return FOLLOWED

    def apply(self, db: Connection, events: Sequence[LoggedEvent[Event]]) -> None:
        """Fold a batch of events into the tables, within the caller's transaction.

        The model is kept from batch to batch. It is believed only when the table bears its position
        and hash: another worker may have gone on, and a batch may have been rolled back.
        """
        held, self._held = self._held, None
        batch = _Batch(db, held, [one.event for one in events], self.challengers)
        for positioned in events:
            batch.apply(positioned)
        self._held = batch.finish()


class _Held(NamedTuple):
    """A model, and what the table says of it."""

    position: int
    hash: str
    model: LikelihoodModel
    challengers: Challengers


@dataclass(slots=True)
class _Row:
    """What the table says of the model, and of the log up to now."""

    position: int
    hash: str
    latest: datetime
    candidates: int
    events_since_sweep: int


def _state_columns(of_number: str) -> str:
    return ", ".join(
        ["candidate_id", *map(of_number.format, STATE_NUMBERS), *STATE[len(STATE_NUMBERS) :]]
    )


# What is unknown is null in the table, where analysts look, and not a number in the arithmetic.
_STATE_COLUMNS = _state_columns("{0}")
STATE_COLUMNS_OUT = _state_columns("coalesce({0}, 'NaN')")
_STATE_IN = _state_columns("nullif({0}, 'NaN')")

_PREDICTION = (*Prediction.__dataclass_fields__,)
_SETTLED = ("learned_logit", "outcome", "settled_at", "settled_log_position")

STATES = f"""
    SELECT {STATE_COLUMNS_OUT} FROM likelihood_features
    WHERE candidate_id = ANY(%b::uuid[])"""  # noqa: S608 - our own names


class _Batch:
    """What a batch of events changes, from the rows that it touches, in the order of the log.

    Lists are sent binary (%b), which takes a tenth of the time that writing them as text takes.
    """

    MODEL = """
        SELECT log_position, hash, latest, candidates, events_since_sweep
        FROM likelihood_model WHERE log_id = %s"""

    FIRST_MODEL = """
        INSERT INTO likelihood_model (
            log_id, log_position, hash, state, latest, candidates, events_since_sweep)
        VALUES (%s, 0, %s, %s, %s, 0, 0)"""

    MODEL_STATE = "SELECT state FROM likelihood_model WHERE log_id = %s"

    LEARN = """
        UPDATE likelihood_model SET log_position = %s, hash = %s, state = %s WHERE log_id = %s"""

    GO_ON = """
        UPDATE likelihood_model SET latest = %s, candidates = %s, events_since_sweep = %s
        WHERE log_id = %s"""

    LAST_SWEEP = "SELECT last_sweep FROM likelihood_model WHERE log_id = %s"

    END_SWEEP = "UPDATE likelihood_model SET last_sweep = %s WHERE log_id = %s"

    KEEP_STATES = f"""
        INSERT INTO likelihood_features ({_STATE_COLUMNS})
        SELECT {_STATE_IN} FROM unnest(
            %b::uuid[], {"%b::double precision[], " * len(STATE_NUMBERS)}
            %b::text[], %b::text[], %b::text[], %b::text[], %b::jsonb[]) AS new ({_STATE_COLUMNS})
        ON CONFLICT (candidate_id) DO UPDATE SET
            {", ".join(f"{name} = EXCLUDED.{name}" for name in STATE)}
        """  # noqa: S608 - our own names

    KEEP_SCORES = """
        INSERT INTO likelihood_scores (candidate_id, logit, scored_at, model_log_position)
        SELECT * FROM unnest(
            %b::uuid[], %b::double precision[], %b::timestamptz[], %b::bigint[])
        ON CONFLICT (candidate_id) DO UPDATE SET
            logit = EXCLUDED.logit, scored_at = EXCLUDED.scored_at,
            model_log_position = EXCLUDED.model_log_position"""

    OPENINGS = """
        SELECT position_id, opening FROM likelihood_positions
        WHERE position_id = ANY(%b::uuid[])"""

    KEEP_OPENINGS = """
        INSERT INTO likelihood_positions (position_id, opening)
        SELECT * FROM unnest(%b::uuid[], %b::jsonb[])
        ON CONFLICT (position_id) DO UPDATE SET opening = EXCLUDED.opening"""

    OPEN_OUTREACH = f"""
        SELECT {", ".join(_PREDICTION)} FROM likelihood_predictions
        WHERE outcome IS NULL AND (candidate_id = ANY(%b::uuid[])
            OR (learned_logit IS NULL AND silent_from <= %s::timestamptz))"""  # noqa: S608 - our own names

    KEEP_PREDICTIONS = f"""
        INSERT INTO likelihood_predictions ({", ".join(_PREDICTION)})
        SELECT * FROM unnest(
            %b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::timestamptz[],
            %b::bigint[], %b::bigint[], %b::double precision[], %b::double precision[],
            %b::jsonb[], %b::text[], %b::text[], %b::jsonb[], %b::timestamptz[],
            %b::double precision[], %b::boolean[], %b::timestamptz[], %b::bigint[])
        ON CONFLICT (candidate_id, outreach_id) DO UPDATE SET
            {", ".join(f"{name} = EXCLUDED.{name}" for name in _SETTLED)}
        """  # noqa: S608 - our own names

    WITHDRAW = """
        DELETE FROM likelihood_predictions USING unnest(%b::uuid[], %b::uuid[])
            AS withdrawn (candidate_id, outreach_id)
        WHERE likelihood_predictions.candidate_id = withdrawn.candidate_id
            AND likelihood_predictions.outreach_id = withdrawn.outreach_id"""

    ERASE = (
        "DELETE FROM likelihood_scores WHERE candidate_id = ANY(%b::uuid[])",
        "DELETE FROM likelihood_features WHERE candidate_id = ANY(%b::uuid[])",
        "DELETE FROM likelihood_predictions WHERE candidate_id = ANY(%b::uuid[])",
    )

    LAST_SNAPSHOT = "SELECT max(log_position) FROM likelihood_snapshots WHERE log_id = %s"

    UNDER_WAY = """
        SELECT outreach_id, learned_logit FROM likelihood_predictions WHERE outcome IS NULL"""

    KEEP_SNAPSHOT = """
        INSERT INTO likelihood_snapshots (log_id, log_position, hash, state)
        VALUES (%s, %s, %s, %s)"""

    def __init__(
        self,
        db: Connection,
        held: _Held | None,
        events: Sequence[Event],
        challengers: Challengers,
    ) -> None:
        self._db = db
        self._learned = False
        self._row, model = self._load_model(held)
        believed = held is not None and held.model is model
        challengers = held.challengers if held and believed else challengers.renewed(db)
        ((last_snapshot,),) = db.execute(self.LAST_SNAPSHOT, (LOG_ID,)).fetchall()
        self._last_snapshot = last_snapshot or 0
        position, latest = self._row.position, self._row.latest
        self._learner = Learner(model, position, latest, challengers=challengers)
        self._learner.states = self._load_states(events)
        self._learner.openings = self._load_openings(events)
        self._learner.track_open_outreach(*self._load_outreach(events))

    def apply(self, positioned: LoggedEvent[Event]) -> None:
        """Take in one event."""
        self._keep_snapshot_before(positioned.log_position)
        self._learner.apply(positioned.log_position, positioned.event)
        self._row.events_since_sweep += 1
        if self._learner.changes.learned:
            self._learned, self._learner.changes.learned = True, False
        self._sweep_if_due()

    def finish(self) -> _Held:
        """Write everything, and hand on the model."""
        self._write()
        row, learner = self._row, self._learner
        if self._learned:
            row.position, row.hash = learner.model_log_position, learner.model.hash()
            state = learner.model.to_json()
            self._change(self.LEARN, row.position, row.hash, state, LOG_ID, rows=1)
        standing = (learner.latest, row.candidates, row.events_since_sweep)
        self._change(self.GO_ON, *standing, LOG_ID, rows=1)
        return _Held(row.position, row.hash, learner.model, learner.challengers)

    def _sweep_if_due(self) -> None:
        row, learner = self._row, self._learner
        if row.events_since_sweep % rescoring.LOOK_EVERY:
            return
        if not rescoring.is_due(
            self._last_sweep(),
            learner.model,
            learner.latest,
            candidates=row.candidates + learner.changes.candidates,
            events=row.events_since_sweep,
        ):
            return
        self._write()
        swept = rescoring.sweep(self._db, learner.model, learner.model_log_position, learner.latest)
        row.events_since_sweep = 0
        self._change(self.END_SWEEP, Jsonb(swept.as_json()), LOG_ID, rows=1)

    def _last_sweep(self) -> Sweep | None:
        ((last,),) = self._db.execute(self.LAST_SWEEP, (LOG_ID,)).fetchall()
        return Sweep.from_json(last) if last else None

    def _keep_snapshot_before(self, position: int) -> None:
        """Keep one at the last place for it, if the log has grown by a tenth since the last one.

        So there are some hundred of the longest log, and a replay from the nearest learns a tenth.
        """
        place = (position - 1) // SNAPSHOT_EVERY * SNAPSHOT_EVERY
        if place == self._last_snapshot or place * 10 < self._last_snapshot * 11:
            return
        self._write()
        learner = self._learner
        under_way: dict[UUID, float | None] = dict(self._db.execute(self.UNDER_WAY).fetchall())
        state = snapshot(learner.model, learner.model_log_position, learner.latest, under_way)
        kept = (LOG_ID, place, learner.model.hash(), state)
        self._change(self.KEEP_SNAPSHOT, *kept, rows=1)
        self._last_snapshot = place

    # Reading and writing --------------------------------------------------------------------------

    def _load_model(self, held: _Held | None) -> tuple[_Row, LikelihoodModel]:
        stored = self._db.execute(self.MODEL, (LOG_ID,)).fetchone()
        if stored is None:
            model = untrained_model()
            row = _Row(0, model.hash(), LONG_AGO, 0, 0)
            self._change(self.FIRST_MODEL, LOG_ID, row.hash, model.to_json(), row.latest, rows=1)
            return row, model
        row = _Row(*stored)
        if held and (held.position, held.hash) == (row.position, row.hash):
            return row, held.model
        (state,) = self._db.execute(self.MODEL_STATE, (LOG_ID,)).fetchall()
        return row, restore(state[0], row.hash)

    def _load_states(self, events: Sequence[Event]) -> dict[UUID, CandidateState]:
        ids = {
            getattr(event, "candidate_id", event.originator_id)
            for event in events
            if not isinstance(event, PositionOpened | FiltersSet)
        }
        return dict(read_states(self._db, [*ids]))

    def _load_openings(self, events: Sequence[Event]) -> dict[UUID, PositionState]:
        ids = {event.position_id for event in events if isinstance(event, OutreachSent)}
        ids |= {event.originator_id for event in events if isinstance(event, FiltersSet)}
        rows = self._db.execute(self.OPENINGS, ([*ids],))
        return {id: PositionState(**opening) for id, opening in rows}

    def _load_outreach(self, events: Sequence[Event]) -> list[Prediction]:
        closing = {e.originator_id for e in events if isinstance(e, CandidateErased)}
        closing |= {e.candidate_id for e in events if isinstance(e, OutreachSettled)}
        latest = max([self._row.latest, *(event.timestamp for event in events)])
        rows = self._db.execute(self.OPEN_OUTREACH, ([*closing], latest))
        predictions = [Prediction(*row) for row in rows]
        for prediction in predictions:
            prediction.features = Features(**prediction.features)  # type: ignore[arg-type]  # as the row has it
        return predictions

    def _write(self) -> None:
        learner = self._learner
        learner.score()
        changes, learner.changes = learner.changes, Changes()
        self._row.candidates += changes.candidates
        if changes.erased:
            for statement in self.ERASE:
                self._db.execute(statement, ([*changes.erased],))
        if changed := sorted(changes.states):
            rows = (as_row(learner.states[id]) for id in changed)
            *columns, skills = map(list, zip(*rows, strict=True))
            self._change(
                self.KEEP_STATES, changed, *columns, [*map(Jsonb, skills)], rows=len(changed)
            )
        if scored := sorted(changes.scores):
            scores = zip(*(changes.scores[id] for id in scored), strict=True)
            self._change(self.KEEP_SCORES, scored, *map(list, scores), rows=len(scored))
        if noted := sorted(changes.openings):
            openings = [Jsonb(learner.openings[id]._asdict()) for id in noted]
            self._change(self.KEEP_OPENINGS, noted, openings, rows=len(noted))
        self._write_predictions(changes)

    def _write_predictions(self, changes: Changes) -> None:
        if kept := [changes.predictions[id] for id in sorted(changes.predictions)]:
            columns = zip(*map(_prediction_row, kept), strict=True)
            self._change(self.KEEP_PREDICTIONS, *map(list, columns), rows=len(kept))
        if withdrawn := changes.withdrawn:
            ids = ([p.candidate_id for p in withdrawn], [p.outreach_id for p in withdrawn])
            self._db.execute(self.WITHDRAW, ids)

    def _change(self, statement: str, *parameters: Any, rows: int) -> None:
        changed = self._db.execute(statement, parameters).rowcount
        if changed != rows:
            raise RuntimeError(f"{changed} rows changed, not {rows}, by {statement}")


def _prediction_row(prediction: Prediction) -> list[Any]:
    row = {name: getattr(prediction, name) for name in _PREDICTION}
    row["challengers"] = Jsonb(prediction.challengers)
    row["features"] = Jsonb(prediction.features._asdict())
    return [*row.values()]


def read_states(db: Connection, ids: Sequence[UUID]) -> Iterator[tuple[UUID, CandidateState]]:
    """What is known of these candidates."""
    for row in db.execute(STATES, (ids,), binary=True):
        yield row[0], CandidateState(*row[1:])


def restore(state: str, hash: str) -> LikelihoodModel:
    """The model that was written down under a hash. Raises `ForeignModel`."""
    model = LikelihoodModel.from_json(state)
    if model.schema != CANDIDATE_SCHEMA:
        raise ForeignModel(
            "The model has other features than this program: rebuild under a new version."
        )
    if model.hash() != hash:
        raise ForeignModel("The model's state is not the one whose hash was recorded.")
    return model

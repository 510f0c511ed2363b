"""What a batch of events changes in the likelihood's tables, in the order of the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from domain.candidate_events import CandidateErased, ContactRetracted
from domain.event import Event
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.projecting.projection import LoggedEvent
from projections.candidate_changes import note
from projections.likelihood import candidate_states
from projections.likelihood.candidate_states import read_states
from projections.likelihood.challengers import Challengers
from projections.likelihood.changes import Changes, Prediction
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.estimator.schema import Features
from projections.likelihood.features.candidate import CandidateState, as_row
from projections.likelihood.features.position_match import PositionState
from projections.likelihood.learner import (
    LONG_AGO,
    OF_A_POSITION,
    Learner,
    OutreachSent,
    OutreachSettled,
)
from projections.likelihood.model_state import LearnerSnapshot, restored_model, untrained_model

SNAPSHOT_EVERY = 5_000
"""Events between two log positions at which a snapshot may be kept."""


class CachedModel(NamedTuple):
    """A model, with the log position and the hash that the table had for it."""

    log_position: int
    hash: str
    model: LikelihoodModel
    challengers: Challengers


@dataclass(slots=True)
class _Row:
    """What the table says of the model."""

    log_position: int
    hash: str
    latest: datetime


_PREDICTION = (*Prediction.__dataclass_fields__,)
_SETTLED = ("learned_logit", "outcome", "settled_at", "settled_log_position")


class Batch:
    """Loads the rows that a batch touches, lets the learner apply its events, writes what changed.

    Arrays are sent binary (%b), which takes a tenth of the time that text takes.
    """

    MODEL = """
        SELECT log_position, hash, latest FROM likelihood_model WHERE log_id = %s"""

    INSERT_MODEL = """
        INSERT INTO likelihood_model (
            log_id, log_position, hash, state, latest)
        VALUES (%s, 0, %s, %s, %s)"""

    MODEL_STATE = "SELECT state FROM likelihood_model WHERE log_id = %s"

    UPDATE_MODEL = """
        UPDATE likelihood_model SET log_position = %s, hash = %s, state = %s WHERE log_id = %s"""

    UPDATE_LATEST = "UPDATE likelihood_model SET latest = %s WHERE log_id = %s"

    POSITIONS = """
        SELECT position_id, state FROM likelihood_positions
        WHERE position_id = ANY(%b::uuid[])"""

    UPSERT_POSITIONS = """
        INSERT INTO likelihood_positions (position_id, state)
        SELECT * FROM unnest(%b::uuid[], %b::jsonb[])
        ON CONFLICT (position_id) DO UPDATE SET state = EXCLUDED.state"""

    OPEN_OUTREACH = f"""
        SELECT {", ".join(_PREDICTION)} FROM likelihood_predictions
        WHERE outcome IS NULL AND (candidate_id = ANY(%b::uuid[])
            OR (learned_logit IS NULL AND silent_from <= %s::timestamptz))"""  # noqa: S608 - our own names

    UPSERT_PREDICTIONS = f"""
        INSERT INTO likelihood_predictions ({", ".join(_PREDICTION)})
        SELECT * FROM unnest(
            %b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::timestamptz[],
            %b::bigint[], %b::bigint[], %b::double precision[], %b::double precision[],
            %b::jsonb[], %b::text[], %b::text[], %b::jsonb[], %b::timestamptz[],
            %b::double precision[], %b::boolean[], %b::timestamptz[], %b::bigint[])
        ON CONFLICT (candidate_id, outreach_id) DO UPDATE SET
            {", ".join(f"{name} = EXCLUDED.{name}" for name in _SETTLED)}
        """  # noqa: S608 - our own names

    DELETE_WITHDRAWN = """
        DELETE FROM likelihood_predictions USING unnest(%b::uuid[], %b::uuid[])
            AS withdrawn (candidate_id, outreach_id)
        WHERE likelihood_predictions.candidate_id = withdrawn.candidate_id
            AND likelihood_predictions.outreach_id = withdrawn.outreach_id"""

    ERASE = (
        "DELETE FROM likelihood_features WHERE candidate_id = ANY(%b::uuid[])",
        "DELETE FROM likelihood_predictions WHERE candidate_id = ANY(%b::uuid[])",
    )

    LAST_SNAPSHOT = "SELECT max(log_position) FROM likelihood_snapshots WHERE log_id = %s"

    OPEN_LOGITS = """
        SELECT outreach_id, learned_logit FROM likelihood_predictions WHERE outcome IS NULL"""

    INSERT_SNAPSHOT = """
        INSERT INTO likelihood_snapshots (log_id, log_position, hash, state)
        VALUES (%s, %s, %s, %s)"""

    def __init__(
        self,
        db: Connection,
        cached: CachedModel | None,
        events: Sequence[Event],
        challengers: Challengers,
    ) -> None:
        self._db = db
        self._learned = False
        self._row, model = self._load_model(cached)
        if cached and cached.log_position <= self._row.log_position:
            challengers = cached.challengers
        else:
            challengers = challengers.untrained()
        challengers.catch_up(db)
        ((last_snapshot,),) = db.execute(self.LAST_SNAPSHOT, (LOG_ID,)).fetchall()
        self._last_snapshot = last_snapshot or 0
        self._learner = Learner(
            model, self._row.log_position, self._row.latest, challengers=challengers
        )
        self._learner.states = self._load_states(events)
        self._learner.positions = self._load_positions(events)
        self._learner.track_open_outreach(*self._load_outreach(events))

    def apply(self, logged: LoggedEvent) -> None:
        """Apply the next event."""
        self._keep_snapshot_before(logged.log_position)
        self._learner.apply(logged.log_position, logged.event)
        if self._learner.changes.learned:
            self._learned, self._learner.changes.learned = True, False

    def finish(self) -> CachedModel:
        """Write everything, and return the model for the next batch."""
        self._write()
        row, learner = self._row, self._learner
        if self._learned:
            row.log_position, row.hash = learner.model_log_position, learner.model.hash()
            model = (row.log_position, row.hash, learner.model.to_json())
            self._change(self.UPDATE_MODEL, *model, LOG_ID, rows=1)
        self._change(self.UPDATE_LATEST, learner.latest, LOG_ID, rows=1)
        return CachedModel(row.log_position, row.hash, learner.model, learner.challengers)

    def _keep_snapshot_before(self, log_position: int) -> None:
        """Keep a snapshot every `SNAPSHOT_EVERY`, if the log has grown by a tenth since the last.

        So the longest log has some hundred, and a replay from the nearest learns a tenth of it.
        """
        due = (log_position - 1) // SNAPSHOT_EVERY * SNAPSHOT_EVERY
        if due == self._last_snapshot or due * 10 < self._last_snapshot * 11:
            return
        self._write()
        learner = self._learner
        logits: dict[UUID, float | None] = dict(self._db.execute(self.OPEN_LOGITS).fetchall())
        snapshot = LearnerSnapshot(
            learner.model, learner.model_log_position, learner.latest, logits
        )
        kept = (due, learner.model.hash(), snapshot.to_json())
        self._change(self.INSERT_SNAPSHOT, LOG_ID, *kept, rows=1)
        self._last_snapshot = due

    # Reading and writing --------------------------------------------------------------------------

    def _load_model(self, cached: CachedModel | None) -> tuple[_Row, LikelihoodModel]:
        stored = self._db.execute(self.MODEL, (LOG_ID,)).fetchone()
        if stored is None:
            model = untrained_model()
            row = _Row(0, model.hash(), LONG_AGO)
            self._change(self.INSERT_MODEL, LOG_ID, row.hash, model.to_json(), row.latest, rows=1)
            return row, model
        row = _Row(*stored)
        if cached and (cached.log_position, cached.hash) == (row.log_position, row.hash):
            return row, cached.model
        (state,) = self._db.execute(self.MODEL_STATE, (LOG_ID,)).fetchall()
        return row, restored_model(state[0], row.hash)

    def _load_states(self, events: Sequence[Event]) -> dict[UUID, CandidateState]:
        ids = {
            getattr(event, "candidate_id", event.originator_id)
            for event in events
            if not isinstance(event, OF_A_POSITION)
        }
        return dict(read_states(self._db, [*ids]))

    def _load_positions(self, events: Sequence[Event]) -> dict[UUID, PositionState]:
        ids = {event.position_id for event in events if isinstance(event, OutreachSent)}
        ids |= {event.originator_id for event in events if isinstance(event, OF_A_POSITION)}
        rows = self._db.execute(self.POSITIONS, ([*ids],))
        return {id: PositionState(**state) for id, state in rows}

    def _load_outreach(self, events: Sequence[Event]) -> list[Prediction]:
        closing = {e.originator_id for e in events if isinstance(e, CandidateErased)}
        closing |= {e.originator_id for e in events if isinstance(e, ContactRetracted)}
        closing |= {e.candidate_id for e in events if isinstance(e, OutreachSettled)}
        latest = max([self._row.latest, *(event.timestamp for event in events)])
        rows = self._db.execute(self.OPEN_OUTREACH, ([*closing], latest))
        predictions = [Prediction(*row) for row in rows]
        for prediction in predictions:
            prediction.features = Features(**prediction.features)  # type: ignore[arg-type]  # as the row has it
        return predictions

    def _write(self) -> None:
        learner = self._learner
        changes, learner.changes = learner.changes, Changes()
        note(self._db, "likelihood_changes", changes.states - changes.terms, terms=False)
        note(self._db, "likelihood_changes", changes.terms | changes.erased, terms=True)
        if changes.erased:
            for statement in self.ERASE:
                self._db.execute(statement, ([*changes.erased],))
        if changed := sorted(changes.states):
            rows = (as_row(learner.states[id]) for id in changed)
            *columns, skills = map(list, zip(*rows, strict=True))
            self._change(
                candidate_states.UPSERT, changed, *columns, [*map(Jsonb, skills)], rows=len(changed)
            )
        if opened := sorted(changes.positions):
            positions = [Jsonb(learner.positions[id]._asdict()) for id in opened]
            self._change(self.UPSERT_POSITIONS, opened, positions, rows=len(opened))
        self._write_predictions(changes)

    def _write_predictions(self, changes: Changes) -> None:
        if kept := [changes.predictions[id] for id in sorted(changes.predictions)]:
            columns = zip(*map(_prediction_row, kept), strict=True)
            self._change(self.UPSERT_PREDICTIONS, *map(list, columns), rows=len(kept))
        if withdrawn := changes.withdrawn:
            ids = ([p.candidate_id for p in withdrawn], [p.outreach_id for p in withdrawn])
            self._db.execute(self.DELETE_WITHDRAWN, ids)

    def _change(self, statement: str, *parameters: Any, rows: int) -> None:
        changed = self._db.execute(statement, parameters).rowcount
        if changed != rows:
            raise RuntimeError(f"{changed} rows changed, not {rows}, by {statement}")


def _prediction_row(prediction: Prediction) -> list[Any]:
    row = {name: getattr(prediction, name) for name in _PREDICTION}
    row["challengers"] = Jsonb(prediction.challengers)
    row["features"] = Jsonb(prediction.features._asdict())
    return [*row.values()]

"""The read model of the likelihood to respond: candidates' features, predictions, and the model.

`learner` says how it learns, `batch` how a batch of events changes the tables. No score is stored:
a candidate is scored when they are shown, and `candidate_index` ranks the whole pool.
"""

from collections.abc import Collection, Sequence

from psycopg import Connection

from domain.event import Event
from infrastructure.projecting.projection import LoggedEvent, Projection
from projections import candidate_changes
from projections.likelihood.batch import Batch, CachedModel
from projections.likelihood.challengers import Challengers
from projections.likelihood.estimator.model import ESTIMATOR
from projections.likelihood.features.candidate import STATE_NUMBERS
from projections.likelihood.features.catalogue import FEATURE_VERSION
from projections.likelihood.learner import FOLLOWED, NO_CHALLENGERS

TABLES_VERSION = 4
"""Raise it with any change to the tables; features and estimator count by themselves."""

VERSION = TABLES_VERSION + FEATURE_VERSION + ESTIMATOR


class Likelihoods(Projection, name="likelihood", version=VERSION, apart=True):
    """Each candidate's features, each outreach's prediction, and the model."""

    TABLES = f"""
        -- What a candidate's features are computed from: features.candidate.CandidateState.
        CREATE TABLE likelihood_features (
            candidate_id   uuid PRIMARY KEY,
            {", ".join(f"{name} double precision" for name in STATE_NUMBERS)},
            role           text NOT NULL,
            remote_wish    text NOT NULL,
            city           text,
            country        text,
            skills         jsonb NOT NULL
        ) WITH (fillfactor = 80);
        {candidate_changes.TABLE.format("likelihood_changes")};

        -- The same of a position: features.position_match.PositionState.
        CREATE TABLE likelihood_positions (
            position_id    uuid PRIMARY KEY,
            state          jsonb NOT NULL
        );

        -- What the model of the time predicted when each outreach was sent, and its outcome:
        -- answered, or expired. Withdrawn outreach is deleted. Kept to monitor and to audit.
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
            challengers      jsonb NOT NULL,  -- each one's probability
            role             text NOT NULL,
            seniority        text NOT NULL,
            features         jsonb NOT NULL,  -- as of the sending
            silent_from      timestamptz NOT NULL,
            learned_logit    double precision,  -- once the silence was learned
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

        -- The model after the last event that it learned from, and the latest moment of any.
        CREATE TABLE likelihood_model (
            log_id             smallint PRIMARY KEY,
            log_position       bigint NOT NULL,
            hash               text NOT NULL,
            state              text NOT NULL,
            latest             timestamptz NOT NULL
        );

        -- From which a replay may start: model_state.LearnerSnapshot.
        CREATE TABLE likelihood_snapshots (
            log_id       smallint,
            log_position bigint,
            hash         text NOT NULL,
            state        text NOT NULL,
            PRIMARY KEY (log_id, log_position)
        )"""

    def __init__(self, challengers: Challengers = NO_CHALLENGERS) -> None:
        self.challengers = challengers
        """The models that learn and predict beside this one."""
        self._cached: CachedModel | None = None

    @property
    def follows(self) -> Collection[type[Event]]:
        """The events that the learner learns from."""
        return FOLLOWED

    def apply(self, db: Connection, events: Sequence[LoggedEvent]) -> None:
        """Fold a batch of events into the tables, within the caller's transaction.

        The model is cached from batch to batch. It is used only if the table has its log position
        and hash: another worker may have continued, and a batch may have been rolled back.
        """
        cached, self._cached = self._cached, None
        batch = Batch(db, cached, [one.event for one in events], self.challengers)
        for one in events:
            batch.apply(one)
        self._cached = batch.finish()

"""How likely each candidate is to respond, learned from every answer and every silence.

A response is an answer within the window, yes or no alike. An outreach teaches with the features
its candidate had when it was sent: after a day of silence that there is no response, for the time
being, and when an answer comes after all, that there is one. A withdrawn one teaches nothing.
That a day has passed is told by the events themselves, by the latest moment that any of them bears:
so a replay learns the same in the same order, however the log is cut into batches.

A candidate's score is that of their last event, by the model as it was then, until a sweep brings
all scores up to date. Who is shown is scored anew when they are read.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain.candidate import (
    CandidateErased,
    CandidateSignedUp,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.event import Event
from domain.outreach import (
    InterviewRequested,
    Likelihood,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachWithdrawn,
)
from infrastructure.projector import LOG_ID, Change, Positioned, Projection, on
from projections.likelihood_features import (
    STATE_NUMBERS,
    Columns,
    Features,
    State,
    as_row,
    columns,
    features,
    fold,
    signed_up,
)
from projections.likelihood_model import (
    CANDIDATE_SCHEMA,
    RIVER_VERSION,
    ForeignModel,
    LikelihoodModel,
    Weights,
)
from projections.likelihood_words import Reason, reasons

SILENCE = timedelta(hours=24)
"""After how long without an answer an outreach teaches that there is none, for the time being."""

MOVED_ENOUGH = 0.1
"""By how much, root mean square over the pool, the logits must have moved for a sweep."""

OLD_ENOUGH = timedelta(days=30)
"""After how long a sweep comes anyway, since those who do nothing grow more silent."""

EVENTS_PER_CANDIDATE = 2
FEWEST_EVENTS = 100
"""Between two sweeps lie twice as many events as there are candidates, and at least these."""

SWEEP_CHUNK = 20_000
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

WITH_THE_BATCH: Iterable[Change] = []
"""What a handler answers whose changes the batch writes."""

Approach = MessageSent | InterviewRequested
Outcome = OutreachAccepted | OutreachDeclined | OutreachExpired | OutreachWithdrawn


class Likelihoods(Projection, name="likelihood", version=1):
    """What is known of each candidate, how likely that makes an answer, and the model behind it."""

    TABLES = f"""
        CREATE TABLE likelihood_scores (
            candidate_id   uuid PRIMARY KEY,
            logit          double precision NOT NULL,
            scored_at      timestamptz NOT NULL,
            model_position bigint NOT NULL
        );
        CREATE INDEX likelihood_scores_by_logit ON likelihood_scores (logit DESC, candidate_id);

        -- What a candidate's features are worked out from: likelihood_features.State says how.
        CREATE TABLE likelihood_features (
            candidate_id   uuid PRIMARY KEY,
            {", ".join(f"{name} double precision" for name in STATE_NUMBERS)},
            role           text NOT NULL
        ) WITH (fillfactor = 80);

        -- Outreach without an outcome: the features when it was sent, and, once it has taught that
        -- there is no response, the logit that the model gave then.
        CREATE TABLE likelihood_open_outreach (
            candidate_id   uuid NOT NULL,
            outreach_id    uuid NOT NULL,
            silent_from    timestamptz NOT NULL,
            features       jsonb NOT NULL,
            learned_logit  double precision,
            PRIMARY KEY (candidate_id, outreach_id)
        );
        CREATE INDEX likelihood_open_outreach_due ON likelihood_open_outreach (silent_from)
            WHERE learned_logit IS NULL;

        -- The model after the last event that it learned from, and what is known of the whole log.
        CREATE TABLE likelihood_model (
            log_id             smallint PRIMARY KEY,
            position           bigint NOT NULL,
            hash               text NOT NULL,
            state              text NOT NULL,
            latest             timestamptz NOT NULL,
            candidates         bigint NOT NULL,
            events_since_sweep bigint NOT NULL,
            last_sweep         jsonb
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
            sent_position    bigint NOT NULL,
            model_position   bigint NOT NULL,
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
            settled_position bigint,
            PRIMARY KEY (candidate_id, outreach_id)
        );
        CREATE INDEX likelihood_predictions_settled ON likelihood_predictions (settled_position);
        CREATE INDEX likelihood_predictions_due ON likelihood_predictions (silent_from)
            WHERE outcome IS NULL AND learned_logit IS NULL;

        -- The model now and then, from which a replay may start.
        CREATE TABLE likelihood_snapshots (
            log_id   smallint,
            position bigint,
            hash     text NOT NULL,
            state    text NOT NULL,
            PRIMARY KEY (log_id, position)
        )"""

    def __init__(self) -> None:
        self._held: _Held | None = None
        self._batch: _Batch

    def apply(self, db: Connection, events: Sequence[Positioned[Event]]) -> None:
        """Fold a batch of events into the tables, within the caller's transaction.

        The model is kept from batch to batch. It is believed only when the table bears its position
        and hash: another worker may have gone on, and a batch may have been rolled back.
        """
        held, self._held = self._held, None
        self._batch = _Batch(db, held, [positioned.event for positioned in events])
        for positioned in events:
            self._batch.position = positioned.position
            self.handlers[type(positioned.event)](self, positioned.event)
            self._batch.sweep_if_worthwhile()
        self._held = self._batch.finish()

    # What an event changes depends on the model, which depends on all events before: the handlers
    # say it to the batch, which writes the rows.

    @on(CandidateSignedUp)
    def _(self, event: CandidateSignedUp) -> Iterable[Change]:
        self._batch.sign_up(event)
        return WITH_THE_BATCH

    @on(OptedIn, OptedOut, WasActive, ProfileEnhanced)
    def _(self, event: Event) -> Iterable[Change]:
        self._batch.note(event.originator_id, event)
        return WITH_THE_BATCH

    @on(CandidateErased)
    def _(self, event: CandidateErased) -> Iterable[Change]:
        self._batch.erase(event)
        return WITH_THE_BATCH

    @on(MessageSent, InterviewRequested)
    def _(self, event: Approach) -> Iterable[Change]:
        self._batch.approach(event)
        return WITH_THE_BATCH

    @on(OutreachAccepted, OutreachDeclined)
    def _(self, event: OutreachAccepted | OutreachDeclined) -> Iterable[Change]:
        self._batch.settle(event, responded=True)
        return WITH_THE_BATCH

    @on(OutreachExpired)
    def _(self, event: OutreachExpired) -> Iterable[Change]:
        self._batch.settle(event, responded=False)
        return WITH_THE_BATCH

    @on(OutreachWithdrawn)
    def _(self, event: OutreachWithdrawn) -> Iterable[Change]:
        self._batch.settle(event, responded=None)
        return WITH_THE_BATCH


class _Held(NamedTuple):
    """A model, and what the table says of it."""

    position: int
    hash: str
    model: LikelihoodModel


@dataclass(slots=True)
class _Row:
    """What the table says of the model, and of the log up to now."""

    position: int
    hash: str
    latest: datetime
    candidates: int
    events_since_sweep: int
    last_sweep: "_Sweep | None"


@dataclass(slots=True)
class _Open:
    """An outreach without an outcome."""

    candidate_id: UUID
    outreach_id: UUID
    silent_from: datetime
    features: Features
    learned_logit: float | None = None


def _state_columns(of_number: str) -> str:
    return ", ".join(["candidate_id", *map(of_number.format, STATE_NUMBERS), "role"])


# What is unknown is null in the table, where analysts look, and not a number in the arithmetic.
_STATE = _state_columns("{0}")
_STATE_OUT = _state_columns("coalesce({0}, 'NaN')")
_STATE_IN = _state_columns("nullif({0}, 'NaN')")


class _Batch:
    """What a batch of events changes, from the rows that it touches, in the order of the log.

    A candidate is scored once between two changes of the model, however many events they have.
    Lists are sent binary (%b), which takes a tenth of the time that writing them as text takes.
    """

    MODEL = """
        SELECT position, hash, latest, candidates, events_since_sweep, last_sweep
        FROM likelihood_model WHERE log_id = %s"""

    FIRST_MODEL = """
        INSERT INTO likelihood_model VALUES (%s, 0, %s, %s, %s, 0, 0, NULL)"""

    MODEL_STATE = "SELECT state FROM likelihood_model WHERE log_id = %s"

    LEARN = """
        UPDATE likelihood_model SET position = %s, hash = %s, state = %s WHERE log_id = %s"""

    GO_ON = """
        UPDATE likelihood_model SET latest = %s, candidates = %s, events_since_sweep = %s
        WHERE log_id = %s"""

    END_SWEEP = "UPDATE likelihood_model SET last_sweep = %s WHERE log_id = %s"

    STATES = f"""
        SELECT {_STATE_OUT} FROM likelihood_features
        WHERE candidate_id = ANY(%b::uuid[])"""  # noqa: S608 - our own names

    STATES_AFTER = f"""
        SELECT {_STATE_OUT} FROM likelihood_features
        WHERE candidate_id > %s ORDER BY candidate_id LIMIT %s"""  # noqa: S608 - our own names

    KEEP_STATES = f"""
        INSERT INTO likelihood_features ({_STATE})
        SELECT {_STATE_IN} FROM unnest(
            %b::uuid[], {"%b::double precision[], " * len(STATE_NUMBERS)} %b::text[])
            AS new ({_STATE})
        ON CONFLICT (candidate_id) DO UPDATE SET
            {", ".join(f"{name} = EXCLUDED.{name}" for name in (*STATE_NUMBERS, "role"))}
        """  # noqa: S608 - our own names

    KEEP_SCORES = """
        INSERT INTO likelihood_scores (candidate_id, logit, scored_at, model_position)
        SELECT * FROM unnest(
            %b::uuid[], %b::double precision[], %b::timestamptz[], %b::bigint[])
        ON CONFLICT (candidate_id) DO UPDATE SET
            logit = EXCLUDED.logit, scored_at = EXCLUDED.scored_at,
            model_position = EXCLUDED.model_position"""

    SWEEP = """
        UPDATE likelihood_scores SET
            logit = swept.logit, scored_at = %s::timestamptz, model_position = %s::bigint
        FROM unnest(%b::uuid[], %b::double precision[]) AS swept (candidate_id, logit)
        WHERE likelihood_scores.candidate_id = swept.candidate_id"""

    OPEN_OUTREACH = """
        SELECT candidate_id, outreach_id, silent_from, features, learned_logit
        FROM likelihood_open_outreach
        WHERE candidate_id = ANY(%b::uuid[])
            OR (learned_logit IS NULL AND silent_from <= %s::timestamptz)"""

    KEEP_OUTREACH = """
        INSERT INTO likelihood_open_outreach (
            candidate_id, outreach_id, silent_from, features, learned_logit)
        SELECT * FROM unnest(
            %b::uuid[], %b::uuid[], %b::timestamptz[], %b::jsonb[], %b::double precision[])
        ON CONFLICT (candidate_id, outreach_id) DO UPDATE SET learned_logit = EXCLUDED.learned_logit
        """

    CLOSE_OUTREACH = """
        DELETE FROM likelihood_open_outreach USING unnest(%b::uuid[], %b::uuid[])
            AS closed (candidate_id, outreach_id)
        WHERE likelihood_open_outreach.candidate_id = closed.candidate_id
            AND likelihood_open_outreach.outreach_id = closed.outreach_id"""

    ERASE = (
        "DELETE FROM likelihood_scores WHERE candidate_id = ANY(%b::uuid[])",
        "DELETE FROM likelihood_features WHERE candidate_id = ANY(%b::uuid[])",
        "DELETE FROM likelihood_open_outreach WHERE candidate_id = ANY(%b::uuid[])",
    )

    def __init__(self, db: Connection, held: _Held | None, events: Sequence[Event]) -> None:
        self.position = 0
        self._db = db
        self._learned = self._learned_since_check = False
        self._changed: set[UUID] = set()
        self._unscored: dict[UUID, datetime] = {}
        self._scores: dict[UUID, tuple[float, datetime, int]] = {}
        self._erased: set[UUID] = set()
        self._changed_outreach: dict[UUID, _Open] = {}
        self._closed_outreach: dict[UUID, _Open] = {}
        self._row, self._model = self._load_model(held)
        self._states = self._load_states(events)
        self._open = self._load_outreach(events)
        self._due = [
            (o.silent_from, o.outreach_id) for o in self._open.values() if o.learned_logit is None
        ]
        heapify(self._due)

    # What events change ---------------------------------------------------------------------------

    def sign_up(self, event: CandidateSignedUp) -> None:
        """There is one more."""
        self._pass_time(event)
        self._row.candidates += event.originator_id not in self._states
        self._states[event.originator_id] = signed_up(event)
        self._touch(event.originator_id)

    def note(self, candidate_id: UUID, event: Event) -> None:
        """A candidate's features change."""
        self._pass_time(event)
        self._fold(candidate_id, event)

    def approach(self, event: Approach) -> None:
        """Freeze the features as they are before this outreach; it will teach with them."""
        self._pass_time(event)
        if state := self._states.get(event.candidate_id):
            outreach = _Open(
                event.candidate_id,
                event.originator_id,
                event.timestamp + SILENCE,
                features(state, event.timestamp),
            )
            self._open[outreach.outreach_id] = outreach
            self._changed_outreach[outreach.outreach_id] = outreach
            heappush(self._due, (outreach.silent_from, outreach.outreach_id))
        self._fold(event.candidate_id, event)

    def settle(self, event: Outcome, *, responded: bool | None) -> None:
        """Learn what became of an outreach; None: nothing that teaches."""
        outreach = self._close(event.originator_id)
        self._pass_time(event)
        if outreach:
            self._learn_outcome(outreach, responded)
        if responded is not None:
            self._fold(event.candidate_id, event)

    def erase(self, event: CandidateErased) -> None:
        """Forget a candidate; what became of open outreach to them will not be known."""
        candidate_id = event.originator_id
        theirs = sorted(
            o.outreach_id for o in self._open.values() if o.candidate_id == candidate_id
        )
        open_outreach = [self._close(outreach_id) for outreach_id in theirs]
        self._pass_time(event)
        for outreach in open_outreach:
            if outreach:
                self._learn_outcome(outreach, None)
        self._row.candidates -= self._states.pop(candidate_id, None) is not None
        self._changed.discard(candidate_id)
        self._unscored.pop(candidate_id, None)
        self._scores.pop(candidate_id, None)
        self._erased.add(candidate_id)

    def _pass_time(self, event: Event) -> None:
        """Learn from the silence that this event's moment shows to have lasted long enough."""
        self._row.events_since_sweep += 1
        self._row.latest = max(self._row.latest, event.timestamp)
        while self._due and self._due[0][0] <= self._row.latest:
            outreach = self._open.get(heappop(self._due)[1])
            if outreach and outreach.learned_logit is None:
                outreach.learned_logit = self._learn(outreach.features, responded=False)
                self._changed_outreach[outreach.outreach_id] = outreach

    def _learn_outcome(self, outreach: _Open, responded: bool | None) -> None:
        if responded is False:
            if outreach.learned_logit is None:
                self._learn(outreach.features, responded=False)
            return
        if outreach.learned_logit is not None:
            self._before_learning()
            self._model.revoke(outreach.features, False, outreach.learned_logit)
        if responded:
            self._learn(outreach.features, responded=True)

    def _learn(self, x: Features, *, responded: bool) -> float:
        self._before_learning()
        return self._model.learn(x, responded)

    def _before_learning(self) -> None:
        self._score()  # those whose last event came before, by the model as it was then
        self._row.position = self.position
        self._learned = self._learned_since_check = True

    def _fold(self, candidate_id: UUID, event: Event) -> None:
        if state := self._states.get(candidate_id):
            fold(state, event)
            self._touch(candidate_id)

    def _touch(self, candidate_id: UUID) -> None:
        self._changed.add(candidate_id)
        self._unscored[candidate_id] = self._row.latest

    def _score(self) -> None:
        for candidate_id, moment in self._unscored.items():
            logit = self._model.logit(features(self._states[candidate_id], moment))
            self._scores[candidate_id] = (logit, moment, self._row.position)
        self._unscored.clear()

    def _close(self, outreach_id: UUID) -> _Open | None:
        if outreach := self._open.pop(outreach_id, None):
            self._changed_outreach.pop(outreach_id, None)
            self._closed_outreach[outreach_id] = outreach
        return outreach

    # Sweeping -------------------------------------------------------------------------------------

    def sweep_if_worthwhile(self) -> None:
        """Score everyone anew when the model has moved, but never oftener than it costs little."""
        if not self._learned_since_check:
            return
        self._learned_since_check = False
        enough = max(self._row.candidates * EVENTS_PER_CANDIDATE, FEWEST_EVENTS)
        if self._row.events_since_sweep < enough:
            return
        last = self._row.last_sweep
        if (
            last is None
            or self._row.latest >= last.at + OLD_ENOUGH
            or last.movement(self._model.weights()) > MOVED_ENOUGH
        ):
            self._sweep()

    def _sweep(self) -> None:
        self._write()
        row, pool, last = self._row, _Pool(), UUID(int=0)
        while rows := self._db.execute(
            self.STATES_AFTER, (last, SWEEP_CHUNK), binary=True
        ).fetchall():
            ids, chunk = [r[0] for r in rows], columns([r[1:] for r in rows], row.latest)
            logits = self._model.logits(chunk, len(ids)).tolist()
            self._change(self.SWEEP, row.latest, row.position, ids, logits, rows=len(ids))
            pool.add(chunk, len(ids))
            last = ids[-1]
        row.last_sweep = _Sweep(row.latest, self._model.weights(), *pool.spread())
        row.events_since_sweep = 0
        self._change(self.END_SWEEP, Jsonb(row.last_sweep.as_json()), LOG_ID, rows=1)

    # Reading and writing --------------------------------------------------------------------------

    def _load_model(self, held: _Held | None) -> tuple[_Row, LikelihoodModel]:
        stored = self._db.execute(self.MODEL, (LOG_ID,)).fetchone()
        if stored is None:
            model = LikelihoodModel()
            row = _Row(0, model.hash(), LONG_AGO, 0, 0, None)
            self._change(self.FIRST_MODEL, LOG_ID, row.hash, model.to_json(), row.latest, rows=1)
            return row, model
        position, hash, latest, candidates, events_since, sweep = stored
        last_sweep = _Sweep.from_json(sweep) if sweep else None
        row = _Row(position, hash, latest, candidates, events_since, last_sweep)
        if held and (held.position, held.hash) == (row.position, row.hash):
            return row, held.model
        (state,) = self._db.execute(self.MODEL_STATE, (LOG_ID,)).fetchall()
        return row, _restore(state[0], row.hash)

    def _load_states(self, events: Sequence[Event]) -> dict[UUID, State]:
        ids = {getattr(event, "candidate_id", event.originator_id) for event in events}
        rows = self._db.execute(self.STATES, ([*ids],), binary=True)
        return {row[0]: State(*row[1:]) for row in rows}

    def _load_outreach(self, events: Sequence[Event]) -> dict[UUID, _Open]:
        closing = {e.originator_id for e in events if isinstance(e, CandidateErased)}
        closing |= {e.candidate_id for e in events if isinstance(e, Outcome)}
        latest = max([self._row.latest, *(event.timestamp for event in events)])
        rows = self._db.execute(self.OPEN_OUTREACH, ([*closing], latest))
        return {row[1]: _Open(row[0], row[1], row[2], Features(**row[3]), row[4]) for row in rows}

    def finish(self) -> _Held:
        """Write everything, and hand on the model."""
        self._write()
        row = self._row
        if self._learned:
            row.hash, state = self._model.hash(), self._model.to_json()
            self._change(self.LEARN, row.position, row.hash, state, LOG_ID, rows=1)
        standing = (row.latest, row.candidates, row.events_since_sweep)
        self._change(self.GO_ON, *standing, LOG_ID, rows=1)
        return _Held(row.position, row.hash, self._model)

    def _write(self) -> None:
        self._score()
        if self._erased:
            for statement in self.ERASE:
                self._db.execute(statement, ([*self._erased],))
        if changed := sorted(self._changed):
            states = zip(*(as_row(self._states[id]) for id in changed), strict=True)
            self._change(self.KEEP_STATES, changed, *map(list, states), rows=len(changed))
        if scored := sorted(self._scores):
            scores = zip(*(self._scores[id] for id in scored), strict=True)
            self._change(self.KEEP_SCORES, scored, *map(list, scores), rows=len(scored))
        self._write_outreach()
        for written in (self._erased, self._changed, self._scores):
            written.clear()

    def _write_outreach(self) -> None:
        if closed := [*self._closed_outreach.values()]:
            pairs = ([o.candidate_id for o in closed], [o.outreach_id for o in closed])
            self._db.execute(self.CLOSE_OUTREACH, pairs)
        if kept := [*self._changed_outreach.values()]:
            self._change(
                self.KEEP_OUTREACH,
                [o.candidate_id for o in kept],
                [o.outreach_id for o in kept],
                [o.silent_from for o in kept],
                [Jsonb(o.features._asdict()) for o in kept],
                [o.learned_logit for o in kept],
                rows=len(kept),
            )
        self._closed_outreach.clear()
        self._changed_outreach.clear()

    def _change(self, statement: str, *parameters: Any, rows: int) -> None:
        changed = self._db.execute(statement, parameters).rowcount
        if changed != rows:
            raise RuntimeError(f"{changed} rows changed, not {rows}, by {statement}")


class _Pool:
    """How the features of all candidates are spread, gathered chunk by chunk."""

    def __init__(self) -> None:
        self._count = 0
        self._sums: Counter[str] = Counter()
        self._squares: Counter[str] = Counter()

    def add(self, chunk: Columns, count: int) -> None:
        """Some more candidates."""
        self._count += count
        for name, column in chunk.numbers.items():
            self._sums[name] += column.sum().item()
            self._squares[name] += (column * column).sum().item()
        for name, values in chunk.categories.items():
            for value, times in Counter(values).items():
                self._sums[f"{name}={value}"] += times
                self._squares[f"{name}={value}"] += times

    def spread(self) -> tuple[dict[str, float], dict[str, float]]:
        """The mean and the variance of each feature."""
        means = {name: total / self._count for name, total in self._sums.items()}
        squares = {name: total / self._count for name, total in self._squares.items()}
        return means, {name: max(squares[name] - means[name] ** 2, 0.0) for name in means}


class _Sweep(NamedTuple):
    """When everyone was last scored, by which weights, and how their features were spread."""

    at: datetime
    weights: Weights
    means: Mapping[str, float]
    variances: Mapping[str, float]

    def movement(self, weights: Weights) -> float:
        """How far these weights move the pool's logits, root mean square, features independent."""
        shift, spread = weights.bias - self.weights.bias, 0.0
        for name, mean in self.means.items():
            moved = weights.of[name] - self.weights.of[name]
            shift += moved * mean
            spread += moved * moved * self.variances[name]
        return math.sqrt(shift * shift + spread)

    def as_json(self) -> dict[str, Any]:
        at, weights = self.at.astimezone(UTC).isoformat(), self.weights._asdict()
        return {**self._asdict(), "at": at, "weights": weights}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> "_Sweep":
        at, weights = datetime.fromisoformat(state["at"]), Weights(**state["weights"])
        return cls(at, weights, state["means"], state["variances"])


def _restore(state: str, hash: str) -> LikelihoodModel:
    model = LikelihoodModel.from_json(state)
    if model.schema != CANDIDATE_SCHEMA:
        raise ForeignModel(
            "The model has other features than this program: rebuild under a new version."
        )
    if model.hash() != hash:
        raise ForeignModel("The model's state is not the one whose hash was recorded.")
    return model


# Queries ------------------------------------------------------------------------------------------


class ModelCard(BaseModel):
    """What the model is made of now."""

    position: int
    hash: str
    observed: int
    answered_share: float | None
    feature_version: int
    river_version: str


class Assessed(NamedTuple):
    """How likely somebody is to respond, and what makes it so."""

    likelihood: Likelihood
    model_hash: str
    reasons: list[Reason]


def of_candidates(
    db: Connection,
    ids: Sequence[UUID],
    at: datetime,
    position_id: UUID | None = None,  # noqa: ARG001 - the next feature version looks at it
) -> dict[UUID, Assessed]:
    """How likely these candidates are to respond at that moment, by the current model.

    With a position, to an approach about it. The reasons, one a feature, are in the order in which
    their contributions sum up to the logit.
    """
    position, hash, model = _current(db)
    assessed = {}
    for candidate_id, x in _features_of(db, ids, at):
        logit = model.logit(x)
        likelihood = Likelihood(
            probability=model.probability(logit),
            logit=logit,
            model_position=position,
            feature_version=model.schema.version,
        )
        assessed[candidate_id] = Assessed(likelihood, hash, reasons(x, model.contributions(x)))
    return assessed


def model_card(db: Connection) -> ModelCard:
    """What the model is made of now."""
    position, hash, model = _current(db)
    return ModelCard(
        position=position,
        hash=hash,
        observed=round(model.observed),
        answered_share=model.positive / model.observed if model.observed else None,
        feature_version=model.schema.version,
        river_version=RIVER_VERSION,
    )


def _current(db: Connection) -> tuple[int, str, LikelihoodModel]:
    row = db.execute(
        "SELECT position, hash, state FROM likelihood_model WHERE log_id = %s", [LOG_ID]
    ).fetchone()
    if row is None:
        model = LikelihoodModel()
        return 0, model.hash(), model
    position, hash, state = row
    return position, hash, _restored(state, hash)


_restored = lru_cache(maxsize=2)(_restore)
"""A model that is only read, and so is shared."""


def _features_of(
    db: Connection, ids: Sequence[UUID], at: datetime
) -> Iterable[tuple[UUID, Features]]:
    rows = db.execute(_Batch.STATES, ([*ids],), binary=True)
    return ((row[0], features(State(*row[1:]), at)) for row in rows)

"""How the likelihood to respond is learned from the log: event by event, in memory, by no clock.

A response is an answer within the window, yes or no alike. An outreach teaches with the features
that candidate, position and match had when it was sent: after a day of silence that there is no
response, for the time being, and when an answer comes after all, that there is one. A withdrawn one
teaches nothing. That a day has passed is told by the events themselves, by the latest moment that
any of them bears: so a replay learns the same in the same order, however the log is cut.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from uuid import UUID

from domain.candidate import (
    CandidateErased,
    CandidateSignedUp,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.event import Event
from domain.handlers import HandlesEvents, on
from domain.outreach import (
    InterviewRequested,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachWithdrawn,
)
from domain.position import FiltersSet, PositionOpened
from projections.likelihood.challengers import Challengers
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.estimator.schema import Features
from projections.likelihood.features.candidate import CandidateState, features, fold, signed_up
from projections.likelihood.features.catalogue import CANDIDATE_SCHEMA, OF_CANDIDATE, merged
from projections.likelihood.features.position_match import (
    PositionState,
    from_event,
    of_match,
    of_position,
    with_filters,
    with_offer,
)

SILENCE = timedelta(hours=24)
"""After how long without an answer an outreach teaches that there is none, for the time being."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

NO_CHALLENGERS = Challengers()

NO_OPENING = PositionState()
"""What is known of a position that was never opened in this log."""

OutreachSent = MessageSent | InterviewRequested
OutreachSettled = OutreachAccepted | OutreachDeclined | OutreachExpired | OutreachWithdrawn

OF_A_CANDIDATE = (
    *(CandidateSignedUp, OptedIn, OptedOut, WasActive, ProfileEnhanced),
    CandidateErased,
)
OF_A_POSITION = (PositionOpened, FiltersSet)
OF_AN_OUTREACH = (
    *(MessageSent, InterviewRequested),
    *(OutreachAccepted, OutreachDeclined, OutreachExpired, OutreachWithdrawn),
)
FOLLOWED = (*OF_A_CANDIDATE, *OF_A_POSITION, *OF_AN_OUTREACH)
"""The events that anything is learned from."""


@dataclass(slots=True)
class Prediction:
    """An outreach: what was thought of it when it was sent, and what became of it.

    It has a `learned_logit`, the model's then, once a day of silence has taught; an `outcome`, once
    there was an answer (true) or the window closed (false).
    """

    candidate_id: UUID
    outreach_id: UUID
    employer_id: UUID
    position_id: UUID
    kind: str
    sent_at: datetime
    sent_log_position: int
    model_log_position: int
    logit: float
    probability: float
    challengers: dict[str, float]
    role: str
    seniority: str
    features: Features
    silent_from: datetime
    learned_logit: float | None = None
    outcome: bool | None = None
    settled_at: datetime | None = None
    settled_log_position: int | None = None


def untrained_model() -> LikelihoodModel:
    """The marketplace's model before its first outreach."""
    return LikelihoodModel(CANDIDATE_SCHEMA)


class Learner(HandlesEvents):
    """The model, and what it learns from: candidates, positions, and outreach under way.

    Whoever keeps these elsewhere puts there first what the next events touch (`states`, `openings`,
    and the open outreach by `track_open_outreach`), and takes from `changes` what to keep of it.
    """

    def __init__(
        self,
        model: LikelihoodModel | None = None,
        model_log_position: int = 0,
        latest: datetime = LONG_AGO,
        *,
        scoring: bool = True,
        challengers: Challengers = NO_CHALLENGERS,
    ) -> None:
        self.model = model or untrained_model()
        self.model_log_position = model_log_position
        """Of the last event that the model learned from."""
        self.latest = latest
        """The latest moment that any event bears."""
        self.states: dict[UUID, CandidateState] = {}
        self.openings: dict[UUID, PositionState] = {}
        self.open: dict[UUID, Prediction] = {}
        self.changes = Changes()
        self.challengers = challengers
        self._scoring = scoring
        self._due: list[tuple[datetime, UUID]] = []
        self._log_position = 0

    def track_open_outreach(self, *predictions: Prediction) -> None:
        """Outreach under way, in addition to what is known."""
        self.open |= {prediction.outreach_id: prediction for prediction in predictions}
        self._due = [(p.silent_from, id) for id, p in self.open.items() if p.learned_logit is None]
        heapify(self._due)

    def apply(self, log_position: int, event: Event) -> None:
        """Take in the event at this position of the log."""
        self._log_position = log_position
        self._pass_time(event.timestamp, event)
        self._apply(event)

    def advance_clock(self, log_position: int, moment: datetime) -> None:
        """Take in of the event at this position when it happened, where the rest does not matter.

        So it is with an event about somebody whom nobody approaches.
        """
        self._log_position = log_position
        self._pass_time(moment)

    def features(self, candidate_id: UUID, opening: PositionState, at: datetime) -> Features:
        """All that the model looks at when this candidate hears of an opening."""
        state = self.states[candidate_id]
        return merged(features(state, at), of_position(opening), of_match(state, opening))

    def score(self) -> None:
        """Score everyone who changed, by the model as it is, as of the latest moment by then."""
        for candidate_id, moment in self.changes.unscored.items():
            x = features(self.states[candidate_id], moment)
            logit = self.model.logit(x, OF_CANDIDATE)
            self.changes.scores[candidate_id] = (logit, moment, self.model_log_position)
        self.changes.unscored.clear()

    # A replay that starts from a snapshot recalls the log up to there, then resumes.

    def snapshot(self) -> str:
        """What the log up to here does not tell without learning it all over again, as JSON."""
        under_way = {id: p.learned_logit for id, p in self.open.items()}
        return snapshot(self.model, self.model_log_position, self.latest, under_way)

    def recall(
        self, log_position: int, event: Event, under_way: Container[UUID] | None = None
    ) -> None:
        """Take in an event whose lessons are in the snapshot that is to be resumed from.

        Of outreach that is not `under_way` there, no more will be learned; None if that is unknown.
        """
        self._log_position = log_position
        if isinstance(event, OutreachSent) and not (
            under_way is None or event.originator_id in under_way
        ):
            self._fold(event.candidate_id, event)
        elif isinstance(event, OutreachSettled):
            self.open.pop(event.originator_id, None)
            self._fold_outcome(event)
        elif isinstance(event, CandidateErased):
            self._forget(event.originator_id)
        else:
            self._apply(event)

    def resume(self, snapshot: str) -> None:
        """Go on from a snapshot, the log up to which has been recalled.

        What was recalled may be less than the log, if it has what was under way then.

        Raises:
            ValueError: it is not the state of this program after this log.
        """
        state = json.loads(snapshot)
        self.model = LikelihoodModel.from_json(json.dumps(state["model"]))
        self.model_log_position = state["position"]
        self.latest, under_way = standing(snapshot)
        if under_way.keys() != self.open.keys():
            raise ValueError("Other outreach was under way than the log says.")
        for id, logit in under_way.items():
            self.open[id].learned_logit = logit
        self.changes = Changes()
        self.track_open_outreach()

    # What each event changes ----------------------------------------------------------------------

    def _apply(self, event: Event) -> None:
        self.handlers[type(event)](self, event)

    @on(CandidateSignedUp)
    def on_signed_up(self, event: CandidateSignedUp) -> None:
        self.states[event.originator_id] = signed_up(event)
        self.changes.candidates += 1
        self._touch(event.originator_id)

    @on(OptedIn, OptedOut, WasActive, ProfileEnhanced)
    def on_known_candidate(self, event: OptedIn | OptedOut | WasActive | ProfileEnhanced) -> None:
        self._fold(event.originator_id, event)

    @on(PositionOpened)
    def on_position_opened(self, event: PositionOpened) -> None:
        self.openings[event.originator_id] = from_event(event)
        self.changes.openings.add(event.originator_id)

    @on(FiltersSet)
    def on_filters_set(self, event: FiltersSet) -> None:
        known = self.openings.get(event.originator_id, NO_OPENING)
        self.openings[event.originator_id] = with_filters(known, event)
        self.changes.openings.add(event.originator_id)

    @on(MessageSent, InterviewRequested)
    def on_sent(self, event: OutreachSent) -> None:
        """Freeze the features as they are before this outreach; it will teach with them."""
        if event.candidate_id in self.states:
            prediction = self._predict(event)
            self.open[prediction.outreach_id] = prediction
            self.changes.predictions[prediction.outreach_id] = prediction
            heappush(self._due, (prediction.silent_from, prediction.outreach_id))
        self._fold(event.candidate_id, event)

    def _predict(self, event: OutreachSent) -> Prediction:
        opening = with_offer(self.openings.get(event.position_id, NO_OPENING), event)
        x = self.features(event.candidate_id, opening, event.timestamp)
        logit = self.model.logit(x)
        return Prediction(
            candidate_id=event.candidate_id,
            outreach_id=event.originator_id,
            employer_id=event.employer_id,
            position_id=event.position_id,
            kind="message" if isinstance(event, MessageSent) else "interview_request",
            sent_at=event.timestamp,
            sent_log_position=self._log_position,
            model_log_position=self.model_log_position,
            logit=logit,
            probability=self.model.probability(logit),
            challengers=self.challengers.probabilities(x),
            role=x.categories["role"],
            seniority=x.categories["seniority"],
            features=x,
            silent_from=event.timestamp + SILENCE,
        )

    @on(OutreachAccepted, OutreachDeclined, OutreachExpired, OutreachWithdrawn)
    def on_settled(self, event: OutreachSettled) -> None:
        """Learn what became of an outreach."""
        if prediction := self.open.pop(event.originator_id, None):
            responded = _RESPONDED[type(event)]
            self._learn_outcome(prediction, responded)
            prediction.outcome = responded
            prediction.settled_at, prediction.settled_log_position = (
                event.timestamp,
                self._log_position,
            )
            if responded is None:
                self.changes.withdraw(prediction)
            else:
                self.challengers.learn(prediction.features, answered=responded)
                self.changes.predictions[prediction.outreach_id] = prediction
        self._fold_outcome(event)

    def _fold_outcome(self, event: OutreachSettled) -> None:
        if not isinstance(event, OutreachWithdrawn):
            self._fold(event.candidate_id, event)

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> None:
        """Forget a candidate; what becomes of open outreach to them will not be known."""
        for prediction in self._forget(event.originator_id):
            self._learn_outcome(prediction, None)

    def _forget(self, candidate_id: UUID) -> list[Prediction]:
        """Let go of a candidate, and of the outreach to them that is under way."""
        theirs = sorted(id for id, p in self.open.items() if p.candidate_id == candidate_id)
        predictions = [self.open.pop(id) for id in theirs]
        self.changes.candidates -= self.states.pop(candidate_id, None) is not None
        self.changes.erase(candidate_id)
        return predictions

    def _pass_time(self, moment: datetime, event: Event | None = None) -> None:
        """Learn from the silence that this moment shows to have lasted long enough.

        The outreach that the event itself settles, or whose candidate it erases, teaches by that.
        """
        self.latest = max(self.latest, moment)
        while self._due and self._due[0][0] <= self.latest:
            id = heappop(self._due)[1]
            prediction = self.open.get(id)
            if prediction and not (event and _ends(event, prediction)):
                prediction.learned_logit = self._learn(prediction.features, responded=False)
                self.changes.predictions[prediction.outreach_id] = prediction

    def _learn_outcome(self, prediction: Prediction, responded: bool | None) -> None:
        if responded is False:
            if prediction.learned_logit is None:
                self._learn(prediction.features, responded=False)
            return
        if prediction.learned_logit is not None:
            self._before_learning()
            self.model.revoke(prediction.features, False, prediction.learned_logit)
        if responded:
            self._learn(prediction.features, responded=True)

    def _learn(self, x: Features, *, responded: bool) -> float:
        self._before_learning()
        return self.model.learn(x, responded)

    def _before_learning(self) -> None:
        self.score()  # those whose last event came before, by the model as it was then
        self.model_log_position = self._log_position
        self.changes.learned = True

    def _fold(self, candidate_id: UUID, event: Event) -> None:
        if state := self.states.get(candidate_id):
            fold(state, event)
            self._touch(candidate_id)

    def _touch(self, candidate_id: UUID) -> None:
        self.changes.states.add(candidate_id)
        if self._scoring:
            self.changes.unscored[candidate_id] = self.latest


def snapshot(
    model: LikelihoodModel,
    model_log_position: int,
    latest: datetime,
    under_way: Mapping[UUID, float | None],
) -> str:
    """What `Learner.resume` takes; of outreach under way the logit at which its silence taught."""
    state = {
        "position": model_log_position,
        "latest": latest.astimezone(UTC).isoformat(),
        "model": json.loads(model.to_json()),
        "under_way": {str(id): logit for id, logit in under_way.items()},
    }
    return json.dumps(state, sort_keys=True, separators=(",", ":"), allow_nan=False)


def standing(snapshot: str) -> tuple[datetime, dict[UUID, float | None]]:
    """The latest moment as of a snapshot, and of outreach under way what `snapshot` was given."""
    state = json.loads(snapshot)
    under_way = {UUID(id): logit for id, logit in state["under_way"].items()}
    return datetime.fromisoformat(state["latest"]), under_way


class Changes:
    """What events have changed since it was last kept.

    A candidate is scored once between two changes of the model, however many events they have.
    """

    def __init__(self) -> None:
        self.candidates = 0
        """How many more of them there are."""
        self.learned = False
        self.states: set[UUID] = set()
        self.unscored: dict[UUID, datetime] = {}
        self.scores: dict[UUID, tuple[float, datetime, int]] = {}
        self.openings: set[UUID] = set()
        self.predictions: dict[UUID, Prediction] = {}
        self.withdrawn: list[Prediction] = []
        self.erased: set[UUID] = set()

    def withdraw(self, prediction: Prediction) -> None:
        """An outreach that counts for nothing."""
        self.predictions.pop(prediction.outreach_id, None)
        self.withdrawn.append(prediction)

    def erase(self, candidate_id: UUID) -> None:
        """A candidate of whom nothing is kept."""
        self.states.discard(candidate_id)
        self.unscored.pop(candidate_id, None)
        self.scores.pop(candidate_id, None)
        self.predictions = {
            id: p for id, p in self.predictions.items() if p.candidate_id != candidate_id
        }
        self.erased.add(candidate_id)


def _ends(event: Event, prediction: Prediction) -> bool:
    """Whether nothing more is awaited of an outreach after this event."""
    return event.originator_id == prediction.outreach_id or (
        isinstance(event, CandidateErased) and event.originator_id == prediction.candidate_id
    )


_RESPONDED: Mapping[type[Event], bool | None] = {
    OutreachAccepted: True,
    OutreachDeclined: True,
    OutreachExpired: False,
    OutreachWithdrawn: None,
}

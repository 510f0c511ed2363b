"""Learns the likelihood to respond from the log: event by event, in memory, without a clock.

A response is an answer within the window, yes or no alike. An outreach is learned with the features
that candidate, position and match had when it was sent: after a day of silence as unanswered, for
the time being; when an answer comes after all, that is revoked and the answer learned. A withdrawn
outreach is not learned. Time passes by the latest timestamp of any event, so a replay learns the
same in the same order, whatever its batches. The module is long because the effect of every event
is here.
"""

from collections.abc import Container
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from uuid import UUID

from domain.candidate_events import (
    CandidateErased,
    CandidateSignedUp,
    ContactRetracted,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.event import Event
from domain.handlers import HandlesEvents, on
from domain.outreach_events import (
    FollowUpSent,
    InterviewRequested,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachPostponed,
    OutreachWithdrawn,
    ReplyReceived,
)
from domain.position import FiltersSet, PositionOpened, SalarySet, TitleSet, WorkplaceSet
from projections.likelihood.challengers import Challengers
from projections.likelihood.changes import Changes, Prediction
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.estimator.schema import Features
from projections.likelihood.features.candidate import CandidateState, features, fold, signed_up
from projections.likelihood.features.catalogue import merged
from projections.likelihood.features.position_match import (
    PositionState,
    from_event,
    of_match,
    of_position,
    with_details,
    with_filters,
    with_offer,
)
from projections.likelihood.model_state import LearnerSnapshot, untrained_model

SILENCE = timedelta(hours=24)
"""How long without an answer until an outreach is learned as unanswered, for the time being."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

NO_CHALLENGERS = Challengers()

UNKNOWN_POSITION = PositionState()
"""The state of a position that was never opened in this log."""

OutreachSent = MessageSent | InterviewRequested
OutreachSettled = (
    OutreachAccepted
    | OutreachDeclined
    | OutreachPostponed
    | ReplyReceived
    | OutreachExpired
    | OutreachWithdrawn
)

RESPONDED: dict[type[Event], bool | None] = {
    OutreachAccepted: True,
    OutreachDeclined: True,
    OutreachPostponed: True,
    ReplyReceived: True,
    OutreachExpired: False,
    OutreachWithdrawn: None,
}
"""Whether a settled outreach was answered; None if it is not learned."""

OF_A_CANDIDATE = (
    *(CandidateSignedUp, OptedIn, OptedOut, WasActive, ProfileEnhanced),
    *(ContactRetracted, CandidateErased),
)
OF_A_POSITION = (PositionOpened, FiltersSet, TitleSet, WorkplaceSet, SalarySet)
OF_AN_OUTREACH: tuple[type[Event], ...] = (
    *(MessageSent, InterviewRequested, FollowUpSent),
    *RESPONDED,
)
FOLLOWED: tuple[type[Event], ...] = (*OF_A_CANDIDATE, *OF_A_POSITION, *OF_AN_OUTREACH)
"""The events that the learner reads."""


class Learner(HandlesEvents):
    """The model, with the candidates, positions and open outreach that it learns from.

    A caller that stores these in tables loads what the next events touch (`states`, `openings`, and
    `track_open_outreach`), and writes `changes` afterwards.
    """

    def __init__(
        self,
        model: LikelihoodModel | None = None,
        model_log_position: int = 0,
        latest: datetime = LONG_AGO,
        *,
        challengers: Challengers = NO_CHALLENGERS,
    ) -> None:
        self.model = model or untrained_model()
        self.model_log_position = model_log_position
        """Of the last event that the model learned from."""
        self.latest = latest
        """The latest timestamp of any event."""
        self.states: dict[UUID, CandidateState] = {}
        self.positions: dict[UUID, PositionState] = {}
        self.open: dict[UUID, Prediction] = {}
        self.changes = Changes()
        self.challengers = challengers
        self._due: list[tuple[datetime, UUID]] = []
        self._log_position = 0

    def track_open_outreach(self, *predictions: Prediction) -> None:
        """Add outreach that has no outcome yet."""
        self.open |= {prediction.outreach_id: prediction for prediction in predictions}
        self._due = [(p.silent_from, id) for id, p in self.open.items() if p.learned_logit is None]
        heapify(self._due)

    def apply(self, log_position: int, event: Event) -> None:
        """Learn from the event at this log position."""
        self._log_position = log_position
        self._pass_time(event.timestamp, event)
        self._apply(event)

    def advance_clock(self, log_position: int, moment: datetime) -> None:
        """Apply only the timestamp of the event at this log position.

        That suffices for an event of a candidate who is never contacted.
        """
        self._log_position = log_position
        self._pass_time(moment)

    def features(self, candidate_id: UUID, position: PositionState, at: datetime) -> Features:
        """All features of an outreach to this candidate about this position."""
        state = self.states[candidate_id]
        return merged(features(state, at), of_position(position), of_match(state, position))

    # A replay from a snapshot recalls the log up to there, then resumes.

    def snapshot(self) -> str:
        """The learner's `LearnerSnapshot` as JSON."""
        open_outreach = {id: p.learned_logit for id, p in self.open.items()}
        return LearnerSnapshot(
            self.model, self.model_log_position, self.latest, open_outreach
        ).to_json()

    def recall(
        self, log_position: int, event: Event, open_outreach: Container[UUID] | None = None
    ) -> None:
        """Apply an event from before the snapshot, from which the model has learned already.

        With `open_outreach`, the outreach that is open in the snapshot, other outreach only counts
        as a contact.
        """
        self._log_position = log_position
        if isinstance(event, OutreachSent) and not (
            open_outreach is None or event.originator_id in open_outreach
        ):
            self._fold(event.candidate_id, event)
        elif isinstance(event, OutreachSettled):
            self.open.pop(event.originator_id, None)
            self._fold_outcome(event)
        elif isinstance(event, ContactRetracted):
            self.open.pop(event.outreach_id, None)
            self._fold(event.originator_id, event)
        elif isinstance(event, CandidateErased):
            self._forget(event.originator_id)
        else:
            self._apply(event)

    def resume(self, snapshot: LearnerSnapshot) -> None:
        """Continue from a snapshot, after the events up to there were recalled.

        Events of candidates without open outreach may be missing.

        Raises:
            ValueError: other outreach is open than in the snapshot.
        """
        if snapshot.open_outreach.keys() != self.open.keys():
            raise ValueError("Other outreach is open than the log says.")
        self.model, self.model_log_position, self.latest, _ = snapshot
        for id, logit in snapshot.open_outreach.items():
            self.open[id].learned_logit = logit
        self.changes = Changes()
        self.track_open_outreach()

    # What each event changes ----------------------------------------------------------------------

    def _apply(self, event: Event) -> None:
        self.handlers[type(event)](self, event)

    @on(CandidateSignedUp)
    def on_signed_up(self, event: CandidateSignedUp) -> None:
        self.states[event.originator_id] = signed_up(event)
        self._touch(event.originator_id)
        self.changes.terms.add(event.originator_id)

    @on(OptedIn, OptedOut, WasActive, ProfileEnhanced)
    def on_known_candidate(self, event: OptedIn | OptedOut | WasActive | ProfileEnhanced) -> None:
        self._fold(event.originator_id, event)

    @on(PositionOpened)
    def on_position_opened(self, event: PositionOpened) -> None:
        self.positions[event.originator_id] = from_event(event)
        self.changes.positions.add(event.originator_id)

    @on(FiltersSet)
    def on_filters_set(self, event: FiltersSet) -> None:
        known = self.positions.get(event.originator_id, UNKNOWN_POSITION)
        self.positions[event.originator_id] = with_filters(known, event.filters)
        self.changes.positions.add(event.originator_id)

    @on(TitleSet, WorkplaceSet, SalarySet)
    def on_details_set(self, event: TitleSet | WorkplaceSet | SalarySet) -> None:
        known = self.positions.get(event.originator_id, UNKNOWN_POSITION)
        self.positions[event.originator_id] = with_details(known, event)
        self.changes.positions.add(event.originator_id)

    @on(MessageSent, InterviewRequested)
    def on_sent(self, event: OutreachSent) -> None:
        """Predict the outreach with the features as they are before it."""
        if event.candidate_id in self.states:
            prediction = self._predict(event)
            self.open[prediction.outreach_id] = prediction
            self.changes.predictions[prediction.outreach_id] = prediction
            heappush(self._due, (prediction.silent_from, prediction.outreach_id))
        self._fold(event.candidate_id, event)

    def _predict(self, event: OutreachSent) -> Prediction:
        position = with_offer(self.positions.get(event.position_id, UNKNOWN_POSITION), event)
        x = self.features(event.candidate_id, position, event.timestamp)
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

    @on(FollowUpSent)
    def on_follow_up_sent(self, event: FollowUpSent) -> None:
        """A follow-up is one more contact; what is learned is the answer to the outreach."""
        self._fold(event.candidate_id, event)

    @on(*RESPONDED)
    def on_settled(self, event: OutreachSettled) -> None:
        """Learn the outcome of an outreach: the first answer to it counts."""
        self._settle(event.originator_id, event, RESPONDED[type(event)])
        self._fold_outcome(event)

    @on(ContactRetracted)
    def on_contact_retracted(self, event: ContactRetracted) -> None:
        """Outreach that did not reach the candidate is not learned."""
        self._settle(event.outreach_id, event, None)
        self._fold(event.originator_id, event)

    def _settle(self, outreach_id: UUID, event: Event, responded: bool | None) -> None:
        if prediction := self.open.pop(outreach_id, None):
            self._learn_outcome(prediction, responded)
            prediction.outcome = responded
            prediction.settled_at = event.timestamp
            prediction.settled_log_position = self._log_position
            if responded is None:
                self.changes.withdraw(prediction)
            else:
                self.challengers.learn(self._log_position, prediction.features, answered=responded)
                self.changes.predictions[prediction.outreach_id] = prediction

    def _fold_outcome(self, event: OutreachSettled) -> None:
        if not isinstance(event, OutreachWithdrawn | ReplyReceived):
            self._fold(event.candidate_id, event)

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> None:
        """Forget a candidate; the outcome of open outreach to them will not be known."""
        for prediction in self._forget(event.originator_id):
            self._learn_outcome(prediction, None)

    def _forget(self, candidate_id: UUID) -> list[Prediction]:
        """Forget a candidate, and return the open outreach to them."""
        theirs = sorted(id for id, p in self.open.items() if p.candidate_id == candidate_id)
        predictions = [self.open.pop(id) for id in theirs]
        self.states.pop(candidate_id, None)
        self.changes.erase(candidate_id)
        return predictions

    def _pass_time(self, moment: datetime, event: Event | None = None) -> None:
        """Learn the outreach that has had a day of silence by this moment as unanswered.

        Not the outreach that the event itself settles, or whose candidate it erases.
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
            self._note_learning()
            self.model.revoke(prediction.features, False, prediction.learned_logit)
        if responded:
            self._learn(prediction.features, responded=True)

    def _learn(self, x: Features, *, responded: bool) -> float:
        self._note_learning()
        return self.model.learn(x, responded)

    def _note_learning(self) -> None:
        self.model_log_position = self._log_position
        self.changes.learned = True

    def _fold(self, candidate_id: UUID, event: Event) -> None:
        if state := self.states.get(candidate_id):
            fold(state, event)
            self._touch(candidate_id)
            if isinstance(event, ProfileEnhanced):
                self.changes.terms.add(candidate_id)

    def _touch(self, candidate_id: UUID) -> None:
        self.changes.states.add(candidate_id)


def _ends(event: Event, prediction: Prediction) -> bool:
    """Whether this event settles an outreach or erases its candidate."""
    if isinstance(event, CandidateErased):
        return event.originator_id == prediction.candidate_id
    about = event.outreach_id if isinstance(event, ContactRetracted) else event.originator_id
    return about == prediction.outreach_id

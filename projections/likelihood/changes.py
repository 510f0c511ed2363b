"""What events change in the likelihood's tables, collected until it is written."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.likelihood.estimator.schema import Features


@dataclass(slots=True)
class Prediction:
    """An outreach: what was predicted when it was sent, and its outcome.

    `learned_logit` is set once a day of silence was learned: the model's logit then. `outcome` is
    set once there was an answer (true) or the answer window closed (false).
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


class Changes:
    """What events have changed since the last write."""

    def __init__(self) -> None:
        self.learned = False
        self.states: set[UUID] = set()
        self.terms: set[UUID] = set()
        """Those of them whose words may have changed."""
        self.positions: set[UUID] = set()
        self.predictions: dict[UUID, Prediction] = {}
        self.withdrawn: list[Prediction] = []
        self.erased: set[UUID] = set()

    def withdraw(self, prediction: Prediction) -> None:
        """Delete the prediction of a withdrawn outreach."""
        self.predictions.pop(prediction.outreach_id, None)
        self.withdrawn.append(prediction)

    def erase(self, candidate_id: UUID) -> None:
        """Delete everything about a candidate."""
        self.states.discard(candidate_id)
        self.terms.discard(candidate_id)
        self.predictions = {
            id: p for id, p in self.predictions.items() if p.candidate_id != candidate_id
        }
        self.erased.add(candidate_id)

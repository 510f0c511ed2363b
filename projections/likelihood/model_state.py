"""The marketplace's model as stored text: with its hash, or with what a learner resumes from."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from projections.likelihood.estimator.model import ForeignModel, LikelihoodModel
from projections.likelihood.features.catalogue import CANDIDATE_SCHEMA


def untrained_model() -> LikelihoodModel:
    """The marketplace's model before its first outreach."""
    return LikelihoodModel(CANDIDATE_SCHEMA)


def restored_model(state: str, hash: str) -> LikelihoodModel:
    """The model that was stored under this hash.

    Raises:
        ForeignModel: the state is of other features, of another estimator, or damaged.
    """
    model = LikelihoodModel.from_json(state)
    if model.schema != CANDIDATE_SCHEMA:
        raise ForeignModel(
            "The model has other features than this program: rebuild under a new version."
        )
    if model.hash() != hash:
        raise ForeignModel("The model's state is not the one whose hash was recorded.")
    return model


class LearnerSnapshot(NamedTuple):
    """What a learner cannot find in the log without learning all of it again."""

    model: LikelihoodModel
    model_log_position: int
    """Of the last event that the model learned from."""
    latest: datetime
    """The latest timestamp of any event up to there."""
    open_outreach: Mapping[UUID, float | None]
    """By outreach without an outcome, the logit at which its silence was learned, if it was."""

    def to_json(self) -> str:
        """The snapshot as canonical JSON."""
        state = {
            "position": self.model_log_position,
            "latest": self.latest.astimezone(UTC).isoformat(),
            "model": json.loads(self.model.to_json()),
            "under_way": {str(id): logit for id, logit in self.open_outreach.items()},
        }
        return json.dumps(state, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "LearnerSnapshot":
        """The snapshot that was stored.

        Raises:
            ForeignModel: the model is of another estimator, or the text is damaged.
        """
        try:
            state = json.loads(text)
            return cls(
                LikelihoodModel.from_json(json.dumps(state["model"])),
                state["position"],
                datetime.fromisoformat(state["latest"]),
                {UUID(id): logit for id, logit in state["under_way"].items()},
            )
        except ForeignModel:
            raise
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ForeignModel(f"The snapshot is damaged: {error}.") from error

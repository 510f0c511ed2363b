"""Predictions as the likelihood's read model keeps them, written directly."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from projections.likelihood.monitoring import performance as watch

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = BEGIN + timedelta(days=365)


class Predicted:
    """Outreaches with what was said of each, sent an hour apart."""

    def __init__(self, db: Connection[TupleRow]) -> None:
        self.db = db
        self.position = 0

    def add(self, probability: float, outcome: bool | None, **facts: Any) -> None:
        self.position += 10
        usual: dict[str, Any] = {
            "candidate_id": UUID(int=self.position),
            "outreach_id": UUID(int=self.position),
            "employer_id": UUID(int=1),
            "position_id": UUID(int=2),
            "kind": "message",
            "sent_at": BEGIN + timedelta(hours=self.position / 10),
            "sent_log_position": self.position,
            "model_log_position": 0,
            "logit": 0.0,
            "probability": probability,
            "challengers": {},
            "role": "design",
            "seniority": "senior",
            "features": {"numbers": {"years": 3.0}, "categories": {"role": "design"}},
            "silent_from": BEGIN,
            "outcome": outcome,
            "settled_log_position": None if outcome is None else self.position + 1,
        }
        row = {**usual, **facts}
        values = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()}
        names, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        self.db.execute(f"INSERT INTO likelihood_predictions ({names}) VALUES ({places})", values)

    def performance(self, at: datetime = LATER, **asked: Any) -> list[watch.Performance]:
        return watch.performance(self.db, at, **asked)

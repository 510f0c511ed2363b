"""Predictions of the model whose outcome is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from api.marketplace import now


@contextmanager
def predictions_of_a_month_ago(db: Connection[TupleRow]) -> Iterator[None]:
    """Two predictions that were right, gone afterwards."""
    sent_at = now() - timedelta(days=30)
    for number, answered in enumerate((True, False)):
        id = UUID(int=number)
        db.execute(
            "INSERT INTO likelihood_predictions (candidate_id, outreach_id, employer_id,"
            " position_id, kind, sent_at, sent_log_position, model_log_position, logit,"
            " probability, challengers, role, seniority, features, silent_from, outcome,"
            " settled_log_position)"
            " VALUES (%s, %s, %s, %s, 'message', %s, %s, 0, 0, %s, '{}', '', '',"
            ' \'{"numbers": {}, "categories": {}}\', %s, %s, 9)',
            [id, id, id, id, sent_at, number, 0.8 if answered else 0.2, sent_at, answered],
        )
    yield
    db.execute("DELETE FROM likelihood_predictions WHERE settled_log_position = 9")

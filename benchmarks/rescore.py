"""How long a sweep of all candidates takes after the model has moved, and how much memory.

    python -m benchmarks rescore --candidates 1000000

The candidates are rows drawn at random. Between two sweeps the model learns some thousand answers,
so that nearly every score moves. PostgreSQL runs with `fsync` on.
"""

import argparse
import random
import resource
import time
from datetime import UTC, datetime

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo

from benchmarks.recorder import server
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import open_pool
from infrastructure.projecting.versions import create_tables
from projections.likelihood import rescoring
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.features.candidate import STATE, STATE_NUMBERS
from projections.likelihood.features.catalogue import CATEGORIES
from projections.likelihood.model_state import untrained_model
from projections.likelihood.projection import Likelihoods
from tests.support.likelihood_people import (
    NOW,
    outreach_features,
    random_candidate_state,
    random_position_state,
)

MOMENTS = ("signed_up_at", "last_active_at", "observed_at", "consented_at", "last_contact_at")


def fill(db: Connection, candidates: int) -> None:
    """Insert candidates with moments of the last three years and decayed counts."""
    now = NOW.timestamp()
    drawn = {
        **dict.fromkeys(MOMENTS, f"{now} - random() * 1e8"),
        "job_since": f"CASE WHEN random() < 0.9 THEN {now} - random() * 3e8 END",
        "years": "CASE WHEN random() < 0.8 THEN random() * 30 END",
        "expected_usd": "CASE WHEN random() < 0.8 THEN 3e4 + random() * 1e5 END",
    }
    values = [drawn.get(name, "floor(random() * 3) * exp(random() * 4)") for name in STATE_NUMBERS]
    roles = "{" + ",".join(CATEGORIES["role"].values) + "}"
    db.execute(
        f"""
        INSERT INTO likelihood_features (
            candidate_id, {", ".join(STATE)})
        SELECT gen_random_uuid(), {", ".join(values)},
            ('{roles}'::text[])[1 + floor(random() * {len(CATEGORIES["role"].values)})::int],
            'yes', 'berlin', 'germany', '["python", "go"]'
        FROM generate_series(1, {candidates})"""
    )
    db.execute(
        "INSERT INTO likelihood_scores (candidate_id, logit, scored_at, model_log_position)"
        " SELECT candidate_id, 0, %s, 0 FROM likelihood_features",
        [NOW],
    )
    db.execute("VACUUM ANALYZE likelihood_features, likelihood_scores")


def teach(model: LikelihoodModel, answers: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(answers):
        x = outreach_features(random_candidate_state(rng), random_position_state(rng))
        keen = x.numbers["offer"] + x.numbers["activity_90"] > 1 + seed % 2
        model.learn(x, rng.random() < (0.5 if keen else 0.1))


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--sweeps", type=int, default=3)
    options = parser.parse_args()
    model = untrained_model()
    with server() as server_url:
        with psycopg.connect(server_url, autocommit=True) as administration:
            administration.execute("CREATE DATABASE rescore")
        url = make_conninfo(server_url, dbname="rescore")
        migrate(url, at=datetime.now(UTC))
        with open_pool(url, name="rescore") as pool:
            create_tables([Likelihoods()], pool)
            with pool.connection() as db:
                fill(db, options.candidates)
                print(f"{options.candidates:,} candidates, {megabytes():,.0f} MB before")
                for number in range(options.sweeps):
                    teach(model, 3_000, number)
                    start = time.perf_counter()
                    with db.transaction():
                        rescoring.sweep(db, model, number + 1, NOW)
                        swept = time.perf_counter() - start
                    seconds = time.perf_counter() - start
                    print(
                        f"sweep {number + 1}: {seconds:.1f} s ({seconds - swept:.1f} s of it the"
                        f" commit), {megabytes():,.0f} MB at most"
                    )


if __name__ == "__main__":
    main()

"""The table `likelihood_features`: candidates' states as rows.

An unknown number is null in the table, where analysts look, and not a number in the arithmetic.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from psycopg import Connection

from projections.likelihood.features.candidate import STATE, STATE_NUMBERS, CandidateState


def _columns(of_number: str) -> str:
    return ", ".join(
        ["candidate_id", *map(of_number.format, STATE_NUMBERS), *STATE[len(STATE_NUMBERS) :]]
    )


_COLUMNS = _columns("{0}")
COLUMNS_READ = _columns("coalesce({0}, 'NaN')")

READ = f"""
    SELECT {COLUMNS_READ} FROM likelihood_features
    WHERE candidate_id = ANY(%b::uuid[])"""  # noqa: S608 - our own names

# Arrays are sent binary (%b), which takes a tenth of the time that text takes.
UPSERT = f"""
    INSERT INTO likelihood_features ({_COLUMNS})
    SELECT {_columns("nullif({0}, 'NaN')")} FROM unnest(
        %b::uuid[], {"%b::double precision[], " * len(STATE_NUMBERS)}
        %b::text[], %b::text[], %b::text[], %b::text[], %b::jsonb[]) AS new ({_COLUMNS})
    ON CONFLICT (candidate_id) DO UPDATE SET
        {", ".join(f"{name} = EXCLUDED.{name}" for name in STATE)}
    """  # noqa: S608 - our own names


def read_states(db: Connection, ids: Sequence[UUID]) -> Iterator[tuple[UUID, CandidateState]]:
    """The states of these candidates; unknown ids are left out."""
    for row in db.execute(READ, (ids,), binary=True):
        yield row[0], CandidateState(*row[1:])

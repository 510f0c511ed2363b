"""Tables and statements ask nothing of the database that would keep it from growing.

The rules of the design: keys that can be distributed by, values that come in from outside, and
nothing whose order or moment the database decides by itself.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

import api
import infrastructure
import projections
from infrastructure.database.postgres import Pool
from infrastructure.projecting.checkpoints import create_tables
from projections.read_models import read_models

DISTRIBUTED_BY = {
    "events": "log_id",
    "log_head": "log_id",
    "person_keys": "person_id",
    "activity_receipts": "candidate_id",
    "candidate_pool": "candidate_id",
    "likelihood_scores": "candidate_id",
    "likelihood_features": "candidate_id",
    "likelihood_positions": "position_id",
    "likelihood_predictions": "candidate_id",
    "likelihood_model": "log_id",
    "likelihood_snapshots": "log_id",
    "self_reported_attributes": "candidate_id",
    "outreach_timeline": "candidate_id",
    "interview_list": "employer_id",
    "positions": "employer_id",
    "funnel_views": "employer_id",
    "funnel_explored": "employer_id",
    "funnel_outreach": "employer_id",
    "employers": "employer_id",
    "feedback": "employer_id",
    "tickets": "ticket_id",
    "ratings": "rating_id",
    "parked_events": "projection",
    "idempotency_claims": "caller",
    "idempotency_answers": "caller",
    "revoked_tokens": "fingerprint",
}
"""By which column each table would be spread over machines."""

EVERYWHERE = {"schema_migrations", "schema_lock", "projection_checkpoints"}
"""Small tables of which every machine would have a copy."""

FORBIDDEN = {
    r"\b(?:big|small)?serial\b|\bgenerated\b.*\bidentity\b": "positions and ids are set explicitly",
    r"\bcreate\s+(?:or\s+replace\s+)?trigger\b": "nothing happens behind a statement's back",
    r"\bnow\(\)|\bcurrent_timestamp\b|\bclock_timestamp\(": "moments are parameters",
    r"\brandom\(\)|\bgen_random_uuid\(": "random numbers are parameters",
    r"\bmerge\s+into\b": "no MERGE",
    r"\bpg_(?:try_)?advisory": "no correctness rests on advisory locks",
    r"\block\s+table\b": "no LOCK TABLE",
}


def statements() -> Iterator[tuple[str, str]]:
    """Every piece of SQL there is, with where it stands."""
    for package in (infrastructure, projections, api):
        root = Path(package.__path__[0])
        for migration in root.rglob("*.sql"):
            yield migration.name, re.sub(r"--[^\n]*", "", migration.read_text(encoding="utf-8"))
        for module in root.rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{module.relative_to(root.parent)}:{node.lineno}", node.value


def test_no_statement_breaks_a_rule() -> None:
    sql = re.compile(
        r"\b(select|insert into|update|delete from|create|lock|merge)\s", re.IGNORECASE
    )
    assert [
        f"{where} has {found[0]!r}: {rule}"
        for where, text in statements()
        if sql.search(text)
        for pattern, rule in FORBIDDEN.items()
        if (found := re.search(pattern, text, re.IGNORECASE))
    ] == []


@pytest.fixture
def tables(pool: Pool, connection: Connection[TupleRow]) -> dict[str, list[Any]]:
    """The columns of each unique key of each table."""
    create_tables(read_models(), pool)
    rows = connection.execute(
        """
        SELECT relname, array_agg(attname ORDER BY attnum)
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
        WHERE indisunique AND relnamespace = 'public'::regnamespace
        GROUP BY relname, indexrelid"""
    ).fetchall()
    keys: dict[str, list[Any]] = {}
    for table, columns in rows:
        keys.setdefault(table, []).append(columns)
    return keys


def test_every_table_has_a_key_and_a_place(tables: dict[str, list[Any]]) -> None:
    assert set(tables) == set(DISTRIBUTED_BY) | EVERYWHERE


def test_every_unique_key_has_the_column_that_its_table_is_spread_by(
    tables: dict[str, list[Any]],
) -> None:
    for table, keys in tables.items():
        if table not in EVERYWHERE:
            assert all(DISTRIBUTED_BY[table] in columns for columns in keys), table


def test_no_table_refers_to_another(tables: dict[str, Any], connection: Connection[Any]) -> None:
    found = connection.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'").fetchall()
    assert found == []

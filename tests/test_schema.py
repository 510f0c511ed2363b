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
from infrastructure.projecting.versions import create_tables
from projections.read_models import read_models

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
    r"\binsert\s+into\s+\w+\s+(?:values|select)\b": "every INSERT names its columns",
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


def test_every_table_has_a_key(tables: dict[str, list[Any]], connection: Connection[Any]) -> None:
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s", ["public"]
    ).fetchall()
    assert set(tables) == {table for (table,) in rows}


def test_the_unique_keys_of_a_table_share_a_column_that_it_can_be_distributed_by(
    tables: dict[str, list[Any]],
) -> None:
    for table in tables.keys() - EVERYWHERE:
        assert set.intersection(*map(set, tables[table])), table


def test_no_table_refers_to_another(tables: dict[str, Any], connection: Connection[Any]) -> None:
    found = connection.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'").fetchall()
    assert found == []

"""A log that an earlier version wrote replays to the same states, read models and model."""

import gzip
import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from api.audit.past_state import past_state
from domain.profile import Facts
from domain.terms import search_key
from domain.traits import term_hash
from infrastructure.database.postgres import open_pool
from infrastructure.event_log import queries
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projector import Projector
from projections.canonical import compared_facts
from projections.compared_columns import keys
from projections.likelihood.estimator.model import ESTIMATOR
from projections.read_models import read_models
from tests.support.comparing import as_far_as
from tests.support.databases import Databases

WRITTEN_BY_E681B8D = Path(__file__).with_name("e681b8d.json.gz")
"""The events, keys, states and tables of a small marketplace, dumped by the version e681b8d."""

RENAMED_TABLES = {"feedback": "employer_feedback"}

RENAMED_COLUMNS: dict[tuple[str, str], str] = {
    ("likelihood_model", "position"): "log_position",
    ("likelihood_positions", "opening"): "state",
    ("likelihood_predictions", "model_position"): "model_log_position",
    ("likelihood_predictions", "sent_position"): "sent_log_position",
    ("likelihood_predictions", "settled_position"): "settled_log_position",
    ("likelihood_snapshots", "position"): "log_position",
}
"""What a column of that version is called now, by table and old name."""

RANKED_IN_MEMORY = "no score is stored, the whole pool is ranked in memory"

GONE_TABLES = {"likelihood_scores": RANKED_IN_MEMORY}
"""Tables of that version that are no more, each with the reason."""

GONE: dict[tuple[str, str], str] = {
    ("candidate_pool", "random_key"): RANKED_IN_MEMORY,
    ("likelihood_model", "candidates"): RANKED_IN_MEMORY,
    ("likelihood_model", "events_since_sweep"): RANKED_IN_MEMORY,
    ("likelihood_model", "last_sweep"): RANKED_IN_MEMORY,
    # Its tests hold the rest of it; the estimator that it names is a later one.
    ("likelihood_model", "hash"): "the next test has it",
    ("likelihood_model", "state"): "the next test has it",
    ("likelihood_predictions", "probability"): "estimator 5 calibrates so that it never falls",
}
"""Columns of that version that are no more, by table and name, each with the reason."""


@dataclass(frozen=True)
class Replayed:
    """What was written down then, and the database that the log was replayed into now."""

    then: dict[str, Any]
    store: EventStore
    db: Connection[TupleRow]


@pytest.fixture(scope="module")
def replayed(databases: Databases) -> Iterator[Replayed]:
    then = json.loads(gzip.decompress(WRITTEN_BY_E681B8D.read_bytes()))
    with (
        databases.prepared() as url,
        open_pool(url, name="earlier") as pool,
        EventStore(url, pool, then["secret"]) as store,
        psycopg.connect(url, autocommit=True) as db,
    ):
        with db.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO events (log_id, log_position, originator_id, originator_version,"
                " topic, state, recorded_at) VALUES (0, %s, %s, %s, %s, %s, %s)",
                [
                    (position, id, version, topic, state.encode(), recorded_at)
                    for position, (id, version, topic, state, recorded_at) in enumerate(
                        then["events"], 1
                    )
                ],
            )
            cursor.executemany(
                "INSERT INTO person_keys (person_id, wrapped, destroyed_at) VALUES (%s, %s, %s)",
                [
                    (id, b64decode(wrapped) if wrapped else None, destroyed_at)
                    for id, wrapped, destroyed_at in then["person_keys"]
                ],
            )
        db.execute("UPDATE log_head SET log_position = %s", [len(then["events"])])
        for projection in read_models():
            projector = Projector([projection], store, pool)
            while projector.catch_up():
                pass
        yield Replayed(then, store, db)


def test_every_aggregate_is_in_the_state_it_was_in(replayed: Replayed) -> None:
    states = {
        id: past_state(replayed.store, queries.of_aggregate(replayed.db, id))
        for id in replayed.then["states"]
    }
    assert {
        id: {
            "kind": now.kind,
            "version": now.version,
            # Without what aggregates have learned to remember since.
            "state": {name: now.state.get(name) for name in replayed.then["states"][id]["state"]},
        }
        for id, now in states.items()
        if now
    } == replayed.then["states"]


def test_every_read_model_has_the_rows_it_had(replayed: Replayed) -> None:
    for table, rows in replayed.then["tables"].items():
        if table in GONE_TABLES:
            continue
        found = replayed.db.execute(
            sql.SQL("SELECT to_jsonb(found) FROM {} found").format(
                sql.Identifier(RENAMED_TABLES.get(table, table))
            )
        )
        columns = {
            column: RENAMED_COLUMNS.get((table, column), column)
            for row in rows[:1]
            for column in row
            if (table, column) not in GONE
        }
        now = [{then: row[column] for then, column in columns.items()} for (row,) in found]
        then = [{column: row[column] for column in columns} for row in rows]
        if table == "candidate_pool":
            then = [*map(_in_canonical_form, then)]
            for row in now:  # that version kept no more of them
                row["last_contacts"] = row["last_contacts"][-3:]
        if table == "likelihood_positions":
            for row in now:  # that version did not keep where a role was from
                del row["opening"]["filters_role"]
        if table == "likelihood_features":
            then = [*map(_without_names, then)]
        now, then = sorted(now, key=_text), sorted(then, key=_text)
        assert as_far_as(then, now) == then, table


def test_the_model_has_the_bits_it_had_but_for_the_estimator_it_names(replayed: Replayed) -> None:
    (then,) = replayed.then["tables"]["likelihood_model"]
    ((now,),) = replayed.db.execute("SELECT state FROM likelihood_model").fetchall()
    assert now.replace(f'"estimator":{ESTIMATOR}', '"estimator":4') == then["state"]


NAMED_OTHERWISE = {
    "Russian Federation": "Russia", "Turkey": "Türkiye", "Czech Republic": "Czechia",
    "russian federation": "russia", "turkey": "turkiye", "czech republic": "czechia",
}  # fmt: skip
"""What that version called countries that have another English name in CLDR."""


def _without_names(row: dict[str, Any]) -> dict[str, Any]:
    """What the likelihood knew of a candidate in that version, with hashes for names."""
    hashed = {name: row[name] and term_hash(row[name]) for name in ("city", "country")}
    return {**row, **hashed, "skills": [term_hash(skill) for skill in row["skills"]]}


def _in_canonical_form(row: dict[str, Any]) -> dict[str, Any]:
    """A candidate of that version, with skills one by one and other names of countries."""
    facts = dict(row["facts"])
    for part in (facts, row := dict(row)):
        if part.get("skills"):
            each = (name for skill in part["skills"] for name in skill.split("/"))
            part["skills"] = [*dict.fromkeys(each)]
        part["country"] = NAMED_OTHERWISE.get(part.get("country") or "", part.get("country"))
    for said, compared in (("work_authorisation", "authorised_in"),):
        for part, name in ((facts, said), (row, compared)):
            if part.get(name):
                part[name] = [NAMED_OTHERWISE.get(each, each) for each in part[name]]
    row["city"] = row["city"] and search_key(row["city"])
    if facts["country"] is None:
        del facts["country"]
    # What is compared is read by the vocabulary since; its own tests say how.
    read = compared_facts(Facts.model_validate(facts))
    row |= {name: keys(getattr(read, name)) or [] for name in ("roles", "skills")}
    return row | {"facts": facts}


def _text(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)

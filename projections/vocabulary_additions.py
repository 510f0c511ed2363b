"""What administrators added to the vocabulary, beside the profiles that are read by it.

The additions change in the transaction that reads the profiles anew, so a reader of both at one
moment compares filters and profiles by the same names.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel

from domain.profile import Facts
from domain.vocabulary import VocabularyKind
from infrastructure.database.postgres import Database, fetch_all
from infrastructure.vocabulary.additions import Additions
from projections.candidate_terms import TermKind
from projections.canonical import compared_facts
from projections.compared_columns import COMPARED

TABLE = """
    CREATE TABLE vocabulary_additions (
        kind      text NOT NULL,
        spelled   text COLLATE "C" NOT NULL,
        name      text NOT NULL,
        term      text NOT NULL,  -- the name itself if it is a new term
        added_at  timestamptz NOT NULL,
        added_by  text NOT NULL,
        version   int NOT NULL,
        PRIMARY KEY (kind, spelled)
    );"""

ADD = """
    INSERT INTO vocabulary_additions (kind, spelled, name, term, added_at, added_by, version)
    VALUES (%(kind)s, %(spelled)s, %(name)s, %(term)s, %(at)s, %(by)s, %(version)s)
    ON CONFLICT (kind, spelled) DO UPDATE SET
        name = excluded.name, term = excluded.term, added_at = excluded.added_at,
        added_by = excluded.added_by, version = excluded.version"""

REMOVE = "DELETE FROM vocabulary_additions WHERE kind = %(kind)s AND spelled = %(spelled)s"

_KINDS = {
    VocabularyKind.ROLE: TermKind.ROLE,
    VocabularyKind.SKILL: TermKind.SKILL,
    VocabularyKind.PLACE: TermKind.PLACE,
}


class Addition(BaseModel):
    """A name that an administrator added, and the term that it stands for: perhaps itself."""

    kind: VocabularyKind
    name: str
    term: str
    added_at: datetime
    added_by: str


def additions(db: Database) -> Additions:
    """The additions as they are compared by."""
    of_kind: dict[str, list[tuple[str, str]]] = {}
    rows = db.execute("SELECT kind, name, term FROM vocabulary_additions").fetchall()
    for kind, name, term in rows:
        of_kind.setdefault(kind, []).append((name, term))
    return Additions(*(frozenset(of_kind.get(kind, ())) for kind in ("role", "skill", "place")))


def listed(db: Database) -> list[Addition]:
    """The additions, the latest first."""
    return fetch_all(
        db,
        Addition,
        """
        SELECT kind, name, term, added_at, added_by FROM vocabulary_additions
        ORDER BY added_at DESC, kind, spelled""",
        {},
    )


# The profiles ------------------------------------------------------------------------------------

AT_ONCE = 2_000
"""Profiles that are read at once."""

_WRITTEN = "SELECT kind, written FROM candidate_terms WHERE kind = ANY(%s::text[])"

_WHO_WRITES = """
    SELECT candidate_id, facts FROM candidate_pool
    WHERE facts -> 'roles' ?| %(role)s::text[] OR facts -> 'skills' ?| %(skill)s::text[]
       OR facts ->> 'city' = ANY(%(place)s::text[])"""

_COLUMNS = {name: COMPARED[name] for name in ("roles", "skills", "city")}

_READ_ANEW = f"""
    UPDATE candidate_pool SET
        {", ".join(f"{n} = coalesce(%({n})s::{c.type}, {c.unknown})" for n, c in _COLUMNS.items())}
    WHERE candidate_id = %(id)s"""  # noqa: S608 - our own names


def read_anew(db: Connection, before: Additions, now: Additions) -> list[UUID]:
    """Read the profiles whose words mean something else by the additions of now.

    Only the rows of those who write such words are looked at.
    """
    words = _changed(db, before, now)
    if not any(words.values()):
        return []
    changed: list[UUID] = []
    with db.cursor("profiles_to_read_anew") as profiles, db.cursor() as cursor:
        profiles.execute(_WHO_WRITES, words)
        while rows := profiles.fetchmany(AT_ONCE):
            cursor.executemany(_READ_ANEW, list(_compared(rows, now)))
            changed += [id for id, _ in rows]
    return changed


def _changed(db: Connection, before: Additions, now: Additions) -> dict[str, list[str]]:
    words: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for kind, written in db.execute(_WRITTEN, [[*_KINDS.values()]]).fetchall():
        facts = _FACTS[kind](written)
        if compared_facts(facts, before) != compared_facts(facts, now):
            words[kind].append(written)
    return words


_FACTS = {
    TermKind.ROLE: lambda word: Facts.model_construct(roles=(word,)),
    TermKind.SKILL: lambda word: Facts.model_construct(skills=(word,)),
    TermKind.PLACE: lambda word: Facts.model_construct(city=word),
}


def _compared(
    rows: list[tuple[UUID, Mapping[str, Any]]], own: Additions
) -> Iterator[dict[str, Any]]:
    for id, facts in rows:
        compared = compared_facts(Facts.model_validate(facts), own)
        yield {"id": id, **{name: column.value(compared) for name, column in _COLUMNS.items()}}

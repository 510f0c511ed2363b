"""How many profiles of the pool name each role, skill, place, language and country, as written.

The counts change in the transaction that changes the profiles, so an erased word is gone at once.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.terms import spelled
from infrastructure.database.postgres import Database


class TermKind(StrEnum):
    """What a term is."""

    ROLE = "role"
    SKILL = "skill"
    PLACE = "place"
    LANGUAGE = "language"
    COUNTRY = "country"
    """One in which people may work."""


TABLE = """
    CREATE TABLE candidate_terms (
        kind     text NOT NULL,
        written  text NOT NULL,
        spelled  text COLLATE "C" NOT NULL,  -- how it is searched
        people   int NOT NULL,
        PRIMARY KEY (kind, written)
    );"""

_OF_FACTS = {
    "roles": TermKind.ROLE,
    "skills": TermKind.SKILL,
    "languages": TermKind.LANGUAGE,
    "work_authorisation": TermKind.COUNTRY,
}

_WRITTEN = " UNION ALL ".join(
    [
        *(
            f"SELECT '{kind}', jsonb_array_elements_text(p.facts -> '{fact}')"
            for fact, kind in _OF_FACTS.items()
        ),
        *(f"SELECT '{TermKind.PLACE}', p.facts ->> '{fact}'" for fact in ("city", "country")),
    ]
)

_COUNT = f"""
    SELECT kind, written, count(*)
    FROM candidate_pool AS p, LATERAL ({_WRITTEN}) AS t (kind, written)
    WHERE p.candidate_id = ANY(%s::uuid[]) AND written IS NOT NULL GROUP BY kind, written"""  # noqa: S608 - our own names

_ADD = """
    INSERT INTO candidate_terms AS t (kind, written, spelled, people)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[])
    ON CONFLICT (kind, written) DO UPDATE SET people = t.people + excluded.people"""

_FORGET = """
    DELETE FROM candidate_terms USING unnest(%s::text[], %s::text[]) AS gone (kind, written)
    WHERE candidate_terms.kind = gone.kind AND candidate_terms.written = gone.written
      AND people <= 0"""


@contextmanager
def counted(db: Connection, candidate_ids: Collection[UUID]) -> Iterator[None]:
    """Count the terms of these candidates' rows, which change meanwhile, anew."""
    if not candidate_ids:
        yield
        return
    before = _counts(db, candidate_ids)
    yield
    changed = _counts(db, candidate_ids)
    changed.subtract(before)
    terms = sorted((kind, written, more) for (kind, written), more in changed.items() if more)
    if terms:
        kinds, written, more = map(list, zip(*terms, strict=True))
        db.execute(_ADD, [kinds, written, [*map(spelled, written)], more])
        db.execute(_FORGET, [kinds, written])


def _counts(db: Connection, candidate_ids: Collection[UUID]) -> Counter[tuple[str, str]]:
    rows = db.execute(_COUNT, [[*candidate_ids]]).fetchall()
    return Counter({(kind, written): people for kind, written, people in rows})


class WrittenTerm(NamedTuple):
    """A term as profiles write it, and in how many of them it stands."""

    written: str
    people: int


def written_like(db: Database, kind: TermKind, text: str, limit: int) -> list[WrittenTerm]:
    """The terms that most profiles have, of those that contain a text; its start if it is short."""
    found = spelled(text)
    if not found:
        return []
    where = "strpos(spelled, %s) > 0" if len(found) > 1 else "starts_with(spelled, %s)"
    rows = db.execute(
        f"""
        SELECT written, people FROM candidate_terms WHERE kind = %s AND {where}
        ORDER BY people DESC, written LIMIT %s""",  # noqa: S608 - our own text
        [kind, found, limit],
    ).fetchall()
    return [WrittenTerm(*row) for row in rows]

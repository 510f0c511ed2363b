"""Reads candidates from the tables: their numbers by column, and the keys of their terms.

A key is PostgreSQL's 64-bit hash of a term, seeded with what kind of term it is. Among a hundred
million of them a wrong match is as likely as one in a hundred thousand million, and what leaves is
checked in SQL.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from infrastructure.database.binary_copy import row_of, rows_of
from infrastructure.database.postgres import Database
from projections.candidate_index.postings import Keys
from projections.likelihood.features.candidate import STATE_NUMBERS
from projections.likelihood.features.catalogue import CATEGORIES


class Term(IntEnum):
    """Kinds of terms, which seed their hash."""

    ID = 1
    SKILL = 2
    ROLE = 3
    PLACE = 4
    AUTHORISATION = 5
    LANGUAGE = 6
    BLOCKED_EMPLOYER = 7
    POSITION = 8
    IDENTIFIER = 9
    WORKS_AT = 10
    # As the likelihood's features know them.
    FEATURE_SKILL = 11
    FEATURE_CITY = 12
    FEATURE_COUNTRY = 13


def text_key(term: Term, text: str) -> str:
    """The key of a text, in SQL."""
    return f"hashtextextended({text}, {term:d})"


def id_key(term: Term, id: str) -> str:
    """The key of an id, in SQL."""
    return f"uuid_hash_extended({id}, {term:d})"


_TEXTS = {
    Term.SKILL: "p.skills",
    Term.ROLE: "p.roles",
    Term.PLACE: "ARRAY[p.city, p.country]",
    Term.AUTHORISATION: "p.authorised_in",
    Term.LANGUAGE: "p.languages",
    Term.FEATURE_SKILL: "ARRAY(SELECT jsonb_array_elements_text(f.skills))",
    Term.FEATURE_CITY: "ARRAY[f.city]",
    Term.FEATURE_COUNTRY: "ARRAY[f.country]",
}
_IDS = {
    Term.ID: "ARRAY[p.candidate_id]",
    Term.BLOCKED_EMPLOYER: "p.blocked",
    Term.POSITION: "p.positions",
    Term.IDENTIFIER: "p.identifiers",
    Term.WORKS_AT: "p.employers || p.domain",
}


def _keys_of(arrays: Mapping[Term, str], key: Callable[[Term, str], str]) -> str:
    """The keys of the elements of these arrays, one after the other, in one scan."""
    names = [f"of_{term:d}" for term in arrays]
    each = (f"coalesce(int8send({key(t, n)}), '')" for t, n in zip(arrays, names, strict=True))
    return f"""
        (SELECT string_agg({" || ".join(each)}, '')
         FROM unnest({", ".join(arrays.values())}) AS element ({", ".join(names)}))"""  # noqa: S608 - our own names


_TABLES = """
    FROM candidate_pool AS p
    LEFT JOIN likelihood_features AS f ON f.candidate_id = p.candidate_id"""

THESE = "WHERE p.candidate_id = ANY(%(ids)s::uuid[])"

ALL = "ORDER BY p.candidate_id"

READ_KEYS = f"""
    SELECT p.candidate_id,
        {_keys_of(_IDS, id_key)} || coalesce({_keys_of(_TEXTS, text_key)}, '')
    {_TABLES}"""

MOMENTS = {
    "last_active": "p.last_active_at",
    "agrees_until": """
        CASE WHEN NOT p.opted_in OR p.bounced THEN '-infinity'
             ELSE coalesce(p.consent_until, 'infinity') END""",
    # The contact that uses the budget up: before it is out of the window there may be no other.
    "last_allowed_contact": """
        CASE WHEN p.contact_budget <= 0 THEN 'infinity'
             WHEN cardinality(p.last_contacts) < p.contact_budget THEN '-infinity'
             ELSE p.last_contacts[cardinality(p.last_contacts) + 1 - p.contact_budget] END""",
}
"""Moments that lists compare, in microseconds since 2000."""

FILTERED = {
    "years": "coalesce(p.years, 'NaN')",
    "expected_usd": "coalesce(p.expected_usd::double precision, 'NaN')",
}
"""Numbers that filters compare; not a number if unknown."""


def _place_in(name: str) -> str:
    values = ",".join(CATEGORIES[name].values)
    return f"coalesce(array_position('{{{values}}}'::text[], f.{name}), 0)"


CODES = {
    "role": _place_in("role"),
    "remote_wish": _place_in("remote_wish"),
    "open_to_remote": "p.open_to_remote::int",
    "home_known": "coalesce(f.city <> '' OR f.country <> '', false)::int",
}
"""Places of words in their lists, from 1; 0 for who has no features yet."""

RANDOM_KEYS = 2**63
"""The number of random keys; they form a circle."""

_RANDOM_KEY = f"uuid_hash_extended(p.candidate_id, 0) & {RANDOM_KEYS - 1}"
"""A number that is as good as random, and the same for ever."""

READ_NUMBERS = f"""
    SELECT p.candidate_id, {", ".join(f"({sql})::timestamptz" for sql in MOMENTS.values())},
        {_RANDOM_KEY}, {", ".join(FILTERED.values())},
        {", ".join(f"coalesce(f.{name}, 'NaN')" for name in STATE_NUMBERS)},
        {", ".join(CODES.values())}
    {_TABLES}"""

_ROW = row_of(
    {
        "id": "V16",
        **dict.fromkeys(MOMENTS, ">i8"),
        "random_key": ">i8",
        **dict.fromkeys(FILTERED, ">f8"),
        **{f"state {name}": ">f8" for name in STATE_NUMBERS},
        **dict.fromkeys(CODES, ">i4"),
    }
)


Numbers = NDArray[Any]
"""One entry a candidate, with the fields that the dictionaries above name."""


def read_all(db: Database) -> Iterator[Numbers]:
    """The numbers of all candidates, by id, in chunks."""
    return _numbers(db, ALL, {})


def read_all_keys(db: Database) -> Iterator[Keys]:
    """The keys of the terms of all candidates, by id."""
    return (keys for _, keys in _keys(db, ALL, {}))


def read_numbers(db: Database, ids: Sequence[UUID]) -> list[Numbers]:
    """The numbers of these candidates, without erased ones, in some chunks."""
    return [*_numbers(db, THESE, {"ids": [*ids]})]


def read_keys(db: Database, ids: Sequence[UUID]) -> dict[UUID, Keys]:
    """The keys of the terms of these candidates, without erased ones."""
    return dict(_keys(db, THESE, {"ids": [*ids]})) if ids else {}


def _numbers(db: Database, which: str, asked: Mapping[str, Any]) -> Iterator[Numbers]:
    return rows_of(db, f"{READ_NUMBERS} {which}", asked, _ROW)


def _keys(db: Database, which: str, asked: Mapping[str, Any]) -> Iterator[tuple[UUID, Keys]]:
    query = f"COPY ({READ_KEYS} {which}) TO STDOUT (FORMAT binary)"
    with db.cursor().copy(query, asked) as copy:
        copy.set_types(["uuid", "bytea"])
        for id, keys in copy.rows():
            yield id, np.frombuffer(keys, ">i8").astype(np.int64)

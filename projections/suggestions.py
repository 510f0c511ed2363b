"""What to suggest while a filter's term is typed, and how many people of the pool have each."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from domain.terms import key, search_key, spelled
from infrastructure.cldr.countries import canonical_country, country_code, country_of_place
from infrastructure.cldr.languages import canonical_language, language_code
from infrastructure.cldr.names import english
from infrastructure.database.binary_copy import microseconds
from infrastructure.database.postgres import Database, snapshot
from infrastructure.vocabulary.additions import Additions
from infrastructure.vocabulary.cities import canonical_places, cities
from infrastructure.vocabulary.roles import canonical_roles, roles, roles_meant
from infrastructure.vocabulary.skills import canonical_skills, skills
from projections.candidate_index.keeping import reading
from projections.candidate_index.matching import term_keys
from projections.candidate_index.reading import Term
from projections.candidate_terms import TermKind, WrittenTerm, written_like
from projections.canonical import canonical_countries, canonical_languages
from projections.vocabulary_additions import additions

FEWEST_PEOPLE = 3
"""A term that the vocabulary does not know is suggested if so many profiles have it: what one
person alone writes may tell who they are."""

MOST_READ = 200
"""Written terms that are looked at."""

MOST_NAMED = 60
"""Terms that are counted."""


class Suggestion(BaseModel):
    """A term to filter by."""

    term: str
    people: int = Field(description="who have it, of those in the pool who agree to messages")


class _Kind(NamedTuple):
    """How terms of a kind are read, named and counted."""

    canonical: Callable[[Iterable[str], Additions], Sequence[str]]
    known: Callable[[str, Additions], Iterator[str]]
    """The known terms that a text may begin."""
    counted_by: Term
    key: Callable[[str], str] = key


def suggestions(
    db: Database, kind: TermKind, text: str, at: datetime, limit: int
) -> list[Suggestion]:
    """Terms that a text may begin: what it names first, then what most people have."""
    typed = spelled(text)
    if not typed:
        return []
    of = _KINDS[kind]
    with snapshot(db):
        own = additions(db)
        names = _named(of, written_like(db, kind, text, MOST_READ), text, own)
        people = counted(db, kind, names, at)
    meant = {of.key(name) for name in of.canonical([text], own)}
    found = sorted(
        zip(names, people, strict=True),
        key=lambda one: (
            of.key(one[0]) not in meant,
            not one[1],
            not spelled(one[0]).startswith(typed),
            -one[1],
            search_key(one[0]),
        ),
    )
    return [Suggestion(term=name, people=count) for name, count in found[:limit]]


def counted(db: Database, kind: TermKind, names: Sequence[str], at: datetime) -> list[int]:
    """How many people have each of these terms, of those in the pool who agree to messages."""
    of = _KINDS[kind]
    keys = term_keys(db, of.counted_by, map(of.key, names))
    with reading(db, at) as index:
        agree = index.columns["agrees_until"] > microseconds(at)
        return [int(np.count_nonzero(mask & agree)) for mask in index.masks(keys)]


def _named(of: _Kind, written: Sequence[WrittenTerm], text: str, own: Additions) -> list[str]:
    """The terms, each once, the known ones by their own names."""
    people: Counter[str] = Counter()
    names: dict[str, str] = {}
    for term in written:
        for name in of.canonical([term.written], own):
            people[of.key(name)] += term.people
            names.setdefault(of.key(name), name)
    often = {each: name for each, name in names.items() if people[each] >= FEWEST_PEOPLE}
    known = {of.key(name): name for name in of.known(text, own)}
    return [*{**often, **known}.values()][:MOST_NAMED]


def _of_vocabulary(terms: Iterable[tuple[str, tuple[str, ...]]], text: str) -> Iterator[str]:
    typed = spelled(text)
    for said, meant in terms:
        if len(meant) == 1 and _begins(said, meant[0], typed):
            yield meant[0]


def _begins(said: str, name: str, typed: str) -> bool:
    """Whether a text begins a name or one of its words."""
    return said.startswith(typed) or any(
        spelled(word).startswith(typed) for word in search_key(name).replace("-", " ").split()
    )


def _roles(text: str, own: Additions) -> Iterator[str]:
    yield from roles_meant(text, own)
    yield from _of_vocabulary(roles(own).terms.items(), text)


def _skills(text: str, own: Additions) -> Iterator[str]:
    return _of_vocabulary(skills(own).terms.items(), text)


def _places(text: str, own: Additions) -> Iterator[str]:
    names = ((said, (city,)) for said, (city, _) in cities(own).items())
    yield from _of_vocabulary(names, text)
    yield from (name for name in _countries(text, own) if country_of_place(name))


def _countries(text: str, _: Additions) -> Iterator[str]:
    typed = spelled(text)
    if country_code(text):
        yield canonical_country(text)
    for name in english().countries.values():
        if _begins(spelled(name), name, typed):
            yield canonical_country(name)


def _languages(text: str, _: Additions) -> Iterator[str]:
    typed = spelled(text)
    if language_code(text):
        yield canonical_language(text)
    for code, name in english().languages.items():
        if len(code) == 2 and spelled(name).startswith(typed):
            yield canonical_language(name)


def _canonical_places(said: Iterable[str], own: Additions) -> Sequence[str]:
    return [place for one in said for place in canonical_places(one, own)]


_KINDS = {
    TermKind.ROLE: _Kind(canonical_roles, _roles, Term.ROLE),
    TermKind.SKILL: _Kind(canonical_skills, _skills, Term.SKILL),
    TermKind.PLACE: _Kind(_canonical_places, _places, Term.PLACE, search_key),
    TermKind.LANGUAGE: _Kind(
        lambda said, _: canonical_languages(tuple(said)), _languages, Term.LANGUAGE
    ),
    TermKind.COUNTRY: _Kind(
        lambda said, _: canonical_countries(tuple(said)), _countries, Term.AUTHORISATION
    ),
}

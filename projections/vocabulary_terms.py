"""What the vocabulary knows: its terms, what was added to it, and what it does not know yet."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache

from pydantic import BaseModel, Field

from domain.terms import key, spelled
from domain.vocabulary import VocabularyKind
from infrastructure.cldr.countries import canonical_place, country_of_place
from infrastructure.database.postgres import Database, snapshot
from infrastructure.vocabulary.additions import NONE, Additions
from infrastructure.vocabulary.cities import canonical_places, cities, city_names
from infrastructure.vocabulary.roles import roles, roles_meant
from infrastructure.vocabulary.skills import skills, skills_meant
from infrastructure.vocabulary.vocabulary import names
from projections.candidate_terms import TermKind
from projections.suggestions import FEWEST_PEOPLE, counted
from projections.vocabulary_additions import additions

MOST_READ = 5_000
"""Written terms that are looked at, those that most people write."""

ROLE, SKILL, PLACE = VocabularyKind.ROLE, VocabularyKind.SKILL, VocabularyKind.PLACE


class VocabularyTerm(BaseModel):
    """A term, and what else it is called."""

    kind: VocabularyKind
    term: str
    names: list[str] = Field(description="of the vocabulary itself")
    added_names: list[str]
    added: bool = Field(description="whether the term itself was added")
    people: int = Field(description="who have it, of those in the pool who agree to messages")


class UnknownTerm(BaseModel):
    """What profiles say and the vocabulary does not know."""

    kind: VocabularyKind
    written: str
    people: int = Field(description="profiles that say so")


def terms(
    db: Database, kind: VocabularyKind, text: str, at: datetime, limit: int
) -> list[VocabularyTerm]:
    """The terms of which a name contains a text, by name."""
    with snapshot(db):
        own = getattr(additions(db), f"{kind}s")
        found = [*_named(kind, own, spelled(text))][:limit]
        people = counted(db, TermKind(kind), [term for term, _, _ in found], at)
    return [
        VocabularyTerm(
            kind=kind,
            term=term,
            names=[*also],
            added_names=added,
            added=term not in _names(kind),
            people=count,
        )
        for (term, also, added), count in zip(found, people, strict=True)
    ]


def unknown(db: Database, kind: VocabularyKind, limit: int) -> list[UnknownTerm]:
    """What most profiles say of what the vocabulary does not know.

    What fewer than `FEWEST_PEOPLE` write is left out, as it may tell who they are.
    """
    with snapshot(db):
        own = additions(db)
        rows = db.execute(
            "SELECT written, people FROM candidate_terms WHERE kind = %s"
            " ORDER BY people DESC, written LIMIT %s",
            [TermKind(kind), MOST_READ],
        ).fetchall()
    people: Counter[str] = Counter()
    first: dict[str, str] = {}
    for written, count in rows:
        if not is_known(kind, written, own):
            people[key(written)] += count
            first.setdefault(key(written), written)
    return [
        UnknownTerm(kind=kind, written=first[each], people=count)
        for each, count in people.most_common(limit)
        if count >= FEWEST_PEOPLE
    ]


def is_known(kind: VocabularyKind, written: str, own: Additions) -> bool:
    """Whether the vocabulary or its additions take a text for something."""
    if kind is ROLE:
        return bool(roles_meant(written, own))
    if kind is SKILL:
        return bool(skills_meant(written, own))
    return canonical_places(written, own) != (written,) or bool(_place(written, own))


def known(kind: VocabularyKind, name: str) -> str | None:
    """The terms that the vocabulary itself has this very name for. None if it has none."""
    if kind is PLACE:
        return _place(name, NONE)
    vocabulary = roles() if kind is ROLE else skills()
    return ", ".join(vocabulary.meant(name)) or None


def known_term(kind: VocabularyKind, said: str) -> str | None:
    """The one term of the vocabulary itself that a text stands for. None if there is none."""
    if kind is PLACE:
        return _place(said, NONE)
    meant = roles_meant(said) if kind is ROLE else skills_meant(said)
    return meant[0] if len(meant) == 1 else None


def _place(name: str, own: Additions) -> str | None:
    if city := cities(own).get(spelled(name)):
        return city[0]
    return canonical_place(name) if country_of_place(name) else None


@cache
def _names(kind: VocabularyKind) -> Mapping[str, tuple[str, ...]]:
    return city_names() if kind is PLACE else names(f"{kind}s.toml")


def _named(
    kind: VocabularyKind, own: frozenset[tuple[str, str]], typed: str
) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """The terms with such a name, each with its other names and those that were added."""
    added: dict[str, list[str]] = {}
    for name, term in sorted(own):
        added.setdefault(term, []).extend([name] if name != term else [])
    for term in sorted({*_names(kind), *added}, key=key):
        also = _names(kind).get(term, ())
        if any(typed in spelled(name) for name in (term, *also, *added.get(term, ()))):
            yield term, also, added.get(term, [])

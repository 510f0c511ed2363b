"""What is added to the vocabulary counts for profiles and filters alike, at once and everywhere."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.filters import Filters
from domain.identifier import EnhanceProfile
from domain.profile import Facts
from domain.sources import Observation
from domain.viewing import Feed
from domain.vocabulary import AddSynonym, AddTerm, RemoveAddition, VocabularyKind
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.versions import create_tables
from infrastructure.vocabulary.additions import Additions
from projections.candidate_terms import TermKind
from projections.canonical import compared_facts, compared_filters
from tests.support.pooled import FOLLOWING, NOW, Pooled, somebody

LONG = timedelta(days=400)
ROLE, SKILL, PLACE = VocabularyKind.ROLE, VocabularyKind.SKILL, VocabularyKind.PLACE


@pytest.fixture
def pooled(store: EventStore, pool: Pool) -> Iterator[Pooled]:
    create_tables(FOLLOWING, pool)
    with pool.connection() as db:
        yield Pooled(store, pool, db)


def add(pooled: Pooled, kind: VocabularyKind, name: str, term: str, *, known: bool = True) -> None:
    pooled.after(
        AddSynonym,
        kind=kind,
        synonym=name,
        term=term,
        known=None,
        known_term=term if known else None,
    )


def remove(pooled: Pooled, kind: VocabularyKind, name: str) -> None:
    pooled.after(RemoveAddition, kind=kind, addition=name)


def found(pooled: Pooled, filters: Filters) -> list[str]:
    return pooled.feed(Feed.PASSIVE, filters)


def test_an_added_name_finds_who_wrote_it_before(pooled: Pooled) -> None:
    pooled.sign_up("Before", silent_for=LONG, skills=["Gopherology"])
    assert found(pooled, Filters(required_skills=("Go",))) == []
    add(pooled, SKILL, "Gopherology", "Go")
    assert found(pooled, Filters(required_skills=("golang",))) == ["Before"]


def test_an_added_name_finds_who_writes_it_afterwards(pooled: Pooled) -> None:
    add(pooled, SKILL, "Gopherology", "Go")
    pooled.sign_up("After", silent_for=LONG, skills=["gopher-ology"])
    assert found(pooled, Filters(required_skills=("Go",))) == ["After"]


def test_a_filter_by_an_added_name_finds_who_has_the_term(pooled: Pooled) -> None:
    pooled.sign_up("Casey", silent_for=LONG, skills=["Go"])
    add(pooled, SKILL, "Gopherology", "Go")
    assert found(pooled, Filters(required_skills=("Gopherology",))) == ["Casey"]
    assert found(pooled, Filters(excluded_skills=("Gopherology",))) == []


def test_roles_and_places_have_added_names_too(pooled: Pooled) -> None:
    facts = {"roles": ["Server whisperer"], "city": "Minga, Bavaria", "country": "Germany"}
    pooled.sign_up("Casey", silent_for=LONG, until=None, **facts)
    add(pooled, ROLE, "Server whisperer", "Back-end developer")
    add(pooled, PLACE, "Minga, Bavaria", "Munich")
    asked = Filters(roles=("Software engineer",), locations=("München",))
    assert found(pooled, asked) == ["Casey"]


def test_an_added_city_stands_before_any_country(pooled: Pooled) -> None:
    pooled.after(AddTerm, kind=PLACE, term="Bielefeld", known=None)
    add(pooled, PLACE, "Bi", "Bielefeld", known=False)
    pooled.sign_up("Casey", silent_for=LONG, city="Bi, DE")
    assert found(pooled, Filters(locations=("Bielefeld, Germany",))) == ["Casey"]


def test_who_develops_with_an_added_skill_is_a_software_developer(pooled: Pooled) -> None:
    pooled.sign_up("Casey", silent_for=LONG, roles=["Befunge engineer"])
    assert found(pooled, Filters(roles=("software engineer",))) == []
    pooled.after(AddTerm, kind=SKILL, term="Befunge", known=None)
    assert found(pooled, Filters(roles=("software engineer",))) == ["Casey"]


def test_once_a_name_is_removed_all_is_as_before(pooled: Pooled) -> None:
    pooled.sign_up("Casey", silent_for=LONG, skills=["Gopherology"])
    add(pooled, SKILL, "Gopherology", "Go")
    remove(pooled, SKILL, "Gopherology")
    assert found(pooled, Filters(required_skills=("Go",))) == []
    assert found(pooled, Filters(required_skills=("gopherology",))) == ["Casey"]


def test_a_profile_that_changes_is_read_by_the_additions_as_well(pooled: Pooled) -> None:
    pooled.sign_up("Casey", silent_for=LONG)
    add(pooled, SKILL, "Gopherology", "Go")
    observed = Observation(
        source="registry", observed_on=NOW.date(), facts=Facts(skills=("Gopherology",))
    )
    pooled.after(EnhanceProfile, candidate_id=somebody("Casey"), observation=observed)
    assert found(pooled, Filters(required_skills=("Go",))) == ["Casey"]


def test_an_added_name_is_suggested_by_its_term(pooled: Pooled) -> None:
    add(pooled, SKILL, "Gopherology", "Go")
    assert pooled.suggestions(TermKind.SKILL, "gopher")[0] == ("Go", 0)


def test_names_and_people_that_come_in_one_batch_are_read_in_their_order(pooled: Pooled) -> None:
    pooled.sign_up("0", silent_for=LONG, skills=["Gopherology"])
    add(pooled, SKILL, "Gopherology", "Go")
    pooled.sign_up("1", silent_for=LONG, skills=["Gopherology"])
    remove(pooled, SKILL, "Gopherology")
    pooled.sign_up("2", silent_for=LONG, skills=["Gopherology"])
    assert found(pooled, Filters(required_skills=("Go",))) == []
    add(pooled, SKILL, "Gopherology", "Go")
    assert {*found(pooled, Filters(required_skills=("Go",)))} == {"0", "1", "2"}


WORDS = ("Gopherology", "Glockenspiel", "Go", "Golang", "Python", "gopher ology", "Carillon")


@pytest.mark.slow
def test_with_any_additions_the_lists_and_the_domain_agree(pooled: Pooled) -> None:
    draw = random.Random(14)
    own: dict[str, str] = {}
    people: dict[str, Facts] = {}
    admitted = 0
    for step in range(40):
        if draw.random() < 0.4:
            change(pooled, draw, own)
        name = f"{step}"
        people[name] = Facts(skills=tuple(draw.sample(WORDS, 2)))
        pooled.sign_up(name, silent_for=LONG, until=None, **people[name].known())
        read_by = Additions(skills=frozenset(own.items()))
        filters = Filters(required_skills=(draw.choice(WORDS),))
        if draw.random() < 0.3:
            filters = Filters(excluded_skills=(draw.choice(WORDS),))
        asked = compared_filters(filters, read_by)
        expected = {n for n, facts in people.items() if asked.admit(compared_facts(facts, read_by))}
        assert pooled.listed(filters, people) == expected, (filters, own)
        admitted += len(expected)
    assert admitted > 100, "the filters let hardly anyone through, which proves nothing"


def change(pooled: Pooled, draw: random.Random, own: dict[str, str]) -> None:
    """Add or remove one of three names."""
    name, term = draw.choice(
        [("Gopherology", "Go"), ("Glockenspiel", "Python"), ("Carillon", "Python")]
    )
    if own.pop(name, None):
        remove(pooled, SKILL, name)
    else:
        own[name] = term
        add(pooled, SKILL, name, term)

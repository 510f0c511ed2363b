"""While a filter is typed, terms are suggested, each with how many people of the pool have it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.candidate_commands import EraseCandidate, OptOut
from domain.identifier import EnhanceProfile
from domain.profile import Facts
from domain.sources import Observation
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.versions import create_tables
from projections.candidate_terms import TermKind
from tests.support.pooled import FOLLOWING, NOW, Pooled, somebody

LONG = timedelta(days=400)


@pytest.fixture
def pooled(store: EventStore, pool: Pool) -> Iterator[Pooled]:
    create_tables(FOLLOWING, pool)
    with pool.connection() as db:
        yield Pooled(store, pool, db)


def three(pooled: Pooled, **facts: Any) -> None:
    for n in range(3):
        pooled.sign_up(f"{facts} {n}", silent_for=LONG, until=None, **facts)


@pytest.mark.parametrize(
    ("kind", "typed", "facts", "term"),
    [
        (TermKind.SKILL, "reac", {"skills": ["ReactJS"]}, "React"),
        (TermKind.SKILL, "golang", {"skills": ["Go"]}, "Go"),
        (TermKind.SKILL, "postgres", {"skills": ["PostgreSQL"]}, "PostgreSQL"),
        (TermKind.ROLE, "back end", {"roles": ["Developer, back-end"]}, "Back-end developer"),
        (TermKind.ROLE, "java dev", {"roles": ["Java-Entwickler (m/w/d)"]}, "Java developer"),
        (TermKind.PLACE, "münch", {"city": "Munich"}, "Munich"),
        (TermKind.PLACE, "deutschland", {"country": "DE"}, "Germany"),
        (TermKind.PLACE, "biele", {"city": "Bielefeld"}, "Bielefeld"),
        (TermKind.LANGUAGE, "deutsch", {"languages": ["de-AT"]}, "German"),
        (TermKind.COUNTRY, "fran", {"work_authorisation": ["Frankreich"]}, "France"),
    ],
)
def test_a_term_is_suggested_by_its_own_name_and_counted_under_all_of_its_names(
    pooled: Pooled, kind: TermKind, typed: str, facts: dict[str, Any], term: str
) -> None:
    three(pooled, **facts)
    assert pooled.suggestions(kind, typed)[0] == (term, 3)


def test_what_the_text_names_comes_first_then_what_most_people_have(pooled: Pooled) -> None:
    three(pooled, skills=["Java", "JavaScript"])
    pooled.sign_up("More", silent_for=LONG, skills=["JavaScript"])
    assert pooled.suggestions(TermKind.SKILL, "java")[:2] == [("Java", 3), ("JavaScript", 4)]
    assert pooled.suggestions(TermKind.SKILL, "jav")[:2] == [("JavaScript", 4), ("Java", 3)]


def test_the_vocabularys_terms_are_suggested_where_nobody_has_them(pooled: Pooled) -> None:
    assert ("Kubernetes", 0) in pooled.suggestions(TermKind.SKILL, "kube")


def test_what_fewer_than_three_people_write_is_not_told_to_others(pooled: Pooled) -> None:
    for name in ("One", "Two"):
        pooled.sign_up(name, silent_for=LONG, skills=["Glockenspiel"])
    assert pooled.suggestions(TermKind.SKILL, "glock") == []
    pooled.sign_up("Three", silent_for=LONG, skills=["GLOCKENSPIEL"])
    assert pooled.suggestions(TermKind.SKILL, "glock") == [("Glockenspiel", 3)]


def test_who_does_not_agree_to_messages_is_not_counted(pooled: Pooled) -> None:
    three(pooled, skills=["Glockenspiel"])
    pooled.after(OptOut, candidate_id=pooled.sign_up("Shy", silent_for=LONG, skills=["Go"]))
    assert ("Go", 0) in pooled.suggestions(TermKind.SKILL, "golang")


def test_an_erased_persons_words_are_gone(pooled: Pooled) -> None:
    three(pooled, skills=["Glockenspiel"])
    gone = pooled.sign_up("Gone", silent_for=LONG, skills=["Glockenspiel", "Theremin"])
    assert pooled.written(TermKind.SKILL) == {"Glockenspiel": 4, "Theremin": 1}
    pooled.after(EraseCandidate, candidate_id=gone)
    assert pooled.written(TermKind.SKILL) == {"Glockenspiel": 3}


def test_a_profile_that_changes_is_counted_by_what_it_says_now(pooled: Pooled) -> None:
    pooled.sign_up("Learner", silent_for=LONG, skills=["Go", "Rust"], city="Ulm")
    observed = Observation(
        source="registry", observed_on=NOW.date(), facts=Facts(skills=("Rust", "Zig"))
    )
    pooled.after(EnhanceProfile, candidate_id=somebody("Learner"), observation=observed)
    assert pooled.written(TermKind.SKILL) == {"Rust": 1, "Zig": 1}
    assert pooled.written(TermKind.PLACE) == {"Ulm": 1}


def test_nothing_typed_suggests_nothing(pooled: Pooled) -> None:
    three(pooled, skills=["Go"])
    assert pooled.suggestions(TermKind.SKILL, " - ") == []

"""Administrators add terms and other names to the vocabulary, and remove what they added."""

import pytest
from pydantic import ValidationError

from domain.vocabulary import (
    VOCABULARY,
    AdditionRemoved,
    AddSynonym,
    AddTerm,
    RemoveAddition,
    SynonymAdded,
    TermAdded,
    VocabularyKind,
)
from tests.support.given import by, fact, given, the_admin, then, then_refused, when

SKILL, ROLE = VocabularyKind.SKILL, VocabularyKind.ROLE

glockenspiel = fact(TermAdded, VOCABULARY, kind=SKILL, term="Glockenspiel")
carillon = fact(SynonymAdded, VOCABULARY, kind=SKILL, synonym="Carillon", term="Glockenspiel")


def add_term(term: str, kind: VocabularyKind = SKILL, known: str | None = None) -> AddTerm:
    return AddTerm(kind=kind, term=term, known=known, **by(the_admin))


def add_synonym(
    name: str, term: str, known: str | None = None, known_term: str | None = None
) -> AddSynonym:
    return AddSynonym(
        kind=SKILL, synonym=name, term=term, known=known, known_term=known_term, **by(the_admin)
    )


def remove(name: str, kind: VocabularyKind = SKILL) -> RemoveAddition:
    return RemoveAddition(kind=kind, addition=name, **by(the_admin))


def test_a_term_is_added() -> None:
    given()
    when(add_term("Glockenspiel"))
    then(glockenspiel)


@pytest.mark.parametrize("written", ["Glockenspiel", "glocken-spiel", "GLOCKEN SPIEL"])
def test_a_term_is_added_once_however_it_is_written(written: str) -> None:
    given(glockenspiel)
    when(add_term(written))
    then_refused("name_is_known")


def test_the_same_name_may_be_a_term_of_another_kind() -> None:
    given(glockenspiel)
    when(add_term("Glockenspiel", ROLE))
    then(fact(TermAdded, VOCABULARY, kind=ROLE, term="Glockenspiel"))


def test_what_the_vocabulary_knows_is_not_added() -> None:
    given()
    when(add_term("golang", known="Go"))
    then_refused("name_is_known")


def test_another_name_of_a_term_of_ones_own_is_added_by_the_terms_own_spelling() -> None:
    given(glockenspiel)
    when(add_synonym("Carillon", "glocken spiel"))
    then(carillon)


def test_another_name_of_a_term_of_the_vocabulary_is_added() -> None:
    given()
    when(add_synonym("Gopher", "golang", known_term="Go"))
    then(fact(SynonymAdded, VOCABULARY, kind=SKILL, synonym="Gopher", term="Go"))


def test_a_name_is_not_added_to_a_term_that_nobody_knows() -> None:
    given()
    when(add_synonym("Carillon", "Glockenspiel"))
    then_refused("term_is_unknown")


def test_every_reason_against_a_name_is_said_at_once() -> None:
    given()
    when(add_synonym("Golang", "Glockenspiel", known="Go"))
    then_refused("name_is_known", "term_is_unknown")


def test_a_name_of_signs_alone_says_nothing() -> None:
    given()
    when(add_term("--"))
    then_refused("name_says_nothing")


def test_an_empty_name_cannot_be_asked_for() -> None:
    with pytest.raises(ValidationError, match="term"):
        add_term("  ")


def test_a_name_is_removed_and_can_be_added_again() -> None:
    given(glockenspiel, carillon)
    when(remove("CARILLON"))
    then(fact(AdditionRemoved, VOCABULARY, kind=SKILL, addition="Carillon"))
    given(
        glockenspiel, carillon, fact(AdditionRemoved, VOCABULARY, kind=SKILL, addition="Carillon")
    )
    when(add_synonym("Carillon", "Glockenspiel"))
    then(carillon)


def test_a_term_is_removed_only_after_its_other_names() -> None:
    given(glockenspiel, carillon)
    when(remove("Glockenspiel"))
    then_refused("term_has_names")
    given(glockenspiel)
    when(remove("Glockenspiel"))
    then(fact(AdditionRemoved, VOCABULARY, kind=SKILL, addition="Glockenspiel"))


def test_only_additions_are_removed() -> None:
    given(glockenspiel)
    when(remove("Glockenspiel", ROLE))
    then_refused("not_an_addition")

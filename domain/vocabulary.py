"""What administrators add to the vocabulary of roles, skills and places.

The vocabulary itself is data that comes with the program. Commands say what it knows of a name, as
they do of every fact from outside; the rules about additions are here.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, refuse
from domain.command import Command, Work
from domain.event import Event
from domain.handlers import on
from domain.terms import spelled
from domain.values import IN_ONE_LINE, StorableText

VOCABULARY = UUID("5d0d2a0b-5d8e-5b0c-9d3a-5a4c27f0a1b7")
"""There is one, which profiles and filters of all employers are read by."""

TermName = Annotated[StorableText, Field(min_length=1, max_length=100), IN_ONE_LINE]

AnyName = Annotated[StorableText, Field(max_length=200)]


class VocabularyKind(StrEnum):
    """What a term of the vocabulary is."""

    ROLE = "role"
    SKILL = "skill"
    PLACE = "place"


class TermAdded(Event, name="vocabulary.term_added", version=1):
    """An administrator added a term."""

    kind: VocabularyKind
    term: str


class SynonymAdded(Event, name="vocabulary.synonym_added", version=1):
    """An administrator added another name of a term."""

    kind: VocabularyKind
    synonym: str
    term: str


class AdditionRemoved(Event, name="vocabulary.addition_removed", version=1):
    """An administrator removed a term or a name that was added."""

    kind: VocabularyKind
    addition: str


class NameIsKnown(Refusal):
    """The name {name} stands for {term} already."""


class NameSaysNothing(Refusal):
    """A name needs a letter or a digit."""


class TermIsUnknown(Refusal):
    """The vocabulary has no term {term}; add it first."""


class TermHasNames(Refusal):
    """The term {term} has other names ({names}); remove them first."""


class NotAnAddition(Refusal):
    """The vocabulary has no addition {name}; check the name."""


class Vocabulary(Aggregate, kind="vocabulary"):
    """Names that were added, each with the term that it stands for."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.added: dict[str, tuple[str, str]] = {}
        """Names with their terms, by kind and by how the name is looked up."""

    # Decisions: check the rule, then state the fact. Never run on replay.

    def add_term(self, cause: Cause, *, kind: VocabularyKind, term: str, known: str | None) -> None:
        """Add a term. `known` is what the vocabulary takes its name for."""
        refuse(self._against_name(kind, term, known))
        self.record(TermAdded, cause, kind=kind, term=term)

    def add_synonym(
        self,
        cause: Cause,
        *,
        kind: VocabularyKind,
        synonym: str,
        term: str,
        known: str | None,
        known_term: str | None,
    ) -> None:
        """Add another name of a term, which is the vocabulary's or was added."""
        _, meant = self.added.get(_key(kind, term), ("", None))
        found = known_term or meant
        missing = [] if found else [TermIsUnknown(term=term)]
        refuse([*self._against_name(kind, synonym, known), *missing])
        self.record(SynonymAdded, cause, kind=kind, synonym=synonym, term=found)

    def remove(self, cause: Cause, *, kind: VocabularyKind, addition: str) -> None:
        """Remove a term or a name that was added; a term with other names only after them."""
        added = self.added.get(_key(kind, addition))
        if added is None:
            refuse([NotAnAddition(name=addition)])
            return
        written, term = added
        others = [
            other
            for key, (other, meant) in self.added.items()
            if written == term == meant and other != written and key.startswith(f"{kind}:")
        ]
        refuse([TermHasNames(term=term, names=", ".join(sorted(others)))] if others else [])
        self.record(AdditionRemoved, cause, kind=kind, addition=written)

    def _against_name(self, kind: VocabularyKind, name: str, known: str | None) -> list[Refusal]:
        _, own = self.added.get(_key(kind, name), ("", None))
        term = known or own
        nothing = [] if any(map(str.isalnum, name)) else [NameSaysNothing()]
        return [*nothing, *([NameIsKnown(name=name, term=term)] if term else [])]

    # Facts: fold into state. Never raise, never decide.

    @on(TermAdded)
    def on_term_added(self, event: TermAdded) -> None:
        self.added[_key(event.kind, event.term)] = event.term, event.term

    @on(SynonymAdded)
    def on_synonym_added(self, event: SynonymAdded) -> None:
        self.added[_key(event.kind, event.synonym)] = event.synonym, event.term

    @on(AdditionRemoved)
    def on_addition_removed(self, event: AdditionRemoved) -> None:
        self.added.pop(_key(event.kind, event.addition), None)


def _key(kind: VocabularyKind, name: str) -> str:
    return f"{kind}:{spelled(name)}"


class AddTerm(Command):
    """Add a term to the vocabulary."""

    kind: VocabularyKind
    term: TermName
    known: str | None = None
    """The term that the vocabulary takes the name for, if any."""

    def execute(self, work: Work) -> Vocabulary:
        vocabulary = work.find(Vocabulary, VOCABULARY)
        vocabulary.add_term(self, kind=self.kind, term=self.term, known=self.known)
        return vocabulary


class AddSynonym(Command):
    """Add another name of a term to the vocabulary."""

    kind: VocabularyKind
    synonym: TermName
    term: TermName
    known: str | None = None
    """The term that the vocabulary takes the name for, if any."""
    known_term: str | None = None
    """The vocabulary's own term, if it is one of its."""

    def execute(self, work: Work) -> Vocabulary:
        vocabulary = work.find(Vocabulary, VOCABULARY)
        vocabulary.add_synonym(
            self,
            kind=self.kind,
            synonym=self.synonym,
            term=self.term,
            known=self.known,
            known_term=self.known_term,
        )
        return vocabulary


class RemoveAddition(Command):
    """Remove a term or a name that was added to the vocabulary."""

    kind: VocabularyKind
    addition: AnyName

    def execute(self, work: Work) -> Vocabulary:
        vocabulary = work.find(Vocabulary, VOCABULARY)
        vocabulary.remove(self, kind=self.kind, addition=self.addition)
        return vocabulary

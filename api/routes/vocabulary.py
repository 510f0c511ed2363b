"""The vocabulary: what roles, skills and places are called, and what administrators add to it.

Profiles and filters of all employers are read by it. What is added counts from then on, for what
was written before as well.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.http.access import Admin
from api.http.caller import CommandResult
from domain.values import StorableText, Value
from domain.vocabulary import AddSynonym, AddTerm, AnyName, RemoveAddition, TermName, VocabularyKind
from projections import vocabulary_additions, vocabulary_terms
from projections.candidate_pool import CandidatePool
from projections.vocabulary_additions import Addition
from projections.vocabulary_terms import UnknownTerm, VocabularyTerm, known, known_term

router = APIRouter(prefix="/vocabulary", tags=["Vocabulary"])

Kind = Annotated[VocabularyKind, Query(description="what the names are of")]
Text = Annotated[StorableText, Query(max_length=200, description="part of a name")]
Most = Annotated[int, Query(ge=1, le=500)]


class NewTerm(Value):
    """A term that the vocabulary does not know."""

    kind: VocabularyKind
    term: TermName


class NewSynonym(Value):
    """Another name of a term."""

    kind: VocabularyKind
    synonym: TermName
    term: TermName = Field(description="a term of the vocabulary or one that was added")


@router.get("")
def list_terms(
    kind: Kind, caller: Admin, text: Text = "", limit: Most = 100
) -> list[VocabularyTerm]:
    """Terms with their other names, by name."""
    with caller.reading(CandidatePool) as db:
        return vocabulary_terms.terms(db, kind, text, caller.at, limit)


@router.get("/additions")
def list_additions(caller: Admin) -> list[Addition]:
    """What was added, the latest first."""
    with caller.reading(CandidatePool) as db:
        return vocabulary_additions.listed(db)


@router.get("/unknown")
def list_unknown_terms(kind: Kind, caller: Admin, limit: Most = 50) -> list[UnknownTerm]:
    """What profiles say and the vocabulary does not know, what most of them say first.

    What fewer than three profiles say is left out.
    """
    with caller.reading(CandidatePool) as db:
        return vocabulary_terms.unknown(db, kind, limit)


@router.post("/terms", status_code=201)
def add_term(body: NewTerm, caller: Admin) -> CommandResult:
    """Add a term."""
    return caller.run(
        AddTerm, computed=lambda: {"known": known(body.kind, body.term)}, **dict(body)
    )


@router.post("/synonyms", status_code=201)
def add_synonym(body: NewSynonym, caller: Admin) -> CommandResult:
    """Add another name of a term."""
    return caller.run(
        AddSynonym,
        computed=lambda: {
            "known": known(body.kind, body.synonym),
            "known_term": known_term(body.kind, body.term),
        },
        **dict(body),
    )


@router.delete("/additions")
def remove_addition(
    kind: Kind,
    name: Annotated[AnyName, Query(description="the name or the term that was added")],
    caller: Admin,
) -> CommandResult:
    """Remove a term or a name that was added. A term is removed after its other names."""
    return caller.run(RemoveAddition, kind=kind, addition=name)

"""The administrators' page of the vocabulary: its terms, what was added, what it does not know."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.console.session import Admin, Visit
from api.routes.vocabulary import (
    NewSynonym,
    NewTerm,
    add_synonym,
    add_term,
    list_additions,
    list_terms,
    list_unknown_terms,
    remove_addition,
)
from api.web.forms import REFUSED
from domain.values import StorableText, Value
from domain.vocabulary import AnyName, VocabularyKind

router = APIRouter()

PATH = "/vocabulary"

KINDS = [
    (VocabularyKind.ROLE, "Role"),
    (VocabularyKind.SKILL, "Skill"),
    (VocabularyKind.PLACE, "Place"),
]
MOST_FOUND = 50
MOST_UNKNOWN = 10

Typed = Annotated[StorableText, Query(max_length=200)]


class Added(Value):
    """A name that was added."""

    kind: VocabularyKind
    name: AnyName


@router.get(PATH)
def vocabulary_page(
    visit: Admin, text: Typed = "", kind: VocabularyKind = VocabularyKind.SKILL
) -> Response:
    """Search the vocabulary, see what was added to it and what it does not know yet."""
    return visit.page("vocabulary.html", **_shown(visit, text.strip(), kind))


@router.post(f"{PATH}/names")
def add(visit: Admin) -> Response:
    """Add another name of a term, or a new term if it stands for none."""
    try:
        if visit.sent.value("term").strip():
            result = add_synonym(visit.sent.read(NewSynonym), visit.caller)
        else:
            sent = visit.sent.renamed("synonym", "term")
            result = add_term(sent.read(NewTerm), visit.caller)
    except REFUSED as error:
        return visit.again("vocabulary.html", error, **_shown(visit))
    return visit.go(PATH, after=result.log_position, notice="vocabulary-changed")


@router.post(f"{PATH}/removal")
def remove(visit: Admin) -> Response:
    """Remove a name or a term that was added."""
    try:
        removed = visit.sent.read(Added)
        result = remove_addition(removed.kind, removed.name, visit.caller)
    except REFUSED as error:
        return visit.again("vocabulary.html", error, **_shown(visit))
    return visit.go(PATH, after=result.log_position, notice="vocabulary-changed")


def _shown(
    visit: Visit, text: str = "", kind: VocabularyKind = VocabularyKind.SKILL
) -> dict[str, Any]:
    return {
        "text": text,
        "kind": kind,
        "kinds": KINDS,
        "kind_words": dict(KINDS),
        "found": list_terms(kind, visit.caller, text, MOST_FOUND) if text else [],
        "additions": list_additions(visit.caller),
        "unknown": [
            (name, list_unknown_terms(each, visit.caller, MOST_UNKNOWN)) for each, name in KINDS
        ],
    }

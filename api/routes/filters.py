"""What filters mean and whom they would find, before they are saved."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.candidates.visibility import position_of
from api.http.access import Recruiter, RecruiterOrSupport
from api.http.caller import Caller
from api.routes.positions import ReadFilters
from domain.command import NotFound
from domain.employer import Employer
from domain.filters import Filters
from domain.values import StorableText
from projections import candidate_counts
from projections.candidate_pool import CandidatePool
from projections.candidate_search import CandidateSearch
from projections.candidate_terms import TermKind
from projections.canonical import compared_filters
from projections.positions import Positions
from projections.suggestions import Suggestion, suggestions
from projections.vocabulary_additions import additions

router = APIRouter(tags=["Filters"])

NO_POSITION = UUID(int=0)
"""Of filters whose position is not opened yet: nobody was contacted about it."""

Typed = Annotated[StorableText, Query(max_length=200, description="the beginning of a name")]


class FiltersPreview(BaseModel):
    """Filters as they are understood, and how many they would find."""

    filters: Filters = Field(description="by the names that are compared")
    recommendations: int
    passive_candidates: int


@router.get("/suggestions")
def suggest(
    kind: Annotated[TermKind, Query(description="what is named; `country` is one to work in")],
    caller: RecruiterOrSupport,
    text: Typed = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> list[Suggestion]:
    """Terms to filter by, of the vocabulary and of the pool, each with how many people have it.

    First what the text names, then what most people have. Terms that only the pool has are left
    out if fewer than three people write them.
    """
    with caller.reading(CandidatePool) as db:
        return suggestions(db, kind, text, caller.at, limit)


@router.post("/employers/{employer_id}/filters/preview")
def preview_filters(
    employer_id: UUID,
    body: ReadFilters,
    caller: Recruiter,
    position_id: Annotated[
        UUID | None, Query(description="leave out who was contacted about this position")
    ] = None,
) -> FiltersPreview:
    """How filters are understood, and how many candidates they would find. Nothing is saved."""
    return previewed(caller, employer_id, position_id, body)


def previewed(
    caller: Caller, employer_id: UUID, position_id: UUID | None, filters: Filters
) -> FiltersPreview:
    """Whom filters would find for an employer's position. Raises `NotFound` if it is another's."""
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    with caller.reading(Positions, CandidatePool) as db:
        if position_id and position_of(db, caller, position_id).employer_id != employer_id:
            raise NotFound(Employer, employer_id)
        search = CandidateSearch(employer_id, position_id or NO_POSITION, filters, caller.at)
        active, passive = candidate_counts.counts(db, search)
        understood = compared_filters(filters, additions(db))
    return FiltersPreview(filters=understood, recommendations=active, passive_candidates=passive)

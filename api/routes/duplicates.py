"""Duplicates: several candidates who are one person, merged by support so that one stands for all.

Consent is then the stricter of theirs, and the contacts of all count. Both histories stay readable.
"""

from uuid import UUID

from fastapi import APIRouter

from api.http.access import Support
from api.http.caller import CommandResult
from api.http.lists import Cursor, Limit
from domain.merging import MergeCandidates, SeparateCandidates
from domain.values import Value
from projections import duplicates
from projections.candidate_pool import CandidatePool
from projections.duplicates import OneOfSeveral, SharedAddress
from projections.paging import Listed

router = APIRouter(prefix="/candidates", tags=["Duplicates"])


class Duplicate(Value):
    """Who is the same person as the candidate."""

    duplicate_id: UUID


@router.get("/duplicates")
def list_shared_addresses(
    caller: Support, limit: Limit = 50, cursor: Cursor = None
) -> Listed[SharedAddress]:
    """Candidates who share an e-mail address: from before addresses were kept apart."""
    with caller.reading(CandidatePool) as db:
        return duplicates.shared_addresses(db, limit, cursor)


@router.get("/merged")
def list_merged(caller: Support, limit: Limit = 50, cursor: Cursor = None) -> Listed[OneOfSeveral]:
    """Candidates for whom another stands."""
    with caller.reading(CandidatePool) as db:
        return duplicates.merged(db, limit, cursor)


@router.post("/{candidate_id}/duplicates", status_code=201)
def merge(candidate_id: UUID, body: Duplicate, caller: Support) -> CommandResult:
    """Let the candidate stand for a duplicate, who leaves every list."""
    return caller.run(MergeCandidates, candidate_id=candidate_id, duplicate_id=body.duplicate_id)


@router.delete("/{candidate_id}/duplicates/{duplicate_id}")
def separate(candidate_id: UUID, duplicate_id: UUID, caller: Support) -> CommandResult:
    """Undo a merge. Who opted out meanwhile, as one person, has opted out as both."""
    return caller.run(SeparateCandidates, candidate_id=candidate_id, duplicate_id=duplicate_id)

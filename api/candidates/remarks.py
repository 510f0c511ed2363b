"""Notes about candidates and their tags, as the recruiters of one employer read and change them."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from api.candidates import visibility
from api.candidates.reviews import decide
from api.http.caller import Caller, CommandResult
from domain.candidate import Candidate
from domain.command import NotFound
from domain.tagging import AddTag, RemoveTag
from domain.terms import key
from infrastructure.database.postgres import Database
from projections import employers, remarks
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.positions import Positions
from projections.remarks import Note, Remarks

READS = (Positions, CandidatePool, Employers, InterviewList, Remarks)


class RemarksOf(BaseModel):
    """What an employer's recruiters noted about a candidate, and the tags they gave."""

    tags: list[str]
    notes: list[Note]


def read(caller: Caller, position_id: UUID, candidate_id: UUID) -> RemarksOf:
    """The notes and tags of a candidate whom the caller may see from the position.

    Raises:
        NotFound: the caller may not see the candidate, or there is none.
        Problem: 403, with every reason why the position's candidates are not shown.
    """
    with caller.reading(*READS) as db:
        position = visibility.position_of(db, caller, position_id)
        employer = employers.one(db, position.employer_id)
        visibility.profile_of(db, caller, employer, position, candidate_id)
        return of_candidate(db, position.employer_id, candidate_id)


def of_candidate(db: Database, employer_id: UUID, candidate_id: UUID) -> RemarksOf:
    """The notes and tags of a candidate by an employer."""
    tags = remarks.tags(db, employer_id, [candidate_id]).get(candidate_id, [])
    notes = remarks.notes(db, employer_id, candidate_id)
    return RemarksOf(tags=[given.tag for given in tags], notes=notes)


def add_tag(caller: Caller, position_id: UUID, candidate_id: UUID, tag: str) -> CommandResult:
    """Give a candidate a tag, in the spelling that the employer began with."""
    known = partial(_as_known, caller, position_id, candidate_id, tag)
    asked = {"tag_id": caller.new_id(), "tag": tag}
    return decide(caller, AddTag, position_id, candidate_id, **asked, computed=known)


def remove_tag(caller: Caller, position_id: UUID, candidate_id: UUID, tag: str) -> CommandResult:
    """Take a tag off a candidate. Raises `NotFound` if they do not have it."""
    ids = _given(caller, position_id, candidate_id, tag)
    if ids is None:
        raise NotFound(Candidate, candidate_id)
    return decide(caller, RemoveTag, position_id, candidate_id, tag_ids=ids.ids)


def _as_known(caller: Caller, position_id: UUID, candidate_id: UUID, tag: str) -> Mapping[str, Any]:
    """The id of a tag that the candidate has already; or the employer's spelling of another's."""
    given = _given(caller, position_id, candidate_id, tag)
    if given:
        return {"tag_id": given.ids[0], "tag": given.tag}
    with caller.reading(Positions, Remarks) as db:
        position = visibility.position_of(db, caller, position_id)
        return {"tag": remarks.spelling(db, position.employer_id, tag) or tag}


def _given(
    caller: Caller, position_id: UUID, candidate_id: UUID, tag: str
) -> remarks.GivenTag | None:
    with caller.reading(Positions, CandidatePool, Remarks) as db:
        position = visibility.position_of(db, caller, position_id)
        tags = remarks.tags(db, position.employer_id, [candidate_id]).get(candidate_id, [])
    return next((given for given in tags if key(given.tag) == key(tag)), None)

"""What recruiters note about candidates for each other, and the tags that they give them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.candidates import remarks
from api.candidates.remarks import RemarksOf
from api.candidates.reviews import decide
from api.http.access import Recruiter
from api.http.caller import CommandResult, IfMatch, version_in
from domain.command import NotFound
from domain.employer import Employer
from domain.note import EditNote, NoteText, RemoveNote, WriteNote
from domain.tagging import Tag
from domain.values import Value
from projections.remarks import Remarks, TagInUse, tags_in_use

router = APIRouter(tags=["Notes and tags"])


class NewNote(Value):
    """What a note says. The company reads it, and the person in what is held about them."""

    text: NoteText


class NewTag(Value):
    """A tag. Two that differ only in case, spaces or Unicode's compatible forms are one."""

    tag: Tag = Field(description="the company's recruiters see it")


@router.get("/positions/{position_id}/candidates/{candidate_id}/remarks")
def read_remarks(position_id: UUID, candidate_id: UUID, caller: Recruiter) -> RemarksOf:
    """The notes about a candidate, the latest first, and their tags, by all of the employer."""
    return remarks.read(caller, position_id, candidate_id)


@router.post("/positions/{position_id}/candidates/{candidate_id}/notes", status_code=201)
def write_note(
    position_id: UUID, candidate_id: UUID, body: NewNote, caller: Recruiter
) -> CommandResult:
    """Write a note about a candidate. It is theirs to read, and is erased with them."""
    return decide(
        caller, WriteNote, position_id, candidate_id, note_id=caller.new_id(), text=body.text
    )


@router.put("/notes/{note_id}")
def edit_note(
    note_id: UUID, body: NewNote, caller: Recruiter, if_match: IfMatch = None
) -> CommandResult:
    """Change what one's own note says."""
    return caller.run(EditNote, if_version=version_in(if_match), note_id=note_id, text=body.text)


@router.delete("/notes/{note_id}")
def remove_note(note_id: UUID, caller: Recruiter) -> CommandResult:
    """Remove one's own note; an administrator may remove any."""
    return caller.run(RemoveNote, note_id=note_id)


@router.post("/positions/{position_id}/candidates/{candidate_id}/tags", status_code=201)
def add_tag(
    position_id: UUID, candidate_id: UUID, body: NewTag, caller: Recruiter
) -> CommandResult:
    """Give a candidate a tag. One that the company has already keeps its spelling."""
    return remarks.add_tag(caller, position_id, candidate_id, body.tag)


@router.delete("/positions/{position_id}/candidates/{candidate_id}/tags/{tag:path}")
def remove_tag(
    position_id: UUID, candidate_id: UUID, tag: Annotated[Tag, Path()], caller: Recruiter
) -> CommandResult:
    """Take a tag off a candidate."""
    return remarks.remove_tag(caller, position_id, candidate_id, tag)


@router.get("/employers/{employer_id}/tags")
def list_tags(
    employer_id: UUID,
    caller: Recruiter,
    beginning: Annotated[str, Query(max_length=100, description="only those that begin so")] = "",
) -> list[TagInUse]:
    """An employer's tags, the most used first, at most 50."""
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    with caller.reading(Remarks) as db:
        return tags_in_use(db, employer_id, beginning)

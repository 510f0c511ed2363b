"""Notes about a candidate and their tags, on the profile and in the panel."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response

from api.candidates import remarks
from api.candidates.reviews import decide
from api.console.pages.profile import profile_with_faults
from api.console.seen import seen_by, seen_now, shown
from api.console.session import Recruiter, Visit
from api.console.way_back import page_of, with_answer
from api.http.caller import CommandResult
from api.http.problems import Problem
from api.web.forms import REFUSED, Faults
from api.web.once import once
from domain.candidate import Candidate
from domain.command import NotFound
from domain.note import EditNote, NoteText, RemoveNote, WriteNote
from domain.tagging import Tag
from domain.values import Value

router = APIRouter()

NOTICES = {
    "note": "note-saved",
    "edit": "note-saved",
    "remove": "note-removed",
    "tag": "tag-added",
    "untag": "tag-removed",
}
"""What the page says once each button has done its work."""


class TypedNote(Value):
    """What was typed as a note."""

    note: NoteText


class TypedTag(Value):
    """What was typed as a tag."""

    tag: Tag


@router.post("/positions/{position_id}/candidates/{candidate_id}/remarks")
def remark(position_id: UUID, candidate_id: UUID, visit: Recruiter) -> Response:
    """Write, change or remove a note, give a tag or take it off; and go on where one was."""
    step = visit.sent.value("_step")
    if step not in NOTICES:
        raise Problem(400, "bad-form", "The form lacks what to do; open the page again.")
    try:
        result = once(partial(_done, visit, step, position_id, candidate_id))
    except NotFound:
        raise
    except REFUSED as error:
        if visit.is_part:
            return _part(visit, None, position_id, candidate_id, Faults(error))
        return profile_with_faults(visit, position_id, candidate_id, error, remark_sent=visit.sent)
    if visit.is_part:
        return _part(visit, result, position_id, candidate_id)
    page = page_of(position_id, visit.sent.value("_back"))
    page = page or f"/positions/{position_id}/candidates/{candidate_id}"
    return visit.go(with_answer(page, after=result.log_position, notice=NOTICES[step]))


def _done(visit: Visit, step: str, position_id: UUID, candidate_id: UUID) -> CommandResult:
    caller, sent = visit.caller, visit.sent
    if step == "tag":
        return remarks.add_tag(caller, position_id, candidate_id, sent.read(TypedTag).tag)
    if step == "untag":
        return remarks.remove_tag(caller, position_id, candidate_id, sent.read(TypedTag).tag)
    if step == "remove":
        return caller.run(RemoveNote, note_id=_note_id(visit))
    text = sent.read(TypedNote).note
    if step == "edit":
        return caller.run(EditNote, note_id=_note_id(visit), text=text)
    asked = {"note_id": caller.new_id(), "text": text}
    return decide(caller, WriteNote, position_id, candidate_id, **asked)


def _note_id(visit: Visit) -> UUID:
    try:
        return UUID(visit.sent.value("_note"))
    except ValueError:
        raise Problem(400, "bad-form", "The form names no note; open the page again.") from None


def _part(
    visit: Visit,
    result: CommandResult | None,
    position_id: UUID,
    candidate_id: UUID,
    faults: Faults | None = None,
) -> Response:
    """The notes and tags as they are now, and the row in the list."""
    if result:
        caller = replace(visit.caller, after=result.log_position)
        seen = seen_by(caller, position_id, candidate_id)
    else:
        seen = seen_now(visit.caller, position_id, candidate_id)
    if seen.profile is None:
        raise seen.hidden or NotFound(Candidate, candidate_id)
    back = page_of(position_id, visit.sent.value("_back"))
    about = shown(seen, back) | {"remark_sent": visit.sent if faults else None}
    of_tags = visit.sent.value("_step") in ("tag", "untag")
    response = visit.page(
        "remarks_part.html", faults, focused="tag" if of_tags else "note", **about
    )
    if faults:
        response.status_code = 422
    return response

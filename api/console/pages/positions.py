"""An employer's positions: listed, opened, and closed for good."""

import json
import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.console.session import PositionReader, Recruiter, Visit
from api.console.understood import as_typed, counted, read_words, to_check
from api.formats.job_posting import ReadPosting
from api.http.lists import Cursor
from api.http.problems import Problem, Reason, faults_of_the_request
from api.routes.employers import list_employers, read_employer
from api.routes.positions import (
    ClosingDate,
    Closure,
    NewPosition,
    list_positions,
    posting_of,
    read_position,
)
from api.web.forms import REFUSED, Faults, Sent
from api.web.rendering import address
from domain.actor import Role
from domain.filters import Filters
from domain.money import USD_PER_UNIT
from domain.position import ClosePosition, OpenPosition, SetClosingDate
from domain.values import StorableText
from infrastructure.event_log.store import VersionMismatch
from projections import needs_you
from projections.employers import Employer
from projections.interview_list import InterviewList
from projections.positions import PositionStatus

router = APIRouter()

AT_A_TIME = 20

OF_CLOSING_DATE = {"closing_date_in_past": "closes_at", "closing_date_unchanged": "closes_at"}
"""The field that these refusals are about."""
CURRENCIES = [(code, code) for code in USD_PER_UNIT]

Part = Annotated[StorableText, Query(max_length=200)]


@router.get("/positions")
def positions_page(
    visit: PositionReader,
    employer: UUID | None = None,
    status: PositionStatus = PositionStatus.OPEN,
    company: Part = "",
    cursor: Cursor = None,
) -> Response:
    """An employer's positions, the newest first; for the marketplace's people, whose at first."""
    employer_id = employer or visit.caller.actor.employer_id
    if employer_id is None:
        return _employers(visit, company.strip(), cursor)
    who = read_employer(employer_id, visit.caller)
    listed = list_positions(
        employer_id, visit.caller, limit=AT_A_TIME, cursor=cursor, status=status
    )
    at = {each: _of(visit, who, status=each) for each in PositionStatus}
    more = _of(visit, who, status=status, cursor=listed.next_cursor)
    with visit.caller.reading(InterviewList) as db:
        new_answers = needs_you.new_answers(db, employer_id)
    return visit.page(
        "positions.html",
        new_answers=new_answers,
        employer=who,
        positions=listed.items,
        is_closed=status is PositionStatus.CLOSED,
        tabs=[(each.value.capitalize(), at[each], each is status) for each in PositionStatus],
        new_at=_of(visit, who, "/positions/new"),
        more_at=more if listed.next_cursor else None,
        continued=cursor is not None,
    )


@router.get("/positions/new")
def new_position_page(visit: Recruiter, employer: UUID | None = None) -> Response:
    """The form to open a position."""
    who = _employer(visit, employer)
    if who is None:
        return visit.go("/positions")
    return visit.page("position_new.html", **_form_for(visit, who))


@router.post("/positions/posting")
def read_posting_page(visit: Recruiter, employer: UUID | None = None) -> Response:
    """The form to open a position, with what a pasted job posting was understood as."""
    who = _employer(visit, employer)
    if who is None:
        return visit.go("/positions")
    try:
        posting = posting_of(who.employer_id, _parsed(visit.sent.value("posting")), visit.caller)
    except REFUSED as error:
        return visit.again("position_new.html", error, **_form_for(visit, who))
    shown = _form_for(visit, who) | {"warnings": posting.warnings}
    return visit.page("position_new.html", sent=_as_typed(posting), faults=None, **shown)


@router.post("/positions/counts")
def count_page(visit: Recruiter, employer: UUID | None = None) -> Response:
    """How many the filters of the form would find, for a script that asks while they change."""
    who = _employer(visit, employer)
    if who is None:
        return visit.go("/positions")
    return counted(visit, who.employer_id, within="filters")


@router.post("/positions/words")
def read_words_page(visit: Recruiter, employer: UUID | None = None) -> Response:
    """The form to open a position, with what a description of the people was understood as."""
    who = _employer(visit, employer)
    if who is None:
        return visit.go("/positions")
    try:
        read = read_words(visit)
    except REFUSED as error:
        return visit.again("position_new.html", error, **_form_for(visit, who))
    shown = _form_for(visit, who)
    shown |= {"understood": read.filters, "unknown": read.unknown}
    sent = as_typed({"filters": read.filters.model_dump(mode="json")})
    return visit.page("position_new.html", sent=sent, faults=None, **shown)


@router.post("/positions")
def open_position(visit: Recruiter, employer: UUID | None = None) -> Response:
    """Open a position, then see who matches it."""
    who = _employer(visit, employer)
    if who is None:
        return visit.go("/positions")
    try:
        body = visit.sent.in_utc().read(NewPosition)
        checked = to_check(visit, body.filters, at="filters.")
        if checked:
            shown = _form_for(visit, who) | {"understood": checked.filters}
            return visit.page("position_new.html", sent=checked.sent, faults=None, **shown)
        result = visit.caller.run(
            OpenPosition,
            employer_id=who.employer_id,
            position_id=visit.caller.new_id(),
            **dict(body),
        )
    except REFUSED as error:
        faults = Faults(error, OF_CLOSING_DATE)
        return visit.page("position_new.html", faults, sent=visit.sent, **_form_for(visit, who))
    return visit.done(result, f"/positions/{result.id}/passive-candidates", "position-opened")


@router.get("/positions/{position_id}")
def position_page(position_id: UUID, visit: PositionReader) -> Response:
    """A position, by its tab of passive candidates; for who sees no candidates, what it says."""
    position = read_position(position_id, visit.caller)
    if visit.caller.actor.role is Role.CSM:
        employer = read_employer(position.employer_id, visit.caller)
        return visit.page("position_read.html", position=position, employer=employer)
    return visit.go(f"/positions/{position_id}/passive-candidates", after=visit.caller.after)


@router.get("/positions/{position_id}/closure")
def closure_page(position_id: UUID, visit: Recruiter) -> Response:
    """What closing a position means, and the form to do so."""
    position = read_position(position_id, visit.caller)
    return visit.page("position_closure.html", position=position, version=position.version)


@router.post("/positions/{position_id}/closure")
def close_position(position_id: UUID, visit: Recruiter) -> Response:
    """Close a position for good."""
    try:
        seen = visit.sent.version()
        # A form that left the reason out must not fall back on the API's usual one.
        with faults_of_the_request():
            body = Closure(reason=visit.sent.value("reason"))
        result = visit.caller.run(
            ClosePosition, if_version=seen, position_id=position_id, reason=body.reason
        )
    except REFUSED as error:
        position = read_position(position_id, visit.caller)
        # Unless the page says that something changed, the form keeps the version it was made from.
        changed = isinstance(error, VersionMismatch)
        version = position.version if changed else visit.sent.value("_version")
        return visit.again("position_closure.html", error, position=position, version=version)
    return visit.done(result, f"/positions/{position_id}/interviews", "position-closed")


@router.post("/positions/{position_id}/closing-date")
def set_closing_date(position_id: UUID, visit: Recruiter) -> Response:
    """Change when a position closes by itself."""
    try:
        seen = visit.sent.version()
        sent = visit.sent.in_utc()
        with faults_of_the_request():
            body = ClosingDate.model_validate({"closes_at": sent.value("closes_at") or None})
        result = visit.caller.run(
            SetClosingDate, if_version=seen, position_id=position_id, closes_at=body.closes_at
        )
    except REFUSED as error:
        position = read_position(position_id, visit.caller)
        faults = Faults(error, OF_CLOSING_DATE)
        about = {"position": position, "version": position.version}
        return visit.page("position_closure.html", faults, sent=visit.sent, **about)
    path = f"/positions/{position_id}/passive-candidates"
    return visit.go(path, after=result.log_position, notice="closing-date-set")


def _employers(visit: Visit, company: str, cursor: str | None) -> Response:
    listed = list_employers(visit.caller, limit=AT_A_TIME, cursor=cursor, company=company or None)
    more = address("/positions", company=company, cursor=listed.next_cursor)
    return visit.page(
        "employer_finder.html",
        employers=listed.items,
        company=company,
        more_at=more if listed.next_cursor else None,
    )


def _employer(visit: Visit, chosen: UUID | None) -> Employer | None:
    """The recruiter's employer, or the one that somebody of the marketplace has chosen."""
    employer_id = chosen or visit.caller.actor.employer_id
    if employer_id is None:
        return None
    return read_employer(employer_id, visit.caller)


def _form_for(visit: Visit, employer: Employer) -> dict[str, Any]:
    return {
        "employer": employer,
        "filters": Filters(),
        "currencies": CURRENCIES,
        "warnings": (),
        "understood": None,
        "unknown": (),
        "words": visit.sent.value("words"),
        "words_at": _of(visit, employer, "/positions/words"),
        "posting_at": _of(visit, employer, "/positions/posting"),
        "counts_at": _of(visit, employer, "/positions/counts"),
        "list_at": _of(visit, employer),
    }


def _parsed(typed: str) -> Any:
    """JSON-LD as it is pasted, perhaps with the script element around it."""
    text = re.sub(r"^\s*<script[^>]*>|</script>\s*$", "", typed.strip(), flags=re.IGNORECASE)
    try:
        return json.loads(text)
    except ValueError:
        detail = "This is not JSON. Paste what stands between <script> tags of the posting's page."
        reason = Reason(code="bad_document", detail=detail, field="posting")
        raise Problem(422, "invalid", detail, [reason]) from None


def _as_typed(posting: ReadPosting) -> Sent:
    """What a posting was understood as, in the fields of the form."""
    sent = as_typed(posting.model_dump(mode="json", exclude={"warnings", "closes_at"}))
    if posting.closes_at:
        sent.fields.append(("closes_at", f"{posting.closes_at:%Y-%m-%dT%H:%M}"))
    return sent


def _of(visit: Visit, employer: Employer, path: str = "/positions", **more: object) -> str:
    """The address of a page of an employer's positions; a recruiter's own need no id."""
    own = visit.caller.actor.employer_id == employer.employer_id
    if more.get("status") is PositionStatus.OPEN:
        more["status"] = None
    return address(path, employer=None if own else employer.employer_id, **more)

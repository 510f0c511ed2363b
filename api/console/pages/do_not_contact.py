"""The do-not-contact list of a recruiter's employer, and the names by which it knows its people."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.console.session import Recruiter, Visit
from api.http.lists import Cursor
from api.http.problems import Problem
from api.routes.do_not_contact import (
    NewEntry,
    add_entry,
    list_entries,
    remove_entry,
    taken_over,
)
from api.routes.employers import NewNames, declare_names, read_employer
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.do_not_contact import Named
from domain.values import StorableText

router = APIRouter(prefix="/do-not-contact")

AT_A_TIME = 20
KINDS = [
    (Named.ADDRESS, "E-mail address"),
    (Named.DOMAIN, "Mail domain"),
    (Named.PERSON, "Candidate's id"),
]

Words = Annotated[StorableText, Query(max_length=200)]


@router.get("")
def list_page(
    visit: Recruiter, q: Words = "", employer: UUID | None = None, cursor: Cursor = None
) -> Response:
    """The list, with the forms to add to it and to import one."""
    if employer is None and visit.caller.actor.employer_id is None:
        return visit.page("do_not_contact.html", company=None)
    return visit.page("do_not_contact.html", **_shown(visit, employer, q.strip(), cursor))


@router.post("")
def add(visit: Recruiter, employer: UUID | None = None) -> Response:
    """Add an entry."""
    try:
        result = add_entry(_whose(visit, employer), visit.sent.read(NewEntry), visit.caller)
    except REFUSED as error:
        return visit.again("do_not_contact.html", error, **_shown(visit, employer))
    return visit.done(result, _path(employer), "not-contacted")


@router.post("/removal/{entry_id}")
def remove(visit: Recruiter, entry_id: UUID, employer: UUID | None = None) -> Response:
    """Take an entry off the list."""
    try:
        result = remove_entry(_whose(visit, employer), entry_id, visit.caller)
    except REFUSED as error:
        return visit.again("do_not_contact.html", error, **_shown(visit, employer))
    return visit.done(result, _path(employer), "contacted-again")


@router.post("/import")
def import_list(visit: Recruiter, employer: UUID | None = None) -> Response:
    """Take over the lines of a CSV, and say what became of each."""
    try:
        report = taken_over(visit.caller, _whose(visit, employer), visit.sent.value("csv"))
    except REFUSED as error:
        return visit.again("do_not_contact.html", error, **_shown(visit, employer))
    # Waiting for the import, so that the list shows what it took.
    seen = replace(visit, caller=replace(visit.caller, after=report.log_position))
    return visit.page("do_not_contact.html", **_shown(seen, employer) | {"report": report})


@router.post("/names")
def declare(visit: Recruiter, employer: UUID | None = None) -> Response:
    """Say what else the company is called."""
    try:
        body = visit.sent.read(NewNames)
        result = declare_names(_whose(visit, employer), body, visit.caller)
    except REFUSED as error:
        return visit.again("do_not_contact.html", error, **_shown(visit, employer))
    return visit.done(result, _path(employer), "names-declared")


def _shown(
    visit: Visit, employer: UUID | None, q: str = "", cursor: str | None = None
) -> dict[str, Any]:
    employer_id = _whose(visit, employer)
    listed = list_entries(employer_id, visit.caller, AT_A_TIME, cursor, q)
    more = address("/do-not-contact", employer=employer, q=q, cursor=listed.next_cursor)
    return {
        "entries": listed.items,
        "more_at": more if listed.next_cursor else None,
        "q": q,
        "kinds": KINDS,
        "kind_words": dict(KINDS),
        "company": read_employer(employer_id, visit.caller),
        "employer": employer,
        "today": visit.caller.at.date(),
        "report": None,
    }


def _whose(visit: Visit, employer: UUID | None) -> UUID:
    """The recruiter's employer; an admin names one."""
    employer_id = employer or visit.caller.actor.employer_id
    if employer_id is None:
        raise Problem(404, "not-found", "Choose an employer under Positions first.")
    return employer_id


def _path(employer: UUID | None) -> str:
    return address("/do-not-contact", employer=employer)

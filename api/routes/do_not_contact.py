"""Do not contact: people, addresses and mail domains that an employer wants to leave alone."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, ValidationError

from api import identifiers
from api.formats.csv import MEDIA_TYPE
from api.http.access import Recruiter, allowed
from api.http.caller import Caller, CommandResult
from api.http.lists import Cursor, Limit
from api.http.problems import Problem, Reason, faults_of_the_request
from domain.actor import Cause, Role
from domain.command import NotFound
from domain.do_not_contact import (
    AddToDoNotContact,
    DoNotContact,
    Named,
    RemoveFromDoNotContact,
    entry_id,
)
from domain.do_not_contact import (
    Reason as WhyNot,
)
from domain.employer import Employer
from domain.values import Day, Email, StorableText, Value
from infrastructure.event_log.store import UnitOfWork
from projections import do_not_contact
from projections.do_not_contact import DoNotContactList, Entry
from projections.paging import Listed

router = APIRouter(prefix="/employers/{employer_id}/do-not-contact", tags=["Do not contact"])

MOST_LINES = 10_000
"""In one import."""

AT_ONCE = 500
"""Lines recorded in one transaction."""

COLUMNS = ("kind", "value", "reason", "until")


class NewEntry(Value):
    """Whom to leave alone, and why."""

    kind: Named
    value: Annotated[StorableText, Field(min_length=1, max_length=254)] = Field(
        description="a candidate's id, an e-mail address, or a mail domain such as acme.example"
    )
    reason: WhyNot
    until: Day | None = Field(None, description="the last day that it counts; none for ever")


class _Person(Value):
    value: UUID


class _Address(Value):
    value: Email


class _Domain(Value):
    value: Annotated[str, Field(pattern=r"^[^@\s\x00]+\.[^@\s\x00]+$", max_length=254)]


class ImportedLine(BaseModel):
    """What became of a line."""

    line: int = Field(description="counted from 1, the names of the columns included")
    outcome: Literal["taken", "refused"]
    detail: str = Field("", description="why it was refused")


class Imported(BaseModel):
    """How many lines were taken and refused."""

    taken: int = Field(description="added, or on the list already")
    refused: int
    lines: list[ImportedLine]
    log_position: int = Field(description="of the last event; give it to a query as `after`")


async def body_of(request: Request) -> bytes:
    """The body, whatever its type is said to be."""
    return await request.body()


@router.get("")
def list_entries(
    employer_id: UUID,
    caller: Recruiter,
    limit: Limit = 50,
    cursor: Cursor = None,
    q: Annotated[
        StorableText, Query(max_length=200, description="part of a value or a reason")
    ] = "",
) -> Listed[Entry]:
    """An employer's do-not-contact list, the newest entry first."""
    _check_own(caller, employer_id)
    with caller.reading(DoNotContactList) as db:
        return do_not_contact.listed(db, limit, cursor, employer_id, q.strip())


@router.post("", status_code=201)
def add_entry(employer_id: UUID, body: NewEntry, caller: Recruiter) -> CommandResult:
    """List a person, an address or a domain. Adding it again changes its last day."""
    _check_own(caller, employer_id)
    with faults_of_the_request():
        named = _named(caller, body)
    asked = {"reason": body.reason, "until": body.until, **named}
    return caller.run(AddToDoNotContact, employer_id=employer_id, **asked)


@router.delete("/{entry_id}")
def remove_entry(employer_id: UUID, entry_id: UUID, caller: Recruiter) -> CommandResult:
    """Take an entry off the list."""
    return caller.run(RemoveFromDoNotContact, employer_id=employer_id, entry_id=entry_id)


@router.post(
    "/import",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                MEDIA_TYPE: {
                    "schema": {"type": "string"},
                    "example": "kind,value,reason,until\ndomain,acme.example,A client,2027-12-31\n",
                }
            },
        }
    },
)
def import_entries(
    employer_id: UUID,
    caller: Annotated[Caller, Depends(allowed(Role.RECRUITER, keyed=False))],
    body: Annotated[bytes, Depends(body_of)],
) -> Imported:
    """Add the lines of a CSV with the columns kind, value, reason and until.

    Each line is taken or refused by itself. Importing a list again adds nothing twice.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"Line {line} is not UTF-8; save the list as CSV UTF-8.") from None
    return taken_over(caller, employer_id, text)


def taken_over(caller: Caller, employer_id: UUID, text: str) -> Imported:
    """Add the lines of a CSV to an employer's list."""
    _check_own(caller, employer_id)
    cause = dict(Cause(by=caller.actor, at=caller.at, request_id=caller.request_id))
    commands: list[tuple[int, AddToDoNotContact]] = []
    lines: list[ImportedLine] = []
    for number, row in _rows(text):
        try:
            entry = NewEntry.model_validate(row)
            asked = {"reason": entry.reason, "until": entry.until, **_named(caller, entry)}
            command = AddToDoNotContact(**cause, employer_id=employer_id, **asked)
            commands.append((number, command))
        except ValidationError as error:
            detail = "; ".join(_fault(each) for each in error.errors())
            lines.append(ImportedLine(line=number, outcome="refused", detail=detail))
    log_position = 0
    for start in range(0, len(commands), AT_ONCE):
        outcomes, log_position = _record(caller, commands[start : start + AT_ONCE])
        lines += outcomes
    lines.sort(key=lambda each: each.line)
    taken = sum(each.outcome == "taken" for each in lines)
    return Imported(
        taken=taken,
        refused=len(lines) - taken,
        lines=lines,
        log_position=log_position or caller.marketplace.store.head(),
    )


def _record(
    caller: Caller, numbered: list[tuple[int, AddToDoNotContact]]
) -> tuple[list[ImportedLine], int]:
    commands = [command for _, command in numbered]

    def load(work: UnitOfWork) -> None:
        ids = (entry_id(command.employer_id, command.identifier) for command in commands)
        work.load_all(DoNotContact, ids)

    decided, log_position = caller.marketplace.store.execute_all(lambda: commands, load=load)
    outcomes = [
        ImportedLine(line=number, outcome="refused", detail=str(refusal))
        if refusal
        else ImportedLine(line=number, outcome="taken")
        for (number, _), (_, refusal) in zip(numbered, decided, strict=True)
    ]
    return outcomes, log_position


def _named(caller: Caller, entry: NewEntry) -> dict[str, Any]:
    """What a command takes of the one that an entry names. Raises `ValidationError`."""
    key = caller.marketplace.address_key
    if entry.kind is Named.PERSON:
        return {
            "kind": entry.kind,
            "identifier": _Person.model_validate({"value": entry.value}).value,
        }
    if entry.kind is Named.ADDRESS:
        email = _Address(value=entry.value).value
        identifier = identifiers.of_address(key, email)
        return {"kind": entry.kind, "identifier": identifier, "text": email}
    domain = _Domain(value=identifiers.mail_domain(entry.value)).value
    identifier = identifiers.of_domain(key, domain)
    return {"kind": entry.kind, "identifier": identifier, "domain": domain}


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a CSV by column, without those that are empty."""
    dialect = "excel" if "," in text.partition("\n")[0] else "excel-tab"
    delimiter = ";" if ";" in text.partition("\n")[0] else csv.get_dialect(dialect).delimiter
    reader = csv.DictReader(StringIO(text), delimiter=delimiter, strict=True, restkey="more")
    try:
        names = [name.strip().casefold() for name in reader.fieldnames or ()]
        if not {"kind", "value", "reason"} <= {*names} <= {*COLUMNS}:
            raise _unreadable(f"Begin with a line of names: {','.join(COLUMNS)}.")
        reader.fieldnames = names
        for count, row in enumerate(reader):
            if count >= MOST_LINES:
                raise _unreadable(f"Send at most {MOST_LINES} lines at once.")
            cells = {name: cell.strip() for name, cell in row.items() if isinstance(cell, str)}
            if row.get("more"):
                cells["more"] = "?"
            if said := {name: cell for name, cell in cells.items() if cell}:
                yield reader.line_num, said
    except csv.Error as error:
        raise _unreadable(f"Line {reader.reader.line_num} is no CSV: {error}.") from None


def _fault(error: Any) -> str:
    field = ".".join(str(part) for part in error["loc"])
    return f"{field}: {error['msg']}"


def _unreadable(detail: str) -> Problem:
    return Problem(422, "invalid", detail, [Reason(code="bad_csv", detail=detail)])


def _check_own(caller: Caller, employer_id: UUID) -> None:
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)

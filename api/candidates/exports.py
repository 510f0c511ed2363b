"""A position's lists as files, each noted before it leaves: who took whom away, and when.

A file says what the list's page says. How to reach a person stands in none of them.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

from fastapi import Response

from api.candidates import cards, reviews, visibility
from api.candidates.cards import Card, NamedInterview
from api.candidates.reviews import DecidedCard
from api.formats.json_resume_export import to_disclosed_document
from api.formats.tables import Column, TableFormat, download
from api.http.caller import Caller
from api.http.problems import Problem, Reason
from domain.command import NotFound
from domain.likelihood import Likelihood
from domain.outreach import Outreach
from domain.outreach_events import Status
from domain.viewing import Feed, NoteListExported, NoteProfileExported, Sort, TakenList
from infrastructure.database.postgres import Database
from projections import candidate_profiles, employers, interviews, outreach_timeline
from projections.paging import Listed
from projections.positions import Position
from projections.shortlist import Decided

MOST_ROWS = 1_000
"""People of a list that a file has; those that come first in the list's order."""

PAGE = 200

SAID_YES = (Status.ACCEPTED, Status.INTERVIEW_SCHEDULED)

T = TypeVar("T")


def _percent(likelihood: Likelihood | None) -> int | None:
    return None if likelihood is None else round(100 * likelihood.probability)


def _pay(card: Card, part: str) -> object:
    return getattr(card.facts.expected_salary, part, None)


CANDIDATE: Sequence[Column[Card]] = [
    Column("Name", lambda card: card.name),
    Column("Job", lambda card: card.job and card.job.title),
    Column("Employer", lambda card: card.job and card.job.employer),
    Column("Present job", lambda card: card.job and card.job.present),
    Column("Roles", lambda card: card.facts.roles),
    Column("Years of experience", lambda card: card.facts.years_experience),
    Column("City", lambda card: card.facts.city),
    Column("Country", lambda card: card.facts.country),
    Column("Open to remote", lambda card: card.facts.open_to_remote),
    Column("Expected pay", lambda card: _pay(card, "amount")),
    Column("Currency", lambda card: _pay(card, "currency")),
    Column("Per", lambda card: _pay(card, "per")),
    Column("Matching skills", lambda card: card.matching_skills),
    Column("Skills", lambda card: card.facts.skills),
    Column("Languages", lambda card: card.facts.languages),
    Column("Likelihood to respond (%)", lambda card: _percent(card.likelihood)),
    Column("Last active", lambda card: card.last_active_at.date()),
    Column("On the shortlist", lambda card: card.shortlisted),
    Column("Viewed (UTC)", lambda card: card.opened_at),
]

NOT_INTERESTED: Sequence[Column[DecidedCard]] = [
    *CANDIDATE,
    Column("Not interested: reason", lambda card: card.set_aside and card.set_aside.reason),
    Column("Not interested: note", lambda card: card.set_aside and card.set_aside.note),
]

INTERVIEW: Sequence[Column[NamedInterview]] = [
    Column("Name", lambda one: one.candidate_name),
    Column("Badge", lambda one: one.badge),
    Column("Status", lambda one: one.status.replace("_", " ").capitalize()),
    Column(
        "Reason for a no", lambda one: one.decline_reason and one.decline_reason.replace("_", " ")
    ),
    Column("Sent (UTC)", lambda one: one.sent_at),
    Column("Sent by", lambda one: one.sender or one.sent_by),
    Column("Last change (UTC)", lambda one: one.changed_at),
    Column("Interview (UTC)", lambda one: one.interview_at),
    Column("Write again from", lambda one: one.postponed_until),
    Column("Likelihood when sent (%)", lambda one: _percent(one.likelihood)),
    Column("Salary from", lambda one: one.salary.minimum),
    Column("Salary to", lambda one: one.salary.maximum),
    Column("Currency", lambda one: one.salary.currency),
    Column("Per", lambda one: one.salary.per),
]


def feed(
    caller: Caller, db: Database, position: Position, kind: Feed, sort: Sort, file: TableFormat
) -> Response:
    """One of a position's two lists. Raises a 403 if the page would not show it."""
    visibility.check_may_look(employers.one(db, position.employer_id), position, kind)
    found = first_rows(
        lambda cursor: cards.of_feed(db, kind, position, caller.at, PAGE, cursor, sort)
    )
    marked = reviews.marked(db, caller, position, found)
    return _file(caller, position, TakenList(kind.value), file, CANDIDATE, marked)


def decided(
    caller: Caller, db: Database, position: Position, what: Decided, file: TableFormat
) -> Response:
    """A position's shortlist, or who is not of interest. Raises a 403 as its page does."""
    found = first_rows(lambda cursor: reviews.listed(db, caller, position, what, PAGE, cursor))
    if what is Decided.SET_ASIDE:
        return _file(caller, position, TakenList.SET_ASIDE, file, NOT_INTERESTED, found)
    return _file(caller, position, TakenList.SHORTLIST, file, CANDIDATE, found)


def approached(
    caller: Caller,
    db: Database,
    position: Position,
    file: TableFormat,
    **only: Any,
) -> Response:
    """Everyone approached for a position, or `only` some of them, as the list has it."""
    about = (position.employer_id, position.position_id)
    found = first_rows(
        lambda cursor: cards.with_names(
            db,
            interviews.of_position(db, *about, PAGE, cursor, **only),
        )
    )
    return _file(caller, position, TakenList.INTERVIEWS, file, INTERVIEW, found)


def first_rows(page: Callable[[str | None], Listed[T]]) -> list[T]:
    """The first `MOST_ROWS` of a list, each once."""
    rows: list[T] = []
    cursor = None
    while len(rows) < MOST_ROWS:
        listed = page(cursor)
        rows += listed.items
        cursor = listed.next_cursor
        if cursor is None:
            break
    return rows[:MOST_ROWS]


C = TypeVar("C", Card, DecidedCard, NamedInterview)


def _file(
    caller: Caller,
    position: Position,
    taken: TakenList,
    file: TableFormat,
    columns: Sequence[Column[C]],
    rows: list[C],
) -> Response:
    ids = tuple(row.candidate_id for row in rows)
    about = {"position_id": position.position_id, "taken": taken, "file_type": file.value}
    _note(caller, NoteListExported, **about, candidate_ids=ids)
    return download(file, columns, rows, f"{taken.value.replace('_', '-')}-{caller.at:%Y-%m-%d}")


def resume(caller: Caller, db: Database, outreach_id: UUID) -> dict[str, Any]:
    """The profile of a candidate who said yes, as JSON Resume.

    Raises:
        NotFound: it is another employer's, or they are erased.
        Problem: 403, if they have not said yes.
    """
    outreach = visibility.outreach_of(db, caller, outreach_id)
    profile = candidate_profiles.profile(db, outreach.candidate_id)
    if profile is None:
        raise NotFound(Outreach, outreach_id)
    if outreach.status not in SAID_YES:
        detail = "The candidate has not said yes; only then their profile can be taken along."
        raise Problem(403, "not-shown", detail, [Reason(code="not_accepted", detail=detail)])
    steps = outreach_timeline.of_outreach(db, outreach_id)
    told = next((s.personal for s in reversed(steps) if s.what == "contact_disclosed"), {})
    about = {"position_id": outreach.position_id, "candidate_id": outreach.candidate_id}
    _note(caller, NoteProfileExported, **about, outreach_id=outreach_id)
    return to_disclosed_document(profile, told)


def _note(
    caller: Caller, command: type[NoteListExported | NoteProfileExported], **about: Any
) -> None:
    """Note it before it leaves; if that cannot be, nothing leaves."""
    if caller.sees_content:
        cause: dict[str, Any] = {
            "by": caller.actor,
            "at": caller.at,
            "request_id": caller.request_id,
        }
        caller.marketplace.store.execute(command(**cause, viewing_id=uuid4(), **about))

"""Searches of one employer over its positions, shortlists, interviews and positions' lists."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field

from api.candidates import cards
from api.candidates.cards import CardJob, NamedInterview
from api.http.caller import Caller
from domain.command import NotFound
from domain.employer import Employer
from infrastructure.database.postgres import Database
from infrastructure.vocabulary.additions import Additions
from projections import candidate_profiles, employers, search
from projections import positions as all_positions
from projections.candidate_pool import CandidatePool
from projections.candidate_search import CandidateSearch
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.paging import Listed
from projections.positions import Position, Positions, PositionStatus
from projections.search import Found
from projections.search_words import SearchWords, search_of
from projections.vocabulary_additions import additions

MOST_POSITIONS = 30
"""The newest open positions, whose lists are searched."""

READS = (Positions, CandidatePool, Employers, InterviewList, SearchWords)


class FoundIn(BaseModel):
    """A position from which a candidate can be opened."""

    position_id: UUID
    title: str


class FoundCandidate(BaseModel):
    """A candidate whom a search found, and where."""

    candidate_id: UUID
    name: str
    job: CardJob | None = Field(description="the present one, or else the latest")
    positions: list[FoundIn] = Field(description="the newest first")


class FoundInterview(NamedInterview):
    """An approach whose candidate a search found."""

    title: str = Field(description="of the position")


class _Open(NamedTuple):
    """What may be searched now: the newest open positions, none while nobody may be shown."""

    searches: list[CandidateSearch]
    titles: dict[UUID, str]
    in_beta: bool


def positions(
    caller: Caller, employer_id: UUID, text: str, limit: int, cursor: str | None
) -> Listed[Position]:
    """Positions by title, place, roles and skills: open ones first, the newest first."""
    with _reading(caller, employer_id) as db:
        query = search_of(text, additions(db))
        if query is None:
            return Listed(items=[])
        return search.positions(db, employer_id, query, limit, cursor)


def interviews(
    caller: Caller, employer_id: UUID, text: str, limit: int, cursor: str | None
) -> Listed[FoundInterview]:
    """Candidates who were contacted, by name, skill or employer; the latest contacted first."""
    with _reading(caller, employer_id) as db:
        query = search_of(text, additions(db))
        if query is None:
            return Listed(items=[])
        listed = cards.with_names(db, search.interviews(db, employer_id, query, limit, cursor))
        titles = all_positions.titles(db, [each.position_id for each in listed.items])
    items = [
        FoundInterview(**dict(each), title=titles.get(each.position_id, ""))
        for each in listed.items
    ]
    return Listed(items=items, next_cursor=listed.next_cursor)


def shortlisted(
    caller: Caller, employer_id: UUID, text: str, limit: int, cursor: str | None
) -> Listed[FoundCandidate]:
    """Candidates on the shortlists of open positions, by name, skill or employer."""
    return _found(caller, employer_id, text, limit, cursor, search.shortlisted)


def candidates(
    caller: Caller, employer_id: UUID, text: str, limit: int, cursor: str | None
) -> Listed[FoundCandidate]:
    """Candidates in the lists of open positions, by name, skill or employer."""
    return _found(caller, employer_id, text, limit, cursor, search.listed)


def _found(
    caller: Caller,
    employer_id: UUID,
    text: str,
    limit: int,
    cursor: str | None,
    find: Callable[..., Listed[Found]],
) -> Listed[FoundCandidate]:
    with _reading(caller, employer_id) as db:
        own = additions(db)
        opened, query = _open(db, caller, employer_id, own), search_of(text, own)
        if query is None or not opened.searches:
            return Listed(items=[])
        found = find(db, opened.searches, query, limit, cursor, in_beta=opened.in_beta)
        items = _named(db, found.items, opened.titles)
    return Listed(items=items, next_cursor=found.next_cursor)


def _named(db: Database, found: Sequence[Found], titles: dict[UUID, str]) -> list[FoundCandidate]:
    ids = [each.candidate_id for each in found]
    names, jobs = candidate_profiles.names(db, ids), candidate_profiles.jobs(db, ids)
    return [
        FoundCandidate(
            candidate_id=id,
            name=names[id],
            job=cards.card_job(jobs.get(id, ())),
            positions=[FoundIn(position_id=each, title=titles[each]) for each in where],
        )
        for id, where in found
        if id in names
    ]


def _open(db: Database, caller: Caller, employer_id: UUID, own: Additions) -> _Open:
    employer = employers.one(db, employer_id)
    if employer is None or employer.status != "approved":
        return _Open([], {}, in_beta=False)
    listed = all_positions.of_employer(
        db, employer_id, MOST_POSITIONS, None, status=PositionStatus.OPEN
    )
    searches = [replace(cards.search(position, caller.at), own=own) for position in listed.items]
    titles = {position.position_id: position.title for position in listed.items}
    return _Open(searches, titles, employer.in_beta)


@contextmanager
def _reading(caller: Caller, employer_id: UUID) -> Iterator[Database]:
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    with caller.reading(*READS) as db:
        yield db

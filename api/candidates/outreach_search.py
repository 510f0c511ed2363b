"""Outreach of all employers, found by candidate, employer, position or id."""

import re
from collections.abc import Sequence
from uuid import UUID

from api.candidates import cards
from api.candidates.cards import NamedInterview
from api.http.caller import Caller
from infrastructure.database.postgres import Database
from projections import employers, interviews, positions
from projections.candidate_pool import CandidatePool
from projections.interview_list import Interview, InterviewList
from projections.paging import Listed
from projections.positions import Positions
from projections.teams import Teams

UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

NOT_KNOWN_YET = "(not known yet)"
"""Stands for a name whose read model is behind that of the outreach, or has parked its event."""


class FoundOutreach(NamedInterview):
    """An approach of any employer, with the names of all that it is about."""

    company: str
    title: str


def search(
    caller: Caller, q: str | None, company: str | None, limit: int, cursor: str | None
) -> Listed[FoundOutreach]:
    """The latest first; `q` holds ids, such as a page's address does, or part of a name."""
    ids = [UUID(id) for id in UUIDS.findall(q or "")]
    with caller.reading(InterviewList, CandidatePool, Positions, Teams) as db:
        listed = interviews.found(
            db, limit, cursor, ids=ids, name=None if ids else q or None, company=company or None
        )
        return Listed(items=with_all_names(db, listed.items), next_cursor=listed.next_cursor)


def with_all_names(db: Database, rows: Sequence[Interview]) -> list[FoundOutreach]:
    """Outreach with the names of its candidate, sender, company and position."""
    companies = employers.companies(db, [row.employer_id for row in rows])
    titles = positions.titles(db, [row.position_id for row in rows])
    return [
        FoundOutreach(
            **dict(row),
            company=companies.get(row.employer_id, NOT_KNOWN_YET),
            title=titles.get(row.position_id, NOT_KNOWN_YET),
        )
        for row in cards.with_names(db, Listed(items=[*rows])).items
    ]

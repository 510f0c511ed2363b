"""What an employer decided about a position's candidates, as its recruiters see and change it.

Nobody outside the company sees it, except the person in what is held about them.
"""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import Field

from api.candidates import cards, visibility
from api.candidates.cards import Card
from api.candidates.profile import LEFT_ALONE
from api.http.caller import Caller, CommandResult
from api.http.problems import Problem, problem_of
from domain.actor import Role
from domain.aggregate import Refused
from domain.candidate import Candidate
from domain.command import Command, NotFound
from domain.viewing import Feed
from infrastructure.database.postgres import Database
from projections import candidate_profiles, employers, remarks, shortlist
from projections.candidate_pool import CandidatePool
from projections.canonical import compared_filters
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.likelihood import scoring
from projections.paging import Listed
from projections.positions import Position, Positions
from projections.shortlist import Decided, NotInterested
from projections.vocabulary_additions import additions

C = TypeVar("C", bound=Card)


class DecidedCard(Card):
    """A card of the shortlist, or of those whom the employer is not interested in."""

    set_aside: NotInterested | None = Field(None, description="why they are not of interest")


def marked(db: Database, caller: Caller, position: Position, shown: Sequence[C]) -> list[C]:
    """These cards with the employer's decision, its tags, and when it last opened the profile."""
    if caller.actor.role not in (Role.RECRUITER, Role.ADMIN):
        return [*shown]
    ids = [card.candidate_id for card in shown]
    known = shortlist.of_candidates(db, position.employer_id, position.position_id, ids)
    tags = remarks.tags(db, position.employer_id, ids)
    return [
        card.model_copy(
            update=_marks(known.get(card.candidate_id), card)
            | {"tags": [given.tag for given in tags.get(card.candidate_id, [])]}
        )
        for card in shown
    ]


def listed(
    db: Database,
    caller: Caller,
    position: Position,
    decided: Decided,
    limit: int,
    cursor: str | None,
    tag: str | None = None,
) -> Listed[DecidedCard]:
    """A page of the candidates about whom this was decided, the latest first."""
    visibility.check_may_look(
        employers.one(db, position.employer_id), position, Feed.RECOMMENDATIONS
    )
    search = cards.search(position, caller.at)
    found = shortlist.listed(db, decided, search, limit, cursor, tag)
    known = candidate_profiles.of_candidates(db, found.items)
    scores = scoring.of_candidates(db, found.items, caller.at, position.position_id)
    jobs = candidate_profiles.jobs(db, found.items)
    own = additions(db)
    filters = compared_filters(position.filters, own)
    items = [
        DecidedCard(
            **dict(cards.card_of(known[id], filters, own, scores.get(id), jobs.get(id, ())))
        )
        for id in found.items
        if id in known
    ]
    return Listed(items=marked(db, caller, position, items), next_cursor=found.next_cursor)


def decide(
    caller: Caller, command: type[Command], position_id: UUID, candidate_id: UUID, **more: Any
) -> CommandResult:
    """Decide about a candidate whom the caller may see from the position.

    Raises:
        NotFound: the caller may not see the candidate, or there is none.
        Problem: 403, with every reason why the position's candidates are not shown.
    """
    with caller.reading(Positions, CandidatePool, Employers, InterviewList) as db:
        position = visibility.position_of(db, caller, position_id)
        employer = employers.one(db, position.employer_id)
        visibility.profile_of(db, caller, employer, position, candidate_id)
    try:
        return caller.run(command, position_id=position_id, candidate_id=candidate_id, **more)
    except (Refused, Problem) as error:
        if {reason.code for reason in problem_of(error).details.reasons} & LEFT_ALONE:
            raise NotFound(Candidate, candidate_id) from None
        raise


def _marks(known: shortlist.Review | None, card: Card) -> dict[str, Any]:
    if known is None:
        return {}
    marks = known.model_dump(include={"shortlisted", "opened_at"})
    return marks | (
        {"set_aside": known.set_aside} if "set_aside" in type(card).model_fields else {}
    )

"""A position's two lists, page by page: whom its filters let through, and in which order.

Left out are those who are to be left alone or are approached already; left alone is who has been
approached as often as the contact gate allows. By likelihood a small share of the passive feed's
places goes to others by lot: only who is shown can answer, and only answers teach.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, FiniteFloat

from domain.viewing import Feed, Sort
from projections.candidate_pool import ListedCandidate, of_candidates
from projections.candidate_search import SKILLS_MATCHED, CandidateSearch, listed_condition
from projections.likelihood import scoring
from projections.likelihood.ranking import Ranked, Ranking
from projections.paging import Listed, Position, after, encoded, page

EXPLORED_SHARE = 0.03
"""Of the places of the passive feed. As insurance it need only be small: at 3 % a page of twenty
gives up one place in two pages, and in a year of a thousand messages thirty teach of others."""

MOST_EXPLORED = 40
"""In one reading of a feed: whoever reads on for so long is not shown more by lot."""

DRAWN = 50
"""Candidates drawn for a place, of whom the first that was not shown yet gets it."""


class FeedEntry(BaseModel):
    """A place of a list, and who stands there."""

    candidate: ListedCandidate
    explored: bool = False
    propensity: float = 1.0


def feed(
    db: Connection,
    kind: Feed,
    search: CandidateSearch,
    limit: int,
    cursor: str | None = None,
    sort: Sort = Sort.LIKELIHOOD,
) -> Listed[FeedEntry]:
    """A page of one of a position's lists."""
    if sort is Sort.LIKELIHOOD:
        return _by_likelihood(db, kind, search, limit, cursor)
    return _by_key(db, kind, search, limit, cursor, sort)


# By what is stored --------------------------------------------------------------------------------

# What each list is ordered by, from the highest to the lowest, and the type of its cursor.
_ORDERS: dict[Sort, tuple[str, type[tuple[Sort, Any, UUID]]]] = {
    Sort.MATCH: (SKILLS_MATCHED, tuple[Literal[Sort.MATCH], int, UUID]),
    Sort.LAST_ACTIVE: ("p.last_active_at", tuple[Literal[Sort.LAST_ACTIVE], datetime, UUID]),
}


def _by_key(
    db: Connection, kind: Feed, search: CandidateSearch, limit: int, cursor: str | None, sort: Sort
) -> Listed[FeedEntry]:
    order, cursor_type = _ORDERS[sort]
    condition, parameters = listed_condition(kind, search)
    _, last, last_id = after(cursor, cursor_type) or (None, None, None)
    if last_id:
        condition += (
            f" AND ({order} < %(last)s OR ({order} = %(last)s AND candidate_id > %(last_id)s))"
        )
    rows = db.execute(
        f"""
        SELECT candidate_id, {order} FROM candidate_pool AS p WHERE {condition}
        ORDER BY {order} DESC, candidate_id LIMIT %(limit)s""",  # noqa: S608 - our own text
        {**parameters, "last": last, "last_id": last_id, "limit": limit + 1},
    ).fetchall()
    found = page(rows, limit, lambda row: [sort, row[1], row[0]])
    known = of_candidates(db, [row[0] for row in found.items])
    items = [FeedEntry(candidate=known[row[0]]) for row in found.items if row[0] in known]
    return Listed(items=items, next_cursor=found.next_cursor)


# By likelihood ------------------------------------------------------------------------------------


class _Reading(NamedTuple):
    """How far a feed has been read: after whom, how many places, and who was shown by lot."""

    sort: Literal[Sort.LIKELIHOOD]
    logit: FiniteFloat | None
    last: UUID | None
    places: Position
    explored: tuple[UUID, ...]


def _by_likelihood(
    db: Connection, kind: Feed, search: CandidateSearch, limit: int, cursor: str | None
) -> Listed[FeedEntry]:
    so_far = after(cursor, _Reading) or _Reading(Sort.LIKELIHOOD, None, None, 0, ())
    standing, opening = scoring.current(db, search.position_id)
    condition, parameters = listed_condition(kind, search)
    parameters |= {"explored": [*so_far.explored]}
    condition += " AND NOT candidate_id = ANY(%(explored)s::uuid[])"
    ranking = Ranking(db, (condition, parameters), standing.model, opening, search.at)
    ranked = ranking.after(_last_shown(ranking, so_far), limit + 1)
    lots = _lots(kind, search, so_far, limit) if len(ranked) > limit else []
    drawn = _Drawing(db, ranking, condition, parameters).all(lots, ranked, so_far)
    regular = iter(ranked[: limit - len(drawn)])
    places = range(so_far.places, so_far.places + limit)
    shown = [drawn.get(place) or next(regular, None) for place in places]
    regularly = 1.0 - EXPLORED_SHARE if kind is Feed.PASSIVE else 1.0
    return _page(db, [one for one in shown if one], ranked, so_far, regularly)


def _last_shown(ranking: Ranking, so_far: _Reading) -> Ranked | None:
    """Where the last one who was shown stands now, since the model may have learned meanwhile."""
    if so_far.last is None or so_far.logit is None:
        return None
    now = ranking.of([so_far.last])
    return now[0] if now else Ranked(so_far.logit, so_far.last)


def _page(
    db: Connection,
    shown: Sequence["Ranked | _Drawn"],
    ranked: Sequence[Ranked],
    so_far: _Reading,
    regularly: float,
) -> Listed[FeedEntry]:
    known = of_candidates(db, [one.candidate_id for one in shown])
    items = []
    for one in shown:
        if candidate := known.get(one.candidate_id):
            by_lot = isinstance(one, _Drawn)
            propensity = one.propensity if isinstance(one, _Drawn) else regularly
            items.append(FeedEntry(candidate=candidate, explored=by_lot, propensity=propensity))
    regular = [one for one in shown if isinstance(one, Ranked)]
    if len(ranked) <= len(regular):
        return Listed(items=items)
    last = regular[-1] if regular else None
    explored = [one.candidate_id for one in shown if isinstance(one, _Drawn)]
    reading = so_far._replace(
        logit=last.logit if last else so_far.logit,
        last=last.candidate_id if last else so_far.last,
        places=so_far.places + len(shown),
        explored=(*so_far.explored, *explored),
    )
    return Listed(items=items, next_cursor=encoded(reading))


# Exploration --------------------------------------------------------------------------------------


class _Drawn(NamedTuple):
    """Who stands at a place by lot, and how likely the lot was."""

    candidate_id: UUID
    propensity: float


def _lot(search: CandidateSearch, place: int) -> str:
    """What decides a place by lot: the same for everybody of the employer on a day."""
    about = f"{search.position_id}/{search.employer_id}/{search.at.date()}/{place}"
    return sha256(about.encode()).hexdigest()


def _lots(
    kind: Feed, search: CandidateSearch, so_far: _Reading, limit: int
) -> list[tuple[int, str]]:
    """The places of a page that are given by lot."""
    if kind is not Feed.PASSIVE:
        return []
    left = max(MOST_EXPLORED - len(so_far.explored), 0)
    lots = ((place, _lot(search, place)) for place in range(so_far.places, so_far.places + limit))
    return [(place, lot) for place, lot in lots if int(lot, 16) / 2**256 < EXPLORED_SHARE][:left]


class _Drawing:
    """Draws whom a place is given to, each of those further down as likely as any other."""

    def __init__(
        self, db: Connection, ranking: Ranking, condition: str, parameters: Mapping[str, Any]
    ) -> None:
        self._db = db
        self._ranking = ranking
        self._condition = condition
        self._parameters = parameters

    def all(
        self, lots: Sequence[tuple[int, str]], ranked: Sequence[Ranked], so_far: _Reading
    ) -> dict[int, "Ranked | _Drawn"]:
        """Who stands at each place that is given by lot; none where nobody is further down."""
        drawn: dict[int, Ranked | _Drawn] = {}
        taken: set[UUID] = set()
        for place, lot in lots:
            count, ids = self._shuffled(lot)
            further = [
                one.candidate_id
                for one in self._ranking.of(ids)
                if one.place >= ranked[-1].place and one.candidate_id not in taken
            ]
            if further:
                first = min(further, key=ids.index)
                shown = so_far.places - len(so_far.explored) + len(ranked) - 1 + len(taken)
                propensity = EXPLORED_SHARE / max(count - shown, 1)
                drawn[place] = _Drawn(first, propensity)
                taken.add(first)
        return drawn

    def _shuffled(self, lot: str) -> tuple[int, list[UUID]]:
        """How many match, and the first of them in an order that the lot decides."""
        rows = self._db.execute(
            f"""
            WITH matching AS MATERIALIZED (
                SELECT candidate_id FROM candidate_pool AS p
                JOIN likelihood_scores AS l USING (candidate_id) WHERE {self._condition})
            SELECT (SELECT count(*) FROM matching), candidate_id FROM matching
            ORDER BY md5(candidate_id::text || %(lot)s) LIMIT %(drawn)s""",  # noqa: S608 - our own text
            {**self._parameters, "lot": lot, "drawn": DRAWN},
        ).fetchall()
        return (rows[0][0] if rows else 0), [row[1] for row in rows]

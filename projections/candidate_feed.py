"""A position's two lists, page by page: whom its filters let through, and in which order.

By likelihood, a small share of the passive feed's slots goes to exploration: candidates picked at
random from further down. Only candidates who are shown can answer, and only answers teach.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic import FiniteFloat

from domain.values import Moment
from domain.viewing import Feed, Sort
from infrastructure.database.postgres import snapshot
from projections.candidate_pool import RANDOM_KEYS, ListedCandidate, of_candidates
from projections.candidate_search import SKILLS_MATCHED, CandidateSearch, listed_condition
from projections.likelihood import scoring
from projections.likelihood.ranking import Ranked, Ranking, RankKey
from projections.likelihood.scoring import ScoredCandidate
from projections.paging import Listed, WholeNumber, after, encoded, page

EXPLORED_SHARE = 0.03
"""Of the slots of the passive feed. As insurance it need only be small: at 3 % a page of twenty
gives up one slot in two pages, and in a year of a thousand messages thirty teach of others."""

MOST_EXPLORED = 40
"""Exploration slots of one reading of a feed, however long it is."""

READ_WITHIN = timedelta(days=1)
"""How long the pages of one reading are as of the moment of its first."""

WINDOW = 20
"""Candidates behind the drawn random key; one of them is picked. Always taking the first would
pick in proportion to the gap before its key; over a window the gaps even out."""


class FeedEntry(NamedTuple):
    """A candidate on a page of a list."""

    candidate: ListedCandidate
    score: ScoredCandidate | None
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
    """A page of one of a position's lists, read at one moment."""
    with snapshot(db):
        if sort is Sort.LIKELIHOOD:
            return _by_likelihood(db, kind, search, limit, cursor)
        return _by_key(db, kind, search, limit, cursor, sort)


def _as_of(search: CandidateSearch, begun_at: datetime) -> CandidateSearch:
    """The search as of the moment of its first page, of which the cursor was given out."""
    return replace(search, at=max(min(begun_at, search.at), search.at - READ_WITHIN))


# By what is stored --------------------------------------------------------------------------------

# What each list is ordered by, from the highest to the lowest, and the type of its cursor.
_ORDERS: dict[Sort, tuple[str, type[tuple[Sort, datetime, Any, UUID]]]] = {
    Sort.MATCH: (SKILLS_MATCHED, tuple[Literal[Sort.MATCH], Moment, int, UUID]),
    Sort.LAST_ACTIVE: (
        "p.last_active_at",
        tuple[Literal[Sort.LAST_ACTIVE], Moment, datetime, UUID],
    ),
}


def _by_key(
    db: Connection, kind: Feed, search: CandidateSearch, limit: int, cursor: str | None, sort: Sort
) -> Listed[FeedEntry]:
    order, cursor_type = _ORDERS[sort]
    _, begun_at, last, last_id = after(cursor, cursor_type) or (None, search.at, None, None)
    search = _as_of(search, begun_at)
    condition, parameters = listed_condition(kind, search)
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
    found = page(rows, limit, lambda row: [sort, search.at, row[1], row[0]])
    ids = [row[0] for row in found.items]
    known = of_candidates(db, ids)
    scores = scoring.of_candidates(db, ids, search.at, search.position_id)
    items = [FeedEntry(known[id], scores.get(id)) for id in ids if id in known]
    return Listed(items=items, next_cursor=found.next_cursor)


# By likelihood ------------------------------------------------------------------------------------


class FeedCursor(NamedTuple):
    """How far a feed has been read: after whom, how many slots, and who was explored.

    And what its first page was scored by, so that the order of the pages is one: time alone changes
    scores, and two who cross between two pages would be shown twice, or not at all.
    """

    sort: Literal[Sort.LIKELIHOOD]
    at: Moment
    model_hash: str | None
    logit: FiniteFloat | None
    last: UUID | None
    slots: WholeNumber
    explored: tuple[UUID, ...]


class Slot(NamedTuple):
    """A candidate in a slot of a feed, and with which probability this was the one shown there."""

    ranked: Ranked
    propensity: float
    explored: bool


def _by_likelihood(
    db: Connection, kind: Feed, search: CandidateSearch, limit: int, cursor: str | None
) -> Listed[FeedEntry]:
    so_far = after(cursor, FeedCursor) or FeedCursor(
        Sort.LIKELIHOOD, search.at, None, None, None, 0, ()
    )
    search = _as_of(search, so_far.at)
    model, opening = scoring.current(db, search.position_id, so_far.model_hash)
    is_as_first = (search.at, model.hash) == (so_far.at, so_far.model_hash)
    so_far = so_far._replace(at=search.at, model_hash=model.hash)
    condition, parameters = listed_condition(kind, search)
    parameters |= {"explored": [*so_far.explored]}
    condition += " AND NOT candidate_id = ANY(%(explored)s::uuid[])"
    ranking = Ranking(db, (condition, parameters), model.model, opening, search.at)
    ranked = ranking.after(_last_shown(ranking, so_far, is_as_first=is_as_first), limit + 1)
    explored: dict[int, Slot] = {}
    if kind is Feed.PASSIVE and len(ranked) > limit:
        draws = exploration_draws(search, so_far, limit)
        explored = _explored(db, ranking, (condition, parameters), draws, ranked[-1].key)
    propensity = 1.0 - EXPLORED_SHARE if kind is Feed.PASSIVE else 1.0
    regular = (Slot(one, propensity, False) for one in ranked[: limit - len(explored)])
    slots = range(so_far.slots, so_far.slots + limit)
    shown = [one for slot in slots if (one := explored.get(slot) or next(regular, None))]
    known = of_candidates(db, [one.ranked.candidate_id for one in shown])
    items = [
        FeedEntry(candidate, score, one.explored, one.propensity)
        for one in shown
        if (candidate := known.get(one.ranked.candidate_id))
        for score in [model.score(one.ranked.state, opening, search.at)]
    ]
    more = len(ranked) > limit - len(explored)
    return Listed(items=items, next_cursor=_next_cursor(so_far, shown) if more else None)


def _last_shown(ranking: Ranking, so_far: FeedCursor, *, is_as_first: bool) -> RankKey | None:
    """Where the last candidate shown ranked, or ranks now if it is not scored as the first page."""
    if so_far.last is None or so_far.logit is None:
        return None
    if is_as_first:
        return ranking.key(so_far.logit, so_far.last)
    now = ranking.of([so_far.last])
    return now[0].key if now else ranking.key(so_far.logit, so_far.last)


def _next_cursor(so_far: FeedCursor, shown: Sequence[Slot]) -> str:
    explored = [one.ranked.candidate_id for one in shown if one.explored]
    cursor = so_far._replace(
        slots=so_far.slots + len(shown), explored=(*so_far.explored, *explored)
    )
    if regular := [one.ranked for one in shown if not one.explored]:
        _, negated_logit, last = regular[-1].key
        cursor = cursor._replace(logit=-negated_logit, last=last)
    return encoded(cursor)


# Exploration --------------------------------------------------------------------------------------


class Draw(NamedTuple):
    """Three random numbers from 0 to 1: whether a slot is explored, from which key, and whom."""

    explore: float
    key: float
    pick: float


def _draw(search: CandidateSearch, slot: int) -> Draw:
    """The same for everybody of the employer on a day."""
    about = f"{search.position_id}/{search.employer_id}/{search.at.date()}/{slot}"
    digest = sha256(about.encode()).digest()
    return Draw(*(int.from_bytes(digest[n : n + 8], "big") / 2**64 for n in (0, 8, 16)))


def exploration_draws(
    search: CandidateSearch, so_far: FeedCursor, limit: int
) -> list[tuple[int, Draw]]:
    """The slots of a page that are to be explored."""
    left = max(MOST_EXPLORED - len(so_far.explored), 0)
    draws = ((slot, _draw(search, slot)) for slot in range(so_far.slots, so_far.slots + limit))
    return [(slot, draw) for slot, draw in draws if draw.explore < EXPLORED_SHARE][:left]


def _explored(
    db: Connection,
    ranking: Ranking,
    condition: tuple[str, Mapping[str, Any]],
    draws: Sequence[tuple[int, Draw]],
    first_not_shown: RankKey,
) -> dict[int, Slot]:
    """Whom to show in each of these slots; a slot with no candidate to pick is left out."""
    picks: dict[int, Slot] = {}
    taken: set[UUID] = set()
    for slot, draw in draws:
        start = int(draw.key * RANDOM_KEYS)
        around = _around(db, condition, start)
        ranked = {one.candidate_id: one for one in ranking.of([id for id, _ in around])}
        further = [
            (id in ranked and ranked[id].key >= first_not_shown and id not in taken, key)
            for id, key in around
        ]
        chosen = choose(further, start, draw.pick)
        if chosen is not None:
            number, probability = chosen
            id = around[number][0]
            picks[slot] = Slot(ranked[id], EXPLORED_SHARE * probability, True)
            taken.add(id)
    return picks


def _around(
    db: Connection, condition: tuple[str, Mapping[str, Any]], start: int
) -> list[tuple[UUID, int]]:
    """The matches with the stored random keys just before and after a key; all if they are few.

    An index finds them. The keys are a circle: after the highest comes the lowest.
    """
    few = 3 * WINDOW + 1
    part = f"""
        (SELECT candidate_id, random_key FROM candidate_pool AS p
         WHERE {condition[0]} AND random_key {{side}} %(start)s
         ORDER BY random_key {{order}} LIMIT {few})"""  # noqa: S608 - our own text
    sides = [(side, order) for side in ("<", ">=") for order in ("ASC", "DESC")]
    statement = " UNION ".join(part.format(side=side, order=order) for side, order in sides)
    rows = db.execute(f"{statement} ORDER BY random_key", {**condition[1], "start": start})
    return [(id, key) for id, key in rows]


def choose(
    candidates: Sequence[tuple[bool, int]], start: int, pick: float
) -> tuple[int, float] | None:
    """Pick one of the eligible candidates in the window behind a key.

    Args:
        candidates: whether each is eligible and their key, in the order of the keys: all, or at
            least two windows after the start and one before it, the keys being a circle.
        start: the key, drawn evenly.
        pick: a number from 0 to 1, drawn evenly.

    Returns:
        The number of the candidate, and the exact probability with which the two draws pick them;
        None if no candidate in the window is eligible.
    """
    count = len(candidates)
    size = min(WINDOW, count)
    if count <= 3 * WINDOW:  # these are all
        size = count
    first = next((n for n, (_, key) in enumerate(candidates) if key >= start), 0)
    window = [number % count for number in range(first, first + size)]
    eligible = [number for number in window if candidates[number][0]]
    if not eligible:
        return None
    chosen = eligible[int(pick * len(eligible))]
    if size == count:
        return chosen, 1 / len(eligible)
    # The windows that hold the chosen one begin up to a window before it; each is as likely as the
    # gap before its first key is wide.
    before = [*accumulate(int(candidates[(chosen + n) % count][0]) for n in range(1 - size, size))]
    probability = 0.0
    for n in range(size):
        begin = chosen + 1 - size + n
        gap = (candidates[begin % count][1] - candidates[(begin - 1) % count][1]) % RANDOM_KEYS
        among = before[n + size - 1] - (before[n - 1] if n else 0)
        probability += gap / RANDOM_KEYS / among
    return chosen, probability

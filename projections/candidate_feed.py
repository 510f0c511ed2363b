"""A position's two lists, page by page: whom its filters let through, and in which order.

By likelihood, a small share of the passive feed's slots goes to exploration: candidates picked at
random from further down. Only candidates who are shown can answer, and only answers teach.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat

from domain.values import Moment
from domain.viewing import Feed, Sort
from infrastructure.database.postgres import Database, snapshot
from projections.candidate_index.index import CandidateIndex, Scoring
from projections.candidate_index.keeping import reading, scored
from projections.candidate_index.matching import id_keys_of, listed, question, term_keys
from projections.candidate_index.ranking import Ranked, Ranking, RankKey, match_keys, ranked
from projections.candidate_index.reading import RANDOM_KEYS, Term
from projections.candidate_profiles import ListedCandidate, of_candidates
from projections.candidate_search import CandidateSearch, still_listed
from projections.canonical import compared_filters
from projections.compared_columns import keys
from projections.likelihood import scoring
from projections.likelihood.features.position_match import PositionState
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
    db: Database,
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
        return _by_value(db, kind, search, limit, cursor, sort)


def _as_of(search: CandidateSearch, begun_at: datetime) -> CandidateSearch:
    """The search as of the moment of its first page, of which the cursor was given out."""
    return replace(search, at=max(min(begun_at, search.at), search.at - READ_WITHIN))


# By one value -------------------------------------------------------------------------------------


Value = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""How many of the nice-to-have skills, or the last activity in microseconds since 2000."""

_CURSORS = {
    Sort.MATCH: tuple[Literal[Sort.MATCH], Moment, Value, UUID],
    Sort.LAST_ACTIVE: tuple[Literal[Sort.LAST_ACTIVE], Moment, Value, UUID],
}


def _by_value(
    db: Database, kind: Feed, search: CandidateSearch, limit: int, cursor: str | None, sort: Sort
) -> Listed[FeedEntry]:
    """The highest values first; of equal ones, the lowest id."""
    asked = after(cursor, _CURSORS[sort])
    _, begun_at, last, last_id = asked or (None, search.at, None, None)
    search = _as_of(search, begun_at)
    asked_of = question(db, search)
    with reading(db, search.at) as index:
        rows = np.flatnonzero(listed(index, kind, asked_of))
        values = _values(db, index, asked_of.search, sort)[rows]
        before = None if last is None or last_id is None else (last, last_id)
        first = index.columns.highest(rows, values, limit + 1, before)
    found = page(first, limit, lambda one: [sort, search.at, one[0], one[1]])
    ids = [id for _, id in found.items]
    known = _still(db, kind, search, ids)
    scores = scoring.of_candidates(db, ids, search.at, search.position_id)
    items = [FeedEntry(known[id], scores.get(id)) for id in ids if id in known]
    return Listed(items=items, next_cursor=found.next_cursor)


def _values(
    db: Database, index: CandidateIndex, search: CandidateSearch, sort: Sort
) -> NDArray[np.int64]:
    if sort is Sort.LAST_ACTIVE:
        return index.columns["last_active"]
    wanted = keys(compared_filters(search.filters, search.own).nice_to_have_skills) or ()
    masks = index.masks(term_keys(db, Term.SKILL, wanted))
    nothing = np.zeros(index.columns.count, np.int64)
    return np.asarray(np.sum([nothing, *masks], axis=0))


def _still(
    db: Database, kind: Feed, search: CandidateSearch, ids: Sequence[UUID]
) -> dict[UUID, ListedCandidate]:
    """Those who are in the list as the tables have it now, whatever the index said."""
    return of_candidates(db, [*still_listed(db, kind, search, ids)])


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
    db: Database, kind: Feed, search: CandidateSearch, limit: int, cursor: str | None
) -> Listed[FeedEntry]:
    so_far = after(cursor, FeedCursor) or FeedCursor(
        Sort.LIKELIHOOD, search.at, None, None, None, 0, ()
    )
    search = _as_of(search, so_far.at)
    model, opening = scoring.current(db, search.position_id, so_far.model_hash)
    is_as_first = (search.at, model.hash) == (so_far.at, so_far.model_hash)
    so_far = so_far._replace(at=search.at, model_hash=model.hash)
    by = Scoring(model, search.at)
    asked, left_out = question(db, search), id_keys_of(db, so_far.explored)
    keys, last = match_keys(db, opening), _last_shown(db, so_far, by, opening, is_as_first)
    draws = exploration_draws(search, so_far, limit) if kind is Feed.PASSIVE else []
    with scored(db, by) as index:
        mask = listed(index, kind, asked)
        mask[[row for id, key in left_out if (row := index.row_of(id, key)) is not None]] = False
        ranking = Ranking(index, mask, by, opening, keys)
        likeliest = ranking.after(last, limit + 1)
        around = [
            (slot, draw, ranking.around(_start(draw), 3 * WINDOW + 1)) for slot, draw in draws
        ]
    found = ranked(db, likeliest, by, opening)
    best = [one for one in found if last is None or one.key > last][: limit + 1]
    picks = _picks(around, best[-1].key) if len(best) > limit else {}
    explored = {
        slot: Slot(one, propensity, True)
        for slot, (id, propensity) in picks.items()
        for one in ranked(db, [id], by, opening)
    }
    propensity = 1.0 - EXPLORED_SHARE if kind is Feed.PASSIVE else 1.0
    regular = (Slot(one, propensity, False) for one in best[: limit - len(explored)])
    slots = range(so_far.slots, so_far.slots + limit)
    shown = [one for slot in slots if (one := explored.get(slot) or next(regular, None))]
    known = _still(db, kind, search, [one.ranked.candidate_id for one in shown])
    items = [
        FeedEntry(candidate, score, one.explored, one.propensity)
        for one in shown
        if (candidate := known.get(one.ranked.candidate_id))
        for score in [model.score(one.ranked.state, opening, search.at)]
    ]
    more = len(best) > limit - len(explored)
    return Listed(items=items, next_cursor=_next_cursor(so_far, shown) if more else None)


def _last_shown(
    db: Database, so_far: FeedCursor, by: Scoring, opening: PositionState, is_as_first: bool
) -> RankKey | None:
    """Where the last candidate shown ranked, or ranks now if it is not scored as the first page."""
    if so_far.last is None or so_far.logit is None:
        return None
    now = [] if is_as_first else ranked(db, [so_far.last], by, opening)
    return now[0].key if now else (-so_far.logit, so_far.last)


def _next_cursor(so_far: FeedCursor, shown: Sequence[Slot]) -> str:
    explored = [one.ranked.candidate_id for one in shown if one.explored]
    cursor = so_far._replace(
        slots=so_far.slots + len(shown), explored=(*so_far.explored, *explored)
    )
    if regular := [one.ranked for one in shown if not one.explored]:
        negated_logit, last = regular[-1].key
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


def _start(draw: Draw) -> int:
    return int(draw.key * RANDOM_KEYS)


Around = list[tuple[int, RankKey]]
"""Candidates near a drawn key: their random keys, in order, and where they rank."""


def _picks(
    draws: Sequence[tuple[int, Draw, Around]], first_not_shown: RankKey
) -> dict[int, tuple[UUID, float]]:
    """The candidate to show in each of these slots, and with which probability it is this one.

    A slot with no candidate to pick is left out.
    """
    picks: dict[int, tuple[UUID, float]] = {}
    taken: set[UUID] = set()
    for slot, draw, around in draws:
        eligible = [(at >= first_not_shown and at[1] not in taken, key) for key, at in around]
        chosen = choose(eligible, _start(draw), draw.pick)
        if chosen is not None:
            number, probability = chosen
            _, (_, id) = around[number]
            picks[slot] = id, EXPLORED_SHARE * probability
            taken.add(id)
    return picks


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

"""Searches of one employer: its positions, its shortlists, its interviews, its positions' lists.

Only candidates whom the employer may see are found: who is in the lists of its open positions now,
or on their shortlists, by the conditions that those lists have; and those it has contacted. The
words are looked up by their index, `SearchWords`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import numpy as np
from psycopg import Connection

from domain.filters import Filters
from domain.values import Moment
from infrastructure.database.postgres import Database, fetch_all, snapshot
from projections.candidate_index.keeping import reading
from projections.candidate_index.matching import approachable as approachable_mask
from projections.candidate_index.matching import id_keys_of, passive, question
from projections.candidate_search import CandidateSearch, approachable
from projections.interview_list import Interview
from projections.paging import Listed, after, encoded, page
from projections.positions import Position

WORDS = "(w.names || w.skills || w.employers)"
"""As the index has them."""

FEW = 5_000
"""Up to so many people with the words, the index of the pool is asked who of them is in a list."""

LOOKED_AT = 20_000
"""How many people of the lists one page looks at, where more than `FEW` have the words."""

AT_ONCE = 1_000


class Found(NamedTuple):
    """A candidate, and the positions that lead to them, the latest first."""

    candidate_id: UUID
    position_ids: list[UUID]


# Positions and interviews -------------------------------------------------------------------------


def positions(
    db: Connection, employer_id: UUID, query: str, limit: int, cursor: str | None
) -> Listed[Position]:
    """The positions with these words: open ones first, the latest first."""
    last = after(cursor, tuple[Literal["found positions"], bool, datetime, UUID])
    _, closed, opened_at, id = last or (None, None, None, None)
    rows = fetch_all(
        db,
        Position,
        """
        SELECT p.* FROM positions AS p JOIN position_words AS w USING (employer_id, position_id)
        WHERE p.employer_id = %(employer)s
          AND (w.titles || w.places || w.filters) @@ %(query)s::tsquery
          AND (%(closed)s::boolean IS NULL
               OR (p.closed_at IS NOT NULL, %(opened_at)s - p.opened_at, p.position_id)
                  > (%(closed)s, interval '0', %(id)s::uuid))
        ORDER BY p.closed_at IS NOT NULL, p.opened_at DESC, p.position_id LIMIT %(limit)s""",
        {
            "employer": employer_id,
            "query": query,
            "closed": closed,
            "opened_at": opened_at,
            "id": id,
            "limit": limit + 1,
        },
    )
    return page(
        rows,
        limit,
        lambda row: ["found positions", row.closed_at is not None, row.opened_at, row.position_id],
    )


def interviews(
    db: Connection, employer_id: UUID, query: str, limit: int, cursor: str | None
) -> Listed[Interview]:
    """Everyone with these words whom the employer has contacted, the latest first."""
    last = after(cursor, tuple[Literal["found interviews"], datetime, UUID])
    _, sent_at, id = last or (None, None, None)
    rows = fetch_all(
        db,
        Interview,
        f"""
        SELECT i.* FROM interview_list AS i JOIN candidate_words AS w USING (candidate_id)
        WHERE i.employer_id = %(employer)s AND i.status <> 'undone'
          AND {WORDS} @@ %(query)s::tsquery
          AND (%(sent_at)s::timestamptz IS NULL OR i.sent_at < %(sent_at)s
               OR (i.sent_at = %(sent_at)s AND i.outreach_id > %(id)s::uuid))
        ORDER BY i.sent_at DESC, i.outreach_id LIMIT %(limit)s""",  # noqa: S608 - our own text
        {"employer": employer_id, "query": query, "sent_at": sent_at, "id": id, "limit": limit + 1},
    )
    return page(rows, limit, lambda row: ["found interviews", row.sent_at, row.outreach_id])


# Shortlists ---------------------------------------------------------------------------------------


def shortlisted(
    db: Connection,
    searches: Sequence[CandidateSearch],
    query: str,
    limit: int,
    cursor: str | None,
    *,
    in_beta: bool,
) -> Listed[Found]:
    """Who has these words and is on the shortlists of these positions, the latest first.

    The shortlists have the conditions of `shortlist`, whatever the positions' filters say.
    """
    if not searches:
        return Listed(items=[])
    last = after(cursor, tuple[Literal["found shortlisted"], Moment, UUID])
    _, since, last_id = last or (None, None, None)
    condition, parameters = approachable(replace(searches[0], filters=Filters()))
    # One statement for all positions: each row has its own.
    condition = condition.replace("%(position)s", "d.position_id")
    rows: list[tuple[UUID, datetime, list[UUID]]] = db.execute(
        f"""
        WITH RECURSIVE decided AS (
            SELECT position_id, candidate_id, shortlisted_at AS at FROM reviews
            WHERE employer_id = %(employer)s AND position_id = ANY(%(positions)s::uuid[])
              AND shortlisted_at IS NOT NULL
            UNION
            SELECT d.position_id, m.merged_into, d.at
            FROM decided AS d JOIN candidate_pool AS m USING (candidate_id)
            WHERE m.merged_into IS NOT NULL),
        found AS (
            SELECT p.candidate_id, max(d.at) AS since,
                   array_agg(d.position_id ORDER BY d.at DESC) AS position_ids
            FROM decided AS d JOIN candidate_pool AS p USING (candidate_id)
            JOIN candidate_words AS w USING (candidate_id)
            WHERE {WORDS} @@ %(query)s::tsquery AND {condition}
              AND (%(in_beta)s OR p.last_active_at >= %(active_since)s)
            GROUP BY p.candidate_id)
        SELECT candidate_id, since, position_ids FROM found
        WHERE %(since)s::timestamptz IS NULL OR since < %(since)s
           OR (since = %(since)s AND candidate_id > %(last_id)s::uuid)
        ORDER BY since DESC, candidate_id LIMIT %(limit)s""",  # noqa: S608 - our own text
        parameters
        | {
            "positions": [search.position_id for search in searches],
            "query": query,
            "in_beta": in_beta,
            "since": since,
            "last_id": last_id,
            "limit": limit + 1,
        },
    ).fetchall()
    found = page(rows, limit, lambda row: ["found shortlisted", row[1], row[0]])
    items = [Found(id, list(dict.fromkeys(positions))) for id, _, positions in found.items]
    return Listed(items=items, next_cursor=found.next_cursor)


# The lists of open positions ----------------------------------------------------------------------


def listed(
    db: Database,
    searches: Sequence[CandidateSearch],
    query: str,
    limit: int,
    cursor: str | None,
    *,
    in_beta: bool,
) -> Listed[Found]:
    """Who has these words and is in the lists of these positions, the latest active first.

    A page may have fewer people than asked for, or none, although more follow.
    """
    last = after(cursor, tuple[Literal["found listed"], int, UUID])
    before = last and last[1:]
    with snapshot(db):
        some, are_all = _with_words(db, query)
        if not searches or (are_all and not some):
            return Listed(items=[])
        ranks = _latest_active(db, searches, some if are_all else None, before, in_beta=in_beta)
        taken: list[tuple[int, UUID]] = []
        looked_at = 0
        for part in _parts(ranks):
            known = set(some) if are_all else _having_words(db, query, [id for _, id in part])
            for rank in part:
                looked_at += 1
                if rank[1] in known:
                    taken.append(rank)
                if len(taken) == limit:
                    break
            if len(taken) == limit:
                break
        where = _positions_listing(db, searches, [id for _, id in taken], in_beta=in_beta)
    items = [Found(id, where[id]) for _, id in taken if id in where]
    more = looked_at < len(ranks) or len(ranks) == LOOKED_AT
    end = ranks[looked_at - 1] if looked_at else None
    cursor = encoded(["found listed", *end]) if more and end else None
    return Listed(items=items, next_cursor=cursor)


def _with_words(db: Database, query: str) -> tuple[list[UUID], bool]:
    """People with the words, and whether that is everybody; by the index, whatever is guessed."""
    with db.transaction():
        db.execute("SET LOCAL enable_seqscan = off")
        rows = db.execute(
            f"SELECT candidate_id FROM candidate_words AS w WHERE {WORDS} @@ %s::tsquery LIMIT %s",  # noqa: S608 - our own text
            [query, FEW + 1],
        ).fetchall()
        db.execute("SET LOCAL enable_seqscan TO DEFAULT")
    return [id for (id,) in rows], len(rows) <= FEW


def _having_words(db: Database, query: str, ids: Collection[UUID]) -> set[UUID]:
    rows = db.execute(
        f"""
        SELECT candidate_id FROM candidate_words AS w
        WHERE candidate_id = ANY(%s::uuid[]) AND {WORDS} @@ %s::tsquery""",  # noqa: S608 - our own text
        [[*ids], query],
    ).fetchall()
    return {id for (id,) in rows}


def _latest_active(
    db: Database,
    searches: Sequence[CandidateSearch],
    among: Sequence[UUID] | None,
    before: tuple[int, UUID] | None,
    *,
    in_beta: bool,
) -> list[tuple[int, UUID]]:
    """The latest active of the positions' lists, each with when; perhaps only among some people."""
    at = searches[0].at
    asked = [question(db, search) for search in searches]
    keys = None if among is None else [key for _, key in id_keys_of(db, among)]
    with reading(db, at) as index:
        mask = np.zeros(index.columns.count, np.bool_)
        for each in asked:
            mask |= approachable_mask(index, each)
        if not in_beta:
            mask &= ~passive(index, at)
        if keys is None:
            rows = np.flatnonzero(mask)
        else:
            rows = np.unique(index.postings.any_of(keys))
            rows = rows[mask[rows]]
        return index.columns.highest(rows, index.columns["last_active"][rows], LOOKED_AT, before)


def _parts(ranks: list[tuple[int, UUID]]) -> Iterator[list[tuple[int, UUID]]]:
    return (ranks[at : at + AT_ONCE] for at in range(0, len(ranks), AT_ONCE))


def _positions_listing(
    db: Database, searches: Sequence[CandidateSearch], ids: Sequence[UUID], *, in_beta: bool
) -> dict[UUID, list[UUID]]:
    """The positions that list each of these people, as the tables have it now."""
    where: dict[UUID, list[UUID]] = {}
    for search in searches if ids else ():
        condition, parameters = approachable(search)
        rows = db.execute(
            f"""
            SELECT candidate_id FROM candidate_pool AS p
            WHERE candidate_id = ANY(%(ids)s::uuid[]) AND {condition}
              AND (%(in_beta)s OR p.last_active_at >= %(active_since)s)""",  # noqa: S608 - our own text
            parameters | {"ids": [*ids], "in_beta": in_beta},
        ).fetchall()
        for (id,) in rows:
            where.setdefault(id, []).append(search.position_id)
    return where

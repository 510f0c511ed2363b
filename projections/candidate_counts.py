"""How many candidates a position's lists have, and would have with other filters."""

from dataclasses import replace
from functools import reduce

import numpy as np
from pydantic import BaseModel

from domain.filters import Criterion, Filters
from infrastructure.database.postgres import Database, snapshot
from projections.candidate_index.keeping import reading
from projections.candidate_index.matching import admitted, approachable, passive, question
from projections.candidate_search import CandidateSearch

MOST_RELAXED = 30


class Relaxation(BaseModel):
    """How many more would match a position if its filters did not have this criterion."""

    criterion: Criterion
    recommendations: int
    passive_candidates: int


def counts(db: Database, search: CandidateSearch) -> tuple[int, int]:
    """How many are recommended for a position, and how many passive candidates match it."""
    with snapshot(db):
        asked = question(db, search)
        with reading(db, search.at) as index:
            found = approachable(index, asked)
            silent = np.count_nonzero(found & passive(index, search.at))
        return int(np.count_nonzero(found) - silent), int(silent)


def relaxations(db: Database, search: CandidateSearch) -> list[Relaxation]:
    """What dropping each criterion of the filters would add, the most first.

    Dropping one adds the candidates who miss it alone. Of filters with more than `MOST_RELAXED`
    criteria, only the first ones are weighed.
    """
    filters = search.filters
    weighed = filters.criteria()[:MOST_RELAXED]
    with snapshot(db):
        asked = question(db, search)
        own = asked.search.own
        others = replace(asked.search, filters=reduce(Filters.without, weighed, filters))
        asked = asked._replace(search=others)
        with reading(db, search.at) as index:
            found, silent = approachable(index, asked), passive(index, search.at)
            missed = [found & ~admitted(db, index, filters.only(each), own) for each in weighed]
    if not missed:
        return []
    alone = np.sum(missed, axis=0, dtype=np.uint8) == 1
    gains = [
        Relaxation(
            criterion=criterion,
            recommendations=int(np.count_nonzero(miss & alone & ~silent)),
            passive_candidates=int(np.count_nonzero(miss & alone & silent)),
        )
        for criterion, miss in zip(weighed, missed, strict=True)
    ]
    return sorted(gains, key=lambda each: -(each.passive_candidates + each.recommendations))

"""A candidate pool that follows an event store, and the lists that are made of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.actor import Actor, Role
from domain.command import Command
from domain.event import Event
from domain.filters import Filters
from domain.identifier import SignUpCandidate
from domain.profile import Facts
from domain.viewing import Feed, Sort
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projector import Projector
from projections import (
    candidate_counts,
    candidate_feed,
    candidate_profiles,
    candidate_search,
)
from projections.candidate_counts import Relaxation
from projections.candidate_index import keeping, matching
from projections.candidate_pool import CandidatePool
from projections.candidate_search import CandidateSearch
from projections.candidate_terms import TermKind
from projections.likelihood.projection import Likelihoods
from projections.profiles_opened import ProfilesOpened
from projections.remarks import Remarks
from projections.suggestions import suggestions

NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
PLATFORM = Actor(id="feed", role=Role.PLATFORM)
IDS = UUID("00000000-0000-5000-8000-000000000000")
EMPLOYER, POSITION = uuid5(IDS, "employer"), uuid5(IDS, "position")


FOLLOWING = [
    CandidatePool(),
    *(read() for read in CandidatePool.READS),
    Likelihoods(),
    ProfilesOpened(),
    Remarks(),
]


def somebody(name: str) -> UUID:
    return uuid5(IDS, name)


class Pooled:
    """A candidate pool that follows an event store."""

    def __init__(self, store: EventStore, pool: Pool, db: Connection[TupleRow]) -> None:
        self._store = store
        self._projectors = [Projector([p], store, pool) for p in FOLLOWING]
        self._db = db
        self._is_behind = True

    def after(self, command: Callable[..., Command], at: datetime = NOW, **asked: object) -> None:
        self._store.execute(command(by=PLATFORM, at=at, request_id="test", **asked))
        self._is_behind = True

    def record(self, events: Sequence[Event]) -> None:
        """Record what happened, whatever commands would say."""
        self._store.record(events)
        self._is_behind = True

    def version(self, id: UUID) -> int:
        """The version that an aggregate has reached."""
        return self._store.recorder.versions([id]).get(id, 0)

    def sign_up(
        self, name: str, *, silent_for: timedelta, until: datetime | None = None, **facts: Any
    ) -> UUID:
        """A member who opted in, perhaps until a moment, and was last active that long ago."""
        self.after(
            SignUpCandidate,
            candidate_id=somebody(name),
            name=name,
            facts=Facts.model_validate(facts),
            signed_up_at=NOW - silent_for,
            opted_in=True,
            opted_in_until=until,
        )
        return somebody(name)

    def feed(self, kind: Feed, filters: Filters | None = None, **asked: object) -> list[str]:
        self._follow()
        search = CandidateSearch(EMPLOYER, POSITION, filters or Filters(), NOW)
        listed = candidate_feed.feed(self._db, kind, search, limit=1000, **asked)  # type: ignore[arg-type]
        ids = [slot.candidate.candidate_id for slot in listed.items]
        assert candidate_counts.counts(self._db, search)[kind is Feed.PASSIVE] == len(ids)
        assert candidate_search.still_listed(self._db, kind, search, ids) == set(ids)
        return [slot.candidate.name for slot in listed.items]

    def listed(self, filters: Filters, names: Iterable[str]) -> set[str]:
        """Those of these people who are in one of the lists."""
        self._follow()
        search = CandidateSearch(EMPLOYER, POSITION, filters, NOW)
        people = {somebody(name): name for name in names}
        ids = [*people]
        found = [
            *candidate_search.still_listed(self._db, Feed.PASSIVE, search, ids),
            *candidate_search.still_listed(self._db, Feed.RECOMMENDATIONS, search, ids),
        ]
        assert len(found) == len(set(found)), "nobody is in both lists"
        asked = matching.question(self._db, search)
        with keeping.reading(self._db, NOW) as index:
            masks = [matching.listed(index, kind, asked) for kind in Feed]
            known = {id for mask in masks for id in index.columns.ids(np.flatnonzero(mask))}
        assert known.intersection(ids) == set(found), (
            "the index lists the same people as the tables"
        )
        return {people[id] for id in found}

    def pages(self, sort: Sort, size: int) -> list[str]:
        """All names of the passive feed, read page by page."""
        self._follow()
        search = CandidateSearch(
            EMPLOYER, POSITION, Filters(nice_to_have_skills=("Go", "SQL")), NOW
        )
        names: list[str] = []
        cursor = None
        while True:
            listed = candidate_feed.feed(self._db, Feed.PASSIVE, search, size, cursor, sort)
            names += [slot.candidate.name for slot in listed.items]
            cursor = listed.next_cursor
            if cursor is None:
                return names

    def counts(self, filters: Filters) -> tuple[int, int]:
        self._follow()
        return candidate_counts.counts(self._db, CandidateSearch(EMPLOYER, POSITION, filters, NOW))

    def relaxations(self, filters: Filters) -> list[Relaxation]:
        self._follow()
        return candidate_counts.relaxations(
            self._db, CandidateSearch(EMPLOYER, POSITION, filters, NOW)
        )

    def suggestions(self, kind: TermKind, text: str) -> list[tuple[str, int]]:
        self._follow()
        found = suggestions(self._db, kind, text, NOW, 10)
        return [(each.term, each.people) for each in found]

    def written(self, kind: TermKind) -> dict[str, int]:
        """The terms of a kind as profiles write them, and how many people have each."""
        self._follow()
        statement = "SELECT written, people FROM candidate_terms WHERE kind = %s"
        return dict(self._db.execute(statement, [kind]).fetchall())

    def profile(self, id: UUID) -> candidate_profiles.CandidateProfile | None:
        self._follow()
        return candidate_profiles.profile(self._db, id)

    def _follow(self) -> None:
        while self._is_behind:
            self._is_behind = any(projector.catch_up() for projector in self._projectors)

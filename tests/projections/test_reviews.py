"""A position's shortlist, who is set aside for it, and whose profile was opened."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.candidate_commands import BlockEmployer, EraseCandidate, OptOut
from domain.candidate_events import CandidateErased, Contacted
from domain.employer import Manager, RegisterEmployer
from domain.employer_events import BetaJoined
from domain.event import Event
from domain.filters import Filters
from domain.merging import MergeCandidates, SeparateCandidates
from domain.review import (
    SetAside,
    SetAsideReason,
    Shortlisted,
    TakenBack,
    Unshortlisted,
    review_id,
)
from domain.viewing import Feed, ProfileOpened, Sort
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import LoggedEvent
from infrastructure.projecting.versions import create_tables
from projections import candidate_search, reviews, shortlist
from projections.candidate_search import CandidateSearch
from projections.profiles_opened import ProfilesOpened
from projections.reviews import Reviews
from projections.shortlist import Decided
from tests.support.events import event_of
from tests.support.pooled import EMPLOYER, FOLLOWING, NOW, PLATFORM, POSITION, Pooled, somebody

LONG = timedelta(days=400)
WHY: dict[str, Any] = {"reason": SetAsideReason.SALARY, "note": "Twice the budget."}


class Reviewed(Pooled):
    """A pool whose candidates are decided about."""

    def decided(self, event: type[Event], name: str, *, at: datetime = NOW, **more: Any) -> None:
        id = review_id(more.get("position_id", POSITION), somebody(name))
        about = {"employer_id": EMPLOYER, "position_id": POSITION, "candidate_id": somebody(name)}
        version = self.version(id) + 1
        self.record([event_of(event, id, at=at, by=PLATFORM, version=version, **about | more)])

    def opened(self, name: str, at: datetime) -> None:
        about: dict[str, Any] = {
            "employer_id": EMPLOYER,
            "position_id": POSITION,
            "candidate_id": somebody(name),
            "passive": True,
            "probability": None,
        }
        look = somebody(f"{name} {at}")
        self.record([event_of(ProfileOpened, look, at=at, by=PLATFORM, version=1, **about)])

    def on(self, decided: Decided, filters: Filters | None = None, limit: int = 100) -> list[UUID]:
        """Who is on a list, read page by page, which its count agrees with."""
        self._follow()
        search = CandidateSearch(EMPLOYER, POSITION, filters or Filters(), NOW)
        found: list[UUID] = []
        cursor = None
        while True:
            listed = shortlist.listed(self._db, decided, search, limit, cursor)
            found += listed.items
            cursor = listed.next_cursor
            if cursor is None:
                break
        assert shortlist.count(self._db, decided, search) == len(found)
        return found

    def of(self, name: str) -> shortlist.Review:
        self._follow()
        id = somebody(name)
        return shortlist.of_candidates(self._db, EMPLOYER, POSITION, [id])[id]

    def rows(self) -> tuple[list[Any], list[Any]]:
        self._follow()
        return rows(self._db)


def rows(db: Connection[TupleRow]) -> tuple[list[Any], list[Any]]:
    decided = db.execute("SELECT * FROM reviews ORDER BY position_id, candidate_id").fetchall()
    return decided, db.execute("SELECT * FROM profiles_opened ORDER BY candidate_id").fetchall()


@pytest.fixture
def pooled(store: EventStore, pool: Pool) -> Iterator[Reviewed]:
    create_tables(FOLLOWING, pool)
    with pool.connection() as db:
        pooled = Reviewed(store, pool, db)
        for name in ("Ada", "Ben", "Cleo"):
            pooled.sign_up(name, silent_for=LONG, skills=("Go",))
        yield pooled


# --- The shortlist


def test_a_shortlist_shows_the_latest_first_page_by_page(pooled: Reviewed) -> None:
    in_the_beta(pooled)
    for days, name in enumerate(("Ada", "Ben", "Cleo")):
        pooled.decided(Shortlisted, name, at=NOW - timedelta(days=days))
    assert pooled.on(Decided.SHORTLISTED) == [*map(somebody, ("Ada", "Ben", "Cleo"))]
    assert pooled.on(Decided.SHORTLISTED, limit=1) == pooled.on(Decided.SHORTLISTED)


def test_shortlisted_candidates_stay_in_the_lists(pooled: Reviewed) -> None:
    pooled.decided(Shortlisted, "Ada")
    assert {*pooled.feed(Feed.PASSIVE)} == {"Ada", "Ben", "Cleo"}


def test_a_shortlist_keeps_whom_the_filters_no_longer_let_through(pooled: Reviewed) -> None:
    in_the_beta(pooled)
    pooled.decided(Shortlisted, "Ada")
    rust = Filters(required_skills=("Rust",))
    assert pooled.counts(rust) == (0, 0)
    assert pooled.on(Decided.SHORTLISTED, rust) == [somebody("Ada")]


def test_who_is_taken_off_is_not_on_it(pooled: Reviewed) -> None:
    in_the_beta(pooled)
    pooled.decided(Shortlisted, "Ada")
    pooled.decided(Unshortlisted, "Ada")
    assert pooled.on(Decided.SHORTLISTED) == []
    assert not pooled.of("Ada").shortlisted


def test_passive_candidates_are_on_it_only_while_the_employer_is_in_the_beta(
    pooled: Reviewed,
) -> None:
    pooled.sign_up("Eager", silent_for=timedelta(days=1))
    for name in ("Ada", "Eager"):
        pooled.decided(Shortlisted, name)
    assert pooled.on(Decided.SHORTLISTED) == [somebody("Eager")]
    in_the_beta(pooled)
    assert {*pooled.on(Decided.SHORTLISTED)} == {somebody("Ada"), somebody("Eager")}


def test_who_wants_no_contact_or_was_contacted_is_on_no_shortlist(pooled: Reviewed) -> None:
    in_the_beta(pooled)
    for name in ("Ada", "Ben", "Cleo"):
        pooled.decided(Shortlisted, name)
    pooled.after(OptOut, candidate_id=somebody("Ada"))
    pooled.after(BlockEmployer, candidate_id=somebody("Ben"), employer_id=EMPLOYER)
    assert pooled.on(Decided.SHORTLISTED) == [somebody("Cleo")]
    contact = {"employer_id": EMPLOYER, "position_id": POSITION, "outreach_id": somebody("sent")}
    id = somebody("Cleo")
    sent: dict[str, Any] = {"at": NOW, "by": PLATFORM, "version": pooled.version(id) + 1, **contact}
    pooled.record([event_of(Contacted, id, **sent)])
    assert pooled.on(Decided.SHORTLISTED) == []


# --- Set aside


def test_who_is_set_aside_is_in_neither_list_in_any_order_until_taken_back(
    pooled: Reviewed,
) -> None:
    in_the_beta(pooled)
    pooled.decided(SetAside, "Ada", **WHY)
    for sort in Sort:
        assert {*pooled.feed(Feed.PASSIVE, sort=sort)} == {"Ben", "Cleo"}
    assert pooled.on(Decided.SET_ASIDE) == [somebody("Ada")]
    pooled.decided(TakenBack, "Ada")
    assert {*pooled.feed(Feed.PASSIVE)} == {"Ada", "Ben", "Cleo"}
    assert pooled.on(Decided.SET_ASIDE) == []


def test_an_active_candidate_who_is_set_aside_is_not_recommended(pooled: Reviewed) -> None:
    pooled.sign_up("Eager", silent_for=timedelta(days=1))
    assert pooled.feed(Feed.RECOMMENDATIONS) == ["Eager"]
    pooled.decided(SetAside, "Eager", **WHY)
    assert pooled.feed(Feed.RECOMMENDATIONS) == []


def test_counts_and_relaxations_leave_out_who_is_set_aside(pooled: Reviewed) -> None:
    rust = Filters(required_skills=("Rust",))
    pooled.decided(SetAside, "Ada", **WHY)
    assert pooled.counts(Filters()) == (0, 2)
    assert [gain.passive_candidates for gain in pooled.relaxations(rust)] == [2]


def test_another_positions_lists_still_show_them(pooled: Reviewed) -> None:
    pooled.decided(SetAside, "Ada", position_id=somebody("another position"), **WHY)
    assert {*pooled.feed(Feed.PASSIVE)} == {"Ada", "Ben", "Cleo"}


def test_who_is_set_aside_is_off_the_shortlist_until_taken_back(pooled: Reviewed) -> None:
    in_the_beta(pooled)
    pooled.decided(Shortlisted, "Ada")
    pooled.decided(SetAside, "Ada", **WHY)
    assert pooled.on(Decided.SHORTLISTED) == []
    pooled.decided(TakenBack, "Ada")
    assert pooled.on(Decided.SHORTLISTED) == [somebody("Ada")]


def test_the_reason_is_known_and_forgotten_when_taken_back(pooled: Reviewed) -> None:
    pooled.decided(SetAside, "Ada", **WHY)
    aside = pooled.of("Ada").set_aside
    assert aside is not None
    assert (aside.reason, aside.note, aside.by, aside.at) == (*WHY.values(), PLATFORM.id, NOW)
    pooled.decided(TakenBack, "Ada")
    assert pooled.of("Ada").set_aside is None
    assert "Twice the budget." not in str(pooled.rows())


# --- Opened profiles


def test_a_profile_says_when_it_was_last_opened(pooled: Reviewed) -> None:
    assert pooled.of("Ada").opened_at is None
    pooled.opened("Ada", NOW)
    pooled.opened("Ada", NOW - timedelta(days=3))
    assert pooled.of("Ada").opened_at == NOW
    assert pooled.of("Ben").opened_at is None


# --- Merged and erased candidates


def merge(pooled: Reviewed, *, kept: str, duplicate: str, undo: bool = False) -> None:
    both: dict[str, Any] = {"candidate_id": somebody(kept), "duplicate_id": somebody(duplicate)}
    pooled.after(SeparateCandidates if undo else MergeCandidates, **both)


def test_what_was_decided_about_a_duplicate_is_of_the_person_they_were_merged_into(
    pooled: Reviewed,
) -> None:
    in_the_beta(pooled)
    pooled.decided(SetAside, "Ada", **WHY)
    pooled.decided(Shortlisted, "Cleo")
    pooled.opened("Ada", NOW)
    merge(pooled, kept="Ben", duplicate="Ada")
    assert pooled.feed(Feed.PASSIVE) == ["Cleo"]
    assert pooled.on(Decided.SET_ASIDE) == [somebody("Ben")]
    aside = pooled.of("Ben").set_aside
    assert aside is not None
    assert aside.note == WHY["note"]
    assert pooled.of("Ben").opened_at == NOW
    merge(pooled, kept="Ben", duplicate="Cleo")
    pooled.decided(TakenBack, "Ada")
    assert pooled.on(Decided.SHORTLISTED) == [somebody("Ben")]
    merge(pooled, kept="Ben", duplicate="Cleo", undo=True)
    assert pooled.on(Decided.SHORTLISTED) == [somebody("Cleo")]


def test_a_duplicate_of_a_duplicate_leads_to_the_person_as_well(pooled: Reviewed) -> None:
    in_the_beta(pooled)
    pooled.decided(Shortlisted, "Ada")
    merge(pooled, kept="Ben", duplicate="Ada")
    merge(pooled, kept="Cleo", duplicate="Ben")
    assert pooled.on(Decided.SHORTLISTED) == [somebody("Cleo")]


def test_an_erased_candidate_is_on_no_list_and_nothing_is_kept(pooled: Reviewed) -> None:
    in_the_beta(pooled)
    pooled.decided(Shortlisted, "Ada")
    pooled.decided(SetAside, "Ada", **WHY)
    pooled.opened("Ada", NOW)
    pooled.after(EraseCandidate, candidate_id=somebody("Ada"))
    assert pooled.on(Decided.SET_ASIDE) == []
    assert pooled.rows() == ([], [])


# --- Replay


def test_one_batch_gives_what_single_events_give_and_an_erasure_may_come_twice(
    store: EventStore, pool: Pool, connection: Connection[TupleRow]
) -> None:
    models = [Reviews(), ProfilesOpened()]
    create_tables(models, pool)
    history: list[LoggedEvent] = []

    def happened(event: type[Event], id: UUID, **more: Any) -> None:
        about = {"at": NOW + timedelta(minutes=len(history)), "by": PLATFORM, "version": 1, **more}
        history.append(LoggedEvent(len(history) + 1, event_of(event, id, **about)))

    for name in ("Ada", "Ben", "Cleo"):
        about = {"employer_id": EMPLOYER, "position_id": POSITION, "candidate_id": somebody(name)}
        id = review_id(POSITION, somebody(name))
        happened(SetAside, id, **about, **WHY)
        happened(Shortlisted, id, **about)
        happened(ProfileOpened, somebody(f"look at {name}"), **about, passive=True, probability=0.2)
        happened(TakenBack, id, **about)
        happened(Unshortlisted, id, **about)
        happened(SetAside, id, **about, **WHY)
    happened(CandidateErased, somebody("Cleo"))
    history.append(history[-1])

    def applied(batches: list[list[LoggedEvent]]) -> tuple[list[Any], list[Any]]:
        with connection.transaction(force_rollback=True):
            for batch in batches:
                for model in models:
                    model.apply(connection, [e for e in batch if type(e.event) in model.follows])
            return rows(connection)

    decided, opened = applied([[event] for event in history])
    assert (decided, opened) == applied([history])
    assert {row[2] for row in (*decided, *opened)} == {somebody("Ada"), somebody("Ben")}


def test_a_person_is_led_to_every_review_of_theirs_also_to_those_taken_back(
    pooled: Reviewed,
) -> None:
    pooled.decided(Shortlisted, "Ada")
    pooled.decided(Unshortlisted, "Ada")
    pooled.decided(SetAside, "Ben", **WHY)
    pooled.rows()
    ids = [somebody("Ada"), somebody("Cleo")]
    assert reviews.of_person(pooled._db, ids) == [review_id(POSITION, ids[0])]


# --- The plan


def test_who_is_set_aside_is_hashed_once_a_query(pooled: Reviewed) -> None:
    pooled.decided(SetAside, "Ada", **WHY)
    pooled.rows()
    search = CandidateSearch(EMPLOYER, POSITION, Filters(), NOW)
    condition, parameters = candidate_search.listed_condition(Feed.PASSIVE, search)
    plan = pooled._db.execute(
        f"EXPLAIN SELECT candidate_id FROM candidate_pool AS p WHERE {condition}",
        parameters,
    ).fetchall()
    assert "hashed SubPlan" in " ".join(line for (line,) in plan)


def in_the_beta(pooled: Reviewed) -> None:
    manager = Manager(name="Morgan", email="morgan@example.com")
    pooled.after(RegisterEmployer, employer_id=EMPLOYER, company="Acme", manager=manager)
    joined: dict[str, Any] = {"at": NOW, "by": PLATFORM, "version": pooled.version(EMPLOYER) + 1}
    pooled.record([event_of(BetaJoined, EMPLOYER, **joined)])

"""The index in memory says of everybody what the tables say, however it came to know."""

import random
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as some
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.candidate_events import (
    AddressBounced,
    CandidateErased,
    ContactBudgetSet,
    EmployerBlocked,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
)
from domain.filters import Filters
from domain.profile import Facts
from domain.traits import term_hash
from domain.viewing import Feed, Sort
from infrastructure.projecting.projection import LoggedEvent
from projections import candidate_changes
from projections.candidate_feed import feed
from projections.candidate_index import keeping, reading
from projections.candidate_index.index import CandidateIndex, Scoring
from projections.candidate_index.matching import listed, question
from projections.candidate_index.postings import Postings
from projections.candidate_pool import CandidatePool
from projections.candidate_search import CandidateSearch, listed_condition
from projections.likelihood.features.candidate import CandidateState
from projections.likelihood.features.catalogue import CATEGORIES
from projections.likelihood.features.position_match import (
    MatchColumns,
    PositionState,
    matches,
    matches_by_column,
)
from projections.likelihood.projection import Likelihoods
from projections.likelihood.scoring import current, of_candidates
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.history import EMPLOYER, History, days, somebody
from tests.support.likelihood_people import random_candidate_state, random_position_state

POSITION = UUID(int=7)
SKILLS = ("Python", "Go", "SQL", "Rust")
COUNTRIES = ("France", "Peru")
SEARCHES = [
    Filters(),
    Filters(required_skills=("Go",)),
    Filters(required_skills=("Go", "SQL"), locations=("France",)),
    Filters(locations=("Peru",), remote=True, years_from=3),
    Filters(required_skills=("never heard of",)),
]


class Followed:
    """A pool that follows a history batch by batch, and an index of it."""

    def __init__(self, db: Connection[TupleRow]) -> None:
        self.db = db
        self.history = History()
        self.index = CandidateIndex()
        self._projections = (
            CandidatePool(),
            *(read() for read in CandidatePool.READS),
            Likelihoods(),
        )
        self._read = 0

    def follow(self) -> None:
        """Apply what was added to the history, and refresh the index."""
        self.apply()
        self.index.refresh(self.db, self.history.now)

    def apply(self) -> None:
        fresh = self.history.events[self._read :]
        batch = [LoggedEvent(number, one) for number, one in enumerate(fresh, self._read + 1)]
        self._read += len(fresh)
        for projection in self._projections:
            if followed := [one for one in batch if type(one.event) in projection.follows]:
                projection.apply(self.db, followed)

    @property
    def scoring(self) -> Scoring:
        return Scoring(current(self.db)[0], self.history.now)

    def by_index(self, kind: Feed, filters: Filters, index: CandidateIndex) -> set[UUID]:
        mask = listed(index, kind, question(self.db, self._search(filters)))
        return {*index.columns.ids(np.flatnonzero(mask))}

    def by_tables(self, kind: Feed, filters: Filters) -> set[UUID]:
        condition, parameters = listed_condition(kind, self._search(filters))
        found = self.db.execute(
            f"SELECT candidate_id FROM candidate_pool AS p WHERE {condition}", parameters
        )
        return {id for (id,) in found}

    def check(self, index: CandidateIndex | None = None) -> None:
        """The index lists and scores the same people as the tables do."""
        index = index or self.index
        for kind in Feed:
            for filters in SEARCHES:
                assert self.by_index(kind, filters, index) == self.by_tables(kind, filters)
        known = np.flatnonzero(index.columns.scored).astype(np.int32)
        ids = index.columns.ids(known)
        at, logits = self.history.now, index.logits(known, self.scoring).tolist()
        scores = {id: of.likelihood.logit for id, of in of_candidates(self.db, ids, at).items()}
        assert dict(zip(ids, logits, strict=True)) == scores

    def _search(self, filters: Filters) -> CandidateSearch:
        return CandidateSearch(EMPLOYER, POSITION, filters, self.history.now)


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[Connection[TupleRow]]:
    with databases.prepared() as url, psycopg.connect(url, autocommit=True) as db:
        yield db


@pytest.fixture
def followed(database: Connection[TupleRow]) -> Iterator[Followed]:
    """Of an empty pool; what a test does to it is undone."""
    keeping.forget()
    with database.transaction(force_rollback=True):
        yield Followed(database)
    keeping.forget()


def something_happens(history: History, rng: random.Random, members: list[int]) -> None:
    """A member joins, or something happens to one."""
    name = rng.choice(members or [0])
    who = somebody(name)
    facts = Facts(
        skills=tuple(rng.sample(SKILLS, rng.randrange(4))),
        country=rng.choice(COUNTRIES),
        years_experience=rng.choice([1, 3, 5]),
        open_to_remote=rng.random() < 0.5,
    )
    kind = rng.randrange(12) if members else 0
    if kind < 4:
        members.append(len(history.events))
        history.sign_up(members[-1], **facts.known())
    elif kind == 4:
        history.add(OptedOut, who)
    elif kind == 5:
        history.add(OptedIn, who)
    elif kind == 6:
        history.add(EmployerBlocked, who, employer_id=EMPLOYER)
    elif kind == 7:
        history.add(
            ProfileEnhanced,
            who,
            source="register",
            observed_on=history.now.date(),
            fields=tuple(facts.known()),
            facts=facts,
        )
    elif kind == 8:
        history.add(ContactBudgetSet, who, contacts=rng.randrange(3))
    elif kind == 9:
        history.add(AddressBounced, who)
    elif kind == 10:
        history.be_active(name)
    else:
        members.remove(name)
        history.add(CandidateErased, who)
    history.now += days(rng.choice([0, 1, 40]))


# To the tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_it_lists_and_scores_whom_the_tables_do(
    followed: Followed, seed: int
) -> None:
    rng, members = random.Random(seed), list[int]()
    for _ in range(90):
        something_happens(followed.history, rng, members)
        if rng.random() < 0.1:
            followed.follow()
    followed.follow()
    followed.check()
    anew = CandidateIndex()
    anew.refresh(followed.db, followed.history.now)
    followed.check(anew)


def test_after_more_changes_than_are_noted_it_is_read_anew(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed.history.sign_up("Ada", skills=("Go",))
    followed.follow()
    monkeypatch.setattr(candidate_changes, "KEPT", 2)
    behind, followed.index = followed.index, CandidateIndex()
    for name in ("Bo", "Cy", "Di", "Ed"):
        followed.history.sign_up(name, skills=("Go",))
        followed.follow()
    behind.refresh(followed.db, followed.history.now)
    followed.check(behind)
    assert behind.columns.count == 5


def test_once_other_tables_are_live_it_is_read_anew(followed: Followed) -> None:
    followed.history.sign_up("Ada", "Bo")
    followed.follow()
    followed.db.execute("CREATE TABLE rebuilt (LIKE candidate_pool INCLUDING ALL)")
    followed.db.execute("INSERT INTO rebuilt SELECT * FROM candidate_pool WHERE name = 'Bo'")
    followed.db.execute("DROP TABLE candidate_pool")
    followed.db.execute("ALTER TABLE rebuilt RENAME TO candidate_pool")
    followed.index.refresh(followed.db, followed.history.now)
    assert followed.index.columns.ids(np.array([0])) == [somebody("Bo")]
    followed.check()


def test_of_the_erased_nothing_is_left_in_its_columns(followed: Followed) -> None:
    followed.history.sign_up("Ada", skills=("Go",), country="France", years_experience=3)
    followed.follow()
    followed.history.add(CandidateErased, somebody("Ada"))
    followed.follow()
    columns = followed.index.columns
    assert columns.ids(np.array([0])) == [UUID(int=0)]
    assert np.isnan(columns["states"][:, 0]).all()
    assert all(not columns[name][0] for name in ("years", "last_active", "home_known", "role"))


def test_who_opts_out_is_not_shown_even_if_the_index_has_not_heard(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed.history.sign_up("Ada", "Bo")
    followed.history.now += days(300)
    search = CandidateSearch(EMPLOYER, POSITION, Filters(), followed.history.now)
    followed.follow()
    assert len(feed(followed.db, Feed.PASSIVE, search, 10).items) == 2
    monkeypatch.setattr(CandidateIndex, "refresh", lambda *_: None)
    followed.history.add(OptedOut, somebody("Ada"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(followed.index, "refresh", lambda *_: None)
        followed.follow()
    for sort in Sort:
        shown = feed(followed.db, Feed.PASSIVE, search, 10, None, sort).items
        assert [entry.candidate.name for entry in shown] == ["Bo"], sort


# Beside queries -----------------------------------------------------------------------------------


def test_who_changes_while_all_are_scored_beside_is_scored_by_the_new_model_too(
    followed: Followed,
) -> None:
    history, index = followed.history, followed.index
    history.sign_up(*range(30), skills=("Go",))
    followed.follow()
    for number in range(30):
        history.send(number)
        history.accept(number)
    history.now += days(5)
    original = index._all_logits

    def meanwhile(scoring: Scoring) -> np.ndarray:
        found = original(scoring)
        history.sign_up("newcomer", skills=("Rust",))
        history.be_active(3)
        followed.follow()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_all_logits", meanwhile)
        index.score_all_beside(scoring := followed.scoring)
    everybody = np.arange(index.columns.count, dtype=np.int32)
    assert index.columns["own"].tolist() == index.logits(everybody, scoring).tolist()
    assert {*index.order.tolist(), *index.unordered.tolist()} == {*everybody.tolist()}
    followed.check()


def test_terms_that_change_while_all_are_sorted_beside_are_found(followed: Followed) -> None:
    history, index = followed.history, followed.index
    history.sign_up(*range(9), skills=("Go",), country="France")
    followed.follow()
    history.add(EmployerBlocked, somebody(1), employer_id=EMPLOYER)
    followed.follow()
    original = Postings.sorted

    def meanwhile(postings: Postings) -> Postings:
        found = original(postings)
        history.add(EmployerBlocked, somebody(2), employer_id=EMPLOYER)
        history.sign_up("newcomer", skills=("Go",), country="France")
        followed.follow()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Postings, "sorted", meanwhile)
        index.sort_terms_beside()
    assert index.postings.changed == 2
    followed.check()


def test_what_was_scored_and_sorted_beside_does_not_count_once_all_is_read_anew(
    followed: Followed,
) -> None:
    history, index = followed.history, followed.index
    history.sign_up(*range(9), skills=("Go",))
    followed.follow()
    history.add(OptedOut, somebody(1))
    original = index._all_logits

    def meanwhile(scoring: Scoring) -> np.ndarray:
        patch.undo()
        found = original(scoring)
        for name in range(3):
            history.add(CandidateErased, somebody(name))
        followed.follow()
        index._seen = index._seen._replace(pool=0)  # as of tables that are no more
        index.refresh(followed.db, history.now)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_all_logits", meanwhile)
        index.score_all_beside(followed.scoring)
    assert index.columns.count == 6
    followed.check()


def test_a_reading_that_fails_halfway_is_done_again_whole(followed: Followed) -> None:
    followed.history.sign_up("Ada", skills=("Go",))
    followed.follow()
    followed.history.sign_up("Bo", skills=("Go",))
    followed.apply()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "READ_KEYS", "SELECT candidate_id, 1 / 0 FROM candidate_pool AS p")
        with pytest.raises(psycopg.errors.DivisionByZero), followed.db.transaction():
            followed.index.refresh(followed.db, followed.history.now)
    assert followed.index.columns.count == 1
    followed.index.refresh(followed.db, followed.history.now)
    assert followed.index.columns.count == 2
    followed.check()


def test_a_query_waits_for_the_first_reading_and_says_so_if_it_takes_long(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WAIT_SECONDS", 0.05)
    at = followed.history.now
    with (
        keeping.reading(followed.db, at),
        pytest.raises(keeping.NotRead, match="being read into memory"),
        keeping.reading(followed.db, at),
    ):
        pass
    with keeping.reading(followed.db, at) as index:
        assert index.columns.count == 0


def test_the_thread_reads_the_index_before_the_first_query(databases: Databases) -> None:
    keeping.forget()
    with databases.prepared() as url, psycopg.connect(url, autocommit=True) as db:
        index = keeping.index_of(db)
        with keeping.kept(url, lambda: History().now):
            wait_until(lambda: not index.is_new)
            wait_until(lambda: not keeping.is_being_read(db))


# Arithmetic ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_the_match_by_column_is_that_of_each_alone_bit_for_bit(seed: int) -> None:
    rng = random.Random(seed)
    position = random_position_state(rng)
    states = [random_candidate_state(rng) for _ in range(20)]
    of = ("expected_usd", "role", "remote_wish", "city", "country", "skills")
    hashed = [_hashed(state) for state in states]
    alone = matches([[getattr(state, name) for name in of] for state in hashed], position)
    together = matches_by_column(position, _columns_of(hashed, position))
    for name, column in alone.numbers.items():
        assert column.tolist() == together.numbers[name].tolist(), name
    for name, said in alone.categories.items():
        codes = [CATEGORIES[name].values.index(value) for value in said]
        assert codes == list(together.categories[name]), name


def _hashed(state: CandidateState) -> CandidateState:
    """As the read model has them: hashes for names."""
    return replace(
        state,
        city=state.city and term_hash(state.city),
        country=state.country and term_hash(state.country),
        skills=tuple(map(term_hash, state.skills)),
    )


def _columns_of(states: list[CandidateState], position: PositionState) -> MatchColumns:
    nice = {*map(term_hash, position.nice)}
    named = nice | {*map(term_hash, position.required)}
    places = {*map(term_hash, position.places)}
    return MatchColumns(
        np.array([len(named.intersection(s.skills)) for s in states], np.uint8),
        np.array([len(nice.intersection(s.skills)) for s in states], np.uint8),
        np.array([s.city in places for s in states]),
        np.array([s.country in places for s in states]),
        np.array([bool(s.city or s.country) for s in states]),
        np.array([s.expected_usd for s in states]),
        np.array([CATEGORIES["role"].values.index(s.role) for s in states]),
        np.array([CATEGORIES["remote_wish"].values.index(s.remote_wish) for s in states]),
    )


changes = some.lists(
    some.tuples(some.integers(0, 9), some.lists(some.integers(-3, 3), max_size=4)), max_size=30
)


@given(changes, changes, some.integers(0, 3))
def test_rows_are_found_by_the_terms_they_have_now(
    first: list[tuple[int, list[int]]], later: list[tuple[int, list[int]]], asked: int
) -> None:
    has = dict(first)
    keys = np.array([key for its in has.values() for key in its], np.int64)
    rows = np.array([row for row, its in has.items() for _ in its], np.int32)
    postings = Postings(keys, rows)
    postings.mask_of(asked, 10)
    for row, its in later:
        postings.replace([row], [np.array(its, np.int64)])
        has[row] = its
    for known in (postings, postings.copy().sorted(), postings.sorted()):
        for key in range(-4, 5):
            having = {row for row, its in has.items() if key in its}
            assert {*known.of(key).tolist()} == having
            assert {*np.flatnonzero(known.mask_of(key, 10)).tolist()} == having

"""The feed shows the likeliest first, as scoring everyone would, and by draw a few others."""

import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as some
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.candidate_events import CandidateErased
from domain.filters import Filters
from domain.money import Salary, SalaryRange
from domain.outreach_events import InterviewRequested, MessageSent
from domain.viewing import Feed, Sort
from infrastructure.projecting.projection import LoggedEvent, Projection
from projections import candidate_feed
from projections.candidate_counts import counts
from projections.candidate_feed import (
    EXPLORED_SHARE,
    WINDOW,
    FeedCursor,
    FeedEntry,
    choose,
    exploration_draws,
    feed,
)
from projections.candidate_index import keeping, ranking
from projections.candidate_index.ranking import _Walk
from projections.candidate_index.reading import RANDOM_KEYS
from projections.candidate_pool import CandidatePool
from projections.candidate_search import CandidateSearch
from projections.likelihood import scoring
from projections.likelihood.projection import Likelihoods
from projections.likelihood.scoring import of_candidates
from projections.paging import after
from tests.support.databases import Databases
from tests.support.history import EMPLOYER, History, days, hours

EVERYONE = 300
FILTERS = Filters(nice_to_have_skills=("Python", "Go"))
PAY = SalaryRange(minimum=50_000, maximum=90_000, currency="USD")


@dataclass
class Market:
    """A pool of candidates and the model, both kept up to date with a history."""

    db: Connection[TupleRow]
    history: History
    position_id: UUID = field(default=UUID(int=0))
    filters: Filters = FILTERS
    _models: tuple[Projection, ...] = field(
        default_factory=lambda: (
            CandidatePool(),
            *(read() for read in CandidatePool.READS),
            Likelihoods(),
        )
    )
    _read: int = 0

    def follow(self) -> None:
        events: list[LoggedEvent] = [
            LoggedEvent(number, event)
            for number, event in enumerate(self.history.events[self._read :], self._read + 1)
        ]
        self._read = len(self.history.events)
        for projection in self._models:
            followed = [e for e in events if type(e.event) in projection.follows]
            if followed:
                with self.db.transaction():
                    projection.apply(self.db, followed)

    @property
    def search(self) -> CandidateSearch:
        return CandidateSearch(EMPLOYER, self.position_id, self.filters, self.history.now)

    def exact(self) -> list[UUID]:
        """Everyone in the passive feed, ranked by scoring everyone."""
        rows = self.db.execute("SELECT candidate_id FROM candidate_pool").fetchall()
        shown = {slot.candidate.candidate_id for slot in self.page(5000)[0]}
        ids = [row[0] for row in rows if row[0] in shown]
        scores = of_candidates(self.db, ids, self.history.now, self.position_id)
        return sorted(ids, key=lambda who: (-scores[who].likelihood.logit, who))

    def page(self, limit: int, cursor: str | None = None) -> tuple[list[FeedEntry], str | None]:
        listed = feed(self.db, Feed.PASSIVE, self.search, limit, cursor)
        return listed.items, listed.next_cursor

    def pages(self, limit: int) -> Iterator[list[FeedEntry]]:
        cursor: str | None = None
        while True:
            slots, cursor = self.page(limit, cursor)
            yield slots
            if cursor is None:
                return

    def lesson(self, rounds: int, seed: int) -> None:
        """Some outreach, answered by who is well paid and has the skills."""
        history, rng = self.history, random.Random(seed)
        for number in range(rounds):
            name = f"pupil {seed} {number}"
            keen = rng.random() < 0.5
            facts = {"skills": ["Python", "Go"] if keen else ["Rust"], "country": "France"}
            wish = Salary(amount=50_000 if keen else 150_000, currency="USD")
            history.sign_up(name, **facts, expected_salary=wish, years_experience=3)
            history.send(name, event=MessageSent if number % 3 else InterviewRequested)
            history.now += hours(5)
            if rng.random() < (0.6 if keen else 0.1):
                history.accept(name)


def drawn_facts(rng: random.Random) -> dict[str, Any]:
    return {
        "skills": rng.sample(["Python", "Go", "SQL", "Rust"], rng.randrange(4)),
        "country": rng.choice(["France", "Peru"]),
        "years_experience": rng.uniform(0, 20),
        "expected_salary": Salary(amount=rng.randrange(40_000, 200_000), currency="USD"),
    }


@pytest.fixture(scope="module")
def filled(databases: Databases) -> Iterator[Market]:
    """A market that has learned, shared by the tests of this module."""
    rng = random.Random(7)
    with (
        databases.prepared() as url,
        psycopg.connect(url, autocommit=True) as db,
    ):
        market = Market(db, History())
        for number in range(EVERYONE):
            market.history.sign_up(number, **drawn_facts(rng))
            market.history.now += hours(rng.uniform(0, 8))
        market.history.now += days(250)
        market.position_id = market.history.open_position(salary=PAY, filters=FILTERS)
        market.follow()  # the scores of all are by a model that has learned nothing yet
        market.lesson(300, seed=1)
        market.follow()
        yield market


@pytest.fixture
def market(filled: Market) -> Iterator[Market]:
    """The market as it was filled; what a test changes of it is undone, and never indexed."""
    keeping.forget()
    with filled.db.transaction(force_rollback=True):
        yield replace(
            filled,
            history=deepcopy(filled.history),
            _models=(CandidatePool(), *(read() for read in CandidatePool.READS), Likelihoods()),
        )


@pytest.fixture
def unexplored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate_feed, "EXPLORED_SHARE", 0.0)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walk in chunks that are small beside the pool, so that the walk may end early."""
    monkeypatch.setattr(ranking, "FEW", 0)
    monkeypatch.setattr(ranking, "FIRST_CHUNK", 20)
    monkeypatch.setattr(ranking, "GROWTH", 1)


def ids(slots: list[FeedEntry]) -> list[UUID]:
    return [slot.candidate.candidate_id for slot in slots]


@pytest.mark.usefixtures("unexplored", "small_steps")
@pytest.mark.parametrize("limit", [1, 7, 40])
def test_a_page_has_the_likeliest_as_scoring_everyone_would_find_them(
    market: Market, limit: int
) -> None:
    assert ids(market.page(limit)[0]) == market.exact()[:limit]


@pytest.mark.usefixtures("unexplored", "small_steps")
def test_page_by_page_everyone_comes_once_in_the_exact_order(market: Market) -> None:
    exact = market.exact()
    assert len(exact) == counts(market.db, market.search)[1] >= EVERYONE
    assert [id for slots in market.pages(23) for id in ids(slots)] == exact


@pytest.mark.usefixtures("unexplored", "small_steps")
def test_what_is_shown_never_rises_from_one_candidate_to_the_next(market: Market) -> None:
    shown = [s.score.likelihood.probability for page in market.pages(23) for s in page if s.score]
    assert len(shown) == counts(market.db, market.search)[1]
    assert shown == sorted(shown, reverse=True)


def walked(stored: list[float], matches: list[float], lags: list[float]) -> _Walk:
    walk = _Walk(None, most=2, largest_match=1.0)
    scores = np.array(stored) + np.array(matches)
    rows = np.arange(len(stored), dtype=np.int32)
    walk.pass_by(rows, scores, np.array(lags), lowest=stored[-1])
    return walk


def test_a_walk_goes_on_while_the_largest_match_could_lift_somebody_into_the_page() -> None:
    assert not walked([5.0, 4.0, 3.5], [0.5, 0.2, 0.0], [0.0]).is_over()


def test_a_walk_ends_where_it_could_not() -> None:
    assert walked([5.0, 4.0, 3.1], [0.5, 0.2, 0.0], [0.0]).is_over()


def test_a_walk_goes_farther_where_stored_scores_are_off_by_different_amounts() -> None:
    assert walked([5.0, 4.0, 3.1], [0.5, 0.2, 0.0], [0.3, 0.3]).is_over()
    assert not walked([5.0, 4.0, 3.1], [0.5, 0.2, 0.0], [-0.3, 0.3]).is_over()


@pytest.fixture
def slow_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed is read for weeks, so that the model can learn meanwhile."""
    monkeypatch.setattr(candidate_feed, "READ_WITHIN", days(100))


@pytest.mark.slow
@pytest.mark.usefixtures("small_steps", "slow_reader")
@pytest.mark.parametrize("limit", [7, 50])
def test_whatever_the_model_learns_between_pages_everyone_comes_once(
    market: Market, limit: int
) -> None:
    everyone = {*market.exact()}
    seen: list[UUID] = []
    for number, slots in enumerate(market.pages(limit)):
        seen += ids(slots)
        if number < 3:
            market.lesson(10, seed=number + 2)
            market.follow()
    assert sorted(seen) == sorted(everyone)


@pytest.mark.usefixtures("unexplored", "slow_reader")
def test_without_the_model_of_its_first_page_a_feed_goes_on_after_the_last_who_was_shown(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = market.history.now
    slots, cursor = market.page(50)
    for seed in (2, 3, 4):
        last = ids(slots)[-1]
        market.lesson(10, seed)
        market.follow()
        monkeypatch.setattr(scoring, "_MODELS", {})  # as in another process
        slots, cursor = market.page(50, cursor)
        now, market.history.now = market.history.now, began
        exact = market.exact()
        market.history.now = now
        first = exact.index(last) + 1
        assert ids(slots) == exact[first : first + 50]


@pytest.fixture(scope="module")
def alike(databases: Databases) -> Iterator[Market]:
    """240 members who differ by seconds only, and a model that has learned.

    A feature that counts time is rounded, so it steps at another moment for each of them.
    """
    with databases.prepared() as url, psycopg.connect(url, autocommit=True) as db:
        market = Market(db, History())
        market.lesson(200, seed=1)
        for number in range(240):
            market.history.sign_up(number, skills=["Python"], country="France")
            market.history.now += hours(3 / 3600)
        market.history.now += days(250)
        market.position_id = market.history.open_position(salary=PAY, filters=FILTERS)
        market.follow()
        yield market


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sort", "readings"), [(Sort.LIKELIHOOD, 10), (Sort.MATCH, 2), (Sort.LAST_ACTIVE, 2)]
)
def test_a_feed_read_page_by_page_while_time_passes_repeats_and_skips_nobody(
    alike: Market, sort: Sort, readings: int
) -> None:
    for reading in range(readings):
        alike.history.now += hours(1)
        everyone = counts(alike.db, alike.search)[1]
        seen: list[UUID] = []
        cursor: str | None = None
        while True:
            listed = feed(alike.db, Feed.PASSIVE, alike.search, 20, cursor, sort)
            seen += ids(listed.items)
            cursor = listed.next_cursor
            if cursor is None:
                break
            alike.history.now += hours((1 + reading % 7) / 3600)
        assert len(seen) == len({*seen}) == everyone == 240, reading


def test_a_cursor_of_long_ago_or_of_the_future_is_read_as_of_now(alike: Market) -> None:
    listed = feed(alike.db, Feed.PASSIVE, alike.search, 20)
    assert listed.next_cursor
    for later in (candidate_feed.READ_WITHIN * 3, -candidate_feed.READ_WITHIN):
        search = replace(alike.search, at=alike.history.now + later)
        further = feed(alike.db, Feed.PASSIVE, search, 20, listed.next_cursor).next_cursor
        read_on = after(further, FeedCursor)
        assert read_on
        assert search.at - candidate_feed.READ_WITHIN <= read_on.at <= search.at


@pytest.mark.usefixtures("unexplored")
def test_a_page_goes_on_after_somebody_who_is_gone(market: Market) -> None:
    slots, cursor = market.page(10)
    exact = market.exact()
    last = ids(slots)[-1]
    market.history.add(CandidateErased, last)
    market.follow()
    assert ids(market.page(10, cursor)[0]) == exact[10:20]


# Exploration


@pytest.fixture
def much_explored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate_feed, "EXPLORED_SHARE", 0.3)


@pytest.mark.usefixtures("much_explored")
def test_explored_slots_go_to_others_further_down_and_nobody_comes_twice(market: Market) -> None:
    exact = market.exact()
    seen: list[UUID] = []
    explored = 0
    for slots in market.pages(15):
        for slot in slots:
            if slot.explored:
                assert exact.index(slot.candidate.candidate_id) >= len(seen) - explored
                explored += 1
            seen.append(slot.candidate.candidate_id)
    assert len(seen) == len(set(seen)) == len(exact)
    assert explored > 20


@pytest.mark.usefixtures("much_explored")
def test_the_same_page_read_again_is_the_same(market: Market) -> None:
    first, cursor = market.page(20)
    assert market.page(20) == (first, cursor)
    assert any(slot.explored for slot in first)


@pytest.mark.usefixtures("much_explored")
def test_another_day_explores_other_slots(market: Market) -> None:
    today = {n for n, slot in enumerate(market.page(40)[0]) if slot.explored}
    market.history.now += days(1)
    assert {n for n, slot in enumerate(market.page(40)[0]) if slot.explored} != today


@pytest.mark.usefixtures("much_explored")
def test_ranked_candidates_have_the_propensity_of_a_slot_that_is_not_explored(
    market: Market,
) -> None:
    slots, _ = market.page(20)
    assert all(slot.propensity == pytest.approx(0.7) for slot in slots if not slot.explored)


random_keys = some.lists(
    some.tuples(some.booleans(), some.integers(0, RANDOM_KEYS - 1)),
    min_size=1,
    max_size=4 * WINDOW,
    unique_by=lambda candidate: candidate[1],
).map(lambda candidates: sorted(candidates, key=lambda candidate: candidate[1]))
shares = some.floats(0, 1, exclude_max=True)


@given(random_keys, shares, shares)
def test_the_propensity_of_a_pick_is_that_over_all_draws(
    candidates: list[tuple[bool, int]], key: float, pick: float
) -> None:
    picked = choose(candidates, int(key * RANDOM_KEYS), pick)
    size = len(candidates) if len(candidates) <= 3 * WINDOW else WINDOW
    probability = [0.0] * len(candidates)
    for begin, (_, at) in enumerate(candidates):
        window = [(begin + n) % len(candidates) for n in range(size)]
        among = [number for number in window if candidates[number][0]]
        gap = at - candidates[begin - 1][1]
        for number in among:
            part = gap % RANDOM_KEYS if len(candidates) > 1 else RANDOM_KEYS
            probability[number] += part / RANDOM_KEYS / len(among)
    if picked is None:
        assert not any(eligible for eligible, _ in candidates) or len(candidates) > 3 * WINDOW
    else:
        number, propensity = picked
        assert candidates[number][0]
        assert propensity == pytest.approx(probability[number])


def test_about_every_thirtieth_slot_is_explored() -> None:
    at = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    start = FeedCursor(Sort.LIKELIHOOD, at, None, None, None, 0, ())
    draws = 0
    for number in range(300):
        search = CandidateSearch(EMPLOYER, UUID(int=number), Filters(), at)
        draws += len(exploration_draws(search, start, 100))
    assert draws / 30_000 == pytest.approx(EXPLORED_SHARE, rel=0.15)


@pytest.mark.usefixtures("much_explored")
def test_recommendations_are_not_explored(market: Market) -> None:
    market.history.now -= days(200)
    listed = feed(market.db, Feed.RECOMMENDATIONS, market.search, 40)
    assert listed.items
    assert not any(slot.explored for slot in listed.items)

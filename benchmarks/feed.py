"""A position's first page, tenth page and counts, beside plain SQL and scoring every match.

    python -m benchmarks feed --candidates 1000000 [--copies 20]

The candidates come from events through the projections. Then answers come in, some hundred between
two questions, so that the model learns. In each round the same question is answered by the feed as
the API asks it, by the twenty highest stored scores in PostgreSQL (which know nothing of the match,
and are as old as the round), and by scoring every match in NumPy. That is what recall is held
against.
"""

import argparse
import math
import random
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from unittest.mock import patch
from uuid import UUID

import numpy as np
import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks import feed_http
from benchmarks.figures import Figure, show
from benchmarks.recorder import server
from domain.filters import Filters
from domain.money import Salary, SalaryRange
from domain.outreach_events import InterviewRequested, MessageSent
from domain.partial_date import PartialDate
from domain.viewing import Feed
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import Database, open_pool
from infrastructure.projecting.projection import LoggedEvent
from infrastructure.projecting.versions import create_tables
from projections import candidate_feed
from projections.candidate_counts import counts
from projections.candidate_feed import feed
from projections.candidate_index import keeping
from projections.candidate_index.index import Scoring
from projections.candidate_index.matching import listed, question
from projections.candidate_index.ranking import Ranking, match_keys, ranked
from projections.candidate_pool import CandidatePool
from projections.candidate_search import CandidateSearch, listed_condition
from projections.likelihood.projection import Likelihoods
from projections.likelihood.scoring import current
from projections.read_models import read_models
from tests.support.history import EMPLOYER, History, days, hours

T = TypeVar("T")

PAGE = 20
BETWEEN = 200
"""Messages between two rounds."""
FAMILY = ("Illustrator", ("Figma", "Sketch", "CSS"), "Spain", "Spanish")
"""What comes together in one of ten people: the planner, which takes filters for independent, takes
a search for all of it to find hardly anybody."""
SKILLS = ("Python", "Go", "SQL", "Rust", "React", "Java", "Kotlin", "C", "Scala", "Elixir")
ROLES = ("Back-end developer", "Data scientist", "Designer", "Tester", "Manager")
POSITIONS: dict[str, dict[str, Any]] = {
    "everybody": {"filters": Filters(nice_to_have_skills=("Python", "Go"))},
    "a skill": {"filters": Filters(required_skills=("Rust",), nice_to_have_skills=("Go",))},
    "a role and a country": {"filters": Filters(roles=("Designer",), locations=("France",))},
    "narrow": {
        "filters": Filters(
            roles=("Data scientist",), required_skills=("Python", "SQL"), years_from=5
        )
    },
    "correlated": {
        "filters": Filters(
            roles=FAMILY[:1],
            required_skills=FAMILY[1],
            locations=FAMILY[2:3],
            work_authorisation=FAMILY[2:3],
            languages=FAMILY[3:],
        )
    },
}
PAY = SalaryRange(minimum=50_000, maximum=90_000, currency="USD")


def person(rng: random.Random) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "roles": (rng.choice(ROLES),),
        "skills": rng.sample(SKILLS, rng.randrange(1, 6)),
        "country": rng.choice(("France", "Germany", "Peru")),
        "years_experience": round(rng.uniform(0, 20), 1),
        "open_to_remote": rng.random() < 0.5,
    }
    if rng.random() < 0.1:
        role, skills, country, language = FAMILY
        facts |= {"roles": (role,), "skills": skills, "country": country}
        facts |= {"work_authorisation": (country,), "languages": (language,)}
    if rng.random() < 0.8:
        facts["expected_salary"] = Salary(amount=rng.randrange(40_000, 200_000), currency="USD")
    if rng.random() < 0.9:
        months = rng.randrange(0, 120)
        facts["in_present_job_since"] = PartialDate(2014 + months // 12, 1 + months % 12, 1)
    return facts


class Market:
    """The projections that the feed reads, following a made-up log."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.history = History()
        self.history.now = datetime.now(UTC) - days(2_300)
        self._projections = (
            CandidatePool(),
            *(read() for read in CandidatePool.READS),
            Likelihoods(),
        )
        self._position = 0

    def follow(self) -> None:
        events: list[LoggedEvent] = [
            LoggedEvent(number, event)
            for number, event in enumerate(self.history.events, self._position + 1)
        ]
        self._position += len(events)
        self.history.events.clear()
        for first in range(0, len(events), 2_000):
            for projection in self._projections:
                batch = events[first : first + 2_000]
                followed = [one for one in batch if type(one.event) in projection.follows]
                if followed:
                    with self.db.transaction():
                        projection.apply(self.db, followed)

    def fill(self, candidates: int, rng: random.Random) -> None:
        for number in range(candidates):
            self.history.sign_up(number, **person(rng))
            if rng.random() < 0.5:
                self.history.be_active(number, rng.choice(("signed_in", "searched_jobs")))
            self.history.now += hours(2_000 * 24 / candidates * rng.uniform(0, 1))
            if len(self.history.events) > 20_000:
                self.follow()
        self.history.now += days(200)
        self.follow()

    def outreach(self, about: str, candidates: int, rounds: int, rng: random.Random) -> None:
        """Some messages, and ten times as many activities of others."""
        for _ in range(rounds):
            for _ in range(10):
                self.history.now += hours(0.05)
                self.history.be_active(rng.randrange(candidates))
            who, position = rng.randrange(candidates), f"{about} {rng.random()}"
            kind = MessageSent if rng.random() < 0.7 else InterviewRequested
            self.history.send(who, position, event=kind)
            self.history.now += hours(0.5)
            if rng.random() < (0.4 if who % 3 else 0.1):
                self.history.accept(who, position)
        self.follow()


COPIES = (
    """
    INSERT INTO candidate_pool
    SELECT copy.* FROM candidate_pool AS p CROSS JOIN generate_series(2, %(copies)s) AS n,
        jsonb_populate_record(p, jsonb_build_object(
            'candidate_id', md5(n || p.candidate_id::text)::uuid,
            'last_active_at', p.last_active_at - n * interval '1 hour')) AS copy""",
    """
    INSERT INTO likelihood_features
    SELECT copy.* FROM likelihood_features AS f CROSS JOIN generate_series(2, %(copies)s) AS n,
        jsonb_populate_record(f, jsonb_build_object(
            'candidate_id', md5(n || f.candidate_id::text)::uuid,
            'last_active_at', f.last_active_at - n * 3600,
            'years', f.years + n * 0.01)) AS copy""",
)
"""Statements that make a large pool of a small one sooner than events would."""

STORED = (
    "CREATE TABLE stored_scores (candidate_id uuid PRIMARY KEY, logit double precision NOT NULL)",
    "CREATE INDEX ON stored_scores (logit DESC, candidate_id)",
    "CREATE INDEX terms ON candidate_pool USING gin (skills, roles, authorised_in, languages)",
)
"""What plain SQL would keep to answer the same."""


def store_scores(db: Database, at: datetime) -> None:
    """Store everybody's own part of the logit, and let the planner know the tables."""
    for statement in STORED:
        db.execute(statement)
    with keeping.scored(db, Scoring(current(db)[0], at)) as index:
        everybody = np.flatnonzero(index.columns.scored)
        rows = zip(
            index.columns.ids(everybody), index.columns["own"][everybody].tolist(), strict=True
        )
        with db.cursor().copy("COPY stored_scores FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    db.execute("VACUUM ANALYZE")


def by_sql(db: Database, search: CandidateSearch) -> list[UUID]:
    """The twenty highest stored scores of the list."""
    condition, parameters = listed_condition(Feed.PASSIVE, search)
    found = db.execute(
        f"SELECT candidate_id FROM candidate_pool AS p JOIN stored_scores AS s USING (candidate_id)"
        f" WHERE {condition} ORDER BY s.logit DESC, candidate_id LIMIT {PAGE}",
        parameters,
    )
    return [id for (id,) in found]


def by_scoring_all(db: Database, search: CandidateSearch) -> list[UUID]:
    """The likeliest of everyone who matches, each scored by the model of now."""
    model, opening = current(db, search.position_id)
    scoring, asked, keys = Scoring(model, search.at), question(db, search), match_keys(db, opening)
    with keeping.reading(db, search.at) as index:
        listed_now = listed(index, Feed.PASSIVE, asked)
        ranking = Ranking(index, listed_now, scoring, opening, keys)
        rows = np.flatnonzero(listed_now & index.columns.scored).astype(np.int32)
        logits = np.concatenate([ranking.logits(part) for part in np.array_split(rows, 20)])
        ids = index.columns.ids(rows[np.argsort(-logits, kind="stable")[: 5 * PAGE]])
    return [one.candidate_id for one in ranked(db, ids, scoring, opening)[:PAGE]]


def first_page(db: Database, search: CandidateSearch) -> list[UUID]:
    return [entry.candidate.candidate_id for entry in feed(db, Feed.PASSIVE, search, PAGE).items]


def tenth_page(db: Database, search: CandidateSearch, cursor: str | None) -> list[UUID]:
    page = feed(db, Feed.PASSIVE, search, PAGE, cursor)
    return [entry.candidate.candidate_id for entry in page.items]


def cursor_to_tenth(db: Database, search: CandidateSearch) -> str | None:
    cursor: str | None = None
    for _ in range(9):
        cursor = feed(db, Feed.PASSIVE, search, PAGE, cursor).next_cursor
    return cursor


@contextmanager
def filled(candidates: int, copies: int, rng: random.Random) -> Iterator[tuple[Market, str]]:
    """A market with so many candidates, whose model has learned, and its database's address."""
    with server() as server_url:
        with psycopg.connect(server_url, autocommit=True) as administration:
            administration.execute("CREATE DATABASE feed")
        url = make_conninfo(server_url, dbname="feed")
        migrate(url, at=datetime.now(UTC))
        with open_pool(url, name="feed") as pool:
            create_tables(read_models(), pool)
            with pool.connection() as db:
                market = Market(db)
                market.fill(candidates // copies, rng)
                for statement in COPIES:
                    db.execute(statement, {"copies": copies})
                yield market, url


def figures(
    candidates: int, copies: int, rounds: int, http_seconds: float, before: int = 1_000
) -> Iterator[Figure]:
    """Each question beside plain SQL and beside scoring every match; then over HTTP."""
    rng, layer = random.Random(1), f"{candidates:,} candidates"
    with filled(candidates, copies, rng) as (market, url):
        people = candidates // copies
        ids = {
            name: market.history.open_position(name, salary=PAY, **told)
            for name, told in POSITIONS.items()
        }
        market.follow()
        market.outreach("before", people, before, rng)
        took = Times()
        with patch.object(candidate_feed, "EXPLORED_SHARE", 0.0):  # that is another matter
            for number in range(rounds):
                if number:
                    market.outreach(f"round {number}", people, BETWEEN, rng)
                _ask(market, ids, took, first=number == 0)
        for name in ids:
            for way in ("first page", "tenth page", "counts"):
                what = f"{way}, {name}"
                yield Figure(
                    layer, what, "ms", took.median(name, way), "SQL", took.median(name, "SQL")
                )
            ours = took.median(name, "first page")
            everybody = took.median(name, "score all")
            yield Figure(layer, f"first page, {name}", "ms", ours, "scoring every match", everybody)
            yield Figure(layer, f"recall at 20, {name}", "", took.recall(name), target="≥ .99")
        for way in ("read whole", "followed", "scored all"):
            yield Figure(layer, f"index {way}", "ms", took.median("", way))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        yield Figure(layer, "memory of the process, at most", "MB", peak)
        if http_seconds:
            yield from feed_http.figures(layer, url, POSITIONS, http_seconds)


class Times:
    """What each way of asking took, in milliseconds, and how many of the likeliest it found."""

    def __init__(self) -> None:
        self._took: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._recall: dict[str, list[float]] = defaultdict(list)

    def of(self, name: str, way: str, ask: Callable[[], T]) -> T:
        """Ask, and note how long it took."""
        start = time.perf_counter()
        answer = ask()
        self._took[name, way].append((time.perf_counter() - start) * 1_000)
        return answer

    def found(self, name: str, page: Sequence[UUID], wanted: Sequence[UUID]) -> None:
        """Note which share of those wanted a page has."""
        self._recall[name].append(len({*page} & {*wanted}) / max(len(wanted), 1))

    def median(self, name: str, way: str) -> float:
        return statistics.median(self._took[name, way] or [math.nan])

    def recall(self, name: str) -> float:
        return statistics.mean(self._recall[name])


def _ask(market: Market, ids: Mapping[str, UUID], took: Times, *, first: bool) -> None:
    """Ask every question in every way, as of now."""
    db, now = market.db, market.history.now
    searches = {name: _search(ids, name, now) for name in ids}
    everybody = searches["everybody"]
    took.of("", "read whole" if first else "followed", lambda: counts(db, everybody))
    if first:
        store_scores(db, now)
    index, scoring = keeping.index_of(db), Scoring(current(db)[0], now)
    if index.is_off(scoring):  # what the API's thread does
        took.of("", "scored all", lambda: index.score_all_beside(scoring))
    for name, search in searches.items():
        page = took.of(name, "first page", partial(first_page, db, search))
        wanted = took.of(name, "score all", partial(by_scoring_all, db, search))
        took.of(name, "SQL", partial(by_sql, db, search))
        took.of(name, "counts", partial(counts, db, search))
        cursor = cursor_to_tenth(db, search)
        took.of(name, "tenth page", partial(tenth_page, db, search, cursor))
        took.found(name, page, wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=20, help="rows made of each candidate")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--before", type=int, default=1_000, help="messages before the first")
    parser.add_argument("--http", type=float, default=0, help="seconds of load over HTTP as well")
    options = parser.parse_args()
    show(figures(options.candidates, options.copies, options.rounds, options.http, options.before))


def _search(ids: Mapping[str, UUID], name: str, now: datetime) -> CandidateSearch:
    return CandidateSearch(EMPLOYER, ids[name], POSITIONS[name]["filters"], now)


if __name__ == "__main__":
    main()

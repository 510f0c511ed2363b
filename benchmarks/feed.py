"""A position's first page, tenth page and counts, beside plain SQL and scoring every match.

    python -m benchmarks feed --candidates 1000000 [--copies 20]

The candidates come from events through the projections. Then answers come in, some hundred between
two questions, so that the model learns. In each round the same question is answered by the feed as
the API asks it, by the twenty highest stored scores in PostgreSQL (which know nothing of the match,
and are as old as the round), and by scoring every match in NumPy. That is what recall is held
against.
"""

import argparse
import random
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks import feed_http
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
from projections.candidate_index.matching import listed
from projections.candidate_index.ranking import Ranking
from projections.candidate_pool import CandidatePool
from projections.candidate_search import CandidateSearch, listed_condition
from projections.likelihood.projection import Likelihoods
from projections.likelihood.scoring import current
from projections.read_models import read_models
from tests.support.history import EMPLOYER, History, days, hours

T = TypeVar("T")

PAGE = 20
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
    scoring = Scoring(model, search.at)
    with keeping.reading(db, search.at) as index:
        listed_now = listed(db, index, Feed.PASSIVE, search)
        ranking = Ranking(db, index, listed_now, scoring, opening)
        rows = np.flatnonzero(listed_now & index.columns.scored).astype(np.int32)
        logits = np.concatenate([ranking.logits(part) for part in np.array_split(rows, 20)])
        ids = index.columns.ids(rows[np.argsort(-logits, kind="stable")[: 5 * PAGE]])
        return [one.candidate_id for one in ranking.of(ids)[:PAGE]]


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
def filled(options: argparse.Namespace, rng: random.Random) -> Iterator[tuple[Market, str]]:
    """A market with so many candidates, whose model has learned, and its database's address."""
    with server() as server_url:
        with psycopg.connect(server_url, autocommit=True) as administration:
            administration.execute("CREATE DATABASE feed")
        url = make_conninfo(server_url, dbname="feed")
        migrate(url, at=datetime.now(UTC))
        with open_pool(url, name="feed") as pool:
            create_tables(read_models(), pool)
            with pool.connection() as db:
                market, start = Market(db), time.perf_counter()
                market.fill(options.candidates // options.copies, rng)
                for statement in COPIES:
                    db.execute(statement, {"copies": options.copies})
                print(f"{options.candidates:,} candidates in {time.perf_counter() - start:,.0f} s")
                yield market, url


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=1, help="rows made of each candidate")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--between", type=int, default=300, help="messages between two rounds")
    parser.add_argument("--before", type=int, default=2_000, help="messages before the first")
    parser.add_argument("--http", type=float, default=0, help="seconds of load over HTTP as well")
    options = parser.parse_args()
    candidate_feed.EXPLORED_SHARE = 0.0  # exploration is another matter
    rng = random.Random(1)
    with filled(options, rng) as (market, url):
        measure(market, options, rng)
        if options.http:
            feed_http.measure(url, POSITIONS, options.http)


def measure(market: Market, options: argparse.Namespace, rng: random.Random) -> None:
    db, people = market.db, options.candidates // options.copies
    ids = {
        name: market.history.open_position(name, salary=PAY, **told)
        for name, told in POSITIONS.items()
    }
    market.follow()
    market.outreach("before", people, options.before, rng)
    now = market.history.now
    milliseconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    recall: dict[str, list[float]] = defaultdict(list)

    def timed(name: str, way: str, ask: Callable[[], T]) -> T:
        start = time.perf_counter()
        answer = ask()
        milliseconds[name, way].append((time.perf_counter() - start) * 1_000)
        return answer

    timed("", "read whole", lambda: counts(db, _search(ids, "everybody", now)))
    store_scores(db, now)
    index = keeping.index_of(db)
    for number in range(options.rounds):
        market.outreach(f"round {number}", people, options.between, rng)
        now = market.history.now
        scoring = Scoring(current(db)[0], now)
        timed("", "followed", lambda: counts(db, _search(ids, "everybody", now)))  # noqa: B023 - called at once
        if index.is_off(scoring):  # what the API's thread does
            timed("", "scored all", lambda: index.score_all_beside(scoring))  # noqa: B023 - called at once
        for name in ids:
            search = _search(ids, name, now)
            page = timed(name, "first page", lambda: first_page(db, search))  # noqa: B023 - called at once
            wanted = timed(name, "score all", lambda: by_scoring_all(db, search))  # noqa: B023 - called at once
            timed(name, "SQL", lambda: by_sql(db, search))  # noqa: B023 - called at once
            timed(name, "counts", lambda: counts(db, search))  # noqa: B023 - called at once
            cursor = cursor_to_tenth(db, search)
            timed(name, "tenth page", lambda: tenth_page(db, search, cursor))  # noqa: B023 - called at once
            recall[name].append(len({*page} & {*wanted}) / max(len(wanted), 1))
    report(milliseconds, recall)


def _search(ids: Mapping[str, UUID], name: str, now: datetime) -> CandidateSearch:
    return CandidateSearch(EMPLOYER, ids[name], POSITIONS[name]["filters"], now)


def report(
    milliseconds: Mapping[tuple[str, str], list[float]], recall: Mapping[str, list[float]]
) -> None:
    ways = ("first page", "tenth page", "counts", "SQL", "score all")
    print(f"{'ms, median / most':<22}{'recall':>8}" + "".join(f"{way:>18}" for way in ways))
    for name, shares in recall.items():
        took = (sorted(milliseconds[name, way]) for way in ways)
        cells = (f"{times[len(times) // 2]:,.1f} / {times[-1]:,.1f}" for times in took)
        mean = sum(shares) / len(shares)
        print(f"{name:<22}{mean:>8.4f}" + "".join(f"{cell:>18}" for cell in cells))
    for way in ("read whole", "followed", "scored all"):
        if times := sorted(milliseconds["", way]):
            print(f"{way}: {times[len(times) // 2]:,.0f} ms, most {times[-1]:,.0f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of this process, at most: {peak:,.0f} MB")


if __name__ == "__main__":
    main()

"""How many of the twenty likeliest the feed finds while the model learns, beside scoring everyone.

    python -m benchmarks feed_recall --candidates 200000 [--copies 20]

The candidates come from events through the projections. Then answers come in, some hundred between
two questions, and for positions with filters broad and narrow the feed's first page is held against
every match scored exactly by the model of that moment. Neither exploration nor sweeps are held back
or brought forward: stored scores lag behind the model as they do in life.
"""

import argparse
import random
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo

from benchmarks.recorder import server
from domain.filters import Filters
from domain.money import Salary, SalaryRange
from domain.outreach_events import InterviewRequested, MessageSent
from domain.partial_date import PartialDate
from domain.viewing import Feed
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import open_pool
from infrastructure.projecting.projection import LoggedEvent
from infrastructure.projecting.versions import create_tables
from projections import candidate_feed
from projections.candidate_feed import feed
from projections.candidate_index.ranking import Ranking
from projections.candidate_pool import CandidatePool
from projections.candidate_search import CandidateSearch, listed_condition
from projections.likelihood.projection import Likelihoods
from projections.likelihood.scoring import current
from tests.support.history import EMPLOYER, History, days, hours

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

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.history = History()
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
            'random_key', ('x' || substr(md5(n || p.candidate_id::text), 2, 15))::bit(60)::bigint)
        ) AS copy""",
    """
    INSERT INTO likelihood_features
    SELECT copy.* FROM likelihood_features AS f CROSS JOIN generate_series(2, %(copies)s) AS n,
        jsonb_populate_record(f, jsonb_build_object(
            'candidate_id', md5(n || f.candidate_id::text)::uuid)) AS copy""",
    """
    INSERT INTO likelihood_scores
    SELECT copy.* FROM likelihood_scores AS s CROSS JOIN generate_series(2, %(copies)s) AS n,
        jsonb_populate_record(s, jsonb_build_object(
            'candidate_id', md5(n || s.candidate_id::text)::uuid)) AS copy""",
)
"""Statements that make a large pool of a small one sooner than events would."""


def exact(db: Connection, search: CandidateSearch) -> list[UUID]:
    """The likeliest of everyone who matches."""
    condition, parameters = listed_condition(Feed.PASSIVE, search)
    rows = db.execute(
        f"SELECT candidate_id FROM candidate_pool AS p WHERE {condition}", parameters
    ).fetchall()
    standing, opening = current(db, search.position_id)
    ranking = Ranking(db, ("true", {}), standing.model, opening, search.at)
    ranked = [
        one
        for first in range(0, len(rows), 20_000)
        for one in ranking.of([row[0] for row in rows[first : first + 20_000]])[:PAGE]
    ]
    return [one.candidate_id for one in sorted(ranked, key=lambda one: one.key)[:PAGE]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=200_000)
    parser.add_argument("--copies", type=int, default=1, help="rows made of each candidate")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--between", type=int, default=300, help="messages between two questions")
    parser.add_argument("--before", type=int, default=2_000, help="messages before the first")
    options = parser.parse_args()
    candidate_feed.EXPLORED_SHARE = 0.0  # exploration is another matter
    rng = random.Random(1)
    with server() as server_url:
        with psycopg.connect(server_url, autocommit=True) as administration:
            administration.execute("CREATE DATABASE feed_recall")
        url = make_conninfo(server_url, dbname="feed_recall")
        migrate(url, at=datetime.now(UTC))
        with open_pool(url, name="feed recall") as pool:
            create_tables(
                [CandidatePool(), *(read() for read in CandidatePool.READS), Likelihoods()], pool
            )
            with pool.connection() as db:
                measure(Market(db), options, rng)


def measure(market: Market, options: argparse.Namespace, rng: random.Random) -> None:
    start = time.perf_counter()
    options.candidates //= options.copies
    market.fill(options.candidates, rng)
    for statement in COPIES:
        market.db.execute(statement, {"copies": options.copies})
    market.db.execute("VACUUM ANALYZE")
    ids = {
        name: market.history.open_position(name, salary=PAY, **told)
        for name, told in POSITIONS.items()
    }
    market.follow()
    pool = options.candidates * options.copies
    print(f"{pool:,} candidates followed in {time.perf_counter() - start:,.0f} s")
    market.outreach("before", options.candidates, options.before, rng)
    found: dict[str, list[float]] = {name: [] for name in ids}
    milliseconds: dict[str, list[float]] = {name: [] for name in ids}
    for number in range(options.rounds):
        market.outreach(f"round {number}", options.candidates, options.between, rng)
        for name, id in ids.items():
            search = CandidateSearch(EMPLOYER, id, POSITIONS[name]["filters"], market.history.now)
            wanted = exact(market.db, search)
            start = time.perf_counter()
            page = feed(market.db, Feed.PASSIVE, search, PAGE).items
            milliseconds[name].append((time.perf_counter() - start) * 1_000)
            shown = {slot.candidate.candidate_id for slot in page}
            found[name].append(len(shown.intersection(wanted)) / max(len(wanted), 1))
    print(f"{'position':<24}{'recall at 20':>14}{'least':>8}{'ms, median':>12}{'most':>8}")
    for name, shares in found.items():
        took = sorted(milliseconds[name])
        mean = sum(shares) / len(shares)
        print(
            f"{name:<24}{mean:>14.4f}{min(shares):>8.2f}{took[len(took) // 2]:>12.0f}"
            f"{took[-1]:>8.0f}"
        )
    everything = [share for shares in found.values() for share in shares]
    print(f"{'all':<24}{sum(everything) / len(everything):>14.4f}{min(everything):>8.2f}")


if __name__ == "__main__":
    main()

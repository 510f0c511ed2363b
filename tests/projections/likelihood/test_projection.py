"""The likelihood follows the log: every answer and silence teaches, every activity is scored.

The histories here are events as the log gives them; how the log was cut into batches must not show.
"""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.candidate_events import CandidateErased, OptedOut, ProfileEnhanced
from domain.event import Event
from domain.identifier import SignUpCandidate
from domain.outreach_events import (
    DeclineReason,
    InterviewRequested,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachWithdrawn,
)
from domain.partial_date import PartialDate
from domain.profile import Facts
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import LoggedEvent
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from projections.likelihood.estimator.model import BASE_RATE, ForeignModel
from projections.likelihood.explanations import strongest
from projections.likelihood.learner import FOLLOWED
from projections.likelihood.projection import Likelihoods
from projections.likelihood.scoring import current, of_candidates
from tests.support.databases import Databases
from tests.support.history import PLATFORM, START, History, days, hours, somebody
from tests.support.ledger import drain

TABLES = ("features", "positions", "predictions", "model", "snapshots")


@dataclass
class Read:
    """What a history leaves behind."""

    db: Connection[TupleRow]
    projection: Likelihoods
    position: int = 0

    def follow(self, events: Iterable[Event], cuts: Sequence[int] = ()) -> "Read":
        """Apply events in batches that end at these places."""
        batch: list[LoggedEvent] = []
        for number, event in enumerate(events):
            self.position += 1
            if isinstance(event, FOLLOWED):
                batch.append(LoggedEvent(self.position, event))
            if number in cuts:
                self._apply(batch)
                batch = []
        self._apply(batch)
        return self

    def _apply(self, batch: list[LoggedEvent]) -> None:
        if batch:
            with self.db.transaction():
                self.projection.apply(self.db, batch)

    def tables(self) -> dict[str, list[TupleRow]]:
        return {
            name: self.db.execute(f"SELECT * FROM likelihood_{name} ORDER BY 1, 2").fetchall()
            for name in TABLES
        }

    def hash(self) -> str:
        return current(self.db)[0].hash

    def observed(self) -> tuple[float, float]:
        """How many outreaches have taught, and how many of them were answered."""
        model = current(self.db)[0].model
        return model.observed, model.positive

    def open(self) -> list[TupleRow]:
        """Of each outreach under way: since when it is silent, its features, and what it taught."""
        return self.db.execute(
            "SELECT silent_from, features, learned_logit FROM likelihood_predictions"
            " WHERE outcome IS NULL"
        ).fetchall()


@pytest.fixture(scope="module")
def tables(databases: Databases) -> Iterator[str]:
    """A database with the projection's tables."""
    with databases.empty() as url:
        migrate(url, at=START)
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(Likelihoods.TABLES)
        yield url


@pytest.fixture(scope="module")
def db(tables: str) -> Iterator[Connection[TupleRow]]:
    with psycopg.connect(tables, autocommit=True) as db:
        yield db


@contextmanager
def reading(db: Connection[TupleRow]) -> Iterator[Read]:
    """The projection from its beginning; nothing of it is kept."""
    with db.transaction(force_rollback=True):
        db.execute(f"TRUNCATE {', '.join(f'likelihood_{table}' for table in TABLES)}")
        yield Read(db, Likelihoods())


@pytest.fixture
def read(db: Connection[TupleRow]) -> Iterator[Read]:
    with reading(db) as read:
        yield read


def outcome_of(db: Connection[TupleRow], history: History, cuts: Sequence[int] = ()) -> Any:
    with reading(db) as read:
        return read.follow(history.events, cuts).tables()


@pytest.fixture
def history() -> History:
    history = History()
    history.sign_up("Ada", "Bo", "Cy", roles=["Designer"], years_experience=4)
    history.now += days(300)
    return history


# Teaching


def test_an_answer_is_learned_whether_yes_or_no(read: Read, history: History) -> None:
    history.send("Ada")
    history.send("Bo", event=InterviewRequested)
    history.now += hours(3)
    history.accept("Ada")
    history.settle(OutreachDeclined, "Bo", reason=DeclineReason.SALARY)
    assert read.follow(history.events).observed() == (2, 2)


def test_a_day_of_silence_is_learned_provisionally(read: Read, history: History) -> None:
    history.send("Ada")
    history.now += hours(23)
    history.be_active("Bo")
    assert read.follow(history.events).observed() == (0, 0)
    later = History()
    later.now = history.now + hours(1)
    later.be_active("Bo")
    assert read.follow(later.events).observed() == (1, 0)


def test_an_answer_after_a_day_revokes_the_silence(read: Read, history: History) -> None:
    history.send("Ada")
    history.now += hours(25)
    history.be_active("Bo")
    history.now += days(3)
    history.accept("Ada")
    assert read.follow(history.events).observed() == (1, 1)
    assert read.open() == []


def test_an_answer_that_is_the_first_event_after_a_day_is_learned_once(
    read: Read, history: History
) -> None:
    history.send("Ada")
    history.now += days(3)
    history.accept("Ada")
    answered_at_once = History()
    answered_at_once.events = [*history.events[:-1]]
    answered_at_once.now = history.now - days(3)
    answered_at_once.accept("Ada")
    read.follow(history.events)
    expected = read.hash()
    with reading(read.db) as other:
        assert other.follow(answered_at_once.events).hash() == expected


def test_an_expiry_after_a_learned_silence_changes_nothing(read: Read, history: History) -> None:
    history.send("Ada")
    history.now += days(2)
    history.be_active("Bo")
    silent = read.follow(history.events).hash()
    expiry = History()
    expiry.now = history.now + days(14)
    expiry.expire("Ada")
    read.follow(expiry.events)
    assert (read.hash(), read.observed()) == (silent, (1, 0))


def test_an_expiry_with_no_event_since_is_learned_as_unanswered(
    read: Read, history: History
) -> None:
    history.send("Ada")
    history.now += days(14)
    history.expire("Ada")
    assert read.follow(history.events).observed() == (1, 0)


def test_an_outreach_withdrawn_within_a_day_leaves_the_model_as_if_never_sent(
    read: Read, history: History
) -> None:
    history.send("Bo", position=2)
    history.now += hours(1)
    history.accept("Bo", position=2)
    before = read.follow(history.events).hash()
    rest = History()
    rest.now = history.now
    rest.send("Ada")
    rest.now += hours(20)
    rest.settle(OutreachWithdrawn, "Ada")
    rest.now += days(20)
    rest.be_active("Cy")
    assert read.follow(rest.events).hash() == before


def test_an_outreach_withdrawn_later_counts_for_nothing(read: Read, history: History) -> None:
    history.send("Ada")
    history.now += days(2)
    history.settle(OutreachWithdrawn, "Ada")
    history.send("Bo")
    history.now += days(2)
    history.be_active("Cy")
    history.settle(OutreachWithdrawn, "Bo")
    assert read.follow(history.events).observed() == (0, 0)
    assert read.open() == []


def test_it_learns_with_the_features_of_the_moment_of_sending(read: Read, history: History) -> None:
    history.send("Ada")
    read.follow(history.events)
    ((silent_from, frozen, learned),) = read.open()
    assert silent_from == history.now + days(1)
    assert learned is None
    assert frozen["categories"]["contacted"] == "never"
    assert frozen["numbers"]["received"] == 0
    assert frozen["numbers"]["dormancy"] == pytest.approx(math.log1p(10), abs=1e-3)
    later = History()
    later.now = history.now + hours(2)
    later.be_active("Ada")
    later.now += days(2)
    later.be_active("Bo")
    read.follow(later.events)
    assert read.open()[0][1] == frozen


def test_an_event_that_arrives_late_does_not_turn_time_back(read: Read, history: History) -> None:
    history.send("Ada")
    history.now += days(2)
    history.be_active("Bo")
    history.be_active("Cy", at=history.now - days(200))
    read.follow(history.events)
    assert read.tables()["model"][0][-1] == history.now


# Scores


def a_lesson(history: History, rounds: int = 150) -> None:
    """Who has searched lately answers within hours, who has not lets the outreach expire."""
    names = [f"pupil {number}" for number in range(rounds)]
    history.sign_up(*names)
    history.now += days(200)
    for number, name in enumerate(names):
        if number % 2:
            history.be_active(name, "searched_jobs")
        history.send(name, event=InterviewRequested if number % 2 else MessageSent)
        history.now += hours(8)
        if number % 2:
            history.accept(name)
        elif number > 42:
            history.expire(names[number - 42])


def test_everyone_is_scored_from_sign_up_on(read: Read, history: History) -> None:
    read.follow(history.events)
    everyone = [somebody(name) for name in ("Ada", "Bo", "Cy")]
    scored = of_candidates(read.db, everyone, history.now)
    assert [*scored] == sorted(everyone)
    assert all(s.likelihood.probability == pytest.approx(BASE_RATE) for s in scored.values())


def test_a_score_rises_with_activity_that_the_model_gives_a_positive_weight(
    read: Read, history: History
) -> None:
    a_lesson(history)
    history.be_active("Ada")
    history.now += days(100)
    history.be_active("Bo", "searched_jobs", at=history.now - days(99))
    read.follow(history.events)
    at = history.now
    shown = of_candidates(read.db, [somebody("Bo")], at)[somebody("Bo")].likelihood
    active = History()
    active.now = at
    active.be_active("Bo", "searched_jobs")
    read.follow(active.events)
    after = of_candidates(read.db, [somebody("Bo")], at)[somebody("Bo")].likelihood
    assert after.logit > shown.logit
    assert after.probability > shown.probability
    assert after.model_position == shown.model_position < read.position


def test_a_score_fades_by_itself_when_it_is_read_later(read: Read, history: History) -> None:
    a_lesson(history)
    history.be_active("Ada", "searched_jobs")
    read.follow(history.events)
    ada = somebody("Ada")
    now, in_a_year = (
        of_candidates(read.db, [ada], at)[ada].likelihood
        for at in (history.now, history.now + days(365))
    )
    assert in_a_year.probability < now.probability


def test_an_enhanced_profile_is_scored_as_well(read: Read, history: History) -> None:
    read.follow(history.events)
    enhanced = History()
    enhanced.now = history.now
    seen: dict[str, Any] = {"source": "register", "observed_on": date(2025, 9, 1)}
    facts = Facts(roles=("Data engineer",), in_present_job_since=PartialDate(2025))
    enhanced.add(ProfileEnhanced, somebody("Ada"), **seen, fields=("roles",), facts=facts)
    read.follow(enhanced.events)
    row = read.db.execute(
        "SELECT role, years, job_since, observed_at FROM likelihood_features"
        " WHERE candidate_id = %s",
        [somebody("Ada")],
    ).fetchone()
    assert row == (
        "data-engineering",
        4.0,
        datetime(2025, 1, 1, tzinfo=UTC).timestamp(),
        datetime(2025, 9, 1, tzinfo=UTC).timestamp(),
    )


def test_an_erased_candidate_vanishes(read: Read, history: History) -> None:
    history.send("Ada")
    history.send("Bo")
    history.now += days(2)
    history.be_active("Cy")
    history.add(CandidateErased, somebody("Ada"))
    history.accept("Ada")
    read.follow(history.events)
    assert read.observed() == (1, 0)
    for name, rows in read.tables().items():
        assert somebody("Ada") not in {row[0] for row in rows}, name
    assert of_candidates(read.db, [somebody("Ada")], history.now) == {}


def test_reasons_added_up_in_their_order_are_the_logit_bit_for_bit(
    read: Read, history: History
) -> None:
    a_lesson(history)
    read.follow(history.events)
    bo = of_candidates(read.db, [somebody("Bo")], history.now)[somebody("Bo")]
    total = 0.0
    for reason in bo.reasons:
        total += reason.contribution
    assert total == bo.likelihood.logit


def test_the_strongest_reasons_say_what_the_model_has_learned(read: Read, history: History) -> None:
    a_lesson(history)
    history.now += days(60)
    history.be_active("Bo", "searched_jobs")
    read.follow(history.events)
    bo = of_candidates(read.db, [somebody("Bo")], history.now)[somebody("Bo")]
    reasons = strongest(bo.reasons, 3)
    assert "Looked for jobs once in the last months" in {reason.text for reason in reasons}
    weights = [abs(reason.contribution) for reason in reasons]
    assert weights == sorted(weights, reverse=True)


def test_it_ranks_newcomers_by_what_it_has_learned_of_others(read: Read, history: History) -> None:
    newcomers = [f"newcomer {number}" for number in range(60)]
    history.sign_up(*newcomers)
    a_lesson(history, rounds=300)
    for name in newcomers[::2]:
        history.be_active(name, "searched_jobs")
    read.follow(history.events)
    shown = of_candidates(read.db, [somebody(name) for name in newcomers], history.now)
    lately, silent = (
        [shown[somebody(name)].likelihood.probability for name in names]
        for names in (newcomers[::2], newcomers[1::2])
    )
    assert min(lately) > 0.7
    assert max(silent) < 0.3


def test_before_the_first_event_there_is_an_untrained_model(read: Read) -> None:
    standing, _ = current(read.db)
    assert (standing.log_position, standing.as_of_log_position, read.observed()) == (0, 0, (0, 0))
    assert of_candidates(read.db, [somebody("Ada")], START) == {}


# Replay


def test_reading_changes_nothing(read: Read, history: History) -> None:
    a_lesson(history)
    before = read.follow(history.events).tables()
    of_candidates(read.db, [somebody("Ada"), somebody("nobody")], history.now)
    assert read.tables() == before


def test_a_batch_that_was_rolled_back_is_learned_once(read: Read, history: History) -> None:
    a_lesson(history, rounds=30)
    early, late = history.events[:150], history.events[150:]
    read.follow(early)
    position = read.position
    with read.db.transaction(force_rollback=True):
        read.follow(late)
    read.position = position
    read.follow(late)
    assert read.tables() == outcome_of(read.db, history)


def test_another_worker_can_continue_in_between(read: Read, history: History) -> None:
    a_lesson(history, rounds=30)
    other = Read(read.db, Likelihoods())
    for number in range(0, len(history.events), 40):
        worker = other if number % 80 else read
        worker.position = number
        worker.follow(history.events[number : number + 40])
    assert read.tables() == outcome_of(read.db, history)


def test_a_state_that_is_not_what_its_hash_says_stops_the_projection(
    read: Read, history: History
) -> None:
    read.follow(history.events)
    read.db.execute("""
        UPDATE likelihood_model SET state = replace(state, '"observed":0.0', '"observed":1.0')""")
    with pytest.raises(ForeignModel, match="hash"):
        Read(read.db, Likelihoods(), read.position).follow(history.events[:1])


Step = tuple[str, int, int, float]

OTHER_STEPS = ["expire", "withdraw", "erase", "opt out", "enhance"]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["sign up", "be active", "late", "send", "request", "accept", "decline", *OTHER_STEPS]
        ),
        st.integers(0, 5),
        st.integers(0, 2),
        st.sampled_from([0.0, 1.0, 23.0, 24.0, 60.0, 400.0]),
    ),
    max_size=60,
)


SETTLE: dict[str, type[Event]] = {
    "accept": OutreachAccepted,
    "expire": OutreachExpired,
    "withdraw": OutreachWithdrawn,
}


def played(steps: Iterable[Step]) -> History:
    """A history in which each outreach is sent and settled once at most."""
    history = History()
    known: set[int] = set()
    sent: set[tuple[int, int]] = set()
    still_open: set[tuple[int, int]] = set()
    for step, name, position, hours_on in steps:
        history.now += hours(hours_on)
        outreach = (name, position)
        if step == "sign up" and name not in known:
            history.sign_up(name, roles=("Tester",) if name % 2 else None)
            known.add(name)
        elif name not in known:
            continue
        elif step in ("send", "request") and outreach not in sent:
            history.send(name, position, MessageSent if step == "send" else InterviewRequested)
            sent.add(outreach)
            still_open.add(outreach)
        elif step in SETTLE and outreach in still_open:
            history.settle(SETTLE[step], name, position)
            still_open.discard(outreach)
        elif step == "decline" and outreach in still_open:
            history.settle(OutreachDeclined, name, position, reason=DeclineReason.OTHER)
            still_open.discard(outreach)
        else:
            _happens_to(history, step, name, hours_on)
    return history


def _happens_to(history: History, step: str, name: int, hours_on: float) -> None:
    if step == "be active":
        history.be_active(name, "applied")
    elif step == "late":
        history.be_active(name, at=history.now - hours(hours_on))
    elif step == "erase":
        history.add(CandidateErased, somebody(name))
    elif step == "opt out":
        history.add(OptedOut, somebody(name))
    elif step == "enhance":
        history.add(
            ProfileEnhanced,
            somebody(name),
            source="register",
            observed_on=history.now.date(),
            fields=("years_experience",),
            facts=Facts(years_experience=hours_on / 24),
        )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, cuts=st.lists(st.integers(0, 80), max_size=12))
def test_however_the_log_is_cut_into_batches_the_rows_are_the_same(
    db: Connection[TupleRow], steps: list[Step], cuts: list[int]
) -> None:
    history = played(steps)
    assert outcome_of(db, history, cuts) == outcome_of(db, history)


@pytest.mark.slow
def test_a_long_history_comes_out_the_same_event_by_event_and_at_once(
    db: Connection[TupleRow],
) -> None:
    rng = random.Random(4)
    kinds = ["be active"] * 10 + ["late", "send", "send", "accept", "decline", "expire", "enhance"]
    steps: list[Step] = [("sign up", name, 0, 0.0) for name in range(60)]
    steps += [
        (rng.choice(kinds), rng.randrange(60), rng.randrange(4), rng.choice([0.0, 1.0, 6.0]))
        for _ in range(1500)
    ]
    history = played(steps)
    at_once = outcome_of(db, history)
    assert outcome_of(db, history, range(len(history.events))) == at_once
    assert outcome_of(db, history, range(0, len(history.events), 97)) == at_once


def test_it_follows_the_event_store(store: EventStore, pool: Pool) -> None:
    projection = Likelihoods()
    create_tables([projection], pool)
    store.execute(
        SignUpCandidate(
            by=PLATFORM,
            at=START,
            request_id="test",
            candidate_id=somebody("Ada"),
            name="Ada",
            opted_in=True,
        )
    )
    drain(Projector([projection], store, pool))
    with pool.connection() as db:
        assert [*of_candidates(db, [somebody("Ada")], START)] == [somebody("Ada")]

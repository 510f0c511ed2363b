"""What a model is rebuilt from is little of the log, and gives the bits that all of it gives."""

import random
from collections import Counter
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.candidate_events import CandidateErased, OptedIn, OptedOut, ProfileEnhanced, WasActive
from domain.event import Event
from domain.filters import Filters
from domain.likelihood import Likelihood
from domain.outreach_events import (
    DeclineReason,
    InterviewRequested,
    MessageSent,
    OutreachDeclined,
    OutreachWithdrawn,
)
from domain.position import FiltersSet
from domain.profile import Facts
from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log.store import EventStore
from projections.likelihood.audit.replay import explain, replay
from projections.likelihood.audit.training_slice import Differs, TakesLong
from projections.likelihood.estimator.model import ESTIMATOR
from projections.likelihood.explanations import FeatureReason, reasons
from projections.likelihood.features.catalogue import FEATURE_VERSION, ORDER
from projections.likelihood.learner import FOLLOWED, UNKNOWN_POSITION, Learner, OutreachSent
from tests.support.history import EMPLOYER, IDS, History, days, hours, somebody

EARLY, LATE = range(10), range(10, 14)
"""Candidates who sign up at the start, and those who may later."""


class RandomHistory(History):
    """A random history, with some timestamps late and some early.

    It is learned from as it happens, and each sender sees what is known by then.
    """

    def __init__(self, seed: int, steps: int = 110) -> None:
        super().__init__()
        self.learner = Learner()
        self.explained: dict[UUID, list[FeatureReason]] = {}
        """By outreach, what its sender would have been history."""
        self._learned = 0
        self._rng = random.Random(seed)
        self._waiting: list[tuple[int, int]] = []
        self._contacted: set[tuple[int, int]] = set()
        self.open_position(1)
        self.sign_up(*EARLY, country="France", years_experience=4)
        self.now += days(200)
        for _ in range(steps):
            self.now += hours(self._rng.choice([0, 0, 1, 5, 11, 24, 24, 60]))
            happens = self._rng.choices(
                [self._send, self._settle, self._change_a_candidate, self._change_a_position],
                [30, 20, 42, 8],
            )
            happens[0](self._rng.choice([*EARLY, *LATE]), self._rng.randrange(1, 4))
        self._learn()

    def _send(self, who: int, position: int) -> None:
        if (who, position) in self._contacted:
            return
        self._contacted.add((who, position))
        self._waiting.append((who, position))
        self._learn()
        now, late = self.now, hours(self._rng.choice([0, 0, 0, 2, 23, 24, 70]))
        self.now -= late
        kinds: list[type[Event]] = [MessageSent, MessageSent, InterviewRequested]
        self.send(who, position, self._rng.choice(kinds))
        self.now = now
        *_, sent, _contacted = self.events
        assert isinstance(sent, MessageSent | InterviewRequested)
        if sent.candidate_id in self.learner.states:
            self.events[-2] = sent.model_copy(update={"likelihood": self._shown(sent)})

    def _shown(self, sent: OutreachSent) -> Likelihood:
        learner = self.learner
        opening = learner.positions.get(sent.position_id, UNKNOWN_POSITION)
        x = learner.features(sent.candidate_id, opening, sent.timestamp)
        contributions = learner.model.contributions(x, ORDER)
        self.explained[sent.originator_id] = reasons(
            x, contributions, names_nice_skills=bool(opening.nice)
        )
        logit = learner.model.logit(x)
        return Likelihood(
            probability=learner.model.probability(logit),
            logit=logit,
            model_position=learner.model_log_position,
            feature_version=FEATURE_VERSION,
            model_hash=learner.model.hash(),
            as_of_position=self._learned,
            estimator_version=ESTIMATOR,
        )

    def _settle(self, _who: int, _position: int) -> None:
        if not self._waiting:
            return
        one = self._waiting.pop(self._rng.randrange(len(self._waiting)))
        match self._rng.randrange(4):
            case 0:
                self.expire(*one)
            case 1:
                self.settle(OutreachWithdrawn, *one)
            case 2:
                self.settle(OutreachDeclined, *one, reason=DeclineReason.OTHER)
            case _:
                self.accept(*one)

    def _change_a_candidate(self, who: int, _position: int) -> None:
        match self._rng.randrange(12):
            case 0:
                self.add(CandidateErased, somebody(who))
            case 1:
                consent: list[type[Event]] = [OptedOut, OptedIn]
                self.add(self._rng.choice(consent), somebody(who))
            case 2:
                self.sign_up(self._rng.choice(LATE), country="Spain")
            case 3:
                facts = Facts(years_experience=self._rng.randrange(40), skills=("Python",))
                day, of = self.now.date(), ("skills", "years_experience")
                self.add(
                    ProfileEnhanced,
                    somebody(who),
                    facts=facts,
                    observed_on=day,
                    source="web",
                    fields=of,
                )
            case _:
                at = self.now + hours(self._rng.choice([0, 0, 0, -30, -400, 13, 40]))
                self.be_active(who, "searched_jobs", at)

    def _change_a_position(self, _who: int, position: int) -> None:
        if self._rng.random() < 0.3:
            self.open_position(2, title="Senior tester", location=None, remote=True)
        else:
            filters = Filters(required_skills=self._rng.choice([("Python",), ("Go", "SQL"), ()]))
            id = uuid5(IDS, f"position {position}")
            self.add(FiltersSet, id, employer_id=EMPLOYER, filters=filters)

    def _learn(self) -> None:
        for position, event in enumerate(self.events[self._learned :], self._learned + 1):
            if isinstance(event, FOLLOWED):
                self.learner.apply(position, event)
        self._learned = len(self.events)


def learned(events: list[Event], until: int) -> Learner:
    """All of the log taken in, one after the other."""
    learner = Learner()
    for position, event in enumerate(events[:until], 1):
        if isinstance(event, FOLLOWED):
            learner.apply(position, event)
    return learner


def write(store: EventStore, db: Database, events: list[Event]) -> None:
    """Make this the log, without snapshots."""
    db.execute("DELETE FROM events")
    db.execute("DELETE FROM likelihood_snapshots")
    versions: Counter[UUID] = Counter()
    rows = []
    for position, event in enumerate(events, 1):
        id = event.originator_id
        versions[id] += 1
        stored = store.mapper.to_stored_event(event)
        rows.append((position, id, versions[id], stored.topic, stored.state, event.timestamp))
    with db.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO events (log_id, log_position, originator_id, originator_version, topic,"
            " state, recorded_at) VALUES (0, %s, %s, %s, %s, %s, %s)",
            rows,
        )
    db.execute("UPDATE log_head SET log_position = %s", [len(events)])


def keep_snapshot(db: Database, events: list[Event], position: int) -> None:
    learner = learned(events, position)
    kept = (position, learner.model.hash(), learner.snapshot())
    db.execute("INSERT INTO likelihood_snapshots VALUES (0, %s, %s, %s)", kept)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), where=st.randoms(use_true_random=False))
@settings(
    max_examples=12,
    deadline=None,
    # Each example writes a log of its own into the one database.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_from_any_snapshot_to_any_log_position_it_gives_the_same_bits(
    store: EventStore, pool: Pool, seed: int, where: random.Random
) -> None:
    events = RandomHistory(seed).events
    with pool.connection() as db:
        write(store, db, events)
        for _ in range(3):
            until = where.randint(0, len(events))
            full = learned(events, until)
            db.execute("DELETE FROM likelihood_snapshots")
            for position in sorted({where.randint(0, until) for _ in range(where.randint(0, 2))}):
                keep_snapshot(db, events, position)
            for from_scratch in (False, True):
                rebuilt = replay(store, db, until, from_scratch=from_scratch).learner
                assert rebuilt.snapshot() == full.snapshot()
                frozen = {id: outreach.features for id, outreach in rebuilt.open.items()}
                assert frozen == {id: outreach.features for id, outreach in full.open.items()}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kept", [True, False], ids=["from a snapshot", "from none"])
def test_each_sender_is_explained_what_they_saw(
    store: EventStore, pool: Pool, seed: int, kept: bool
) -> None:
    history = RandomHistory(seed)
    with pool.connection() as db:
        write(store, db, history.events)
        if kept:
            keep_snapshot(db, history.events, 60)
        for outreach, seen in history.explained.items():
            assert explain(store, db, outreach).reasons == seen
    assert len(history.explained) > 10


def test_candidates_who_are_never_contacted_are_not_kept_in_memory(
    store: EventStore, pool: Pool
) -> None:
    history = RandomHistory(3)
    contacted = {event.candidate_id for event in history.events if isinstance(event, OutreachSent)}
    with pool.connection() as db:
        write(store, db, history.events)
        for from_scratch in (False, True):
            rebuilt = replay(store, db, len(history.events), from_scratch=from_scratch)
            assert rebuilt.agreed["outreach"] == len(history.explained)
            assert rebuilt.learner.states.keys() == history.learner.states.keys() & contacted
    assert history.learner.states.keys() - contacted


def test_a_replay_of_more_events_than_allowed_is_refused(store: EventStore, pool: Pool) -> None:
    history = RandomHistory(1)
    outreach = [*history.explained][-1]
    with pool.connection() as db:
        write(store, db, history.events)
        assert explain(store, db, outreach, most=2 * len(history.events)).reasons
        for most in (0, 20, 60):
            with pytest.raises(TakesLong, match=f"more than {most} events"):
                explain(store, db, outreach, most=most)


def test_an_event_without_a_timestamp_is_named_by_the_log_position_before(
    store: EventStore, pool: Pool
) -> None:
    history = RandomHistory(1)
    with pool.connection() as db:
        write(store, db, history.events)
        keep_snapshot(db, history.events, 60)
        (spoilt,) = [70 + n for n, e in enumerate(history.events[69:]) if isinstance(e, WasActive)][
            :1
        ]
        never = b'{"timestamp":"never"}'
        db.execute("UPDATE events SET state = %s WHERE log_position = %s", [never, spoilt])
        with pytest.raises(Differs, match="after position 60 does not say when it happened"):
            replay(store, db, len(history.events))

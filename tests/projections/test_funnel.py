"""The funnel counts each step on its day, in the band of what was shown."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.actor import Actor, Role
from domain.event import Event
from domain.likelihood import Band, Likelihood, band
from domain.outreach_events import (
    DeclineReason,
    InterviewRequested,
    InterviewScheduled,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
)
from domain.viewing import CandidatesShown, Feed, ProfileOpened, Slot, Sort
from infrastructure.database.postgres import Pool
from infrastructure.projecting.projection import LoggedEvent
from projections import funnel
from projections.funnel import Funnel, Interval, Split, Steps
from projections.likelihood.monitoring.performance import exploration
from tests.support.events import A_MESSAGE, event_of

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
IDS = UUID("00000000-0000-5000-8000-000000000002")
RECRUITER = Actor(id="recruiter", role=Role.RECRUITER)


def named(name: object) -> UUID:
    return uuid5(IDS, str(name))


class Hiring:
    """What happens at a position, and the funnel that comes of it."""

    def __init__(self, db: Connection[TupleRow]) -> None:
        self.db = db
        self.now = MONDAY
        self.count = 0
        self.events: list[LoggedEvent] = []

    def add(self, event: type[Event], id: UUID, position: str, **facts: Any) -> None:
        self.count += 1
        employer = named(f"employer of {position}")
        happened = event_of(
            event,
            id,
            at=self.now,
            by=RECRUITER,
            employer_id=employer,
            position_id=named(position),
            **facts,
        )
        self.events.append(LoggedEvent(self.count, happened))

    def show(self, *slots: Slot, position: str = "A", feed: Feed = Feed.PASSIVE) -> None:
        shown: dict[str, Any] = {"feed": feed, "sort": Sort.LIKELIHOOD, "model_position": 1}
        self.add(CandidatesShown, named(self.count), position, slots=slots, **shown)

    def open(
        self,
        name: str,
        probability: float | None = 0.3,
        *,
        position: str = "A",
        passive: bool = True,
    ) -> None:
        seen = {"candidate_id": named(name), "passive": passive, "probability": probability}
        self.add(ProfileOpened, named(self.count), position, **seen)

    def send(
        self,
        name: str,
        probability: float | None = 0.3,
        *,
        position: str = "A",
        event: type[Event] = MessageSent,
    ) -> None:
        shown = probability and Likelihood(
            probability=probability, logit=0, model_position=1, feature_version=1
        )
        self.then(event, name, position=position, **{**A_MESSAGE, "likelihood": shown})

    def then(self, event: type[Event], name: str, *, position: str = "A", **facts: Any) -> None:
        id = named(f"outreach {name} {position}")
        self.add(event, id, position, candidate_id=named(name), **facts)

    def steps(self, **asked: Any) -> list[Steps]:
        with self.db.transaction():
            Funnel().apply(self.db, self.events)
        self.events = []
        return funnel.steps(self.db, **asked)


@pytest.fixture
def hiring(pool: Pool) -> Iterator[Hiring]:
    with pool.connection() as db:
        yield Hiring(db)


def slot(name: str, probability: float | None = 0.3, **more: Any) -> Slot:
    return Slot(candidate_id=named(name), rank=1, probability=probability, **more)


def numbers(row: Steps) -> tuple[int, ...]:
    return row.shown, row.opened, row.messaged, row.answered, row.interviews


def test_of_nothing_there_is_nothing(hiring: Hiring) -> None:
    (row,) = hiring.steps()
    assert numbers(row) == (0, 0, 0, 0, 0)
    assert hiring.steps(interval=Interval.DAY, by=[Split.BAND]) == []


def test_a_candidate_goes_through_every_step(hiring: Hiring) -> None:
    hiring.show(slot("Ada"), slot("Bo"), slot("Cy"))
    hiring.open("Ada")
    hiring.open("Bo")
    hiring.send("Ada")
    hiring.send("Bo")
    hiring.then(OutreachAccepted, "Ada")
    hiring.then(OutreachDeclined, "Bo", reason=DeclineReason.SALARY)
    hiring.then(InterviewScheduled, "Ada", starts_at=MONDAY + timedelta(days=9))
    (row,) = hiring.steps()
    assert numbers(row) == (3, 2, 2, 2, 1)
    assert (row.accepted, row.declined) == (1, 1)


def test_each_step_counts_on_the_day_it_happened(hiring: Hiring) -> None:
    hiring.show(slot("Ada"))
    hiring.send("Ada")
    hiring.now += timedelta(days=8)
    hiring.then(OutreachAccepted, "Ada")
    hiring.now += timedelta(days=1)
    hiring.then(InterviewScheduled, "Ada", starts_at=MONDAY + timedelta(days=20))
    daily = {row.period: numbers(row) for row in hiring.steps(interval=Interval.DAY)}
    assert daily == {
        date(2026, 3, 2): (1, 0, 1, 0, 0),
        date(2026, 3, 10): (0, 0, 0, 1, 0),
        date(2026, 3, 11): (0, 0, 0, 0, 1),
    }
    weekly = {row.period: numbers(row) for row in hiring.steps(interval=Interval.WEEK)}
    assert weekly == {date(2026, 3, 2): (1, 0, 1, 0, 0), date(2026, 3, 9): (0, 0, 0, 1, 1)}
    (monthly,) = hiring.steps(interval=Interval.MONTH)
    assert (monthly.period, numbers(monthly)) == (date(2026, 3, 1), (1, 0, 1, 1, 1))


def test_an_interview_that_is_moved_counts_once_on_its_first_day(hiring: Hiring) -> None:
    hiring.send("Ada")
    hiring.then(OutreachAccepted, "Ada")
    for _ in range(2):
        hiring.then(InterviewScheduled, "Ada", starts_at=MONDAY + timedelta(days=9))
        hiring.now += timedelta(days=1)
    assert [row.interviews for row in hiring.steps(interval=Interval.DAY)] == [1]


def test_a_period_ends_before_its_last_day(hiring: Hiring) -> None:
    for _ in range(3):
        hiring.show(slot("Ada"))
        hiring.now += timedelta(days=1)
    (row,) = hiring.steps(since=date(2026, 3, 3), until=date(2026, 3, 4))
    assert row.shown == 1


def test_steps_count_in_the_band_that_was_shown(hiring: Hiring) -> None:
    hiring.show(slot("Ada", 0.25), slot("Bo", 0.1), slot("Cy", 0.0999), slot("Di", None))
    hiring.send("Ada", 0.12)
    hiring.then(OutreachAccepted, "Ada")
    rows = hiring.steps(by=[Split.BAND])
    assert [(row.band, numbers(row)) for row in rows] == [
        (Band.HIGH, (1, 0, 0, 0, 0)),
        (Band.MEDIUM, (1, 0, 1, 1, 0)),
        (Band.LOW, (1, 0, 0, 0, 0)),
        ("unknown", (1, 0, 0, 0, 0)),
    ]


def test_where_the_sender_was_shown_none_the_band_is_what_the_model_would_have_said(
    hiring: Hiring,
) -> None:
    hiring.send("Ada", None)
    hiring.db.execute(
        "INSERT INTO likelihood_predictions (candidate_id, outreach_id, employer_id, position_id,"
        " kind, sent_at, sent_log_position, model_log_position, logit, probability, challengers,"
        " role, seniority, features, silent_from)"
        " VALUES (%s, %s, %s, %s, 'message', %s, 1, 0, 0, 0.4, '{}', '', '', '{}', %s)",
        [named("Ada"), named("outreach Ada A"), named(""), named("A"), MONDAY, MONDAY],
    )
    (row,) = hiring.steps(by=[Split.BAND])
    assert (row.band, row.messaged) == (Band.HIGH, 1)


def test_random_picks_are_counted_apart_to_the_end(hiring: Hiring) -> None:
    hiring.show(slot("Ada", explored=True, propensity=0.03), slot("Bo"))
    hiring.open("Ada")
    hiring.send("Ada")
    hiring.send("Bo")
    hiring.then(OutreachAccepted, "Ada")
    rows = {row.explored: numbers(row) for row in hiring.steps(by=[Split.EXPLORED])}
    assert rows == {True: (1, 1, 1, 1, 0), False: (1, 0, 1, 0, 0)}


def test_the_share_of_exploration_is_that_of_what_was_shown(hiring: Hiring) -> None:
    hiring.show(slot("Ada", explored=True), slot("Bo"), slot("Cy"), slot("Di"))
    hiring.send("Ada")
    hiring.now += timedelta(days=31)
    hiring.show(slot("Bo"))
    hiring.then(OutreachAccepted, "Ada")
    hiring.steps()
    (whole,) = exploration(hiring.db)
    assert (whole.shown, whole.explored, whole.share) == (5, 1, 0.2)
    assert (whole.messaged, whole.answered) == (1, 1)
    monthly = exploration(hiring.db, interval=Interval.MONTH)
    assert [(row.period, row.share) for row in monthly] == [
        (date(2026, 3, 1), 0.25),
        (date(2026, 4, 1), 0.0),
    ]


def test_a_random_pick_for_one_position_is_none_for_another(hiring: Hiring) -> None:
    hiring.show(slot("Ada", explored=True))
    hiring.send("Ada", position="B")
    (row,) = hiring.steps(only={"position_id": named("B")}, by=[Split.EXPLORED])
    assert (row.explored, row.messaged) == (False, 1)


def test_passive_and_active_candidates_are_told_apart(hiring: Hiring) -> None:
    hiring.show(slot("Ada"))
    hiring.send("Ada")
    hiring.show(slot("Bo"), slot("Cy"), feed=Feed.RECOMMENDATIONS)
    hiring.open("Bo", passive=False)
    hiring.send("Bo", event=InterviewRequested)
    rows = {row.passive: numbers(row) for row in hiring.steps(by=[Split.KIND])}
    assert rows == {True: (1, 0, 1, 0, 0), False: (2, 1, 1, 0, 0)}
    (passive,) = hiring.steps(only={"passive": True})
    assert numbers(passive) == (1, 0, 1, 0, 0)


def test_employers_and_positions_have_funnels_of_their_own(hiring: Hiring) -> None:
    for position in ("A", "A", "B"):
        hiring.show(slot("Ada"), position=position)
    rows = hiring.steps(by=[Split.EMPLOYER, Split.POSITION])
    found = {(row.employer_id, row.position_id): row.shown for row in rows}
    assert found == {
        (named("employer of A"), named("A")): 2,
        (named("employer of B"), named("B")): 1,
    }
    (ofa,) = hiring.steps(only={"employer_id": named("employer of A")})
    assert ofa.shown == 2


people = st.sampled_from("ABC")
places = st.sampled_from("PQ")
likelihoods = st.sampled_from([0.05, 0.1, 0.3, None])
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("show"), places, people, likelihoods, st.booleans()),
        st.tuples(st.just("open"), places, people, likelihoods),
        st.tuples(st.just("send"), places, people, likelihoods),
        st.tuples(st.just("accept"), places, people),
        st.tuples(st.just("pass a day")),
    ),
    max_size=25,
)
Key = tuple[date, str, str, bool]


def plainly(hiring: Hiring, happened: list[tuple[Any, ...]]) -> dict[Key, list[int]]:
    """Tell what happened, and count it as one would by hand: shown, opened, messaged, accepted."""
    counted: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    random_picks: set[tuple[str, str]] = set()
    sent: dict[tuple[str, str], tuple[str, bool]] = {}
    accepted: set[tuple[str, str]] = set()
    for what, *about in happened:
        if what == "pass a day":
            hiring.now += timedelta(days=1)
            continue
        place, who, *shown = about
        pair, day = (place, who), hiring.now.date()
        word = "unknown" if not shown or shown[0] is None else str(band(shown[0]))
        if what == "show":
            hiring.show(slot(who, shown[0], explored=shown[1]), position=place)
            if shown[1]:
                random_picks.add(pair)
            counted[day, place, word, shown[1]][0] += 1
        elif what == "open":
            hiring.open(who, shown[0], position=place)
            counted[day, place, word, pair in random_picks][1] += 1
        elif what == "send" and pair not in sent:
            hiring.send(who, shown[0], position=place)
            sent[pair] = word, pair in random_picks
            counted[day, place, *sent[pair]][2] += 1
        elif what == "accept" and pair in sent and pair not in accepted:
            hiring.then(OutreachAccepted, who, position=place)
            accepted.add(pair)
            counted[day, place, *sent[pair]][3] += 1
    return counted


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(happened=happenings)
def test_the_numbers_are_those_of_a_plain_count(pool: Pool, happened: list[Any]) -> None:
    by = [Split.POSITION, Split.BAND, Split.EXPLORED]
    with pool.connection() as db, db.transaction(force_rollback=True):
        hiring = Hiring(db)
        expected = plainly(hiring, happened)
        found = {
            (row.period, row.position_id, row.band, row.explored): [
                row.shown, row.opened, row.messaged, row.accepted,
            ]
            for row in hiring.steps(interval=Interval.DAY, by=by)
        }  # fmt: skip
    assert found == {(day, named(p), b, lot): n for (day, p, b, lot), n in expected.items()}


def test_however_the_log_is_cut_the_numbers_are_the_same(hiring: Hiring) -> None:
    for number in range(6):
        hiring.show(slot("Ada", explored=number == 1), slot("Bo", 0.2))
        hiring.open("Ada")
        hiring.steps()
    (row,) = hiring.steps()
    assert numbers(row) == (12, 6, 0, 0, 0)
    rows = {row.explored: row.opened for row in hiring.steps(by=[Split.EXPLORED])}
    assert rows == {True: 5, False: 1}

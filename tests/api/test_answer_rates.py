"""Answers are counted, and employers warned and restricted for too few: once, by many workers."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.periodic_tasks import review_answer_rates
from domain.actor import Actor, Role
from domain.employer import ReviewAnswerRate
from domain.employer_events import (
    AnswerRateRecovered,
    AnswerRateWarned,
    BulkRestricted,
)
from domain.event import Event
from domain.outreach_events import (
    FollowUpSent,
    InterviewRequested,
    LetterFailed,
    LetterStopped,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachPostponed,
    OutreachUndone,
    OutreachWithdrawn,
    PostponementEnded,
    ReplyReceived,
)
from domain.sender_standing import AnswerRate
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.checkpoints import NotCaughtUp
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.reading import ReadModels
from infrastructure.projecting.worker import PeriodicTask, Worker
from projections import interviews
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.read_models import read_models as every_read_model
from tests.support.concurrency import wait_until
from tests.support.events import A_MESSAGE, event_of
from tests.support.stored import BY, employer

NOW = datetime.now(UTC)
SYSTEM = Actor(id="test", role=Role.SYSTEM)
POSITION, CANDIDATE = uuid4(), uuid4()
FOLLOWED = (CandidatePool, Employers, InterviewList)
A_SECOND = timedelta(seconds=1)

Decided = AnswerRateWarned | AnswerRateRecovered | BulkRestricted
Later = tuple[type[Event], dict[str, Any]]
"""What happens to an outreach after its first event."""


def days(number: float) -> timedelta:
    return timedelta(days=number)


FIVE_DAYS_AGO = NOW - days(5)
ACCEPTED: Later = (OutreachAccepted, {})
DECLINED: Later = (OutreachDeclined, {"reason": "salary"})
POSTPONED: Later = (OutreachPostponed, {"until": NOW.date()})
DAY_HAS_COME: Later = (PostponementEnded, {})
WROTE_BACK: Later = (ReplyReceived, {"text": "Why?", "channel": "mail", "understood": "unclear"})
FOLLOWED_UP: Later = (
    FollowUpSent,
    {"text": "Well?", "sender_name": "Rae", "deliver_at": NOW},
)
WITHDRAWN: Later = (OutreachWithdrawn, {})
UNDONE: Later = (OutreachUndone, {})
STOPPED: Later = (LetterStopped, {"letter": 1, "reasons": ("candidate_opted_out",)})

RESTRICTED: list[type[Event]] = [AnswerRateWarned, BulkRestricted]
RECOVERED: list[type[Event]] = [AnswerRateWarned, AnswerRateRecovered]


def failed(letter: int) -> Later:
    return LetterFailed, {"letter": letter, "code": "550", "bad_address": False}


class World:
    """An event store, the read models that answers are counted in, and a clock to say."""

    def __init__(self, store: EventStore, pool: Pool) -> None:
        self.store, self.pool = store, pool
        self.read_models = ReadModels(pool, timeout=0.2)
        self.projections: list[Projection] = [
            each for each in every_read_model() if isinstance(each, FOLLOWED)
        ]
        self.employer_id = employer(store)

    def write(
        self,
        *later: Later,
        at: datetime = FIVE_DAYS_AGO,
        count: int = 1,
        first: type[Event] = MessageSent,
        to: UUID | None = None,
        deliver_at: datetime | None = None,
    ) -> None:
        """As many outreaches, each with these events after the first, an hour apart."""
        about: dict[str, Any] = {"employer_id": to or self.employer_id}
        about |= {"position_id": POSITION, "candidate_id": CANDIDATE}
        events: list[Event] = []
        for _ in range(count):
            id = uuid4()
            sent = {**A_MESSAGE, "deliver_at": deliver_at}
            events.append(event_of(first, id, at=at, by=SYSTEM, **about, **sent))
            events += [
                event_of(
                    kind,
                    id,
                    at=at + timedelta(hours=hours),
                    by=SYSTEM,
                    version=hours + 1,
                    **about,
                    **facts,
                )
                for hours, (kind, facts) in enumerate(later, 1)
            ]
        self.store.record(events)

    def catch_up(self) -> None:
        for projection in self.projections:
            while Projector([projection], self.store, self.pool).catch_up():
                pass

    def rate(self, at: datetime = NOW) -> tuple[int, int]:
        """Messages and answers."""
        self.catch_up()
        with self.pool.connection() as db:
            counted = interviews.answer_rates(db, at, also=[self.employer_id])
        return counted[self.employer_id].messages, counted[self.employer_id].answered

    def review(self, at: datetime = NOW) -> int:
        self.catch_up()
        return review_answer_rates(self.store, self.read_models, at)

    def decided(self, employer_id: UUID | None = None) -> list[Decided]:
        """What followed for an employer, in order."""
        stored = self.store.recorder.select_events(employer_id or self.employer_id)
        events = [self.store.mapper.to_domain_event(event) for event in stored]
        return [event for event in events if isinstance(event, Decided)]

    def kinds(self, employer_id: UUID | None = None) -> list[type[Event]]:
        return [type(event) for event in self.decided(employer_id)]


@pytest.fixture
def world(store: EventStore, pool: Pool) -> World:
    return World(store, pool)


# --- What counts


@pytest.mark.parametrize(
    "answer",
    [(ACCEPTED,), (DECLINED,), (POSTPONED,), (WROTE_BACK,), (WROTE_BACK, DECLINED)],
    ids=["yes", "no", "later", "unclear", "a no in words"],
)
def test_every_answer_counts(world: World, answer: tuple[Any, ...]) -> None:
    world.write(*answer)
    world.write()
    assert world.rate() == (2, 1)


def test_who_asked_for_later_has_answered_although_the_day_has_come(world: World) -> None:
    world.write(POSTPONED, DAY_HAS_COME)
    assert world.rate() == (1, 1)


@pytest.mark.parametrize(
    "lost",
    [(WITHDRAWN,), (UNDONE,), (STOPPED,), (failed(1),)],
    ids=["withdrawn", "undone", "stopped", "bounced"],
)
def test_a_message_that_came_to_nothing_does_not_count(world: World, lost: tuple[Any, ...]) -> None:
    world.write(*lost)
    assert world.rate() == (0, 0)


def test_nor_does_one_that_has_not_left_yet(world: World) -> None:
    world.write(deliver_at=NOW)
    assert world.rate() == (0, 0)


def test_a_follow_up_is_no_message_of_its_own_and_no_answer_if_it_bounces(world: World) -> None:
    world.write(FOLLOWED_UP, failed(2))
    assert world.rate() == (1, 0)


def test_interview_requests_do_not_count(world: World) -> None:
    world.write(first=InterviewRequested)
    world.write(ACCEPTED, first=InterviewRequested)
    assert world.rate() == (0, 0)


@pytest.mark.parametrize(
    ("age", "counts"),
    [
        (days(3) - A_SECOND, 0),
        (days(3), 1),
        (days(14) - A_SECOND, 1),
        (days(14), 0),
    ],
)
def test_a_message_counts_from_its_third_day_to_its_fourteenth(
    world: World, age: timedelta, counts: int
) -> None:
    world.write(at=NOW - age)
    world.write(ACCEPTED, at=NOW - age)
    assert world.rate() == (2 * counts, counts)


# --- What follows


def test_an_employer_whose_messages_few_answer_is_warned_once(world: World) -> None:
    world.write(count=88)
    world.write(ACCEPTED, count=12)
    assert world.review() == 1
    assert world.review() == 1
    (warning,) = world.decided()
    assert isinstance(warning, AnswerRateWarned)
    assert (warning.messages, warning.answered) == (100, 12)
    assert warning.grace_ends_at == NOW + days(7)
    assert (warning.actor.id, warning.actor.role) == ("answer-rates", "system")


@pytest.mark.parametrize(("count", "answered"), [(87, 13), (99, 0)])
def test_an_employer_with_enough_answers_or_few_messages_is_not(
    world: World, count: int, answered: int
) -> None:
    world.write(count=count)
    world.write(DECLINED, count=answered)
    assert world.review() == 0
    assert world.decided() == []


def test_only_the_employer_that_wrote_them_is_warned(world: World) -> None:
    other = employer(world.store)
    world.write(count=100)
    world.write(ACCEPTED, to=other, count=100)
    world.review()
    assert len(world.decided()) == 1
    assert world.decided(other) == []


def test_after_the_grace_it_is_restricted_and_later_warned_again(world: World) -> None:
    for day in (0, 7, 14, 21, 28):
        world.write(at=NOW + days(day - 4), count=100)
    for day in range(29):
        world.review(NOW + days(day))
    assert [(event.timestamp - NOW).days for event in world.decided()] == [0, 7, 21, 28]
    assert world.kinds() == RESTRICTED * 2


def test_an_employer_whose_answers_came_within_the_grace_is_not_restricted(world: World) -> None:
    world.write(count=100)
    world.review()
    world.write(ACCEPTED, count=50)
    world.review(NOW + days(7))
    assert world.kinds() == RECOVERED


def test_an_employer_that_stopped_writing_is_not_restricted(world: World) -> None:
    world.write(count=100)
    world.review()
    world.review(NOW + days(10))
    _, recovery = world.decided()
    assert isinstance(recovery, AnswerRateRecovered)
    assert (recovery.messages, recovery.answered) == (0, 0)


# --- Downtime and races


def test_after_a_long_downtime_the_rate_of_that_day_decides(world: World) -> None:
    world.write(count=100)
    world.review()
    later = NOW + days(40)
    world.write(at=later - days(4), count=100)
    world.review(later)
    _, restriction = world.decided()
    assert isinstance(restriction, BulkRestricted)
    assert restriction.until == later + days(14)


def test_answers_that_no_read_model_shows_yet_keep_the_review_from_deciding(world: World) -> None:
    world.write(count=100)
    world.review()
    later = NOW + days(8)
    world.write(ACCEPTED, count=50)  # while no worker runs
    with pytest.raises(NotCaughtUp):
        review_answer_rates(world.store, world.read_models, later)
    assert len(world.decided()) == 1
    world.review(later)
    assert world.kinds() == RECOVERED


def test_several_workers_at_once_decide_once(world: World, database_url: str) -> None:
    others = [employer(world.store) for _ in range(4)]
    for each in (world.employer_id, *others):
        world.write(to=each, count=100)
        rate = AnswerRate(messages=100, answered=0)
        a_week_ago = BY | {"at": NOW - days(7)}
        world.store.execute(ReviewAnswerRate(**a_week_ago, employer_id=each, rate=rate))
    world.catch_up()
    runs = [0, 0, 0]

    def review(number: int) -> None:
        review_answer_rates(world.store, ReadModels(world.pool, timeout=5), NOW)
        runs[number] += 1

    with ExitStack() as workers:
        for number in range(3):
            task = PeriodicTask("review", 0.01, partial(review, number))
            workers.enter_context(
                Worker(database_url, world.store, world.pool, world.projections, [task])
            )
        wait_until(lambda: all(number > 1 for number in runs))
    for each in (world.employer_id, *others):
        assert world.kinds(each) == RESTRICTED

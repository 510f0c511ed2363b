"""Outreach and consent expire and positions close by themselves, once."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.periodic_tasks import close_due, end_consents, expire_overdue
from domain.answering import AcceptOutreach
from domain.candidate_commands import OptIn
from domain.candidate_events import ConsentExpired
from domain.employer import ApproveEmployer
from domain.event import Event
from domain.identifier import SignUpCandidate
from domain.position import SetClosingDate
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.checkpoints import wait_for
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.reading import ReadModels
from infrastructure.projecting.worker import PeriodicTask, Worker
from projections.read_models import read_models as every_read_model
from tests.support.concurrency import SECONDS, at_once, wait_until
from tests.support.stored import ADMIN, BY, a_message, employer, position

NOW = datetime.now(UTC)


@pytest.fixture
def projections() -> list[Projection]:
    return every_read_model()


@pytest.fixture
def read_models(pool: Pool) -> ReadModels:
    return ReadModels(pool, timeout=1)


def sent(store: EventStore, days_ago: float) -> UUID:
    """A message that was sent so long ago."""
    at = NOW - timedelta(days=days_ago)
    message = a_message(store)
    return store.execute(message.model_copy(update={"at": at})).id


def expired(store: EventStore) -> set[UUID]:
    notifications, _ = store.read(0, 10_000, ["outreach.expired"])
    ids = [event.originator_id for event in notifications]
    assert len(ids) == len(set(ids)), "expired twice"
    return set(ids)  # type: ignore[arg-type]


def catch_up(projections: list[Projection], store: EventStore, pool: Pool) -> None:
    for projection in projections:
        while Projector([projection], store, pool).catch_up():
            pass


def test_an_outreach_expires_when_fourteen_days_have_passed(
    projections: list[Projection], read_models: ReadModels, store: EventStore, pool: Pool
) -> None:
    due, long_due = sent(store, 14), sent(store, 30)
    sent(store, 13.99)
    answered = sent(store, 20)
    store.execute(
        AcceptOutreach(by=ADMIN, at=NOW - timedelta(days=19), request_id="x", outreach_id=answered)
    )
    catch_up(projections, store, pool)
    assert expire_overdue(store, read_models, NOW) == 2
    assert expired(store) == {due, long_due}
    catch_up(projections, store, pool)
    assert expire_overdue(store, read_models, NOW) == 0


def test_what_the_list_does_not_know_yet_is_not_expired_again(
    projections: list[Projection], read_models: ReadModels, store: EventStore, pool: Pool
) -> None:
    outreach = sent(store, 15)
    catch_up(projections, store, pool)
    assert expire_overdue(store, read_models, NOW) == 1
    assert expire_overdue(store, read_models, NOW) == 0  # the list still shows it
    assert expired(store) == {outreach}


def test_several_workers_at_once_expire_once(
    projections: list[Projection],
    read_models: ReadModels,
    store: EventStore,
    pool: Pool,
    database_url: str,
) -> None:
    overdue = {sent(store, 15) for _ in range(10)}
    catch_up(projections, store, pool)
    runs = [0, 0, 0]

    def expire(number: int) -> None:
        expire_overdue(store, read_models, NOW)
        runs[number] += 1

    with ExitStack() as workers:
        for number in range(3):
            task = PeriodicTask("expire", 0.01, partial(expire, number))
            workers.enter_context(Worker(database_url, store, pool, projections, [task]))
        wait_until(lambda: len(expired(store)) == 10)
        before = list(runs)
        wait_until(lambda: all(now > then + 1 for now, then in zip(runs, before, strict=True)))
        assert expired(store) == overdue
        wait_for(store.recorder.max_notification_id() or 0, projections, pool, timeout=SECONDS)
    with pool.connection() as db:
        statuses = db.execute("SELECT DISTINCT status FROM interview_list").fetchall()
    assert statuses == [("expired",)]


def test_the_events_of_an_expiry_say_who_and_why(
    projections: list[Projection], read_models: ReadModels, store: EventStore, pool: Pool
) -> None:
    sent(store, 15)
    catch_up(projections, store, pool)
    expire_overdue(store, read_models, NOW)
    notifications, _ = store.read(0, 100, ["outreach.expired"])
    event: Event = store.mapper.to_domain_event(notifications[0])
    assert (event.actor.id, event.actor.role) == ("expiry", "system")
    assert UUID(event.request_id).version == 4


def test_a_position_closes_once_its_closing_date_has_come(
    projections: list[Projection], read_models: ReadModels, store: EventStore, pool: Pool
) -> None:
    due = position(store, employer(store, ApproveEmployer))
    later = position(store, employer(store, ApproveEmployer))
    for id, days in ((due, 3), (later, 4)):
        closes_at = NOW + timedelta(days=days)
        store.execute(SetClosingDate(**BY, position_id=id, closes_at=closes_at))
    catch_up(projections, store, pool)
    assert close_due(store, read_models, NOW) == 0
    assert close_due(store, read_models, NOW + timedelta(days=3)) == 1
    notifications, _ = store.read(0, 100, ["position.closed"])
    assert [event.originator_id for event in notifications] == [due]
    catch_up(projections, store, pool)
    assert close_due(store, read_models, NOW + timedelta(days=3)) == 0


def agreed_until(store: EventStore, end: datetime) -> UUID:
    """A member who agreed to be written to until this moment."""
    id = uuid4()
    told: dict[str, Any] = {"signed_up_at": NOW - timedelta(days=400), "opted_in": True}
    who = SignUpCandidate(**BY, candidate_id=id, name="Ada", opted_in_until=end, **told)
    return store.execute(who).id


def ended(store: EventStore) -> list[ConsentExpired]:
    notifications, _ = store.read(0, 10_000, ["candidate.consent_expired"])
    events = map(store.mapper.to_domain_event, notifications)
    return [event for event in events if isinstance(event, ConsentExpired)]


def test_the_end_of_a_consent_is_recorded_once_it_has_come_even_after_a_downtime(
    projections: list[Projection], read_models: ReadModels, store: EventStore, pool: Pool
) -> None:
    long_ago, just_now = NOW - timedelta(days=90), NOW
    over = {agreed_until(store, end): end for end in (long_ago, just_now)}
    agreed_until(store, NOW + timedelta(seconds=1))
    catch_up(projections, store, pool)
    assert end_consents(store, read_models, NOW) == 2
    assert {event.originator_id: event.until for event in ended(store)} == over
    assert {(event.actor.id, event.timestamp) for event in ended(store)} == {("expiry", NOW)}
    catch_up(projections, store, pool)
    assert end_consents(store, read_models, NOW) == 0


def test_a_consent_that_was_renewed_meanwhile_does_not_end(
    projections: list[Projection], read_models: ReadModels, store: EventStore, pool: Pool
) -> None:
    candidate = agreed_until(store, NOW)
    catch_up(projections, store, pool)
    store.execute(OptIn(**BY, candidate_id=candidate))
    assert end_consents(store, read_models, NOW) == 0  # the pool still shows the end


def test_several_workers_record_the_end_of_a_consent_once(
    projections: list[Projection],
    read_models: ReadModels,
    store: EventStore,
    pool: Pool,
) -> None:
    over = {agreed_until(store, NOW) for _ in range(10)}
    catch_up(projections, store, pool)
    counts = at_once(*[lambda: end_consents(store, read_models, NOW)] * 3)
    assert sum(counts) == 10
    assert sorted(event.originator_id for event in ended(store)) == sorted(over)


def test_when_the_clock_was_set_back_an_end_is_not_taken_back(
    projections: list[Projection], read_models: ReadModels, store: EventStore, pool: Pool
) -> None:
    agreed_until(store, NOW)
    catch_up(projections, store, pool)
    assert end_consents(store, read_models, NOW + timedelta(days=1)) == 1
    catch_up(projections, store, pool)
    assert end_consents(store, read_models, NOW - timedelta(days=1)) == 0
    assert end_consents(store, read_models, NOW + timedelta(days=2)) == 0

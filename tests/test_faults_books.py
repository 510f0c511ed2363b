"""The checker of a run with faults finds what is wrong."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from benchmarks.faults_books import (
    Books,
    Entry,
    Letters,
    Logged,
    faults_of_letters,
    faults_of_read_models,
    faults_of_the_log,
    whole_log,
)
from domain.employer import Manager, RegisterEmployer
from domain.outreach_events import MessageSent
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from projections.read_models import read_models
from tests.domain.golden import everything_that_happens
from tests.support.ledger import BY_ADMIN, drain

Log = list[Logged]


def registered(store: EventStore, books: Books) -> Entry:
    """An acknowledged registration, recorded as its client was told."""
    entry = books.open(Entry("register", status=201))
    manager = Manager(name="Casey", email="casey@example.com")
    cause: dict[str, Any] = BY_ADMIN | {"request_id": entry.request_id}
    about: dict[str, Any] = {"employer_id": uuid4(), "company": "Acme", "manager": manager}
    recorded = store.execute(RegisterEmployer(**cause, **about))
    answer = {"id": str(recorded.id), "version": recorded.version}
    entry.answer = {**answer, "log_position": recorded.log_position}
    return entry


@pytest.fixture
def books(store: EventStore) -> Books:
    books = Books()
    for _ in range(3):
        registered(store, books)
    return books


def test_nothing_is_wrong_where_the_log_is_what_the_clients_were_told(
    books: Books, store: EventStore
) -> None:
    assert [*faults_of_the_log(books, [*whole_log(store)])] == []


def lost(log: Log) -> Log:
    return log[:-1]


def doubled(log: Log) -> Log:
    _, _, _, topic, event = log[0]
    return [*log, (4, uuid4(), 1, topic, event)]


def out_of_order(log: Log) -> Log:
    position, stream, _, topic, event = log[-1]
    return [*log[:-1], (position, stream, 2, topic, event)]


def with_a_gap(log: Log) -> Log:
    return [*log[:-1], (9, *log[-1][1:])]


def unreadable(log: Log) -> Log:
    return [*log, (4, uuid4(), 1, "candidate.was_active", None)]


@pytest.mark.parametrize("broken", [lost, doubled, out_of_order, with_a_gap, unreadable])
def test_what_the_log_lost_or_has_twice_or_in_another_order_is_found(
    books: Books, store: EventStore, broken: Callable[[Log], Log]
) -> None:
    assert [*faults_of_the_log(books, broken([*whole_log(store)]))]


def test_a_refused_command_that_was_recorded_is_found(books: Books, store: EventStore) -> None:
    books.entries[0].status = 409
    (fault,) = faults_of_the_log(books, [*whole_log(store)])
    assert "refused with 409, and recorded" in fault


def test_an_activity_that_was_lost_is_found(books: Books, store: EventStore) -> None:
    books.open(Entry("activity", lines=["a"], status=202))
    books.open(Entry("activity", lines=["b"]))  # given up: it may be lost
    (fault,) = faults_of_the_log(books, [*whole_log(store)])
    assert "activity a is there 0 times" in fault


def test_a_letter_under_two_message_ids_or_none_is_found() -> None:
    letters, one, other = Letters(), uuid4(), UUID(int=7)
    letters.copies[one].update([b"<1@us>", b"<2@us>"])
    log: Log = [(1, other, 1, "outreach.letter_delivered", None)]
    assert len([*faults_of_letters(Books(), letters, log)]) == 2


def test_a_message_whose_letter_neither_left_nor_was_stopped_is_found() -> None:
    sent = next(event for event in everything_that_happens() if isinstance(event, MessageSent))
    stream = sent.originator_id
    log: Log = [(1, stream, 1, sent.TOPIC, sent)]
    assert len([*faults_of_letters(Books(), Letters(), log)]) == 1
    assert [*faults_of_letters(Books(poisoned={sent.candidate_id}), Letters(), log)] == []
    stopped: Logged = (2, stream, 2, "outreach.letter_stopped", None)
    assert [*faults_of_letters(Books(), Letters(), [*log, stopped])] == []


def test_a_read_model_that_differs_from_a_replay_is_found(
    books: Books, store: EventStore, pool: Pool
) -> None:
    create_tables(read_models(), pool)
    for projection in read_models():
        drain(Projector([projection], store, pool))
    assert [*faults_of_read_models(store, pool)] == []
    with pool.connection() as db:
        db.execute("DELETE FROM employers WHERE employer_id = %s", [books.entries[0].answer["id"]])
    (fault,) = faults_of_read_models(store, pool)
    assert fault.startswith("employers: 1 rows of employers differ")

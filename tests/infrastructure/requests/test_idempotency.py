"""Claims and answers of requests, by the table they are kept in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from infrastructure.database.postgres import Database, Pool
from infrastructure.requests import idempotency, receipts
from infrastructure.requests.idempotency import (
    ABANDONED_AFTER,
    KEPT_FOR,
    InFlight,
    KeyReused,
    Request,
)

NOW = datetime(2026, 4, 1, tzinfo=UTC)
LATER = NOW + ABANDONED_AFTER + timedelta(seconds=1)
REQUEST = Request("recruiter", "key", "what it asks for")
ANSWER = {"id": "1"}


@pytest.fixture
def db(pool: Pool) -> Iterator[Database]:
    with pool.connection() as db:
        yield db


def answer(db: Database, request: Request = REQUEST, at: datetime = NOW) -> None:
    db.execute(*idempotency.answering(request, ANSWER, at))


def test_a_new_request_is_claimed_and_then_in_flight(db: Database) -> None:
    assert idempotency.claim(db, REQUEST, NOW) is None
    with pytest.raises(InFlight):
        idempotency.claim(db, REQUEST, NOW)


def test_an_answered_request_has_its_answer(db: Database) -> None:
    idempotency.claim(db, REQUEST, NOW)
    answer(db)
    assert idempotency.claim(db, REQUEST, LATER) == ANSWER


def test_a_key_belongs_to_its_first_payload(db: Database) -> None:
    idempotency.claim(db, REQUEST, NOW)
    for at in (NOW, LATER):
        with pytest.raises(KeyReused):
            idempotency.claim(db, Request("recruiter", "key", "something else"), at)


def test_a_key_belongs_to_its_caller(db: Database) -> None:
    assert idempotency.claim(db, REQUEST, NOW) is None
    assert idempotency.claim(db, Request("another", "key", "something else"), NOW) is None


def test_an_abandoned_claim_is_taken_over_by_one(db: Database) -> None:
    idempotency.claim(db, REQUEST, NOW)
    with pytest.raises(InFlight):
        idempotency.claim(db, REQUEST, NOW + ABANDONED_AFTER - timedelta(seconds=1))
    assert idempotency.claim(db, REQUEST, LATER) is None
    with pytest.raises(InFlight):
        idempotency.claim(db, REQUEST, LATER)


def test_a_released_claim_may_be_made_again(db: Database) -> None:
    idempotency.claim(db, REQUEST, NOW)
    assert idempotency.release(db, REQUEST, NOW) is None
    assert idempotency.claim(db, REQUEST, NOW) is None


def test_a_claim_that_was_taken_over_is_not_ours_to_release(db: Database) -> None:
    idempotency.claim(db, REQUEST, NOW)
    idempotency.claim(db, REQUEST, LATER)
    assert idempotency.release(db, REQUEST, NOW) is None
    with pytest.raises(InFlight):
        idempotency.claim(db, REQUEST, LATER)


def test_a_request_that_was_answered_is_not_released(db: Database) -> None:
    idempotency.claim(db, REQUEST, NOW)
    answer(db)
    assert idempotency.release(db, REQUEST, NOW) == ANSWER
    assert idempotency.claim(db, REQUEST, NOW) == ANSWER


def test_the_first_answer_stands(db: Database) -> None:
    idempotency.claim(db, REQUEST, NOW)
    assert idempotency.keep(db, REQUEST, ANSWER, NOW) is None
    assert idempotency.keep(db, REQUEST, {"id": "2"}, NOW) == ANSWER
    assert idempotency.claim(db, REQUEST, NOW) == ANSWER


def test_requests_are_deleted_when_they_are_too_old_to_be_repeated(db: Database) -> None:
    old, young = REQUEST, Request("recruiter", "another key", "something")
    for request, at in ((old, NOW), (young, NOW + timedelta(days=1))):
        idempotency.claim(db, request, at)
        answer(db, request, at)
    idempotency.forget_old(db, NOW + KEPT_FOR + timedelta(seconds=1))
    assert idempotency.claim(db, young, LATER) == ANSWER
    assert idempotency.claim(db, old, LATER) is None


def test_old_answers_are_found_by_index(db: Database) -> None:
    with db.transaction():
        db.execute("SET LOCAL enable_seqscan = off")
        plan = db.execute(
            "EXPLAIN DELETE FROM idempotency_answers WHERE answered_at < '2026-01-01'"
        )
        assert "idempotency_answers_by_age" in str(plan.fetchall())


def test_a_receipt_is_known_once_it_is_kept(db: Database) -> None:
    one, other = (uuid4(), "web", "1"), (uuid4(), "web", "1")
    assert receipts.known(db, [one, other]) == set()
    db.execute(*receipts.keeping([one]))
    assert receipts.known(db, [one, other]) == {one}
    assert receipts.known(db, []) == set()

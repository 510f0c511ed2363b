"""Revoked tokens, by the table they are kept in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.database.postgres import Database, Pool
from infrastructure.requests import revocations
from infrastructure.requests.revocations import CLOCKS_DIFFER_BY

NOW = datetime(2026, 4, 1, tzinfo=UTC)
TOKEN, OTHER = b"a token's fingerprint", b"another's"


@pytest.fixture
def db(pool: Pool) -> Iterator[Database]:
    with pool.connection() as db:
        yield db


def test_a_revoked_token_is_known_and_no_other(db: Database) -> None:
    revocations.revoke(db, TOKEN, NOW)
    assert revocations.is_revoked(db, TOKEN)
    assert not revocations.is_revoked(db, OTHER)


def test_a_token_may_be_revoked_twice(db: Database) -> None:
    for _ in range(2):
        revocations.revoke(db, TOKEN, NOW)
    assert revocations.is_revoked(db, TOKEN)


def test_a_token_is_forgotten_once_it_has_expired_by_every_clock(db: Database) -> None:
    second = timedelta(seconds=1)
    revocations.revoke(db, TOKEN, NOW)
    revocations.revoke(db, OTHER, NOW + 2 * second)
    revocations.forget_expired(db, NOW + CLOCKS_DIFFER_BY + second)
    assert not revocations.is_revoked(db, TOKEN)
    assert revocations.is_revoked(db, OTHER)

"""The same request twice has one effect and one answer: keys that clients give their requests.

Follows the IETF draft *The Idempotency-Key HTTP Header Field*. The answer commits in the
transaction of the events that it is about. A claim that a crash left without one has changed
nothing, and another request may take it over after a minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from infrastructure.database.postgres import Database
from infrastructure.event_log.statements import Statement

ABANDONED_AFTER = timedelta(minutes=1)
KEPT_FOR = timedelta(days=7)


class InFlight(Exception):
    """The first request with this key is still being worked on."""

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is being worked on; wait for it.")


class KeyReused(Exception):
    """This key came with another payload before."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another request before; use a new one.")


@dataclass(frozen=True)
class Request:
    """A request: who makes it, the key they gave it, and what it asks for."""

    caller: str
    key: str
    fingerprint: str


CLAIM = """
    INSERT INTO idempotency_claims (caller, key, fingerprint, claimed_at)
    VALUES (%(caller)s, %(key)s, %(fingerprint)s, %(at)s) ON CONFLICT (caller, key) DO NOTHING"""

FIND = """
    SELECT c.fingerprint, c.claimed_at, a.answer
    FROM idempotency_claims AS c LEFT JOIN idempotency_answers AS a USING (caller, key)
    WHERE caller = %(caller)s AND key = %(key)s"""

TAKE_OVER = """
    UPDATE idempotency_claims SET claimed_at = %(at)s
    WHERE caller = %(caller)s AND key = %(key)s AND claimed_at = %(claimed_at)s"""

RELEASE = """
    DELETE FROM idempotency_claims
    WHERE caller = %(caller)s AND key = %(key)s AND claimed_at = %(at)s
      AND NOT EXISTS (SELECT FROM idempotency_answers
                      WHERE caller = %(caller)s AND key = %(key)s)"""

ANSWER = """
    INSERT INTO idempotency_answers (caller, key, answer, answered_at)
    VALUES (%(caller)s, %(key)s, %(answer)s, %(at)s)"""

KEEP = f"{ANSWER} ON CONFLICT (caller, key) DO NOTHING"


def claim(db: Database, request: Request, at: datetime) -> Mapping[str, Any] | None:
    """Begin a request, or return the answer that it already has.

    Raises:
        InFlight: it is being worked on.
        KeyReused: the key belongs to another payload.
    """
    parameters = {**vars(request), "at": at}
    if db.execute(CLAIM, parameters).rowcount == 1:
        return None
    row = db.execute(FIND, parameters).fetchone()
    if row is None:  # released in between
        raise InFlight
    fingerprint, claimed_at, answer = row
    if fingerprint != request.fingerprint:
        raise KeyReused
    if answer is not None:
        return answer  # type: ignore[no-any-return] # what jsonb holds is what we put in
    if claimed_at > at - ABANDONED_AFTER:
        raise InFlight
    if db.execute(TAKE_OVER, {**parameters, "claimed_at": claimed_at}).rowcount != 1:
        raise InFlight
    return None


def release(db: Database, request: Request, at: datetime) -> Mapping[str, Any] | None:
    """Give a claim up after a failure, so that the request may be repeated.

    Returns the answer that it has nevertheless: another request took it over and was faster, or the
    request succeeded although it seemed to fail.
    """
    if db.execute(RELEASE, {**vars(request), "at": at}).rowcount == 1:
        return None
    return _answer(db, request)


def keep(
    db: Database, request: Request, answer: Mapping[str, Any], at: datetime
) -> Mapping[str, Any] | None:
    """Keep an answer without events, or return that of a request that took the claim over."""
    parameters = {**vars(request), "answer": Jsonb(answer), "at": at}
    return None if db.execute(KEEP, parameters).rowcount == 1 else _answer(db, request)


def _answer(db: Database, request: Request) -> Mapping[str, Any] | None:
    row = db.execute(FIND, vars(request)).fetchone()
    return row[2] if row else None


def answering(request: Request, answer: Mapping[str, Any], at: datetime) -> Statement:
    """The statement that keeps a request's answer."""
    return ANSWER, {**vars(request), "answer": Jsonb(answer), "at": at}


def forget_old(db: Database, at: datetime) -> None:
    """Delete requests that are too old to be repeated."""
    for table, column in (
        ("idempotency_answers", "answered_at"),
        ("idempotency_claims", "claimed_at"),
    ):
        db.execute(f"DELETE FROM {table} WHERE {column} < %s", [at - KEPT_FOR])  # noqa: S608 - ours

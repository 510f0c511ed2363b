"""Links by which people sign in: asked for, mailed, and used once."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from infrastructure.database.postgres import Database

LINK_LASTS = timedelta(minutes=15)
ASKED_LASTS = timedelta(minutes=10)
"""For how long a mail is tried to be sent."""

LEASE = timedelta(minutes=1)
AT_ONCE = 50


class Asked(NamedTuple):
    """A request for a link, ours until the lease ends."""

    request_id: UUID
    address_key: UUID
    next_page: str
    asked_at: datetime


class Opened(NamedTuple):
    """What a link led to."""

    employer_id: UUID
    member_id: UUID
    next_page: str


ASK = """
    INSERT INTO sign_in_requests (request_id, address_key, next_page, asked_at, next_at)
    VALUES (%(id)s, %(key)s, %(next)s, %(at)s, %(at)s) ON CONFLICT (request_id) DO NOTHING"""

TAKE = """
    UPDATE sign_in_requests SET next_at = %(until)s
    WHERE request_id IN (
        SELECT request_id FROM sign_in_requests WHERE next_at <= %(at)s
        ORDER BY next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING request_id, address_key, next_page, asked_at"""

SETTLE = "DELETE FROM sign_in_requests WHERE request_id = %s"

ADD = """
    INSERT INTO sign_in_links (token_hash, employer_id, member_id, next_page, expires_at)
    VALUES (%s, %s, %s, %s, %s)"""

USE = """
    DELETE FROM sign_in_links WHERE token_hash = %s
    RETURNING employer_id, member_id, next_page, expires_at"""

FORGET_LINKS = "DELETE FROM sign_in_links WHERE expires_at < %s"

FORGET_ASKED = "DELETE FROM sign_in_requests WHERE asked_at < %s"


def ask(db: Database, request_id: UUID, address_key: UUID, next_page: str, at: datetime) -> None:
    """Ask for a link to be mailed, whether or not anybody has this address."""
    db.execute(ASK, {"id": request_id, "key": address_key, "next": next_page, "at": at})


def take(db: Database, at: datetime) -> list[Asked]:
    """Requests that nobody else is answering, ours until the lease ends."""
    rows = db.execute(TAKE, {"at": at, "until": at + LEASE, "limit": AT_ONCE}).fetchall()
    return [Asked(*row) for row in rows]


def settle(db: Database, request_id: UUID) -> None:
    """Forget a request that was answered."""
    db.execute(SETTLE, [request_id])


def make(db: Database, employer_id: UUID, member_id: UUID, next_page: str, at: datetime) -> str:
    """The secret of a new link."""
    token = secrets.token_urlsafe(32)
    db.execute(ADD, [_hash(token), employer_id, member_id, next_page, at + LINK_LASTS])
    return token


def use(db: Database, token: str, at: datetime) -> Opened | None:
    """What a link leads to, once; None if it was used, has expired or never was."""
    row = db.execute(USE, [_hash(token)]).fetchone()
    if row is None or row[3] <= at:
        return None
    return Opened(*row[:3])


def forget_old(db: Database, at: datetime) -> None:
    """Delete links that have expired, and requests that no mail could be sent for."""
    db.execute(FORGET_LINKS, [at])
    db.execute(FORGET_ASKED, [at - ASKED_LASTS])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

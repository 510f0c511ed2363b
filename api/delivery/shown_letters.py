"""The letters that the embedded mail server took, which the console shows instead."""

import logging
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from typing import NamedTuple
from uuid import UUID

from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log.store import EventStore

logger = logging.getLogger(__name__)

KEEP = """
    INSERT INTO sink_letters (person_id, message_id, received_at, sealed)
    VALUES (%s, %s, %s, %s) ON CONFLICT (person_id, message_id) DO NOTHING"""

KEPT = """
    SELECT person_id, message_id, received_at, sealed FROM sink_letters
    WHERE (%(id)s::text IS NULL OR message_id = %(id)s)
    ORDER BY received_at DESC, message_id LIMIT %(limit)s"""

FORGET = "DELETE FROM sink_letters WHERE received_at < %s"

PERSON = "SELECT candidate_id FROM interview_list WHERE outreach_id = %s"


class ShownLetter(NamedTuple):
    """A letter that the embedded mail server took."""

    person_id: UUID
    message_id: str
    received_at: datetime
    raw: bytes


@dataclass(frozen=True)
class ShownLetters:
    """The letters that the embedded mail server took, sealed under the addressee's key.

    So an erasure makes them unreadable, wherever they are.
    """

    store: EventStore
    pool: Pool

    def keep(self, raw: bytes, at: datetime) -> None:
        """Keep a letter once, by its Message-ID."""
        message_id = str(message_from_bytes(raw, policy=policy.default)["Message-ID"]).strip()
        person_id = self._person(message_id)
        key = person_id and self.store.keyring.encryption_keys({person_id})[person_id]
        if not (person_id and key):
            logger.warning("the embedded mail server took a letter that is to nobody")
            return
        sealed = key.seal(raw, message_id.encode())
        with self.pool.connection() as db:
            db.execute(KEEP, [person_id, message_id, at, sealed])

    def latest(self, limit: int, message_id: str | None = None) -> list[ShownLetter]:
        """The last letters that can be read, or the one of this id."""
        with self.pool.connection() as db:
            rows = db.execute(KEPT, {"id": message_id, "limit": limit}).fetchall()
        keys = self.store.keyring.decryption_keys({row[0] for row in rows})
        return [
            ShownLetter(person_id, id, at, keys[person_id].open(bytes(sealed), id.encode()))
            for person_id, id, at, sealed in rows
            if person_id in keys
        ]

    def _person(self, message_id: str) -> UUID | None:
        """The candidate of the outreach, or the recruiter, that the Message-ID names."""
        try:
            named = UUID(message_id.strip("<>").partition(".")[0])
        except ValueError:
            return None
        with self.pool.connection() as db:
            row = db.execute(PERSON, [named]).fetchone()
        return row[0] if row else named


def forget(db: Database, before: datetime) -> None:
    """Delete the letters that the embedded mail server took before this moment."""
    db.execute(FORGET, [before])

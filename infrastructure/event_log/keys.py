"""One encryption key a person, wrapped by a master key; destroying it erases their data everywhere.

AES-256-GCM (NIST SP 800-38D) both for what is stored and for the keys that seal it; the master key
is derived from the configured secret by HKDF (RFC 5869).
"""

import os
import threading
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from cachetools import LRUCache
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infrastructure.database.postgres import Pool

NONCE_BYTES = 12
KEY_CACHE_SIZE = 10_000
"""Keys for sealing kept in memory."""


class WrongSecret(Exception):
    """The configured secret is not the one that the stored keys were wrapped with."""

    def __init__(self) -> None:
        super().__init__(
            "The stored keys were wrapped with another secret: set SOURCING_SECRET to the one that "
            "this database was made with."
        )


class Key:
    """Seals and opens what is stored about one person."""

    def __init__(self, raw: bytes) -> None:
        self._aes = AESGCM(raw)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt, so that it opens only in the same context (where it is stored)."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aes.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt what was sealed in this context. Raises `InvalidTag` if it was tampered with."""
        return self._aes.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)


class Keyring:
    """The keys of all persons, in the table `person_keys`."""

    FIND = "SELECT person_id, wrapped FROM person_keys WHERE person_id = ANY(%s::uuid[])"

    ANY = "SELECT person_id, wrapped FROM person_keys WHERE wrapped IS NOT NULL LIMIT 1"

    ADD = """
        INSERT INTO person_keys (person_id, wrapped)
        SELECT * FROM unnest(%s::uuid[], %s::bytea[])
        ON CONFLICT (person_id) DO NOTHING"""

    DESTROY = """
        INSERT INTO person_keys (person_id, wrapped, destroyed_at) VALUES (%s, NULL, %s)
        ON CONFLICT (person_id)
        DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at"""

    def __init__(self, pool: Pool, secret: str) -> None:
        self._pool = pool
        derive = HKDF(
            SHA256(), length=32, salt=None, info=b"passive-candidate-sourcing/person-keys"
        )
        self._master = Key(derive.derive(secret.encode()))
        self._for_sealing: LRUCache[UUID, Key | None] = LRUCache(KEY_CACHE_SIZE)
        self._lock = threading.Lock()

    def check(self) -> None:
        """Try the secret on a stored key. Raises `WrongSecret` if that was wrapped with another."""
        with self._pool.connection() as db:
            row = db.execute(self.ANY).fetchone()
        if row:
            self._unwrap(*row)

    def decryption_keys(self, persons: Iterable[UUID]) -> Mapping[UUID, Key]:
        """The keys of those persons that have one, never cached: a destroyed key opens nothing."""
        with self._pool.connection() as db:
            found = db.execute(self.FIND, [[*persons]]).fetchall()
        return {person: self._unwrap(person, wrapped) for person, wrapped in found if wrapped}

    def encryption_keys(self, persons: Collection[UUID]) -> Mapping[UUID, Key | None]:
        """The keys of these persons, made if there is none; None if it was destroyed.

        They are cached: what is sealed with a key that was destroyed meanwhile is unreadable.
        """
        with self._lock:
            keys = {p: self._for_sealing[p] for p in persons if p in self._for_sealing}
        if missing := [person for person in set(persons) if person not in keys]:
            fresh = self._made_for(missing)
            with self._lock:
                self._for_sealing.update(fresh)
            keys |= fresh
        return keys

    def wrap(self, raw: bytes, context: bytes) -> bytes:
        """Encrypt a key under the master key, so that it opens only in the same context."""
        return self._master.seal(raw, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a wrapped key. Raises `WrongSecret` if another secret wrapped it."""
        try:
            return self._master.open(bytes(wrapped), context)
        except InvalidTag:
            raise WrongSecret from None

    def destroying(self, person: UUID, at: datetime) -> tuple[str, tuple[UUID, datetime]]:
        """The statement that destroys a person's key for ever."""
        with self._lock:
            self._for_sealing.pop(person, None)
        return self.DESTROY, (person, at)

    def _made_for(self, persons: list[UUID]) -> dict[UUID, Key | None]:
        with self._pool.connection() as db:
            found: dict[UUID, bytes | None] = dict(db.execute(self.FIND, [persons]).fetchall())
            if new := [person for person in persons if person not in found]:
                wrapped = [self.wrap(AESGCM.generate_key(256), p.bytes) for p in new]
                db.execute(self.ADD, [new, wrapped])
                found |= dict(db.execute(self.FIND, [new]).fetchall())
        return {p: self._unwrap(p, wrapped) if wrapped else None for p, wrapped in found.items()}

    def _unwrap(self, person: UUID, wrapped: bytes) -> Key:
        return Key(self.unwrap(wrapped, person.bytes))

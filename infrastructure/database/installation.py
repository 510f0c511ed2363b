"""What an installation is told apart from others by."""

import os
from uuid import UUID

from infrastructure.database.postgres import Database
from infrastructure.event_log.keys import Keyring
from infrastructure.event_log.log_head import LOG_ID

CLAIM = """
    INSERT INTO installation (log_id, candidate_namespace) VALUES (%s, %s) ON CONFLICT DO NOTHING"""

READ = """
    SELECT candidate_namespace, address_key, addresses_claimed, contact_keys_noted
    FROM installation WHERE log_id = %s"""

SEAL = """
    UPDATE installation SET address_key = %s::bytea WHERE log_id = %s AND address_key IS NULL"""

HAVE_CLAIMED = "UPDATE installation SET addresses_claimed = true WHERE log_id = %s"

HAVE_NOTED = "UPDATE installation SET contact_keys_noted = true WHERE log_id = %s"

ADDRESS_KEY_BYTES = 32
CONTEXT = b"installation/address-key"
"""Binds the sealed key to its place."""


def candidate_namespace(db: Database, new: UUID) -> UUID:
    """The namespace of imported people's ids: the `new` one if there is none yet."""
    db.execute(CLAIM, (LOG_ID, new))
    ((namespace, *_),) = db.execute(READ, (LOG_ID,)).fetchall()
    return UUID(str(namespace))


def address_key(db: Database, keyring: Keyring) -> bytes:
    """The key that e-mail addresses are hashed with: a new one if there is none yet.

    Call it after `candidate_namespace`, which makes the row.

    Raises:
        WrongSecret: the installation was made with another secret. Read at every start, the key
            tells one from the first start on, before anybody has a key.
    """
    keyring.check()
    db.execute(SEAL, (keyring.wrap(os.urandom(ADDRESS_KEY_BYTES), CONTEXT), LOG_ID))
    ((_, sealed, *_),) = db.execute(READ, (LOG_ID,)).fetchall()
    return keyring.unwrap(sealed, CONTEXT)


def addresses_claimed(db: Database) -> bool:
    """Whether every address in the log that came before there were identifiers has its own."""
    ((*_, claimed, _),) = db.execute(READ, (LOG_ID,)).fetchall()
    return bool(claimed)


def note_addresses_claimed(db: Database) -> None:
    """Note that every address in the log has its identifier."""
    db.execute(HAVE_CLAIMED, (LOG_ID,))


def contact_keys_noted(db: Database) -> bool:
    """Whether what came before the contact gate compared hashes has them."""
    ((*_, noted),) = db.execute(READ, (LOG_ID,)).fetchall()
    return bool(noted)


def note_contact_keys_noted(db: Database) -> None:
    """Note that everybody in the log has the hashes that the contact gate compares."""
    db.execute(HAVE_NOTED, (LOG_ID,))

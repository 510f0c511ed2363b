"""Bearer tokens that were revoked, each kept until it would have expired by itself."""

from datetime import datetime, timedelta

from infrastructure.database.postgres import Database

CLOCKS_DIFFER_BY = timedelta(hours=1)
"""By how much at most: a process whose clock is behind still takes what has expired elsewhere."""

REVOKE = """
    INSERT INTO revoked_tokens (fingerprint, expires_at) VALUES (%s, %s)
    ON CONFLICT (fingerprint) DO NOTHING"""

FIND = "SELECT FROM revoked_tokens WHERE fingerprint = %s"

FORGET = "DELETE FROM revoked_tokens WHERE expires_at < %s"


def revoke(db: Database, fingerprint: bytes, expires_at: datetime) -> None:
    """Have a token refused from now on; to do it again changes nothing."""
    db.execute(REVOKE, [fingerprint, expires_at])


def is_revoked(db: Database, fingerprint: bytes) -> bool:
    """Whether a token was revoked."""
    return db.execute(FIND, [fingerprint]).fetchone() is not None


def forget_expired(db: Database, at: datetime) -> None:
    """Forget tokens that are refused by their age alone."""
    db.execute(FORGET, [at - CLOCKS_DIFFER_BY])

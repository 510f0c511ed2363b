"""Bearer tokens that were revoked, each kept until it would have expired by itself."""

from datetime import datetime, timedelta

from infrastructure.database.postgres import Database

CLOCKS_DIFFER_BY = timedelta(hours=1)
"""At most so much: a process whose clock is behind still accepts a token that expired elsewhere."""

REVOKE = """
    INSERT INTO revoked_tokens (fingerprint, expires_at) VALUES (%s, %s)
    ON CONFLICT (fingerprint) DO NOTHING"""

FIND = "SELECT FROM revoked_tokens WHERE fingerprint = %s"

FORGET = "DELETE FROM revoked_tokens WHERE expires_at < %s"


def revoke(db: Database, fingerprint: bytes, expires_at: datetime) -> None:
    """Refuse a token from now on; revoking it again changes nothing."""
    db.execute(REVOKE, [fingerprint, expires_at])


def is_revoked(db: Database, fingerprint: bytes) -> bool:
    """Whether a token was revoked."""
    return db.execute(FIND, [fingerprint]).fetchone() is not None


def forget_expired(db: Database, at: datetime) -> None:
    """Delete tokens that have expired by every clock."""
    db.execute(FORGET, [at - CLOCKS_DIFFER_BY])

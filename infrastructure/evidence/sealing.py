"""Signs checkpoints of the log's tree as it grows, and keeps them."""

from datetime import datetime, timedelta

from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.evidence.checkpoints import Signer
from infrastructure.evidence.tiles import grow, tree

EVERY_ONE_KEPT = timedelta(days=1)
"""After this time the last of each hour is kept."""

LATEST = f"""
    SELECT note FROM log_checkpoints WHERE log_id = {LOG_ID}
    ORDER BY size DESC LIMIT 1"""  # noqa: S608 - our own constant

SIGNED = f"""
    SELECT coalesce(max(size), 0) FROM log_checkpoints WHERE log_id = {LOG_ID}"""  # noqa: S608 - our own constant

KEEP = f"""
    INSERT INTO log_checkpoints (log_id, size, note, signed_at) VALUES ({LOG_ID}, %s, %s, %s)
    ON CONFLICT (log_id, size) DO NOTHING"""  # noqa: S608 - our own constant

FORGET = f"""
    DELETE FROM log_checkpoints AS old WHERE log_id = {LOG_ID} AND signed_at < %(until)s
    AND EXISTS (
        SELECT FROM log_checkpoints AS later WHERE later.log_id = {LOG_ID}
        AND later.signed_at < %(until)s AND later.size > old.size
        AND date_trunc('hour', later.signed_at) = date_trunc('hour', old.signed_at))"""  # noqa: S608 - our own constant


def seal(pool: Pool, signer: Signer, at: datetime) -> None:
    """Bring the tree up to the end of the log, and sign it if it has grown."""
    with pool.connection() as db:
        while grow(db):
            pass
        sealed = tree(db)
        ((signed,),) = db.execute(SIGNED.encode()).fetchall()
        if sealed.size > signed:
            note = signer.sign(sealed.size, sealed.root())
            db.execute(KEEP.encode(), [sealed.size, note, at])


def latest(db: Database) -> str | None:
    """The checkpoint that was signed last."""
    row = db.execute(LATEST.encode()).fetchone()
    return row[0] if row else None


def forget_old(db: Database, at: datetime) -> None:
    """Delete checkpoints that are no longer needed beside the last of their hour."""
    db.execute(FORGET.encode(), {"until": at - EVERY_ONE_KEPT})

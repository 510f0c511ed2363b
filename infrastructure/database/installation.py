"""What an installation is told apart from others by."""

from uuid import UUID

from infrastructure.database.postgres import Database
from infrastructure.event_log.log_head import LOG_ID

CLAIM = """
    INSERT INTO installation (log_id, candidate_namespace) VALUES (%s, %s) ON CONFLICT DO NOTHING"""

READ = "SELECT candidate_namespace FROM installation WHERE log_id = %s"


def candidate_namespace(db: Database, new: UUID) -> UUID:
    """The namespace of imported people's ids: the `new` one if there is none yet."""
    db.execute(CLAIM, (LOG_ID, new))
    ((namespace,),) = db.execute(READ, (LOG_ID,)).fetchall()
    return UUID(str(namespace))

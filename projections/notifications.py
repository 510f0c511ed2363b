"""Which recruiters want to be told of answers, and where."""

from datetime import datetime
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel

from domain.handlers import on
from domain.notification import Frequency, NotificationErased, NotificationSet
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection


class Notifications(Projection, name="notifications", version=3, key="id", personal=True):
    """The latest choice of every recruiter."""

    TABLES = """
        CREATE TABLE notifications (
            notification_id uuid PRIMARY KEY,
            employer_id     uuid NOT NULL,
            actor_id        text NOT NULL,
            frequency       text NOT NULL,
            email           text,
            set_at          timestamptz NOT NULL
        );
        CREATE INDEX notifications_by_employer ON notifications (employer_id)"""

    SET = """
        INSERT INTO notifications (
            notification_id, employer_id, actor_id, frequency, email, set_at)
        VALUES (%(id)s, %(employer_id)s, %(by)s, %(frequency)s, %(email)s, %(at)s)
        ON CONFLICT (notification_id) DO UPDATE
        SET frequency = excluded.frequency, email = excluded.email, set_at = excluded.set_at"""

    ERASE = "DELETE FROM notifications WHERE notification_id = %(id)s"

    @on(NotificationErased)
    def on_notification_erased(self, _event: NotificationErased) -> Change:
        return self.ERASE, {}

    @on(NotificationSet)
    def on_notification_set(self, _event: NotificationSet) -> Change:
        return self.SET, {}


class Choice(BaseModel):
    """A recruiter's choice."""

    notification_id: UUID
    employer_id: UUID
    actor_id: str
    frequency: Frequency
    email: str | None
    set_at: datetime


def one(db: Connection, notification_id: UUID) -> Choice | None:
    """A recruiter's choice."""
    return fetch_one(
        db, Choice, "SELECT * FROM notifications WHERE notification_id = %s", [notification_id]
    )


def wanted(db: Connection, employer_id: UUID | None = None) -> list[Choice]:
    """All who want to be told, perhaps only those of one employer."""
    return fetch_all(
        db,
        Choice,
        """
        SELECT * FROM notifications
        WHERE frequency <> 'never' AND email IS NOT NULL
          AND (%(employer)s::uuid IS NULL OR employer_id = %(employer)s)
        ORDER BY notification_id""",
        {"employer": employer_id},
    )

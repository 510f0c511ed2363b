"""The letters to candidates that have not been delivered yet, and when each is due."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, get_args
from uuid import UUID

from psycopg import Connection

from domain.candidate_events import CandidateErased
from domain.event import Event
from domain.handlers import on
from domain.outreach_events import (
    FollowUpSent,
    InterviewCancelled,
    InterviewRequested,
    InterviewScheduled,
    LetterDelivered,
    LetterFailed,
    LetterStopped,
    MessageSent,
    OutreachUndone,
    OutreachWithdrawn,
    ReplySent,
    TimesOffered,
)
from infrastructure.projecting.projection import Change, Projection

WithLetter = (
    MessageSent
    | InterviewRequested
    | FollowUpSent
    | ReplySent
    | TimesOffered
    | InterviewScheduled
    | InterviewCancelled
)
WITH_LETTERS: tuple[type[Event], ...] = get_args(WithLetter)
"""The events that a letter tells the candidate of."""


class Outbox(Projection, name="outbox", version=1, key="candidate_id"):
    """Each letter from its event until it is delivered, failed or stopped."""

    TABLES = """
        CREATE TABLE outbox (
            candidate_id uuid,
            outreach_id  uuid,
            letter       bigint,
            employer_id  uuid NOT NULL,
            due_at       timestamptz NOT NULL,
            PRIMARY KEY (candidate_id, outreach_id, letter)
        );
        CREATE INDEX outbox_due ON outbox (due_at);
        CREATE INDEX outbox_by_outreach ON outbox (outreach_id)"""

    ADD = """
        INSERT INTO outbox (candidate_id, outreach_id, letter, employer_id, due_at)
        VALUES (%(candidate_id)s, %(id)s, %(version)s, %(employer_id)s, %(deliver_at)s)"""

    REMOVE = """
        DELETE FROM outbox
        WHERE candidate_id = %(candidate_id)s AND outreach_id = %(id)s AND letter = %(letter)s"""

    REMOVE_ALL = """
        DELETE FROM outbox WHERE candidate_id = %(candidate_id)s AND outreach_id = %(id)s"""

    ERASE = "DELETE FROM outbox WHERE candidate_id = %(candidate_id)s"

    @on(*WITH_LETTERS)
    def on_sent(self, event: WithLetter) -> Sequence[Change]:
        return [(self.ADD, {})] if event.deliver_at else []

    @on(LetterDelivered, LetterFailed, LetterStopped)
    def on_settled(self, _event: LetterDelivered | LetterFailed | LetterStopped) -> Change:
        return self.REMOVE, {}

    @on(OutreachUndone, OutreachWithdrawn)
    def on_taken_back(self, _event: OutreachUndone | OutreachWithdrawn) -> Change:
        return self.REMOVE_ALL, {}

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> Change:
        return self.ERASE, {"candidate_id": event.originator_id}


class Due(NamedTuple):
    """A letter that is to be delivered."""

    candidate_id: UUID
    outreach_id: UUID
    letter: int


def due(db: Connection, at: datetime, limit: int) -> list[Due]:
    """The letters that are due and that nobody is about to deliver, the longest due first."""
    rows = db.execute(
        """
        SELECT o.candidate_id, o.outreach_id, o.letter
        FROM outbox o LEFT JOIN delivery_attempts a USING (candidate_id, outreach_id, letter)
        WHERE o.due_at <= %(at)s AND (a.next_at IS NULL OR a.next_at <= %(at)s)
        ORDER BY coalesce(a.next_at, o.due_at) LIMIT %(limit)s""",
        {"at": at, "limit": limit},
    ).fetchall()
    return [Due(*row) for row in rows]


def one(db: Connection, outreach_id: UUID, letter: int) -> Due | None:
    """A letter that is to be delivered."""
    row = db.execute(
        "SELECT candidate_id, outreach_id, letter FROM outbox"
        " WHERE outreach_id = %s AND letter = %s",
        [outreach_id, letter],
    ).fetchone()
    return Due(*row) if row else None


class Waiting(NamedTuple):
    """How many letters are due, and since when."""

    letters: int
    oldest: datetime | None


def waiting(db: Connection, at: datetime) -> Waiting:
    """The letters that are due and not delivered yet."""
    row = db.execute("SELECT count(*), min(due_at) FROM outbox WHERE due_at <= %s", [at]).fetchone()
    return Waiting(*row) if row else Waiting(0, None)

"""What happened in each outreach, step by step: who did what, when, and by which request."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain.actor import Role
from domain.candidate_events import CandidateErased
from domain.event import ENVELOPE, ERASED, Event
from domain.handlers import on
from domain.outreach import Outreach
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, WholeNumber, after, page

STEPS = Event.all_of(Outreach.kind)

ALWAYS_TEXTS = sorted(
    {name for kind in STEPS for name, value in kind.erased.items() if value == ERASED}
)
"""The personal fields of steps that have a text whenever they are there."""


class OutreachTimeline(
    Projection, name="outreach_timeline", version=4, key="candidate_id", personal=True
):
    """Every step of every outreach, as support reads it out."""

    TABLES = """
        CREATE TABLE outreach_timeline (
            candidate_id uuid,
            outreach_id  uuid,
            step         bigint,
            employer_id  uuid NOT NULL,
            position_id  uuid NOT NULL,
            what         text NOT NULL,
            at           timestamptz NOT NULL,
            actor_id     text NOT NULL,
            actor_role   text NOT NULL,
            request_id   text NOT NULL,
            details      jsonb NOT NULL,
            personal     jsonb NOT NULL,
            event_position bigint NOT NULL,
            PRIMARY KEY (candidate_id, outreach_id, step)
        );
        CREATE INDEX outreach_timeline_by_outreach ON outreach_timeline (outreach_id, step);
        CREATE INDEX outreach_timeline_by_employer
            ON outreach_timeline (employer_id, event_position DESC);
        CREATE INDEX outreach_timeline_by_candidate
            ON outreach_timeline (candidate_id, event_position DESC);
        CREATE INDEX outreach_timeline_by_age ON outreach_timeline (event_position DESC)"""

    ADD = """
        INSERT INTO outreach_timeline (
            candidate_id, outreach_id, step, employer_id, position_id, what, at, actor_id,
            actor_role, request_id, details, personal, event_position)
        VALUES (
            %(candidate_id)s, %(id)s, %(version)s, %(employer_id)s, %(position_id)s, %(what)s,
            %(at)s, %(by)s, %(actor_role)s, %(request_id)s, %(details)s, %(personal)s,
            %(log_position)s)"""

    # As a rebuild finds the events: a text reads so, and what an event may lack is not there.
    ERASE = """
        UPDATE outreach_timeline
        SET personal = (SELECT coalesce(jsonb_object_agg(field, %(erased)s::text), '{}')
                        FROM jsonb_object_keys(personal) AS field
                        WHERE field = ANY(%(texts)s::text[]))
        WHERE candidate_id = %(candidate_id)s"""

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> Change:
        return self.ERASE, {
            "candidate_id": event.originator_id,
            "erased": ERASED,
            "texts": ALWAYS_TEXTS,
        }

    @on(*STEPS)
    def on_step(self, event: Event) -> Change:
        said = event.model_dump(mode="json", exclude=ENVELOPE, exclude_none=True)
        for name in ("employer_id", "position_id", "candidate_id"):
            del said[name]
        personal = {name: said.pop(name) for name in event.personal if name in said}
        return self.ADD, {
            "what": event.TOPIC.removeprefix("outreach."),
            "actor_role": event.actor.role,
            "details": Jsonb(said),
            "personal": Jsonb(personal),
        }


class Step(BaseModel):
    """One step of an outreach."""

    outreach_id: UUID
    step: int
    employer_id: UUID
    position_id: UUID
    candidate_id: UUID
    what: str
    at: datetime
    actor_id: str | None
    actor_role: Role | None
    request_id: str | None
    details: dict[str, Any]
    personal: dict[str, str]
    event_position: int
    unreadable: bool = False


def of_outreach(db: Connection, outreach_id: UUID) -> list[Step]:
    """An outreach from its first step to its last."""
    return fetch_all(
        db,
        Step,
        "SELECT * FROM outreach_timeline WHERE outreach_id = %s ORDER BY step",
        [outreach_id],
    )


def last_letter(db: Connection, employer_id: UUID, actor_id: str) -> Step | None:
    """The last message that an actor sent on an employer's behalf."""
    return fetch_one(
        db,
        Step,
        """
        SELECT * FROM outreach_timeline
        WHERE employer_id = %s AND actor_id = %s AND step = 1
        ORDER BY event_position DESC LIMIT 1""",
        [employer_id, actor_id],
    )


def found(
    db: Connection,
    limit: int,
    cursor: str | None,
    *,
    candidate_id: UUID | None = None,
    employer_id: UUID | None = None,
) -> Listed[Step]:
    """The steps of all outreaches, the latest first; perhaps of one candidate or employer."""
    _, before = after(cursor, tuple[Literal["timeline"], WholeNumber]) or (None, None)
    asked = {"candidate": candidate_id, "employer": employer_id}
    rows = fetch_all(
        db,
        Step,
        """
        SELECT * FROM outreach_timeline
        WHERE (%(candidate)s::uuid IS NULL OR candidate_id = %(candidate)s)
          AND (%(employer)s::uuid IS NULL OR employer_id = %(employer)s)
          AND (%(before)s::bigint IS NULL OR event_position < %(before)s)
        ORDER BY event_position DESC LIMIT %(limit)s""",
        {**asked, "before": before, "limit": limit + 1},
    )
    return page(rows, limit, lambda row: ["timeline", row.event_position])

"""The employers of the marketplace, and their feedback to Customer Success Managers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from pydantic import BaseModel

from domain.employer import (
    BetaJoined,
    BetaLeft,
    EmployerApproved,
    EmployerRegistered,
    EmployerSuspended,
    FeedbackShared,
)
from domain.handlers import on
from domain.terms import search_key
from domain.values import StorableText
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, WholeNumber, after, page


class Employers(Projection, name="employers", version=2, key="id", personal=True):
    """Every employer with their standing, and all feedback."""

    TABLES = """
        CREATE TABLE employers (
            employer_id   uuid PRIMARY KEY,
            company       text NOT NULL,
            company_key   text COLLATE "C" NOT NULL,  -- how names are ordered and searched
            manager_name  text NOT NULL,
            manager_email text NOT NULL,
            status        text NOT NULL,
            suspended_for text,
            in_beta       boolean NOT NULL,
            registered_at timestamptz NOT NULL,
            version       bigint NOT NULL
        );
        CREATE INDEX employers_by_company ON employers (company_key, employer_id);
        CREATE TABLE feedback (
            employer_id uuid,
            position    bigint,
            shared_at   timestamptz NOT NULL,
            shared_by   text NOT NULL,
            text        text NOT NULL,
            page        text NOT NULL,
            PRIMARY KEY (employer_id, position)
        )"""

    ADD = """
        INSERT INTO employers (
            employer_id, company, company_key, manager_name, manager_email, status, suspended_for,
            in_beta, registered_at, version)
        VALUES (
            %(id)s, %(company)s, %(company_key)s, %(manager_name)s, %(manager_email)s, 'registered',
            NULL, false, %(at)s, %(version)s)"""

    SET_STATUS = """
        UPDATE employers SET status = %(status)s, suspended_for = %(reason)s, version = %(version)s
        WHERE employer_id = %(id)s"""

    SET_BETA = """
        UPDATE employers SET in_beta = %(in_beta)s, version = %(version)s
        WHERE employer_id = %(id)s"""

    ADD_FEEDBACK = """
        INSERT INTO feedback (employer_id, position, shared_at, shared_by, text, page)
        VALUES (%(id)s, %(log_position)s, %(at)s, %(by)s, %(text)s, %(page)s)"""

    SET_VERSION = "UPDATE employers SET version = %(version)s WHERE employer_id = %(id)s"

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> Change:
        return self.ADD, {
            "id": event.originator_id,
            "company": event.company,
            "company_key": search_key(event.company),
            "manager_name": event.manager_name,
            "manager_email": event.manager_email,
            "at": event.timestamp,
            "version": event.originator_version,
        }

    @on(EmployerApproved)
    def on_employer_approved(self, event: EmployerApproved) -> Change:
        return self._status(event, "approved", None)

    @on(EmployerSuspended)
    def on_employer_suspended(self, event: EmployerSuspended) -> Change:
        return self._status(event, "suspended", event.reason)

    @on(BetaJoined)
    def on_beta_joined(self, event: BetaJoined) -> Change:
        return self._beta(event, True)

    @on(BetaLeft)
    def on_beta_left(self, event: BetaLeft) -> Change:
        return self._beta(event, False)

    @on(FeedbackShared)
    def on_feedback_shared(self, event: FeedbackShared) -> list[Change]:
        feedback = {
            "id": event.originator_id,
            "at": event.timestamp,
            "by": event.actor.id,
            "text": event.text,
            "page": event.page,
        }
        version = {"id": event.originator_id, "version": event.originator_version}
        return [(self.ADD_FEEDBACK, feedback), (self.SET_VERSION, version)]

    def _status(
        self, event: EmployerApproved | EmployerSuspended, status: str, reason: str | None
    ) -> Change:
        return self.SET_STATUS, {
            "id": event.originator_id,
            "status": status,
            "reason": reason,
            "version": event.originator_version,
        }

    def _beta(self, event: BetaJoined | BetaLeft, in_beta: bool) -> Change:
        return self.SET_BETA, {
            "id": event.originator_id,
            "in_beta": in_beta,
            "version": event.originator_version,
        }


class Employer(BaseModel):
    """An employer as the marketplace sees them now."""

    employer_id: UUID
    company: str
    manager_name: str
    manager_email: str
    status: Literal["registered", "approved", "suspended"]
    suspended_for: str | None
    in_beta: bool
    registered_at: datetime
    version: int


class Feedback(BaseModel):
    """Feedback from a recruiter to the employer's Customer Success Manager."""

    employer_id: UUID
    company: str
    manager_name: str
    manager_email: str
    position: int
    shared_at: datetime
    shared_by: str
    text: str
    page: str


def one(db: Connection, employer_id: UUID) -> Employer | None:
    """This employer."""
    cursor = db.cursor(row_factory=class_row(Employer))
    return cursor.execute(
        "SELECT * FROM employers WHERE employer_id = %s", [employer_id]
    ).fetchone()


def listed(
    db: Connection, limit: int, cursor: str | None, company: str | None = None
) -> Listed[Employer]:
    """Employers by company name, perhaps only those whose name has this in it.

    Case and accents are ignored, as in every list of names: Ana, Ólafur, Ömer, Zoe.
    """
    _, name, id = after(cursor, tuple[Literal["employers"], StorableText, UUID]) or (
        None,
        None,
        None,
    )
    rows = (
        db.cursor(row_factory=class_row(Employer))
        .execute(
            """
            SELECT * FROM employers
            WHERE (%(name)s::text IS NULL OR (company_key, employer_id) > (%(name)s, %(id)s::uuid))
              AND (%(company)s::text IS NULL OR strpos(company_key, %(company)s) > 0)
            ORDER BY company_key, employer_id LIMIT %(limit)s""",
            {
                "name": name,
                "id": id,
                "limit": limit + 1,
                "company": company and search_key(company),
            },
        )
        .fetchall()
    )
    return page(rows, limit, lambda row: ["employers", search_key(row.company), row.employer_id])


def feedback(
    db: Connection,
    limit: int,
    cursor: str | None,
    employer_id: UUID | None = None,
    *,
    company: str | None = None,
    manager_email: str | None = None,
) -> Listed[Feedback]:
    """Feedback, the newest first, of all employers or of some.

    Args:
        db: where to read.
        limit: how many at most.
        cursor: where the page before ended.
        employer_id: only of this employer.
        company: only of employers whose name has this in it.
        manager_email: only of employers whom this Customer Success Manager looks after.
    """
    _, before = after(cursor, tuple[Literal["feedback"], WholeNumber]) or (None, None)
    rows = (
        db.cursor(row_factory=class_row(Feedback))
        .execute(
            """
            SELECT feedback.*, company, manager_name, manager_email
            FROM feedback JOIN employers USING (employer_id)
            WHERE (%(before)s::bigint IS NULL OR position < %(before)s)
              AND (%(employer)s::uuid IS NULL OR employer_id = %(employer)s)
              AND (%(company)s::text IS NULL OR strpos(company_key, %(company)s) > 0)
              AND (%(manager)s::text IS NULL OR lower(manager_email) = lower(%(manager)s))
            ORDER BY position DESC LIMIT %(limit)s""",
            {
                "before": before,
                "employer": employer_id,
                "company": company and search_key(company),
                "manager": manager_email,
                "limit": limit + 1,
            },
        )
        .fetchall()
    )
    return page(rows, limit, lambda row: ["feedback", row.position])


def companies(db: Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of these employers."""
    rows = db.execute(
        "SELECT employer_id, company FROM employers WHERE employer_id = ANY(%s::uuid[])",
        [sorted(set(ids))],
    )
    return {id: str(company) for id, company in rows}

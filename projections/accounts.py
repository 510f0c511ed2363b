"""How each employer does, for the Customer Success Manager who looks after it."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.terms import search_key
from domain.values import StorableText
from infrastructure.database.postgres import fetch_all, fetch_one
from projections.employers import Employers
from projections.feedback import FeedbackList
from projections.interview_list import InterviewList
from projections.paging import Listed, after, page
from projections.positions import Positions
from projections.profiles_opened import ProfilesOpened

READS = (Employers, FeedbackList, InterviewList, Positions, ProfilesOpened)
"""The read models of an account."""

SILENT_FOR = timedelta(days=30)
"""After how long without activity an account is silent."""


class Account(BaseModel):
    """An employer as its Customer Success Manager sees it."""

    employer_id: UUID
    company: str
    manager_name: str
    manager_email: str
    status: Literal["registered", "approved", "suspended"]
    suspended_for: str | None
    registered_at: datetime
    beta_since: datetime | None = Field(description="since when it is in the beta, if it is")
    open_positions: int
    messages: int = Field(description="sent to passive candidates and delivered or on their way")
    answered: int = Field(description="of these messages, by the candidates")
    open_feedback: int = Field(description="that is not marked as done")
    last_active_at: datetime | None = Field(
        description="when its recruiters last opened a position or a profile, wrote, or said "
        "something; null if never"
    )
    silent: bool = Field(description="whether that is more than 30 days ago")


# Messages that came to nothing do not count, as in the answer rate that employers are warned by.
FOUND = """
    SELECT found.*, coalesce(last_active_at, registered_at) < %(silent_before)s AS silent
    FROM (
        SELECT employers.employer_id, company, company_key, manager_name, manager_email, status,
            suspended_for, registered_at, beta_since, open_positions,
            of_outreach.messages, of_outreach.answered, open_feedback,
            greatest(beta_since, last_opened, last_sent, last_shared, last_looked)
                AS last_active_at
        FROM employers
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE closed_at IS NULL) AS open_positions,
                max(opened_at) AS last_opened
            FROM positions WHERE positions.employer_id = employers.employer_id) AS of_positions
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE counts) AS messages,
                count(*) FILTER (
                    WHERE counts AND (
                        status NOT IN ('awaiting_answer', 'expired') OR waiting_since > sent_at))
                    AS answered,
                max(sent_at) AS last_sent
            FROM (
                SELECT *, badge IS NOT NULL
                    AND status NOT IN ('undone', 'withdrawn', 'undelivered') AS counts
                FROM interview_list
                WHERE interview_list.employer_id = employers.employer_id) AS theirs
        ) AS of_outreach
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE done_at IS NULL) AS open_feedback,
                max(shared_at) AS last_shared
            FROM employer_feedback
            WHERE employer_feedback.employer_id = employers.employer_id) AS of_feedback
        CROSS JOIN LATERAL (
            SELECT max(profiles_opened.opened_at) AS last_looked FROM profiles_opened
            WHERE profiles_opened.employer_id = employers.employer_id) AS of_profiles
        WHERE (%(name)s::text IS NULL
               OR (company_key, employers.employer_id) > (%(name)s, %(id)s::uuid))
          AND (%(only)s::uuid IS NULL OR employers.employer_id = %(only)s)
          AND (%(company)s::text IS NULL OR strpos(company_key, %(company)s) > 0)
          AND (%(manager)s::text IS NULL OR lower(manager_email) = lower(%(manager)s))
    ) AS found
    WHERE NOT %(silent)s OR coalesce(last_active_at, registered_at) < %(silent_before)s
    ORDER BY company_key, employer_id LIMIT %(limit)s"""

NO_FILTER: dict[str, object] = {
    "name": None, "id": None, "only": None, "company": None, "manager": None, "silent": False,
}  # fmt: skip


def listed(
    db: Connection,
    at: datetime,
    limit: int,
    cursor: str | None,
    *,
    company: str | None = None,
    manager_email: str | None = None,
    silent: bool = False,
) -> Listed[Account]:
    """Accounts by company name; perhaps only those of one manager, or the silent ones."""
    _, name, id = after(cursor, tuple[Literal["accounts"], StorableText, UUID]) or (None,) * 3
    asked = NO_FILTER | {
        "name": name,
        "id": id,
        "company": company and search_key(company),
        "manager": manager_email,
        "silent": silent,
        "silent_before": at - SILENT_FOR,
        "limit": limit + 1,
    }
    rows = fetch_all(db, Account, FOUND, asked)
    return page(rows, limit, lambda row: ["accounts", search_key(row.company), row.employer_id])


def one(db: Connection, at: datetime, employer_id: UUID) -> Account | None:
    """This account."""
    asked = {"only": employer_id, "silent_before": at - SILENT_FOR, "limit": 1}
    return fetch_one(db, Account, FOUND, NO_FILTER | asked)

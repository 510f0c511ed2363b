"""The employers of the marketplace, with their standing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.employer_events import (
    DECIDES_BULK,
    AnswersCounted,
    BetaJoined,
    BetaLeft,
    CompanyKeyNoted,
    EmployerApproved,
    EmployerRegistered,
    EmployerSuspended,
    FeedbackShared,
    ManagerAssigned,
    NamesDeclared,
)
from domain.handlers import on
from domain.sender_standing import Sender
from domain.terms import search_key
from domain.values import StorableText
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, after, page


class Employers(Projection, name="employers", version=6, key="id", personal=True):
    """Every employer with their standing."""

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
            beta_since    timestamptz,
            registered_at timestamptz NOT NULL,
            names         text[] NOT NULL,
            domains       text[] NOT NULL,
            affiliates    text[] NOT NULL,
            company_keys  uuid[] NOT NULL,  -- keyed hashes: of the company's name
            declared_keys uuid[] NOT NULL,  -- and of what it declared
            messages      bigint,  -- as the warning or the restriction counted
            answered      bigint,
            grace_ends_at timestamptz,
            bulk_restricted_until timestamptz,
            version       bigint NOT NULL
        );
        CREATE INDEX employers_warned ON employers (grace_ends_at)
            WHERE grace_ends_at IS NOT NULL;
        CREATE INDEX employers_by_company ON employers (company_key, employer_id)"""

    ADD = """
        INSERT INTO employers (
            employer_id, company, company_key, manager_name, manager_email, status, suspended_for,
            in_beta, registered_at, names, domains, affiliates, company_keys, declared_keys,
            version)
        VALUES (
            %(id)s, %(company)s, %(company_key)s, %(manager_name)s, %(manager_email)s, 'registered',
            NULL, false, %(at)s, '{}', '{}', '{}', %(company_keys)s::uuid[], '{}', %(version)s)"""

    SET_COMPANY_KEYS = """
        UPDATE employers SET company_keys = %(company_keys)s::uuid[], version = %(version)s
        WHERE employer_id = %(id)s"""

    DECLARE = """
        UPDATE employers SET
            names = %(names)s::text[], domains = %(domains)s::text[],
            affiliates = %(affiliates)s::text[], declared_keys = %(keys)s::uuid[],
            version = %(version)s
        WHERE employer_id = %(id)s"""

    SET_STATUS = """
        UPDATE employers SET status = %(status)s, suspended_for = %(reason)s, version = %(version)s
        WHERE employer_id = %(id)s"""

    SET_MANAGER = """
        UPDATE employers SET
            manager_name = %(manager_name)s, manager_email = %(manager_email)s,
            version = %(version)s
        WHERE employer_id = %(id)s"""

    SET_BETA = """
        UPDATE employers
        SET in_beta = %(in_beta)s, beta_since = CASE WHEN %(in_beta)s THEN %(at)s::timestamptz END,
            version = %(version)s
        WHERE employer_id = %(id)s"""

    SET_SENDER = """
        UPDATE employers SET
            messages = %(messages)s, answered = %(answered)s, grace_ends_at = %(grace_ends_at)s,
            bulk_restricted_until = %(until)s, version = %(version)s
        WHERE employer_id = %(id)s"""

    SET_VERSION = "UPDATE employers SET version = %(version)s WHERE employer_id = %(id)s"

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> Change:
        company_keys = [event.company_key] if event.company_key else []
        return self.ADD, {"company_key": search_key(event.company), "company_keys": company_keys}

    @on(CompanyKeyNoted)
    def on_company_key_noted(self, event: CompanyKeyNoted) -> Change:
        return self.SET_COMPANY_KEYS, {"company_keys": [event.company_key]}

    @on(NamesDeclared)
    def on_names_declared(self, event: NamesDeclared) -> Change:
        declared = ("names", "domains", "affiliates", "keys")
        return self.DECLARE, {name: [*getattr(event, name)] for name in declared}

    @on(EmployerApproved)
    def on_employer_approved(self, _event: EmployerApproved) -> Change:
        return self.SET_STATUS, {"status": "approved", "reason": None}

    @on(EmployerSuspended)
    def on_employer_suspended(self, _event: EmployerSuspended) -> Change:
        return self.SET_STATUS, {"status": "suspended"}

    @on(ManagerAssigned)
    def on_manager_assigned(self, _event: ManagerAssigned) -> Change:
        return self.SET_MANAGER, {}

    @on(BetaJoined, BetaLeft)
    def on_beta_joined_or_left(self, event: BetaJoined | BetaLeft) -> Change:
        return self.SET_BETA, {"in_beta": isinstance(event, BetaJoined)}

    @on(*DECIDES_BULK)
    def on_answers_counted(self, event: AnswersCounted) -> Change:
        sender = Sender.after(event)
        return self.SET_SENDER, {
            "grace_ends_at": sender.grace_ends_at,
            "until": sender.restricted_until,
        }

    @on(FeedbackShared)
    def on_feedback_shared(self, _event: FeedbackShared) -> Change:
        return self.SET_VERSION, {}


class Employer(BaseModel):
    """An employer as the marketplace sees them now."""

    employer_id: UUID
    company: str
    manager_name: str
    manager_email: str
    status: Literal["registered", "approved", "suspended"]
    suspended_for: str | None
    in_beta: bool
    beta_since: datetime | None = Field(description="since when it is in the beta, if it is")
    registered_at: datetime
    names: list[str] = Field(description="what else the company is called")
    domains: list[str] = Field(description="of its mail")
    affiliates: list[str] = Field(description="whose people it does not contact either")
    messages: int | None = Field(description="counted for the last warning or what followed it")
    answered: int | None = Field(description="of these messages, by the candidates")
    grace_ends_at: datetime | None = Field(
        description="set by a warning: if as few are answered then, bulk messages are restricted"
    )
    bulk_restricted_until: datetime | None = Field(
        description="until then only single messages are taken; it may have passed"
    )
    version: int

    @property
    def sender(self) -> Sender:
        """What was decided last about it as a sender."""
        return Sender(grace_ends_at=self.grace_ends_at, restricted_until=self.bulk_restricted_until)


def one(db: Connection, employer_id: UUID) -> Employer | None:
    """This employer."""
    return fetch_one(db, Employer, "SELECT * FROM employers WHERE employer_id = %s", [employer_id])


def listed(
    db: Connection, limit: int, cursor: str | None, company: str | None = None
) -> Listed[Employer]:
    """Employers by company name, perhaps only those whose name has this in it.

    Case and accents are ignored, as in every list of names: Ana, Ólafur, Ömer, Zoe.
    """
    key = after(cursor, tuple[Literal["employers"], StorableText, UUID])
    _, name, id = key or (None, None, None)
    asked = {"company": company and search_key(company)}
    rows = fetch_all(
        db,
        Employer,
        """
        SELECT * FROM employers
        WHERE (%(name)s::text IS NULL OR (company_key, employer_id) > (%(name)s, %(id)s::uuid))
          AND (%(company)s::text IS NULL OR strpos(company_key, %(company)s) > 0)
        ORDER BY company_key, employer_id LIMIT %(limit)s""",
        {**asked, "name": name, "id": id, "limit": limit + 1},
    )
    return page(rows, limit, lambda row: ["employers", search_key(row.company), row.employer_id])


def grace_ended(db: Connection, at: datetime) -> list[UUID]:
    """Employers whose answers are to be counted again after a warning."""
    rows = db.execute("SELECT employer_id FROM employers WHERE grace_ends_at <= %s", [at])
    return [id for (id,) in rows]


def companies(db: Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of these employers."""
    rows = db.execute(
        "SELECT employer_id, company FROM employers WHERE employer_id = ANY(%s::uuid[])",
        [sorted(set(ids))],
    )
    return {id: str(company) for id, company in rows}

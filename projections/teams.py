"""Who works for each employer: members, open invitations, and who is no longer of the team."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.actor import CompanyRole
from domain.employer_events import BetaLeft
from domain.handlers import on
from domain.team_events import (
    CompanyRoleChanged,
    InvitationRevoked,
    MemberErased,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
)
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection
from projections.employers import Employers


class Teams(Projection, name="teams", version=2, key="employer_id", personal=True):
    """Everybody who was ever invited, until they are erased; and who left the beta when."""

    READS = (Employers,)

    TABLES = """
        CREATE TABLE team_members (
            employer_id  uuid NOT NULL,
            member_id    uuid NOT NULL,
            name         text NOT NULL,
            email        text NOT NULL,
            address_key  uuid NOT NULL,
            company_role text NOT NULL,
            status       text NOT NULL,
            invited_at   timestamptz NOT NULL,
            expires_at   timestamptz NOT NULL,
            joined_at    timestamptz,
            PRIMARY KEY (employer_id, member_id)
        );
        CREATE INDEX team_members_by_id ON team_members (member_id);
        CREATE INDEX team_members_by_address ON team_members (address_key);
        CREATE INDEX team_members_invited ON team_members (expires_at) WHERE status = 'invited';
        CREATE TABLE beta_departures (
            employer_id  uuid NOT NULL,
            log_position bigint NOT NULL,
            left_at      timestamptz NOT NULL,
            left_by      text NOT NULL,
            PRIMARY KEY (employer_id, log_position)
        )"""

    REPLACE = """
        UPDATE team_members SET status = 'former'
        WHERE employer_id = %(employer_id)s AND address_key = %(address_key)s
          AND status = 'invited'"""

    INVITE = """
        INSERT INTO team_members (
            employer_id, member_id, name, email, address_key, company_role, status, invited_at,
            expires_at, joined_at)
        VALUES (
            %(employer_id)s, %(member_id)s, %(name)s, %(email)s, %(address_key)s,
            %(company_role)s, 'invited', %(at)s, %(expires_at)s, NULL)"""

    JOIN = """
        UPDATE team_members SET status = 'member', joined_at = %(at)s
        WHERE employer_id = %(employer_id)s AND member_id = %(member_id)s"""

    SET_ROLE = """
        UPDATE team_members SET company_role = %(company_role)s
        WHERE employer_id = %(employer_id)s AND member_id = %(member_id)s"""

    END = """
        UPDATE team_members SET status = 'former'
        WHERE employer_id = %(employer_id)s AND member_id = %(member_id)s"""

    ERASE = """
        DELETE FROM team_members
        WHERE employer_id = %(employer_id)s AND member_id = %(member_id)s"""

    DEPART = """
        INSERT INTO beta_departures (employer_id, log_position, left_at, left_by)
        VALUES (%(employer_id)s, %(log_position)s, %(at)s, %(by)s)"""

    @on(MemberInvited)
    def on_member_invited(self, _event: MemberInvited) -> list[Change]:
        return [(self.REPLACE, {}), (self.INVITE, {})]

    @on(MemberJoined)
    def on_member_joined(self, _event: MemberJoined) -> Change:
        return self.JOIN, {}

    @on(CompanyRoleChanged)
    def on_company_role_changed(self, _event: CompanyRoleChanged) -> Change:
        return self.SET_ROLE, {}

    @on(InvitationRevoked, MemberRemoved)
    def on_ended(self, _event: InvitationRevoked | MemberRemoved) -> Change:
        return self.END, {}

    @on(MemberErased)
    def on_member_erased(self, _event: MemberErased) -> Change:
        return self.ERASE, {}

    @on(BetaLeft)
    def on_beta_left(self, event: BetaLeft) -> Change:
        return self.DEPART, {"employer_id": event.originator_id}


class Member(BaseModel):
    """A person who was invited to the team of an employer."""

    employer_id: UUID
    member_id: UUID = Field(description="the id that they act under, too")
    name: str
    email: str
    company_role: CompanyRole
    status: Literal["invited", "member", "former"]
    invited_at: datetime
    expires_at: datetime = Field(description="until when the invitation can be accepted")
    joined_at: datetime | None


class Membership(Member):
    """A member with the name of their company."""

    company: str


class Departure(BaseModel):
    """An employer's way out of the beta."""

    employer_id: UUID
    company: str
    manager_name: str
    manager_email: str
    log_position: int
    left_at: datetime
    left_by: str


def of_employer(db: Connection, employer_id: UUID) -> list[Member]:
    """Everybody who was invited and is not erased, by name."""
    return fetch_all(
        db,
        Member,
        """
        SELECT * FROM team_members WHERE employer_id = %s
        ORDER BY lower(name), member_id""",
        [employer_id],
    )


def one(db: Connection, member_id: UUID) -> Membership | None:
    """Somebody by their id."""
    return fetch_one(
        db,
        Membership,
        """
        SELECT m.*, company FROM team_members m JOIN employers USING (employer_id)
        WHERE member_id = %s""",
        [member_id],
    )


def at_address(db: Connection, address_key: UUID) -> list[Membership]:
    """The members with this address: one for each company that somebody works for."""
    return fetch_all(
        db,
        Membership,
        """
        SELECT m.*, company FROM team_members m JOIN employers USING (employer_id)
        WHERE address_key = %s AND m.status = 'member' ORDER BY company, member_id""",
        [address_key],
    )


def open_invitations(db: Connection, at: datetime, limit: int) -> list[Membership]:
    """Invitations that can still be accepted, the newest first."""
    return fetch_all(
        db,
        Membership,
        """
        SELECT m.*, company FROM team_members m JOIN employers USING (employer_id)
        WHERE m.status = 'invited' AND m.expires_at > %s
        ORDER BY m.invited_at DESC, member_id LIMIT %s""",
        [at, limit],
    )


def departures(db: Connection, since: datetime) -> list[Departure]:
    """The employers that left the beta since a moment."""
    return fetch_all(
        db,
        Departure,
        """
        SELECT d.employer_id, company, manager_name, manager_email, d.log_position, left_at, left_by
        FROM beta_departures d JOIN employers USING (employer_id)
        WHERE left_at > %s ORDER BY d.log_position""",
        [since],
    )


def names(db: Connection, actor_ids: Iterable[str]) -> dict[str, str]:
    """The names of those of these actors who are or were of a team, by the ids they act under."""
    ids = {id for actor_id in actor_ids if (id := member_id_of(actor_id))}
    rows = db.execute(
        "SELECT member_id, name FROM team_members WHERE member_id = ANY(%s::uuid[])",
        [sorted(ids)],
    )
    return {str(id): name for id, name in rows}


def member_id_of(actor_id: str) -> UUID | None:
    """The id of a member who acts under this one; None if no member can."""
    try:
        return UUID(actor_id)
    except ValueError:
        return None

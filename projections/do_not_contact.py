"""Employers' do-not-contact lists, as recruiters keep them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.candidate_events import CandidateErased
from domain.do_not_contact import DoNotContactAdded, DoNotContactRemoved, Named
from domain.event import ERASED
from domain.handlers import on
from domain.identifier import IdentifierErased
from domain.terms import search_key
from infrastructure.database.postgres import fetch_all
from infrastructure.projecting.projection import Change, Projection
from projections.paging import Listed, WholeNumber, after, page


class DoNotContactList(
    Projection, name="do_not_contact", version=1, key="identifier", personal=True
):
    """Every entry of every employer, also those whose last day has passed."""

    TABLES = """
        CREATE TABLE do_not_contact (
            employer_id   uuid,
            identifier    uuid,  -- a candidate's id, or the hash of an address or a domain
            entry_id      uuid NOT NULL,
            kind          text NOT NULL,
            text          text,
            reason        text NOT NULL,
            until         date,
            searched      text NOT NULL,
            added_by      text NOT NULL,
            added_at      timestamptz NOT NULL,
            log_position  bigint NOT NULL,
            PRIMARY KEY (employer_id, identifier)
        );
        CREATE INDEX do_not_contact_by_age ON do_not_contact (employer_id, log_position DESC);
        CREATE INDEX do_not_contact_by_identifier ON do_not_contact (identifier)"""

    ADD = """
        INSERT INTO do_not_contact (
            employer_id, identifier, entry_id, kind, text, reason, until, searched, added_by,
            added_at, log_position)
        VALUES (
            %(employer_id)s, %(identifier)s, %(id)s, %(kind)s, %(text)s, %(reason)s, %(until)s,
            %(searched)s, %(by)s, %(at)s, %(log_position)s)
        ON CONFLICT (employer_id, identifier) DO UPDATE SET
            text = excluded.text, reason = excluded.reason, until = excluded.until,
            searched = excluded.searched, added_by = excluded.added_by,
            added_at = excluded.added_at, log_position = excluded.log_position"""

    REMOVE = """
        DELETE FROM do_not_contact
        WHERE employer_id = %(employer_id)s AND identifier = %(identifier)s"""

    ERASE = """
        UPDATE do_not_contact SET text = NULL, reason = %(erased)s, searched = ''
        WHERE identifier = %(identifier)s"""

    @on(DoNotContactAdded)
    def on_do_not_contact_added(self, event: DoNotContactAdded) -> Change:
        person = str(event.identifier) if event.kind is Named.PERSON else None
        text = event.domain or event.text or person
        searched = search_key(f"{text or ''} {event.reason}")
        return self.ADD, {"text": text, "searched": searched}

    @on(DoNotContactRemoved)
    def on_do_not_contact_removed(self, _event: DoNotContactRemoved) -> Change:
        return self.REMOVE, {}

    @on(CandidateErased, IdentifierErased)
    def on_erased(self, event: CandidateErased | IdentifierErased) -> Change:
        return self.ERASE, {"identifier": event.originator_id, "erased": ERASED}


class Entry(BaseModel):
    """A person, an address or a domain that an employer does not contact."""

    entry_id: UUID
    kind: Named
    value: str | None = Field(
        description="the candidate's id, or the address or domain as written; null once erased"
    )
    reason: str
    until: date | None = Field(description="the last day that it counts; null for ever")
    added_by: str
    added_at: datetime
    log_position: int


def listed(
    db: Connection, limit: int, cursor: str | None, employer_id: UUID, query: str = ""
) -> Listed[Entry]:
    """An employer's entries, the newest first; perhaps only those with these words."""
    _, before = after(cursor, tuple[Literal["do-not-contact"], WholeNumber]) or (None, None)
    rows = fetch_all(
        db,
        Entry,
        """
        SELECT entry_id, kind, text AS value, reason, until, added_by, added_at, log_position
        FROM do_not_contact
        WHERE employer_id = %(employer)s
          AND (%(before)s::bigint IS NULL OR log_position < %(before)s)
          AND strpos(searched, %(query)s) > 0
        ORDER BY log_position DESC LIMIT %(limit)s""",
        {
            "employer": employer_id,
            "before": before,
            "query": search_key(query),
            "limit": limit + 1,
        },
    )
    return page(rows, limit, lambda row: ["do-not-contact", row.log_position])

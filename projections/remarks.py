"""What a company's recruiters note about candidates, and the tags that they give them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel, Field

from domain.candidate_events import CandidateErased
from domain.handlers import on
from domain.note import NoteEdited, NoteRemoved, NoteWritten
from domain.tagging import TagAdded, TagRemoved
from domain.terms import key
from infrastructure.database.postgres import fetch_all
from infrastructure.projecting.projection import Change, Projection
from projections.candidate_pool import CandidatePool

MOST_NOTES = 200
MOST_SUGGESTED = 50


class Remarks(Projection, name="remarks", version=1, key="candidate_id", personal=True):
    """Every note and every tag, by employer and candidate."""

    READS = (CandidatePool,)

    TABLES = """
        -- Removed notes and tags keep a row without what they say: it leads to what the log holds
        -- about the person.
        CREATE TABLE candidate_notes (
            employer_id  uuid,
            candidate_id uuid,
            note_id      uuid,
            author       text NOT NULL,
            text         text,
            written_at   timestamptz NOT NULL,
            edited_at    timestamptz,
            version      int NOT NULL,
            PRIMARY KEY (employer_id, candidate_id, note_id)
        );
        CREATE INDEX candidate_notes_by_candidate ON candidate_notes (candidate_id);
        CREATE INDEX candidate_notes_by_id ON candidate_notes (note_id);

        CREATE TABLE candidate_tags (
            employer_id  uuid,
            candidate_id uuid,
            tag_id       uuid,
            tagging_id   uuid NOT NULL,
            tag          text,
            tag_key      text,  -- as tags are compared
            added_at     timestamptz NOT NULL,
            PRIMARY KEY (employer_id, candidate_id, tag_id)
        );
        CREATE INDEX candidate_tags_by_candidate ON candidate_tags (candidate_id);
        CREATE INDEX candidate_tags_by_key ON candidate_tags (employer_id, tag_key)
            WHERE tag_key IS NOT NULL"""

    WRITE = """
        INSERT INTO candidate_notes (
            employer_id, candidate_id, note_id, author, text, written_at, version)
        VALUES (
            %(employer_id)s, %(candidate_id)s, %(id)s, %(by)s, %(text)s, %(at)s, %(version)s)"""

    EDIT = """
        UPDATE candidate_notes SET text = %(text)s, edited_at = %(at)s, version = %(version)s
        WHERE employer_id = %(employer_id)s AND candidate_id = %(candidate_id)s
          AND note_id = %(id)s"""

    REMOVE_NOTE = """
        UPDATE candidate_notes SET text = NULL, version = %(version)s
        WHERE employer_id = %(employer_id)s AND candidate_id = %(candidate_id)s
          AND note_id = %(id)s"""

    ADD_TAG = """
        INSERT INTO candidate_tags (
            employer_id, candidate_id, tag_id, tagging_id, tag, tag_key, added_at)
        VALUES (
            %(employer_id)s, %(candidate_id)s, %(tag_id)s, %(id)s, %(tag)s, %(tag_key)s, %(at)s)
        ON CONFLICT (employer_id, candidate_id, tag_id) DO UPDATE SET
            tag = excluded.tag, tag_key = excluded.tag_key, added_at = excluded.added_at"""

    REMOVE_TAG = """
        UPDATE candidate_tags SET tag = NULL, tag_key = NULL
        WHERE employer_id = %(employer_id)s AND candidate_id = %(candidate_id)s
          AND tag_id = %(tag_id)s"""

    ERASE = (
        "DELETE FROM candidate_notes WHERE candidate_id = %(candidate_id)s",
        "DELETE FROM candidate_tags WHERE candidate_id = %(candidate_id)s",
    )

    @on(NoteWritten)
    def on_note_written(self, _event: NoteWritten) -> Change:
        return self.WRITE, {}

    @on(NoteEdited)
    def on_note_edited(self, _event: NoteEdited) -> Change:
        return self.EDIT, {}

    @on(NoteRemoved)
    def on_note_removed(self, _event: NoteRemoved) -> Change:
        return self.REMOVE_NOTE, {}

    @on(TagAdded)
    def on_tag_added(self, event: TagAdded) -> Change:
        return self.ADD_TAG, {"tag_key": key(event.tag)}

    @on(TagRemoved)
    def on_tag_removed(self, _event: TagRemoved) -> Change:
        return self.REMOVE_TAG, {}

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> list[Change]:
        return [(one, {"candidate_id": event.originator_id}) for one in self.ERASE]


class Note(BaseModel):
    """What a recruiter wrote about a candidate, as the employer's people read it."""

    note_id: UUID
    author: str
    text: str
    written_at: datetime
    edited_at: datetime | None
    version: int


# A person is known by their own id, and by those of the profiles that were merged into theirs.
_KNOWN = "FROM candidate_pool AS p CROSS JOIN unnest(p.identifiers) AS known(id)"


def notes(db: Connection, employer_id: UUID, candidate_id: UUID) -> list[Note]:
    """What an employer noted about a candidate, the latest first, at most `MOST_NOTES`."""
    return fetch_all(
        db,
        Note,
        f"""
        SELECT n.note_id, n.author, n.text, n.written_at, n.edited_at, n.version
        {_KNOWN} JOIN candidate_notes AS n
            ON n.employer_id = %(employer)s AND n.candidate_id = known.id
        WHERE p.candidate_id = %(candidate)s AND n.text IS NOT NULL
        ORDER BY n.written_at DESC, n.note_id LIMIT %(limit)s""",
        {"employer": employer_id, "candidate": candidate_id, "limit": MOST_NOTES},
    )


class GivenTag(NamedTuple):
    """A tag of a candidate, with the ids of all times that it was given."""

    tag: str
    ids: tuple[UUID, ...]


def tags(
    db: Connection, employer_id: UUID, candidate_ids: Sequence[UUID]
) -> dict[UUID, list[GivenTag]]:
    """The tags of candidates by an employer, in the order that they were given in."""
    rows = db.execute(
        f"""
        SELECT p.candidate_id, (array_agg(t.tag ORDER BY t.added_at, t.tag_id))[1],
               array_agg(t.tag_id)
        {_KNOWN} JOIN candidate_tags AS t
            ON t.employer_id = %(employer)s AND t.candidate_id = known.id
        WHERE p.candidate_id = ANY(%(ids)s::uuid[]) AND t.tag_key IS NOT NULL
        GROUP BY p.candidate_id, t.tag_key ORDER BY min(t.added_at), t.tag_key""",
        {"employer": employer_id, "ids": [*candidate_ids]},
    ).fetchall()
    found: dict[UUID, list[GivenTag]] = {}
    for candidate_id, tag, ids in rows:
        found.setdefault(candidate_id, []).append(GivenTag(tag, tuple(ids)))
    return found


class TagInUse(BaseModel):
    """A tag of an employer, and how many candidates have it."""

    tag: str
    candidates: int = Field(description="who have it")


def tags_in_use(db: Connection, employer_id: UUID, beginning: str = "") -> list[TagInUse]:
    """An employer's tags that begin so, the most used first, at most `MOST_SUGGESTED`."""
    return fetch_all(
        db,
        TagInUse,
        """
        SELECT (array_agg(tag ORDER BY added_at, tag_id))[1] AS tag,
               count(DISTINCT candidate_id) AS candidates
        FROM candidate_tags
        WHERE employer_id = %(employer)s AND tag_key ^@ %(beginning)s
        GROUP BY tag_key ORDER BY candidates DESC, tag_key LIMIT %(limit)s""",
        {"employer": employer_id, "beginning": key(beginning), "limit": MOST_SUGGESTED},
    )


def spelling(db: Connection, employer_id: UUID, tag: str) -> str | None:
    """How an employer wrote this tag first. None if it has no such tag."""
    row = db.execute(
        "SELECT tag FROM candidate_tags WHERE employer_id = %s AND tag_key = %s"
        " ORDER BY added_at, tag_id LIMIT 1",
        [employer_id, key(tag)],
    ).fetchone()
    return str(row[0]) if row else None


def one_note(db: Connection, note_id: UUID) -> UUID | None:
    """The candidate whom a note is about. None if there is no such note."""
    row = db.execute(
        "SELECT candidate_id FROM candidate_notes WHERE note_id = %s", [note_id]
    ).fetchone()
    return row[0] if row else None


def of_person(db: Connection, candidate_ids: Sequence[UUID]) -> list[UUID]:
    """The ids of all streams of notes and tags about a person, who has these ids."""
    rows = db.execute(
        "SELECT note_id FROM candidate_notes WHERE candidate_id = ANY(%(ids)s::uuid[])"
        " UNION SELECT tagging_id FROM candidate_tags WHERE candidate_id = ANY(%(ids)s::uuid[])",
        {"ids": [*candidate_ids]},
    ).fetchall()
    return [id for (id,) in rows]

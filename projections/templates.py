"""The texts from which an employer's recruiters begin their messages."""

from datetime import datetime
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel

from domain.handlers import on
from domain.template import TemplateRemoved, TemplateSaved
from infrastructure.database.postgres import fetch_all, fetch_one
from infrastructure.projecting.projection import Change, Projection

MOST_LISTED = 200


class Templates(Projection, name="templates", version=1, key="id", personal=True):
    """Every template that was not removed, as it says now."""

    TABLES = """
        CREATE TABLE templates (
            template_id uuid PRIMARY KEY,
            employer_id uuid NOT NULL,
            title       text NOT NULL,
            subject     text NOT NULL,
            text        text NOT NULL,
            saved_by    text NOT NULL,
            saved_at    timestamptz NOT NULL,
            version     int NOT NULL
        );
        CREATE INDEX templates_by_employer ON templates (employer_id, title)"""

    SAVE = """
        INSERT INTO templates (
            template_id, employer_id, title, subject, text, saved_by, saved_at, version)
        VALUES (
            %(id)s, %(employer_id)s, %(title)s, %(subject)s, %(text)s, %(by)s, %(at)s, %(version)s)
        ON CONFLICT (template_id) DO UPDATE SET
            title = excluded.title, subject = excluded.subject, text = excluded.text,
            saved_by = excluded.saved_by, saved_at = excluded.saved_at,
            version = excluded.version"""

    REMOVE = "DELETE FROM templates WHERE template_id = %(id)s"

    @on(TemplateSaved)
    def on_template_saved(self, _event: TemplateSaved) -> Change:
        return self.SAVE, {}

    @on(TemplateRemoved)
    def on_template_removed(self, _event: TemplateRemoved) -> Change:
        return self.REMOVE, {}


class Template(BaseModel):
    """A text from which messages begin; its fields are names in braces, such as {first_name}."""

    template_id: UUID
    employer_id: UUID
    title: str
    subject: str
    text: str
    saved_by: str
    saved_at: datetime
    version: int


def of_employer(db: Connection, employer_id: UUID) -> list[Template]:
    """An employer's templates by title, at most `MOST_LISTED`."""
    return fetch_all(
        db,
        Template,
        "SELECT * FROM templates WHERE employer_id = %s ORDER BY title, template_id LIMIT %s",
        [employer_id, MOST_LISTED],
    )


def one(db: Connection, employer_id: UUID, template_id: UUID) -> Template | None:
    """A template of an employer. None if it has none of this id."""
    return fetch_one(
        db,
        Template,
        "SELECT * FROM templates WHERE template_id = %s AND employer_id = %s",
        [template_id, employer_id],
    )

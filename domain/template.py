"""Texts from which an employer's recruiters begin their messages, and the fields in them.

A field is a name in braces, such as {first_name}. Which fields have a value for a candidate is not
decided here; every other one is the recruiter's own, to be filled in before the message is sent.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Aggregate
from domain.command import Command, NotFound, Work
from domain.employer import own_employer
from domain.event import Event, Personal
from domain.handlers import on
from domain.values import IN_ONE_LINE, FreeText, StorableText

Line = Annotated[StorableText, Field(min_length=1, max_length=200), IN_ONE_LINE]

FIELD = re.compile(r"\{\s*([^\W\d_][\w ]{0,39}?)\s*\}")


def fields(*texts: str) -> list[str]:
    """The fields of texts, each once.

    >>> fields("{first_name}, a role", "Dear { First Name }: {reason}. {1} {}")
    ['first_name', 'reason']
    """
    return list(dict.fromkeys(_name(name) for text in texts for name in FIELD.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its fields filled in. One without a value stays as it is.

    >>> filled("Dear {First name}: {reason}", {"first_name": "Ada"})
    'Dear Ada: {reason}'
    """
    return FIELD.sub(lambda found: values.get(_name(found[1])) or found[0], text)


def _name(written: str) -> str:
    return "_".join(written.casefold().split())


class TemplateSaved(Event, name="template.saved", version=1):
    """A recruiter saved a template: a new one, or in place of what it said before."""

    employer_id: UUID
    title: Personal[str]
    subject: Personal[str]
    text: Personal[str]


class TemplateRemoved(Event, name="template.removed", version=1):
    """A recruiter removed a template."""

    employer_id: UUID


class Template(Aggregate, kind="template"):
    """A text of an employer's, which its recruiters change until they remove it."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.employer_id: UUID | None = None
        self.removed = False

    # Decisions: check the rule, then state the fact. Never run on replay.

    def save(self, cause: Cause, **facts: Any) -> None:
        """Say what the template says from now on."""
        self.record(TemplateSaved, cause, **facts)

    def remove(self, cause: Cause) -> None:
        """Remove the template. Repeating it records nothing."""
        if not self.removed:
            self.record(TemplateRemoved, cause, employer_id=self.employer_id)

    # Facts: fold into state. Never raise, never decide.

    @on(TemplateSaved)
    def on_template_saved(self, event: TemplateSaved) -> None:
        self.employer_id = event.employer_id

    @on(TemplateRemoved)
    def on_template_removed(self, _: TemplateRemoved) -> None:
        self.removed = True


class SaveTemplate(Command):
    """Save a template of an employer, a new one or a changed one."""

    employer_id: UUID
    template_id: UUID
    title: Line
    subject: Line
    text: FreeText

    def execute(self, work: Work) -> Template:
        employer = own_employer(work, self, self.employer_id)
        template = work.find(Template, self.template_id)
        if template.exists and (template.employer_id != employer.id or template.removed):
            raise NotFound(Template, self.template_id)
        template.save(self, **self.asked(without="template_id"))
        return template


class RemoveTemplate(Command):
    """Remove a template of an employer."""

    employer_id: UUID
    template_id: UUID

    def execute(self, work: Work) -> Template:
        employer = own_employer(work, self, self.employer_id)
        template = work.get(Template, self.template_id)
        if template.employer_id != employer.id:
            raise NotFound(Template, self.template_id)
        template.remove(self)
        return template

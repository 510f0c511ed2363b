"""Templates: the texts from which an employer's recruiters begin their messages."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api.http.access import Recruiter
from api.http.caller import CommandResult, IfMatch, version_in
from domain.command import NotFound
from domain.employer import Employer
from domain.template import Line, RemoveTemplate, SaveTemplate
from domain.values import FreeText, Value
from projections import templates
from projections.templates import Template, Templates

router = APIRouter(prefix="/employers/{employer_id}/templates", tags=["Templates"])


class NewTemplate(Value):
    """What a template says. Fields are names in braces, such as {first_name} or {position}."""

    title: Line = Field(description="what recruiters choose it by")
    subject: Line
    text: FreeText


@router.get("")
def list_templates(employer_id: UUID, caller: Recruiter) -> list[Template]:
    """An employer's templates by title, at most 200."""
    if not caller.actor.acts_for(employer_id):
        raise NotFound(Employer, employer_id)
    with caller.reading(Templates) as db:
        return templates.of_employer(db, employer_id)


@router.post("", status_code=201)
def add_template(employer_id: UUID, body: NewTemplate, caller: Recruiter) -> CommandResult:
    """Save a new template."""
    return caller.run(
        SaveTemplate, employer_id=employer_id, template_id=caller.new_id(), **dict(body)
    )


@router.put("/{template_id}")
def change_template(
    employer_id: UUID,
    template_id: UUID,
    body: NewTemplate,
    caller: Recruiter,
    if_match: IfMatch = None,
) -> CommandResult:
    """Save what the template of this id says from now on."""
    return caller.run(
        SaveTemplate,
        if_version=version_in(if_match),
        employer_id=employer_id,
        template_id=template_id,
        **dict(body),
    )


@router.delete("/{template_id}")
def remove_template(employer_id: UUID, template_id: UUID, caller: Recruiter) -> CommandResult:
    """Remove a template."""
    return caller.run(RemoveTemplate, employer_id=employer_id, template_id=template_id)

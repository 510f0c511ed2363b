"""The texts from which a recruiter's company begins its messages."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.candidates.letter_fields import KNOWN
from api.console.session import Recruiter, Visit
from api.http.problems import Problem
from api.routes.templates import NewTemplate, list_templates
from api.web.forms import REFUSED
from api.web.rendering import address
from domain.template import RemoveTemplate, SaveTemplate

router = APIRouter(prefix="/templates")


@router.get("")
def templates_page(visit: Recruiter, employer: UUID | None = None) -> Response:
    """The templates, each with its form, and the form for a new one."""
    return visit.page("templates.html", **_shown(visit, employer))


@router.post("")
def add(visit: Recruiter, employer: UUID | None = None) -> Response:
    """Save a new template."""
    return _save(visit, employer, visit.caller.new_id(), None)


@router.post("/{template_id}")
def change(template_id: UUID, visit: Recruiter, employer: UUID | None = None) -> Response:
    """Save what a template says from now on."""
    return _save(visit, employer, template_id, visit.sent.version())


@router.post("/{template_id}/removal")
def remove(template_id: UUID, visit: Recruiter, employer: UUID | None = None) -> Response:
    """Remove a template."""
    whose = _whose(visit, employer)
    result = visit.caller.run(RemoveTemplate, employer_id=whose, template_id=template_id)
    return visit.done(result, _path(employer), "template-removed")


def _save(visit: Visit, employer: UUID | None, id: UUID, version: int | None) -> Response:
    whose = _whose(visit, employer)
    try:
        body = dict(visit.sent.read(NewTemplate))
        result = visit.caller.run(
            SaveTemplate, if_version=version, employer_id=whose, template_id=id, **body
        )
    except REFUSED as error:
        about = _shown(visit, employer) | {"changed": id if version else None}
        return visit.again("templates.html", error, **about)
    return visit.done(result, _path(employer), "template-saved")


def _shown(visit: Visit, employer: UUID | None) -> dict[str, Any]:
    whose = employer or visit.caller.actor.employer_id
    listed = list_templates(whose, visit.caller) if whose else None
    return {"listed": listed, "known": KNOWN, "here": _path(employer), "changed": None}


def _whose(visit: Visit, employer: UUID | None) -> UUID:
    whose = employer or visit.caller.actor.employer_id
    if whose is None:
        raise Problem(400, "bad-form", "The form lacks whose it is; open the page again.")
    return whose


def _path(employer: UUID | None) -> str:
    return address("/templates", employer=employer)

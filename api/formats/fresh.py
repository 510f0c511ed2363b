"""Turns FRESH documents (https://github.com/fresh-standard) into the shape of JSON Resume."""

from collections.abc import Mapping
from typing import Any

from api.formats.documents import is_blank

PERSON = (
    "name", "firstName", "lastName", "email", "phone", "label", "summary", "location", "url"
)  # fmt: skip
"""The fields of `basics`, as other dialects have them at the top."""


def as_json_resume(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document as JSON Resume has it; one that has `basics` as it is.

    >>> as_json_resume({"name": "Ada", "contact": {"email": "a@example.org"}})["basics"]["email"]
    'a@example.org'
    """
    if not is_blank(document.get("basics")):
        return document
    if isinstance(inner := document.get("resume"), Mapping):
        return as_json_resume(inner)
    contact, info = dict(_object(document, "contact")), _object(document, "info")
    also = {"label": info.get("label"), "summary": info.get("brief"), "url": contact.get("website")}
    basics: dict[str, Any] = {
        **{field: document.get(field) for field in PERSON},
        **{field: said for field, said in (contact | also).items() if not is_blank(said)},
    }
    if isinstance(location := basics.get("location"), Mapping) and "code" in location:
        basics["location"] = {**location, "countryCode": location["code"]}
    basics["profiles"] = document.get("social") or document.get("profiles")
    return {
        **document,
        "basics": basics,
        "work": document.get("work") or _object(document, "employment").get("history"),
        "education": _entries(document, "education", "history"),
        "skills": _skills(document),
        "meta": document.get("meta") if isinstance(document.get("meta"), Mapping) else None,
    }


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _entries(document: Mapping[str, Any], section: str, name: str) -> Any:
    found = document.get(section)
    return found.get(name) if isinstance(found, Mapping) and name in found else found


def _skills(document: Mapping[str, Any]) -> Any:
    found = document.get("skills")
    if not isinstance(found, Mapping):
        return found
    sets = found.get("sets") or []
    grouped = [
        {"name": each.get("name"), "keywords": each.get("skills")}
        for each in (sets if isinstance(sets, list | tuple) else [])
        if isinstance(each, Mapping)
    ]
    listed = found.get("list") or []
    return [*grouped, *(listed if isinstance(listed, list | tuple) else [listed])]

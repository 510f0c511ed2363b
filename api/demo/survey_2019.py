"""Reads answers to the Stack Overflow Developer Survey 2019 that are put as JSON Resume documents.

They are known by their `meta.source`. The age and gender in them are not read: no model here
declares those fields.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.formats import json_resume
from api.formats.documents import BadDocument, Part
from api.formats.json_resume import Profile
from api.formats.places import place_of
from api.formats.sourcing import sourcing_of
from domain.money import MOST_PAY, USD_PER_UNIT, Salary
from domain.profile import Facts
from domain.skills import skill_names

SURVEY_2019 = "stack-overflow-developer-survey-2019"


def to_profile(document: Any, *, as_of: date | None = None) -> Profile:
    """Read an answer to the survey, or any other JSON Resume document as `json_resume` does."""
    meta = document.get("meta") if isinstance(document, Mapping) else None
    if isinstance(meta, Mapping) and meta.get("source") == SURVEY_2019:
        return from_survey_2019(document)
    return json_resume.to_profile(document, as_of=as_of)


def from_survey_2019(document: Mapping[str, Any]) -> Profile:
    """Read an answer to the Stack Overflow Developer Survey 2019.

    The survey is anonymous, so name and address are made of the respondent's number. The salary,
    which it converts to dollars, is put back into the respondent's own currency at our rates where
    we know it, and taken for the salary they expect. Respondents who work remotely half of the time
    or more, or prefer to work at home, are open to remote work. Of `meta.sourcing` only ids,
    consent and dates are read.
    """
    answer = Part(document)
    meta = answer.part("meta")
    respondent = meta.number("respondent", 1e9)
    if respondent is None:
        raise BadDocument(["meta.respondent: is missing, which tells the people apart"])
    more = sourcing_of(meta.part("sourcing"), None)
    basics = answer.part("basics")
    named = (skill.text("name") for skill in answer.parts("skills"))
    profile = Profile(
        candidate_id=more.candidate_id,
        external_id=more.external_id or f"{SURVEY_2019}/{respondent:.0f}",
        opted_in=more.opted_in,
        signed_up_at=more.signed_up_at,
        last_active_at=more.last_active_at,
        email=basics.email("email") or f"respondent.{respondent:.0f}@example.org",
        name=basics.text("name") or f"Respondent {respondent:.0f}",
        facts=Facts(
            roles=meta.texts("roles") or None,
            skills=skill_names(name for name in named if name and name != "Other(s):") or None,
            years_experience=meta.number("years_professional", 80),
            country=place_of(basics.at("location"))[1],
            open_to_remote=_open_to_remote(meta),
            expected_salary=_salary(meta),
        ),
    )
    return profile.model_copy(update={"warnings": tuple(answer.warnings)})


def _salary(meta: Part) -> Salary | None:
    usd = meta.number("salary_usd", MOST_PAY)
    if not usd:
        return None
    said = meta.text("currency") or ""
    currency = said if said in USD_PER_UNIT else "USD"
    return Salary(amount=round(usd / USD_PER_UNIT[currency]), currency=currency)


def _open_to_remote(meta: Part) -> bool | None:
    now, preferred = meta.text("remote_now"), meta.text("work_location_preferred")
    if now is None and preferred is None:
        return None
    often = ("All or almost all", "More than half", "About half")
    return (now or "").startswith(often) or preferred == "Home"

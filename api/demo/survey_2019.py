"""Reads answers to the Stack Overflow Developer Survey 2019 that are put as JSON Resume documents.

They are known by their `meta.source`. The age and gender in them are not read: no model here
declares those fields.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import StrictInt

from api.formats import json_resume
from api.formats.documents import Listed, Section, StrictAmount, StrictYears, read
from api.formats.json_resume import Basics, Profile, Skill, Sourcing, named_ones
from domain.money import USD_PER_UNIT, Salary
from domain.profile import Text

SURVEY_2019 = "stack-overflow-developer-survey-2019"


class AnswerMeta(Section):
    respondent: StrictInt
    roles: Listed[Text] = ()
    years_professional: StrictYears | None = None
    salary_usd: StrictAmount | None = None
    currency: str | None = None
    remote_now: str | None = None
    work_location_preferred: str | None = None
    sourcing: Sourcing = Sourcing()

    @property
    def salary(self) -> Salary | None:
        if not self.salary_usd:
            return None
        currency = self.currency if self.currency in USD_PER_UNIT else "USD"
        amount = round(self.salary_usd / USD_PER_UNIT[currency])
        return Salary(amount=amount, currency=currency)

    @property
    def open_to_remote(self) -> bool | None:
        if self.remote_now is None and self.work_location_preferred is None:
            return None
        often = ("All or almost all", "More than half", "About half")
        return (self.remote_now or "").startswith(often) or self.work_location_preferred == "Home"


class Answer(Section):
    basics: Basics = Basics()
    skills: Listed[Skill] = ()
    meta: AnswerMeta


def to_profile(document: Mapping[str, Any], *, as_of: date | None = None) -> Profile:
    """Read an answer to the survey, or any other JSON Resume document as `json_resume` does."""
    meta = document.get("meta")
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
    answer = read(Answer, document)
    meta, more = answer.meta, answer.meta.sourcing
    external_id = more.external_id or f"{SURVEY_2019}/{meta.respondent}"
    profile = {
        "candidate_id": more.candidate_id,
        "external_id": external_id,
        "opted_in": more.opted_in,
        "signed_up_at": more.signed_up_at,
        "last_active_at": more.last_active_at,
        "name": answer.basics.name or f"Respondent {meta.respondent}",
        "email": answer.basics.email or f"respondent.{meta.respondent}@example.org",
        "facts": {
            "roles": meta.roles or None,
            "skills": named_ones(*(s.name for s in answer.skills if s.name != "Other(s):")),
            "years_experience": meta.years_professional,
            "country": answer.basics.location.country_name,
            "open_to_remote": meta.open_to_remote,
            "expected_salary": meta.salary,
        },
    }
    return read(Profile, profile)

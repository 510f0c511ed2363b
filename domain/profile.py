"""The fields of a candidate's profile."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from domain.money import Salary
from domain.values import StorableText, Value

Text = Annotated[StorableText, Field(min_length=1, max_length=200)]


def key(term: str) -> str:
    """A skill, role, place or language, normalised for comparison: case and extra spaces ignored.

    >>> key("  Node.JS ")
    'node.js'
    """
    return " ".join(term.split()).casefold()


def _distinct(terms: object) -> object:
    if not isinstance(terms, list | tuple) or not all(isinstance(term, str) for term in terms):
        return terms  # pydantic reports the error
    first_of_each: dict[str, str] = {}
    for term in terms:
        first_of_each.setdefault(key(term), term)
    return tuple(first_of_each.values())


Terms = Annotated[tuple[Text, ...], BeforeValidator(_distinct), Field(max_length=200)]
"""Names in the order given, without duplicates; case is ignored."""

Years = Annotated[float, Field(ge=0, le=80, allow_inf_nan=False)]


class Facts(Value):
    """The part of a profile that filters and the likelihood use. An absent field is unknown."""

    roles: Terms | None = None
    skills: Terms | None = None
    years_experience: Years | None = None
    city: Text | None = None
    country: Text | None = None
    open_to_remote: bool | None = None
    expected_salary: Salary | None = None
    work_authorisation: Terms | None = Field(
        None, description="countries in which the person may work without sponsorship"
    )
    languages: Terms | None = None
    in_present_job_since: date | None = None

    def known(self) -> dict[str, object]:
        """The fields with a value."""
        return {field: value for field, value in self if value is not None}


class Job(Value):
    """One job of a career; the present job has no end."""

    employer: Text
    title: Text
    started_on: date | None = None
    ended_on: date | None = None
    summary: StorableText = Field("", max_length=5_000)

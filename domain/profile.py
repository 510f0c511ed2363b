"""The fields of a candidate's profile."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo

from domain.money import AmbiguousAmount, Salary, read_amount
from domain.partial_date import PartialDate
from domain.terms import each_once
from domain.values import NUMBER, Flag, Name, StorableText, Value

Text = Annotated[StorableText, Field(min_length=1, max_length=200)]
LongText = Annotated[StorableText, Field(min_length=1, max_length=2_000)]
Url = Annotated[StorableText, Field(min_length=1, max_length=2_000, pattern=r"^https?://\S+$")]

MOST_JOBS = 100
MOST_ENTRIES = 100
"""Of each list of a background, and highlights of a job."""


def _distinct(terms: object) -> object:
    if not isinstance(terms, list | tuple) or not all(isinstance(term, str) for term in terms):
        return terms  # pydantic reports the error
    return each_once(terms)


Terms = Annotated[tuple[Text, ...], BeforeValidator(_distinct), Field(max_length=200)]
"""Names in the order given, without duplicates; case is ignored."""

MOST_YEARS = 80

_UNIT = re.compile(r"(?<=\d)\s*\+?\s*(?:years?|yrs?|jahren?)?$", re.IGNORECASE)


def _years(said: object, info: ValidationInfo) -> object:
    if not isinstance(said, str):
        return said
    try:
        return read_amount(_UNIT.sub("", said.strip()), (info.context or {}).get("decimal_mark"))
    except AmbiguousAmount:
        raise
    except ValueError:
        raise ValueError("write a number, such as 3.") from None


Years = Annotated[
    float, BeforeValidator(_years), NUMBER, Field(ge=0, le=MOST_YEARS, allow_inf_nan=False)
]
"""Forms read it as people write it: 1,5 or 5+ or 3 years."""


class Facts(Value):
    """The part of a profile that filters and the likelihood use. An absent field is unknown."""

    roles: Terms | None = None
    skills: Terms | None = None
    years_experience: Years | None = None
    city: Text | None = None
    country: Text | None = None
    open_to_remote: Flag | None = None
    expected_salary: Salary | None = None
    work_authorisation: Terms | None = Field(
        None, description="countries in which the person may work without sponsorship"
    )
    languages: Terms | None = None
    in_present_job_since: PartialDate | None = None

    def known(self) -> dict[str, object]:
        """The fields with a value."""
        return {field: value for field, value in self if value is not None}


class Job(Value):
    """One job of a career. The present job has no end, and none that is unknown."""

    employer: Name | None = None
    title: Name | None = None
    started_on: PartialDate | None = None
    ended_on: PartialDate | None = None
    end_is_unknown: Flag = Field(False, description="it ended, but nobody knows when")
    summary: StorableText = Field("", max_length=5_000)
    highlights: tuple[LongText, ...] = Field((), max_length=MOST_ENTRIES)

    @property
    def is_present(self) -> bool:
        """Whether the person still has this job."""
        return bool(self.started_on) and not self.ended_on and not self.end_is_unknown


def latest_job(jobs: Sequence[Job]) -> Job | None:
    """The present job, or else the one that began last; the latest of several.

    >>> cook = Job(title="Cook", started_on=PartialDate(2015))
    >>> chef = Job(title="Chef", started_on=PartialDate(2020), end_is_unknown=True)
    >>> latest_job([cook, chef]).title
    'Cook'
    """
    unknown = PartialDate(1)
    return max(jobs, key=lambda job: (job.is_present, job.started_on or unknown), default=None)


class Education(Value):
    """Studies, finished or not."""

    institution: Text | None = None
    area: Text | None = None
    degree: Text | None = None
    started_on: PartialDate | None = None
    ended_on: PartialDate | None = None
    score: Text | None = None
    courses: tuple[Text, ...] = Field((), max_length=MOST_ENTRIES)


class Certificate(Value):
    """What an issuer confirms that the person can do."""

    name: Text
    issuer: Text | None = None
    issued_on: PartialDate | None = None


class Project(Value):
    """Something that the person made or took part in."""

    name: Text
    description: LongText | None = None
    highlights: tuple[LongText, ...] = Field((), max_length=MOST_ENTRIES)
    started_on: PartialDate | None = None
    ended_on: PartialDate | None = None


class SpokenLanguage(Value):
    """A language, and how well the person speaks it, in their own words."""

    language: Text
    level: Text | None = None


class Link(Value):
    """A page of the person, such as their profile in a network."""

    label: Text | None = None
    url: Url


class Background(Value):
    """What a résumé says beside the jobs and the facts that filters compare."""

    education: tuple[Education, ...] = Field((), max_length=MOST_ENTRIES)
    certificates: tuple[Certificate, ...] = Field((), max_length=MOST_ENTRIES)
    projects: tuple[Project, ...] = Field((), max_length=MOST_ENTRIES)
    languages: tuple[SpokenLanguage, ...] = Field((), max_length=MOST_ENTRIES)


class FullBackground(Background):
    """A background with contact data, which employers do not see before the person agrees."""

    phone: Text | None = None
    links: tuple[Link, ...] = Field((), max_length=MOST_ENTRIES)

    def without_contact_data(self) -> Background:
        """What employers may see."""
        return Background(**{name: getattr(self, name) for name in Background.model_fields})

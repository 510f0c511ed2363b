"""Reads JSON Resume documents (https://jsonresume.org/schema) as candidates.

What a marketplace wants to know and the schema has no place for stands under `meta.sourcing`, every
field of it optional:

    roles               names such as "Developer, back-end"; without it, `basics.label` is the role
    years_experience    a number; without it, the span of `work`
    expected_salary     {"amount": 70000, "currency": "EUR"}, a year
    open_to_remote      true or false
    work_authorisation  countries in which the person may work without sponsorship
    languages           names; without it, those of `languages`
    opted_in            whether the person agreed to be written to
    signed_up_at        when they became a member, with its time zone
    last_active_at      when they last did something, with its time zone
    external_id         their id in the system that the document comes from
    candidate_id        their id here, a UUID; without it, derived from `external_id`
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
)

from api.formats.documents import (
    BadDocument,
    Day,
    Listed,
    Moment,
    Optional,
    Section,
    StrictAmount,
    StrictYears,
    modified_on,
    read,
    shown,
)
from domain.candidate import Source
from domain.money import USD_PER_UNIT, Salary
from domain.partial_date import PartialDate
from domain.profile import Facts, Job, Text
from domain.values import Email, Name, Value
from infrastructure.cldr.countries import canonical_country

MOST_JOBS = 100
DAYS_A_YEAR = 365.25


class Profile(Value):
    """What a document says about a person; what it does not say is None or empty."""

    candidate_id: UUID | None = None
    external_id: str | None = None
    name: Name
    email: Email | None = None
    summary: Annotated[str, Field(max_length=10_000)] | None = None
    jobs: Annotated[tuple[Job, ...], Field(max_length=MOST_JOBS)] = ()
    facts: Facts = Facts()
    opted_in: bool | None = None
    signed_up_at: AwareDatetime | None = None
    last_active_at: AwareDatetime | None = None
    observed_on: date | None = None

    def signing_up(self) -> dict[str, Any]:
        """What `domain.identifier.SignUpCandidate` takes of it, but for who it is."""
        return {f: value for f, value in self if f not in ("external_id", "candidate_id")}


class Location(Section):
    city: Optional[Text] = None
    country: Optional[Text] = None
    country_code: Optional[Text] = Field(None, alias="countryCode")

    @property
    def country_name(self) -> str | None:
        code = self.country_code
        return canonical_country(self.country or code or "") or None


class Basics(Section):
    name: Optional[Name] = None
    label: Optional[Text] = None
    email: Optional[Email] = None
    summary: Optional[Annotated[str, Field(max_length=10_000)]] = None
    location: Location = Location()


class Work(Section):
    name: Optional[Text] = None
    company: Optional[Text] = None  # what the schema called it before version 1
    position: Optional[Text] = None
    summary: Optional[Annotated[str, Field(max_length=5_000)]] = None
    start: Day = Field(None, alias="startDate")
    end: Day = Field(None, alias="endDate")

    @field_validator("end")
    @classmethod
    def _ends_after_it_starts(cls, end: date | None, info: ValidationInfo) -> date | None:
        start = info.data.get("start")
        if start and end and end < start:
            raise ValueError(f"lies before the start, {start}")
        return end

    def as_job(self) -> dict[str, object]:
        return {
            "employer": self.name or self.company or "(not named)",
            "title": self.position or "(not named)",
            "started_on": self.start and PartialDate.of(self.start),
            "ended_on": self.end and PartialDate.of(self.end),
            "summary": self.summary or "",
        }


class Skill(Section):
    name: Optional[Text] = None
    keywords: Listed[Optional[Text]] = ()


class Language(Section):
    language: Optional[Text] = None


class ExpectedSalary(Section):
    amount: StrictAmount
    currency: str

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, currency: str) -> str:
        if currency not in USD_PER_UNIT:
            raise ValueError(f"is not a known currency; use one of {', '.join(USD_PER_UNIT)}")
        return currency


class Sourcing(Section):
    roles: Listed[Text] = ()
    years_experience: StrictYears | None = None
    expected_salary: Salary | None = None
    open_to_remote: StrictBool | None = None
    work_authorisation: Listed[Text] = ()
    languages: Listed[Text] = ()
    opted_in: StrictBool | None = None
    signed_up_at: Moment | None = None
    last_active_at: Moment | None = None
    external_id: Optional[Source] = None
    candidate_id: UUID | None = None

    @field_validator("expected_salary", mode="before")
    @classmethod
    def _salary(cls, said: object) -> object:
        if said is None:
            return None
        salary = ExpectedSalary.model_validate(said)
        return Salary(amount=round(salary.amount), currency=salary.currency)


class Meta(Section):
    sourcing: Sourcing = Sourcing()
    last_modified: Annotated[date | None, BeforeValidator(modified_on)] = Field(
        None, alias="lastModified"
    )


class Resume(Section):
    basics: Basics = Basics()
    work: Listed[Work] = ()
    skills: Listed[Skill] = ()
    languages: Listed[Language] = ()
    meta: Meta = Meta()

    def skill_names(self) -> tuple[str, ...] | None:
        return named_ones(
            *(name for skill in self.skills for name in (skill.name, *skill.keywords))
        )


def to_profile(document: Mapping[str, Any], *, as_of: date | None = None) -> Profile:
    """Read a document.

    Args:
        document: a JSON Resume; fields that the schema does not know are let be.
        as_of: the day up to which a present job counts as experience; without it, the document's
            `meta.lastModified`, and without that the years of a present job are not known.

    Raises:
        BadDocument: with every problem, each by its path.

    >>> to_profile({"basics": {"name": "Ada", "location": {"countryCode": "GB"}}}).facts.country
    'United Kingdom'
    """
    if not isinstance(document, Mapping):
        raise BadDocument([f"a document is a JSON object, not {shown(document)}"])
    resume = read(Resume, document)
    since = _in_present_job_since(resume.work)
    basics, more = resume.basics, resume.meta.sourcing
    if basics.name is None:
        raise BadDocument(["basics.name: is missing; every candidate has a name"])
    profile = {
        "candidate_id": more.candidate_id,
        "name": basics.name,
        "observed_on": resume.meta.last_modified,
        "email": basics.email,
        "summary": basics.summary,
        "jobs": tuple(work.as_job() for work in resume.work),
        "facts": {
            "roles": more.roles or named_ones(basics.label),
            "skills": resume.skill_names(),
            "years_experience": more.years_experience
            if more.years_experience is not None
            else _years_of(resume.work, as_of or resume.meta.last_modified),
            "city": basics.location.city,
            "country": basics.location.country_name,
            "open_to_remote": more.open_to_remote,
            "expected_salary": more.expected_salary,
            "work_authorisation": more.work_authorisation or None,
            "languages": more.languages
            or named_ones(*(spoken.language for spoken in resume.languages)),
            "in_present_job_since": since and PartialDate.of(since),
        },
    }
    kept = ("external_id", "opted_in", "signed_up_at", "last_active_at")
    return read(Profile, profile | {field: getattr(more, field) for field in kept})


def named_ones(*names: str | None) -> tuple[str, ...] | None:
    return tuple(name for name in names if name) or None


def _in_present_job_since(work: Iterable[Work]) -> date | None:
    return max((job.start for job in work if job.start and not job.end), default=None)


def _years_of(work: Iterable[Work], as_of: date | None) -> float | None:
    """Years from the start of the first job to the end of the last, to a tenth."""
    dated = [(job.start, job.end or as_of) for job in work if job.start]
    ends = [end for _, end in dated if end]
    if not dated or len(ends) < len(dated):
        return None
    days = (max(ends) - min(start for start, _ in dated)).days
    return round(min(max(days, 0) / DAYS_A_YEAR, 80.0), 1)

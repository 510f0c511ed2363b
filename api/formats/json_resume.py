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

The documents of the Stack Overflow Developer Survey 2019 say such things in another way; they are
known by their `meta.source` and have a reading of their own. The age and gender in them are not
read: no model here declares those fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid5

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from domain.candidate import Source
from domain.money import USD_PER_UNIT, Salary
from domain.profile import Facts, Job, Text, Years
from domain.values import Email, Name, Value

CANDIDATES = UUID("3b7c6c86-53f0-5f0e-9f3d-0c7d8b1b7c55")

SURVEY_2019 = "stack-overflow-developer-survey-2019"

MOST_JOBS = 100
DAYS_A_YEAR = 365.25

# ISO 3166-1, the countries most developers live in; a code that is not here stays a code.
COUNTRIES = {
    "AE": "United Arab Emirates", "AR": "Argentina", "AT": "Austria", "AU": "Australia",
    "BD": "Bangladesh", "BE": "Belgium", "BG": "Bulgaria", "BR": "Brazil", "BY": "Belarus",
    "CA": "Canada", "CH": "Switzerland", "CL": "Chile", "CN": "China", "CO": "Colombia",
    "CR": "Costa Rica", "CY": "Cyprus", "CZ": "Czech Republic", "DE": "Germany", "DK": "Denmark",
    "EE": "Estonia", "EG": "Egypt", "ES": "Spain", "FI": "Finland", "FR": "France",
    "GB": "United Kingdom", "GE": "Georgia", "GH": "Ghana", "GR": "Greece", "HK": "Hong Kong",
    "HR": "Croatia", "HU": "Hungary", "ID": "Indonesia", "IE": "Ireland", "IL": "Israel",
    "IN": "India", "IR": "Iran", "IS": "Iceland", "IT": "Italy", "JP": "Japan", "KE": "Kenya",
    "KR": "South Korea", "LK": "Sri Lanka", "LT": "Lithuania", "LU": "Luxembourg", "LV": "Latvia",
    "MA": "Morocco", "MT": "Malta", "MX": "Mexico", "MY": "Malaysia", "NG": "Nigeria",
    "NL": "Netherlands", "NO": "Norway", "NP": "Nepal", "NZ": "New Zealand", "PE": "Peru",
    "PH": "Philippines", "PK": "Pakistan", "PL": "Poland", "PT": "Portugal", "RO": "Romania",
    "RS": "Serbia", "RU": "Russian Federation", "SA": "Saudi Arabia", "SE": "Sweden",
    "SG": "Singapore", "SI": "Slovenia", "SK": "Slovakia", "TH": "Thailand", "TN": "Tunisia",
    "TR": "Turkey", "TW": "Taiwan", "UA": "Ukraine", "US": "United States", "UY": "Uruguay",
    "VN": "Vietnam", "ZA": "South Africa",
}  # fmt: skip


class BadDocument(ValueError):
    """A document that is not what it should be, with every problem and where it is."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


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

    def signing_up(self, candidate_id: UUID) -> dict[str, Any]:
        """What `domain.candidate.SignUpCandidate` takes of it, under this id."""
        said = {field: value for field, value in self if field != "external_id"}
        return said | {"candidate_id": candidate_id, "opted_in": bool(self.opted_in)}


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
        raise BadDocument([f"a document is a JSON object, not {_shown(document)}"])
    meta = document.get("meta")
    if isinstance(meta, Mapping) and meta.get("source") == SURVEY_2019:
        return from_survey_2019(document)
    return from_json_resume(document, as_of=as_of)


def from_json_resume(document: Mapping[str, Any], *, as_of: date | None = None) -> Profile:
    """Read a document of the plain schema, with or without our extension."""
    resume = _read(_Resume, document)
    basics, more = resume.basics, resume.meta.sourcing
    if basics.name is None:
        raise BadDocument(["basics.name: is missing; every candidate has a name"])
    profile = {
        "candidate_id": more.candidate_id or _derived_id(more.external_id),
        "name": basics.name,
        "email": basics.email,
        "summary": basics.summary,
        "jobs": tuple(work.as_job() for work in resume.work),
        "facts": {
            "roles": more.roles or _known(basics.label),
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
            or _known(*(spoken.language for spoken in resume.languages)),
            "in_present_job_since": _in_present_job_since(resume.work),
        },
    }
    kept = ("external_id", "opted_in", "signed_up_at", "last_active_at")
    return _read(Profile, profile | {field: getattr(more, field) for field in kept})


def from_survey_2019(document: Mapping[str, Any]) -> Profile:
    """Read an answer to the Stack Overflow Developer Survey 2019.

    The survey is anonymous, so the name is the respondent's number. The salary, which it converts
    to dollars, is put back into the respondent's own currency at our rates where we know it, and
    taken for the salary they expect. Whoever works remotely half of the time or more, or likes best
    to work at home, is open to remote work. Of `meta.sourcing` only ids,
    consent and dates are read.
    """
    answer = _read(_SurveyAnswer, document)
    meta, more = answer.meta, answer.meta.sourcing
    external_id = more.external_id or f"{SURVEY_2019}/{meta.respondent}"
    profile = {
        "candidate_id": more.candidate_id or _derived_id(external_id),
        "external_id": external_id,
        "opted_in": more.opted_in,
        "signed_up_at": more.signed_up_at,
        "last_active_at": more.last_active_at,
        "name": answer.basics.name or f"Respondent {meta.respondent}",
        "facts": {
            "roles": meta.roles or None,
            "skills": _known(*(s.name for s in answer.skills if s.name != "Other(s):")),
            "years_experience": meta.years_professional,
            "country": answer.basics.location.country_name,
            "open_to_remote": meta.open_to_remote,
            "expected_salary": meta.salary,
        },
    }
    return _read(Profile, profile)


PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def _partial_date(said: object) -> object:
    """The first day of a year, a month, or the day itself."""
    if said is None or said == "":
        return None
    if isinstance(said, str) and (parts := PARTIAL_DATE.fullmatch(said.strip())):
        year, month, day = (int(part or 1) for part in parts.groups())
        try:
            return date(year, month, day)
        except ValueError:
            pass
    raise ValueError("is not a date; write YYYY-MM-DD")


def _modified_on(said: object) -> object:
    """The day of a moment such as 2024-03-01T10:15:00Z."""
    return _partial_date(said[:10] if isinstance(said, str) else said)


def _blank_is_none(said: object) -> object:
    return None if isinstance(said, str) and not said.strip() else said


def _text_moment(said: object) -> object:
    """A moment is written as text: a number would be taken for seconds since 1970."""
    if not isinstance(said, str):
        raise ValueError("is not a moment; write such as 2024-03-01T10:15:00Z")
    return said


def _as_list(said: object) -> object:
    if said is None:
        return ()
    if not isinstance(said, list | tuple):
        raise ValueError("is not a list")
    return tuple(said)


T = TypeVar("T")

Optional = Annotated[T | None, BeforeValidator(_blank_is_none)]
"""A blank text says nothing, as many a template has it."""

Listed = Annotated[tuple[T, ...], BeforeValidator(_as_list)]

StrictYears = Annotated[Years, Field(strict=True)]

StrictAmount = Annotated[float, Field(strict=True, ge=0, le=1e9, allow_inf_nan=False)]

Moment = Annotated[AwareDatetime, BeforeValidator(_text_moment)]

Day = Annotated[date | None, BeforeValidator(_partial_date)]


class _Section(BaseModel):
    """A part of a document: what we do not know about it is let be."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _null_section_is_absent(cls, said: object, info: ValidationInfo) -> object:
        field = cls.model_fields[info.field_name or ""]
        if said is None and isinstance(field.default, _Section):
            return field.default
        return said


class _Location(_Section):
    city: Optional[Text] = None
    country: Optional[Text] = None
    country_code: Optional[Text] = Field(None, alias="countryCode")

    @property
    def country_name(self) -> str | None:
        code = self.country_code
        return self.country or (COUNTRIES.get(code.upper(), code) if code else None)


class _Basics(_Section):
    name: Optional[Name] = None
    label: Optional[Text] = None
    email: Optional[Email] = None
    summary: Optional[Annotated[str, Field(max_length=10_000)]] = None
    location: _Location = _Location()


class _Work(_Section):
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
            "started_on": self.start,
            "ended_on": self.end,
            "summary": self.summary or "",
        }


class _Skill(_Section):
    name: Optional[Text] = None
    keywords: Listed[Optional[Text]] = ()


class _Language(_Section):
    language: Optional[Text] = None


class _ExpectedSalary(_Section):
    amount: StrictAmount
    currency: str

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, currency: str) -> str:
        if currency not in USD_PER_UNIT:
            raise ValueError(f"is not a known currency; use one of {', '.join(USD_PER_UNIT)}")
        return currency


class _Sourcing(_Section):
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
        salary = _ExpectedSalary.model_validate(said)
        return Salary(amount=round(salary.amount), currency=salary.currency)


class _Meta(_Section):
    sourcing: _Sourcing = _Sourcing()
    last_modified: Annotated[date | None, BeforeValidator(_modified_on)] = Field(
        None, alias="lastModified"
    )


class _Resume(_Section):
    basics: _Basics = _Basics()
    work: Listed[_Work] = ()
    skills: Listed[_Skill] = ()
    languages: Listed[_Language] = ()
    meta: _Meta = _Meta()

    def skill_names(self) -> tuple[str, ...] | None:
        return _known(*(name for skill in self.skills for name in (skill.name, *skill.keywords)))


class _SurveyMeta(_Section):
    respondent: StrictInt
    roles: Listed[Text] = ()
    years_professional: StrictYears | None = None
    salary_usd: StrictAmount | None = None
    currency: str | None = None
    remote_now: str | None = None
    work_location_preferred: str | None = None
    sourcing: _Sourcing = _Sourcing()

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


class _SurveyAnswer(_Section):
    basics: _Basics = _Basics()
    skills: Listed[_Skill] = ()
    meta: _SurveyMeta


M = TypeVar("M", bound=BaseModel)


def _read(kind: type[M], document: Mapping[str, Any]) -> M:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise BadDocument(_problems(error)) from None


def _problems(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        path, kind = _path(problem["loc"]), problem["type"]
        if kind == "missing":
            yield f"{path}: is missing"
        elif "\0" in str(problem["input"]):
            yield f"{path}: has a NUL character; leave it out"
        else:
            given = _shown(problem["input"])
            yield f"{path}: {given} {_SENTENCES.get(kind) or _sentence(problem['msg'])}"


_SENTENCES = {
    "model_type": "is not an object",
    "string_pattern_mismatch": "is not an e-mail address",
    "timezone_aware": "has no time zone; write such as 2024-03-01T10:15:00Z",
}


def _sentence(message: str) -> str:
    """What pydantic says, to follow what was given."""
    return re.sub(r"^(Value error, |[A-Z][a-z]+ (?=should ))", "", message)


def _path(where: Sequence[str | int]) -> str:
    """A place in a document, whether found in it or in what was made of it.

    >>> _path(("work", 2, "startDate"))
    'work[2].startDate'
    """
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    path = "".join(steps).removeprefix(".").removeprefix("facts.")
    return re.sub("^jobs", "work", path) or "the document"


def _shown(given: object) -> str:
    """What was given, as the person who wrote it would recognise it."""
    if isinstance(given, Mapping):
        return "an object"
    if isinstance(given, list | tuple):
        return "a list"
    shown = repr(given)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _known(*names: str | None) -> tuple[str, ...] | None:
    return tuple(name for name in names if name) or None


def _derived_id(external_id: str | None) -> UUID | None:
    return uuid5(CANDIDATES, external_id) if external_id else None


def _in_present_job_since(work: Iterable[_Work]) -> date | None:
    return max((job.start for job in work if job.start and not job.end), default=None)


def _years_of(work: Iterable[_Work], as_of: date | None) -> float | None:
    """Years from the start of the first job to the end of the last, to a tenth."""
    dated = [(job.start, job.end or as_of) for job in work if job.start]
    ends = [end for _, end in dated if end]
    if not dated or len(ends) < len(dated):
        return None
    days = (max(ends) - min(start for start, _ in dated)).days
    return round(min(max(days, 0) / DAYS_A_YEAR, 80.0), 1)

"""Positions as schema.org has them: https://schema.org/JobPosting, the properties used here."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.filters import Filters
from domain.money import SalaryRange
from projections.canonical import with_canonical_names

PayOf = Annotated[float | None, Field(ge=0, le=1_000_000_000)]

PER_YEAR = {"YEAR": 1, "MONTH": 12, "WEEK": 52, "DAY": 260, "HOUR": 2080}


class _Thing(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class PostalAddress(_Thing):
    """Where the job is."""

    locality: str | None = Field(None, alias="addressLocality")
    country: str | None = Field(None, alias="addressCountry")


class Place(_Thing):
    """A place with an address."""

    address: PostalAddress


class QuantitativeValue(_Thing):
    """From what to what, and per what."""

    minimum: PayOf = Field(None, alias="minValue")
    maximum: PayOf = Field(None, alias="maxValue")
    value: PayOf = None
    unit: Literal["YEAR", "MONTH", "WEEK", "DAY", "HOUR"] = Field("YEAR", alias="unitText")

    @model_validator(mode="after")
    def _says_something(self) -> "QuantitativeValue":
        if self.minimum is None and self.maximum is None and self.value is None:
            raise ValueError("name value, or minValue and maxValue")
        return self


class MonetaryAmount(_Thing):
    """What the job pays."""

    currency: str
    value: QuantitativeValue

    def as_salary(self) -> SalaryRange:
        """A yearly range."""
        times = PER_YEAR[self.value.unit]
        amounts = [a for a in (self.value.minimum, self.value.value, self.value.maximum) if a]
        low, high = min(amounts, default=0), max(amounts, default=0)
        return SalaryRange(
            minimum=round(low * times), maximum=round(high * times), currency=self.currency
        )


class JobPosting(_Thing):
    """A schema.org `JobPosting`; what this marketplace has no use for is ignored."""

    type: Literal["JobPosting"] = Field(alias="@type")
    title: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=20_000)] = ""
    location: Place | list[Place] | None = Field(None, alias="jobLocation")
    location_type: str | None = Field(
        None, alias="jobLocationType", description="TELECOMMUTE for remote work"
    )
    base_salary: MonetaryAmount | None = Field(None, alias="baseSalary")
    skills: str | list[str] = Field("", description="required; a list, or one text with commas")
    occupational_category: str | list[str] = Field("", alias="occupationalCategory")
    experience_months: "Experience | None" = Field(None, alias="experienceRequirements")

    def as_position(self) -> dict[str, Any]:
        """What `OpenPosition` takes."""
        places = [] if self.location is None else self.location
        addresses = [p.address for p in (places if isinstance(places, list) else [places])]
        names = [name for a in addresses if (name := a.locality or a.country)]
        remote = (self.location_type or "").upper() == "TELECOMMUTE"
        salary = self.base_salary.as_salary() if self.base_salary else None
        months = self.experience_months and self.experience_months.months
        return {
            "title": self.title,
            "description": self.description,
            "location": names[0] if names else None,
            "remote": remote,
            "salary": salary,
            "filters": with_canonical_names(
                Filters(
                    roles=_terms(self.occupational_category),
                    required_skills=_terms(self.skills),
                    years_from=months / 12 if months else None,
                    locations=tuple(names),
                    remote=remote,
                    salary_budget=salary,
                )
            ),
        }


class Experience(_Thing):
    """Experience that is asked for (schema.org `OccupationalExperienceRequirements`)."""

    months: Annotated[float, Field(ge=0, le=960)] = Field(alias="monthsOfExperience")


def _terms(said: str | list[str]) -> tuple[str, ...]:
    parts = said.split(",") if isinstance(said, str) else said
    return tuple(part.strip() for part in parts if part.strip())

"""Protected attributes that members may report about themselves, to detect adverse impact.

Only the adverse-impact report uses them: no filter, feature or recruiter's page does.
"""

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from domain.values import Value


class Gender(StrEnum):
    """How a member describes their gender."""

    WOMAN = "woman"
    MAN = "man"
    NON_BINARY = "non_binary"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


class Ethnicity(StrEnum):
    """Race or ethnicity, in the categories of the EEO-1 report, which Local Law 144 asks for."""

    HISPANIC_OR_LATINO = "hispanic_or_latino"
    WHITE = "white"
    BLACK_OR_AFRICAN_AMERICAN = "black_or_african_american"
    NATIVE_HAWAIIAN_OR_PACIFIC_ISLANDER = "native_hawaiian_or_pacific_islander"
    ASIAN = "asian"
    NATIVE_AMERICAN_OR_ALASKA_NATIVE = "native_american_or_alaska_native"
    TWO_OR_MORE_RACES = "two_or_more_races"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


class AgeBand(StrEnum):
    """Age in years; from 40 on US law protects it (ADEA)."""

    UNDER_30 = "under_30"
    FROM_30_TO_39 = "30_to_39"
    FROM_40_TO_49 = "40_to_49"
    FROM_50_TO_59 = "50_to_59"
    FROM_60 = "60_or_over"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


class Disability(StrEnum):
    """Whether a member has a disability."""

    YES = "yes"
    NO = "no"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


class Attributes(Value):
    """A member's protected attributes: each is optional, but at least one is given."""

    gender: Gender | None = None
    ethnicity: Ethnicity | None = None
    age_band: AgeBand | None = None
    disability: Disability | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if not any(value for _, value in self):
            raise ValueError("give at least one; to withdraw all of them, clear them")
        return self

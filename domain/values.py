"""What values are made of: moments, texts, addresses; and the base of every value."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies outside the calendar; check its year") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment, told in UTC whatever its offset was, so that its day is the day the rules count by."""

StorableText = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""Text that PostgreSQL can keep: it has no NUL, which would stop every projection that reads it."""


class Value(BaseModel):
    """An immutable, validated value that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Email = Annotated[str, Field(pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$", max_length=254)]
Name = Annotated[StorableText, Field(min_length=1, max_length=200)]
FreeText = Annotated[StorableText, Field(min_length=1, max_length=10_000)]

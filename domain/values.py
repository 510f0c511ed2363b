"""The base of every value, and common types: moments, texts, addresses."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)

_NUMBER = re.compile(r"\s*[-+]?\d+(\.\d*)?\s*")
_LEAP_SECOND = re.compile(r"(?<=[T ]\d\d:\d\d:)60")


def _as_written(said: object) -> object:
    """A moment is text: a number may be seconds or milliseconds. A leap second is cut."""
    if isinstance(said, int | float) or (isinstance(said, str) and _NUMBER.fullmatch(said)):
        raise ValueError("a number is no moment; write such as 2024-03-01T10:15:00Z")
    return _LEAP_SECOND.sub("59", said) if isinstance(said, str) else said


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies outside the calendar; check its year") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_as_written), AfterValidator(_in_utc)]
"""A moment with any offset, converted to UTC, because the rules count days in UTC."""


def _as_written_day(said: object) -> object:
    """A day is text: a number may be seconds or milliseconds."""
    if isinstance(said, int | float) or (isinstance(said, str) and _NUMBER.fullmatch(said)):
        raise ValueError("a number is no day; write such as 2024-03-01")
    return said


Day = Annotated[date, BeforeValidator(_as_written_day)]
"""A day of the calendar."""


def _number(said: object, info: ValidationInfo) -> object:
    if isinstance(said, bool) or (isinstance(said, str) and info.context is None):
        raise ValueError("send a number, such as 3")
    return said


NUMBER = BeforeValidator(_number)
"""Refuses what is no number. Text is read only with a context, which the forms of pages give."""


def _true_or_false(said: object, info: ValidationInfo) -> object:
    if not isinstance(said, bool) and info.context is None:
        raise ValueError("send true or false")
    return said


Flag = Annotated[bool, BeforeValidator(_true_or_false)]
"""True or false. Text is read only with a context, which the forms of pages give."""

StorableText = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""Text without NUL characters, which PostgreSQL cannot store."""

_LINE_BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


def _in_one_line(text: object) -> object:
    return _LINE_BREAKS.sub(" ", text).strip() if isinstance(text, str) else text


IN_ONE_LINE = BeforeValidator(_in_one_line)
"""Makes line breaks blanks, in a name, a subject or a title. Stands last in an annotation."""


class Value(BaseModel):
    """An immutable, validated value that rejects unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Email = Annotated[
    str,
    Field(
        pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$",
        max_length=254,
        examples=["ada@example.com"],
    ),
]
Name = Annotated[StorableText, Field(min_length=1, max_length=200), IN_ONE_LINE]
FREE_TEXT_MOST = 10_000
FreeText = Annotated[StorableText, Field(min_length=1, max_length=FREE_TEXT_MOST)]

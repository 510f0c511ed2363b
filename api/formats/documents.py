"""What readers of documents share: types of fields, and sentences for what is wrong with them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from domain.profile import Years


class BadDocument(ValueError):
    """A document that is not what it should be, with every problem and where it is."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


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


def modified_on(said: object) -> object:
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


class Section(BaseModel):
    """A part of a document: what we do not know about it is let be."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _null_section_is_absent(cls, said: object, info: ValidationInfo) -> object:
        field = cls.model_fields[info.field_name or ""]
        if said is None and isinstance(field.default, Section):
            return field.default
        return said


M = TypeVar("M", bound=BaseModel)


def read(kind: type[M], document: Mapping[str, Any]) -> M:
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
            given = shown(problem["input"])
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


def shown(given: object) -> str:
    """What was given, as the person who wrote it would recognise it."""
    if isinstance(given, Mapping):
        return "an object"
    if isinstance(given, list | tuple):
        return "a list"
    shown = repr(given)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."

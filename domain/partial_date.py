"""Dates as precise as they are known."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, GetCoreSchemaHandler, PlainSerializer, PlainValidator

_WRITTEN = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_YEAR = r"([1-9]\d{3}|0[1-9]\d{2}|00[1-9]\d|000[1-9])"
_DAY = r"(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
_Text = Annotated[str, Field(pattern=f"^{_YEAR}{_DAY}$")]


@dataclass(frozen=True, order=True, slots=True)
class PartialDate:
    """A year, a month of it or a day of that, written as ISO 8601 has it.

    >>> since = PartialDate.parse("2019-02")
    >>> str(since), since.first.isoformat(), since.last.isoformat()
    ('2019-02', '2019-02-01', '2019-02-28')
    """

    year: int
    month: int = 0
    """From 1; 0 if it is not known."""
    day: int = 0
    """From 1; 0 if it is not known."""

    def __post_init__(self) -> None:
        if self.day and not self.month:
            raise ValueError("a day needs its month")
        date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read YYYY, YYYY-MM or YYYY-MM-DD. Raises `ValueError`."""
        parts = _WRITTEN.fullmatch(written)
        if parts is None:
            raise ValueError("write YYYY, YYYY-MM or YYYY-MM-DD")
        read = [int(part) for part in parts.groups() if part]
        if 0 in read:
            raise ValueError("years, months and days are counted from 1")
        return cls(*read)

    @classmethod
    def of(cls, day: date) -> Self:
        """A whole date."""
        return cls(day.year, day.month, day.day)

    @property
    def first(self) -> date:
        """The first day that it may be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The last day that it may be."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def __str__(self) -> str:
        return "-".join([f"{self.year:04}", *(f"{n:02}" for n in (self.month, self.day) if n)])

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> Any:
        return handler.generate_schema(
            Annotated[
                Any,
                PlainValidator(cls._validate, json_schema_input_type=_Text),
                PlainSerializer(str, return_type=_Text, when_used="json"),
            ]
        )

    @classmethod
    def _validate(cls, given: object) -> "PartialDate":
        if isinstance(given, PartialDate):
            return given
        if isinstance(given, str):
            return cls.parse(given.strip())
        raise ValueError("write YYYY, YYYY-MM or YYYY-MM-DD")

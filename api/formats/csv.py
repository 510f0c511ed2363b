"""Lists as CSV (RFC 4180), as spreadsheets open them."""

import csv
from collections.abc import Iterable
from io import StringIO

from fastapi import Response
from pydantic import BaseModel

MEDIA_TYPE = "text/csv"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a text begins with that a spreadsheet would run (OWASP, CSV injection)."""


def as_csv(kind: type[BaseModel], rows: Iterable[BaseModel]) -> str:
    """A line of names, then a line for each row; what is null is empty.

    >>> class Cup(BaseModel):
    ...     of: str
    ...     litres: float | None
    >>> print(as_csv(Cup, [Cup(of="tea, green", litres=0.2), Cup(of="=1+1", litres=None)]), end="")
    of,litres
    "tea, green",0.2
    '=1+1,
    """
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=[*kind.model_fields], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: cell(value) for name, value in row.model_dump(mode="json").items()})
    return text.getvalue()


def download(kind: type[BaseModel], rows: Iterable[BaseModel], name: str) -> Response:
    """An answer that a browser keeps as a file of this name."""
    disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(as_csv(kind, rows), media_type=MEDIA_TYPE, headers=disposition)


def cell(value: object) -> object:
    """A value that no spreadsheet runs."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value

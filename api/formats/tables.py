"""Lists as files for spreadsheets: CSV (RFC 4180) and XLSX, sent while they are read."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from io import StringIO
from itertools import islice
from operator import attrgetter
from tempfile import TemporaryFile
from typing import Generic, NamedTuple, TypeVar

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from xlsxwriter import Workbook

from api.formats.csv import MEDIA_TYPE as CSV_TYPE
from api.formats.csv import cell

T = TypeVar("T")
Row_contra = TypeVar("Row_contra", contravariant=True)

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

AT_ONCE = 200
"""Row_contras that are sent at once."""

LONGEST_CELL = 32_767
"""Characters that a spreadsheet's cell holds."""

CHUNK = 64 * 1024


class TableFormat(StrEnum):
    """The kinds of files."""

    CSV = "csv"
    XLSX = "xlsx"


TYPES = {TableFormat.CSV: CSV_TYPE, TableFormat.XLSX: XLSX_TYPE}

FILES = {"content": {kind: {"schema": {"type": "string"}} for kind in TYPES.values()}}
"""What the API's document says of an answer that may be such a file."""


class Column(NamedTuple, Generic[Row_contra]):
    """A column: its name, and what stands in it."""

    name: str
    value: Callable[[Row_contra], object]


def of_model(kind: type[BaseModel]) -> list[Column[BaseModel]]:
    """The columns of a model, by the names of its fields in plain words."""
    return [
        Column(name.replace("_", " ").capitalize(), attrgetter(name)) for name in kind.model_fields
    ]


def asked_for(request: Request, chosen: TableFormat | None) -> TableFormat:
    """The format that a request asks for, by a parameter or its Accept header; else CSV."""
    accepted = request.headers.get("accept", "")
    return chosen or (TableFormat.XLSX if XLSX_TYPE in accepted else TableFormat.CSV)


def download(
    kind: TableFormat, columns: Iterable[Column[T]], rows: Iterable[T], name: str
) -> Response:
    """An answer that a browser keeps as a file of this name."""
    columns = [*columns]
    table = ([_plain(column.value(row)) for column in columns] for row in rows)
    header = [column.name for column in columns]
    body = _csv(header, table) if kind is TableFormat.CSV else _xlsx(header, table)
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return StreamingResponse(body, media_type=TYPES[kind], headers=disposition)


def _csv(header: list[str], rows: Iterable[list[object]]) -> Iterator[str]:
    yield _lines([header])
    left = iter(rows)
    while some := [*islice(left, AT_ONCE)]:
        yield _lines(some)


def _lines(rows: Iterable[Iterable[object]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _xlsx(header: list[str], rows: Iterable[list[object]]) -> Iterator[bytes]:
    """A workbook whose rows go to disk one by one, and from there to the reader."""
    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with TemporaryFile() as file:
        with Workbook(file, {"constant_memory": True, **as_text}) as book:
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, header, book.add_format({"bold": True}))
            for number, row in enumerate(rows, 1):
                sheet.write_row(number, 0, row)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _plain(value: object) -> object:
    """What stands in a cell, which no spreadsheet runs.

    >>> [_plain(value) for value in ("=1+1", True, None, ["Go", "SQL"], 7)]
    ["'=1+1", 'yes', '', 'Go, SQL', 7]
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return cell(str(value)[: LONGEST_CELL - 1])

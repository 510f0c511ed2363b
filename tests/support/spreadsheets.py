"""Reads the files that lists are exported to."""

import csv
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def rows_of(response: Any) -> list[dict[str, str]]:
    """The rows of a file by their columns, whichever kind of file it is."""
    assert response.status_code == 200, response.text
    is_csv = response.headers["content-type"].startswith("text/csv")
    header, *rows = [*csv.reader(StringIO(response.text))] if is_csv else _sheet(response.content)
    return [dict(zip(header, row, strict=True)) for row in rows]


def formulas_of(response: Any) -> int:
    """How many cells of a workbook are formulas."""
    return len(_worksheet(response.content).findall(f".//{MAIN}f"))


def _worksheet(content: bytes) -> ET.Element:
    with ZipFile(BytesIO(content)) as book:
        return ET.fromstring(book.read("xl/worksheets/sheet1.xml"))


def _sheet(content: bytes) -> list[list[str]]:
    rows = [
        {_column(cell.get("r", "")): "".join(cell.itertext()) for cell in row.findall(f"{MAIN}c")}
        for row in _worksheet(content).findall(f".//{MAIN}row")
    ]
    return [[row.get(column, "") for column in rows[0]] for row in rows]


def _column(cell: str) -> str:
    """The column of a cell such as AB12; empty cells stand in no file."""
    return cell.rstrip("0123456789")

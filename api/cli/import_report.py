"""The report of an import: a row for each problem, and one for each record without any."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.formats.csv import cell

FIELDS = ("record", "outcome", "path", "problem")

Report = Callable[[str, str, Sequence[tuple[str, str]]], None]
"""Writes what became of a record, and each problem with its path."""


@contextmanager
def writing(path: Path | None) -> Iterator[Report]:
    """A report as CSV or JSON lines, by the ending of its file; nothing if there is no file."""
    if path is None:
        yield lambda *_: None
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n") if path.suffix.lower() == ".csv" else None
        if table:
            table.writerow(FIELDS)

        def add(record: str, outcome: str, problems: Sequence[tuple[str, str]]) -> None:
            for row in [(record, outcome, *problem) for problem in problems]:
                if table:
                    table.writerow(map(cell, row))
                else:
                    fields = dict(zip(FIELDS, (value or None for value in row), strict=True))
                    file.write(json.dumps(fields, ensure_ascii=False) + "\n")

        yield add

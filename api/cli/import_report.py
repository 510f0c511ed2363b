"""The report of an import: a row for each problem, and one for each record without any."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self, TextIO

from api.formats.csv import cell

FIELDS = ("record", "outcome", "path", "problem")


class ImportReport:
    """Writes what became of each record as CSV or JSON lines; nothing if there is no file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if self._path:
            self._file = self._path.open("w", encoding="utf-8", newline="")
            if self._is_csv:
                csv.writer(self._file, lineterminator="\n").writerow(FIELDS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, record: str, outcome: str, problems: Sequence[tuple[str, str]]) -> None:
        """Write what became of a record, and each problem with its path."""
        if self._file is None:
            return
        for path, problem in problems or [("", "")]:
            row = (record, outcome, path, problem)
            if self._is_csv:
                csv.writer(self._file, lineterminator="\n").writerow(map(cell, row))
            else:
                fields = dict(zip(FIELDS, (value or None for value in row), strict=True))
                self._file.write(json.dumps(fields, ensure_ascii=False) + "\n")

    @property
    def _is_csv(self) -> bool:
        return self._path is not None and self._path.suffix.lower() == ".csv"

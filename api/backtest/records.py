"""Reads the records of a CSV file in any order, one in memory at a time."""

import csv
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

DELIMITERS = ",;\t|"
ENOUGH_TO_SNIFF = 64 * 1024


class BadTable(ValueError):
    """Why a file cannot be used, and what to do, in a sentence."""


class Records:
    """The records of a CSV file with a header, by number."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        """Find where every record begins.

        Raises:
            BadTable: the file is empty, is no text in UTF-8, or has records of other lengths.
        """
        self._name = name
        self._file = file
        self._delimiter = self._sniffed()
        self._offsets, self._lines = array("q"), array("q")
        records = self._records(0)
        self.names = [name.strip() for name in next(records, (0, 0, []))[2]]
        if not self.names:
            raise BadTable(f"{name} is empty: give a CSV file with a header and a record a line.")
        if len({*self.names}) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise BadTable(f"Two columns are called {twice!r}: rename one of them.")
        for offset, line, cells in records:
            if len(cells) != len(self.names):
                raise BadTable(
                    f"Line {line} has {len(cells)} cells and the header has {len(self.names)}: "
                    f"correct the line (the delimiter seems to be {self._delimiter!r})."
                )
            self._offsets.append(offset)
            self._lines.append(line)
        if not self._offsets:
            raise BadTable(f"{name} has a header but no records.")

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[list[str]]:
        """Every record in file order."""
        records = self._records(0)
        next(records)  # the header
        return (cells for _, _, cells in records)

    def in_order(self, numbers: Iterable[int]) -> Iterator[list[str]]:
        """Records by their numbers."""
        for number in numbers:
            yield next(self._records(self._offsets[number]))[2]

    def line(self, number: int) -> int:
        """The line of the file on which a record ends."""
        return self._lines[number]

    def _records(self, start: int) -> Iterator[tuple[int, int, list[str]]]:
        """From an offset: each record's offset, its last line, and its cells."""
        self._file.seek(start)
        end = start

        def lines() -> Iterator[str]:
            nonlocal end
            for line in self._file:
                end += len(line)
                yield line.decode("utf-8-sig" if end == len(line) else "utf-8")

        reader = csv.reader(lines(), delimiter=self._delimiter)
        try:
            while True:
                begin = end
                cells = next(reader, None)
                if cells is None:
                    return
                if cells:  # skip empty lines
                    yield begin, reader.line_num, cells
        except UnicodeDecodeError as error:
            raise BadTable(
                f"Line {reader.line_num + 1} of {self._name} is not text in UTF-8: "
                "save the file in that encoding."
            ) from error
        except csv.Error as error:
            raise BadTable(f"Line {reader.line_num} of {self._name} is no CSV: {error}.") from error

    def _sniffed(self) -> str:
        """The delimiter that splits the header into the most cells."""
        header = io.StringIO(self._file.read(ENOUGH_TO_SNIFF).decode("utf-8", "replace")).readline()
        try:
            counts = {
                each: len(next(csv.reader([header], delimiter=each), [])) for each in DELIMITERS
            }
        except csv.Error as error:
            raise BadTable(
                f"{self._name} is no CSV in UTF-8 whose lines end with a line feed: save it as one."
            ) from error
        return max(DELIMITERS, key=lambda each: counts[each])


@contextmanager
def opened(path: Path) -> Iterator[Records]:
    """Open a file's records. Raises `BadTable`."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadTable(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        yield Records(path.name, file)


def column(names: Sequence[str], wanted: str) -> int:
    """The index of a column. Raises `BadTable` if there is none of this name."""
    if wanted not in names:
        raise BadTable(f"There is no column {wanted!r}: take one of {', '.join(names)}.")
    return names.index(wanted)

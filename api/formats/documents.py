"""Reads what can be read of a JSON document, and notes by its path what cannot."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.formats.dates import read_date
from domain.partial_date import PartialDate
from domain.values import Value

ONE_LINE = 200
PARAGRAPHS = 2_000

UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""What no database stores or no page shows: control characters, and halves of characters."""


_ADDRESS = re.compile(r"[^@\s<>,;()]+@[^@\s<>,;()]+\.[^@\s<>,;().]+")


class BadDocument(ValueError):
    """A document that nobody can be identified by, with every problem and where it is."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class DocumentWarning(Value):
    """What was left out of a document, or read in part."""

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


def is_blank(said: object) -> bool:
    """Whether this says nothing, as the empty fields of a template.

    >>> is_blank({"name": " ", "keywords": [None, ""]}), is_blank(0), is_blank(False)
    (True, False, False)
    """
    if isinstance(said, str):
        return not said.strip()
    if isinstance(said, Mapping):
        return all(map(is_blank, said.values()))
    if isinstance(said, list | tuple):
        return all(map(is_blank, said))
    return said is None


def shown(given: object) -> str:
    """What was given, as the person who wrote it would recognise it."""
    if isinstance(given, Mapping):
        return "an object"
    if isinstance(given, list | tuple):
        return "a list"
    shown = repr(given)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


class Part:
    """A part of a document: what it holds, and where it is.

    >>> document = Part({"work": [{"position": ["Cook"]}, {"position": " Chef "}, {"name": ""}]})
    >>> [job.text("position") for job in document.parts("work")]
    [None, 'Chef']
    >>> [str(warning) for warning in document.warnings]
    ['work[0].position: a list is not text; left out']
    """

    def __init__(
        self, content: Any, path: str = "", warnings: list[DocumentWarning] | None = None
    ) -> None:
        self.content = content
        self.path = path
        self.warnings: list[DocumentWarning] = [] if warnings is None else warnings

    def warn(self, problem: str) -> None:
        """Note what is wrong here."""
        where = self.path or "the document"
        self.warnings.append(DocumentWarning(path=where[:200], problem=problem))

    def leave_out(self, wanted: str) -> None:
        """Note that this is not what it should be, and is left out."""
        self.warn(f"{shown(self.content)} is not {wanted}; left out")

    def at(self, *names: str) -> "Part":
        """The first of these fields that says something; a blank one if none does."""
        fields = self.content if isinstance(self.content, Mapping) else {}
        name = names[0]
        if len(names) > 1:
            name = next((name for name in names if not is_blank(fields.get(name))), name)
        path = f"{self.path}.{name}" if self.path else name
        return Part(fields.get(name), path, self.warnings)

    def part(self, *names: str) -> "Part":
        """An object; an empty one if there is none."""
        part = self.at(*names)
        if isinstance(part.content, list | tuple) and len(part.content) == 1:
            part.content = part.content[0]
        if not isinstance(part.content, Mapping):
            if not is_blank(part.content):
                part.leave_out("an object")
            part.content = {}
        return part

    def items(self, *names: str, most: int = ONE_LINE) -> Iterator["Part"]:
        """What a list holds, without its blank entries; what is no list is a list of one."""
        part = self.at(*names)
        items = part.content if isinstance(part.content, list | tuple) else [part.content]
        said = [
            (f"{part.path}[{n}]" if items is part.content else part.path, item)
            for n, item in enumerate(items)
            if not is_blank(item)
        ]
        if len(said) > most:
            part.warn(f"has {len(said)} entries; the first {most} are read")
        for path, item in said[:most]:
            yield Part(item, path, self.warnings)

    def parts(self, *names: str, most: int = ONE_LINE) -> Iterator["Part"]:
        """The objects that a list holds."""
        for item in self.items(*names, most=most):
            if isinstance(item.content, Mapping):
                yield item
            else:
                item.leave_out("an object")

    def text(self, *names: str, most: int = ONE_LINE) -> str | None:
        """A text of one line."""
        return self.at(*names).as_text(most)

    def paragraphs(self, *names: str, most: int = PARAGRAPHS) -> str | None:
        """A text that may have several lines; a list of them is one a line."""
        part = self.at(*names)
        if isinstance(part.content, list | tuple):
            lines = [line for item in self.items(*names) if (line := item.as_text(most))]
            part.content = "\n".join(lines)
        return part.as_text(most, one_line=False)

    def texts(self, *names: str, most: int = ONE_LINE, length: int = ONE_LINE) -> tuple[str, ...]:
        """The texts of a list."""
        items = self.items(*names, most=most)
        return tuple(text for item in items if (text := item.as_text(length)))

    def date(self, *names: str) -> PartialDate | None:
        """A date, as precise as it is written."""
        part = self.at(*names)
        read = read_date(part.content)
        if read.is_open:
            part.leave_out("a date")
        elif read.problem:
            part.warn(f"{shown(part.content)} {read.problem}")
        return read.date

    def end_is_open(self, *names: str) -> bool:
        """Whether a date says that something goes on, such as *present*."""
        return read_date(self.at(*names).content).is_open

    def email(self, name: str) -> str | None:
        """An e-mail address, which may stand behind a name or as a link."""
        part = next(self.items(name), self.at(name))
        said = part.as_text(1_000)
        if said is None:
            return None
        found = _ADDRESS.search(said.removeprefix("mailto:"))
        if found is None or len(found[0]) > 254:
            part.leave_out("an e-mail address")
            return None
        return found[0]

    def flag(self, name: str) -> bool | None:
        """True, false or unknown; nothing else is taken for either."""
        part = self.at(name)
        if isinstance(part.content, bool):
            return part.content
        if not is_blank(part.content):
            part.leave_out("true or false")
        return None

    def number(self, name: str, most: float) -> float | None:
        """A number from 0 to `most`, which may be written as text."""
        part = self.at(name)
        said = part.content
        if is_blank(said):
            return None
        if isinstance(said, str) and re.fullmatch(r"\s*\d{1,15}(\.\d{1,2})?\s*", said, re.ASCII):
            said = float(said)
        if isinstance(said, bool) or not isinstance(said, int | float):
            part.leave_out("a number")
            return None
        if not 0 <= said <= most:  # nor is what is not a number at all
            part.leave_out(f"between 0 and {most:,.0f}")
            return None
        return float(said)

    def as_text(self, most: int = ONE_LINE, *, one_line: bool = True) -> str | None:
        """This as a text, as long as it may be; None if it is none."""
        said = self.content
        if isinstance(said, Mapping) and isinstance(said.get("name"), str):
            said = said["name"]
        if isinstance(said, int | float) and not isinstance(said, bool):
            said = str(said)
        if is_blank(said):
            return None
        if not isinstance(said, str):
            self.leave_out("text")
            return None
        lines = said.replace("\r\n", "\n").replace("\r", "\n")
        clean = UNREADABLE.sub("", lines)
        if clean != lines:
            self.warn("has characters that cannot be stored; they are left out")
        text = " ".join(clean.split()) if one_line else clean.strip()
        if len(text) > most:
            self.warn(f"is longer than {most:,} characters; the rest is left out")
            text = text[:most].strip()
        return text or None

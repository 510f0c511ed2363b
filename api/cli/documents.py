"""Reads a file of JSON documents, whichever way they are put: NDJSON, an array, or a single one."""

import codecs
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

Line = tuple[int, bytes]


class Entry(NamedTuple):
    """A document and where it stands, or why there is none."""

    where: str
    document: Any = None
    fault: str | None = None


def entries(file: BinaryIO) -> Iterator[Entry]:
    r"""Every document of a file.

    NDJSON is read line by line as it comes, so it may be longer than memory; anything else is read
    whole. The first line tells which it is: that of NDJSON is a document by itself.

    >>> from io import BytesIO
    >>> [entry.where for entry in entries(BytesIO(b'[{"a": 1}, {"b": 2}]'))]
    ['record 1', 'record 2']
    >>> [entry.fault for entry in entries(BytesIO(b'{"a": 1}\n{"b": '))]
    [None, 'is not JSON: Expecting value at character 7']
    >>> [entry.fault for entry in entries(BytesIO(b'{"a": "\t"}'))]
    ['is not JSON: Invalid control character at character 8']
    """
    lines = enumerate((line.removeprefix(codecs.BOM_UTF8) for line in file), start=1)
    first = next((line for line in lines if line[1].strip()), None)
    if first is None:
        return
    if _is_document(_of_line(first)):
        yield from _ndjson(chain([first], lines))
    else:
        yield from _whole([first, *lines])


def _ndjson(lines: Iterable[Line]) -> Iterator[Entry]:
    return (_of_line(line) for line in lines if line[1].strip())


def _whole(lines: list[Line]) -> Iterator[Entry]:
    content = _parsed("the file", b"".join(text for _, text in lines))
    if isinstance(content.document, list):
        for number, document in enumerate(content.document, start=1):
            yield Entry(f"record {number}", document)
    elif content.fault is None:
        yield content._replace(where="record 1")
    elif any(map(_is_document, _ndjson(lines))):  # NDJSON whose first line is bad
        yield from _ndjson(lines)
    else:
        yield content


def _of_line(line: Line) -> Entry:
    return _parsed(f"line {line[0]}", line[1])


def _is_document(entry: Entry) -> bool:
    return isinstance(entry.document, dict)


def _parsed(where: str, text: bytes) -> Entry:
    try:
        return Entry(where, json.loads(text.decode()))
    except UnicodeDecodeError:
        return Entry(where, fault="is not text in UTF-8")
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, character" if error.lineno > 1 else "character"
        what = error.msg.removesuffix(" at")  # as some of the messages end
        return Entry(where, fault=f"is not JSON: {what} at {place} {error.colno}")
    except RecursionError:
        return Entry(where, fault="is nested too deeply")
    except ValueError as error:  # such as a number of more digits than Python converts
        return Entry(where, fault=f"is not JSON that can be read: {error}")

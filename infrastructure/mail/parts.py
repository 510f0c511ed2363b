"""Parts, headers and texts of a mail, read as far as they can be, however broken they are."""

import re
from collections.abc import Iterator
from email.message import Message
from email.utils import getaddresses

from infrastructure.mail.outcomes import shortened

DEEPEST = 20
LONGEST_TEXT = 500_000
MOST_ADDRESSES = 100

_ID = re.compile(r"<[^<>\s]+>")
# What mail calls them, and the codec that reads more of what it contains.
_WIDER = {
    "us-ascii": "utf-8",
    "iso-8859-1": "windows-1252",
    "latin-1": "windows-1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "ks_c_5601-1987": "cp949",
}


def header(message: Message, name: str) -> str:
    """A header's text in one line, "" if there is none that can be read."""
    return next(iter(_headers(message, name)), "")


def addresses(message: Message, *names: str) -> list[str]:
    """The addresses in these headers."""
    values = [value for name in names for value in _headers(message, name)]
    return [address for _, address in getaddresses(values) if "@" in address][:MOST_ADDRESSES]


def _headers(message: Message, name: str) -> list[str]:
    try:
        values = [str(value) for value in message.get_all(name, [])]
    except Exception:  # noqa: BLE001 - the library's parsers fail in many ways on broken headers
        return []
    return [" ".join(_readable(value).split()) for value in values]


def ids(message: Message, name: str) -> tuple[str, ...]:
    """The message ids in a header."""
    return tuple(_ID.findall(header(message, name)))


def leaves(message: Message, depth: int = 0) -> Iterator[Message]:
    """The parts that hold something, without those of attached mails and reports."""
    payload = message.get_payload() if depth < DEEPEST else None
    if message.get_content_maintype() == "multipart" and isinstance(payload, list):
        for part in payload:
            if isinstance(part, Message):
                yield from leaves(part, depth + 1)
    else:
        yield message


def attachment_name(part: Message) -> str | None:
    """What an attachment is called, None for a text that is part of the mail."""
    try:
        name, disposition = part.get_filename(), part.get_content_disposition()
    except Exception:  # noqa: BLE001 - as above
        return "?"
    if (
        name
        or disposition == "attachment"
        or part.get_content_maintype() not in {"text", "message"}
    ):
        return shortened(_readable(name or "")) or part.get_content_type()
    return None


def text_of(part: Message) -> str:
    """A part's text in whatever charset it is, or claims to be."""
    try:
        payload = part.get_payload(decode=True)
        charset = part.get_content_charset() or ""
    except Exception:  # noqa: BLE001 - as above
        return ""
    if not isinstance(payload, bytes):
        return ""
    payload = payload[: LONGEST_TEXT * 4]
    for codec in (_WIDER.get(charset, charset), "utf-8"):
        try:
            return _readable(payload.decode(codec))[:LONGEST_TEXT]
        except (LookupError, ValueError):
            continue
    fallback = "windows-1252" if charset in {"", "utf-8", "us-ascii"} else charset
    try:
        return _readable(payload.decode(fallback, "replace"))[:LONGEST_TEXT]
    except (LookupError, ValueError):
        return _readable(payload.decode("windows-1252", "replace"))[:LONGEST_TEXT]


def _readable(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return "".join(c for c in text if c.isprintable() or c in "\t\r\n\xa0\u3000\u2028\u2029")

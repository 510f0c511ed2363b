"""A letter as the bytes that a mail server takes."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any

from infrastructure.mail.addresses import wire_address
from infrastructure.mail.signing import DkimKey, signed

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]+>")
_WEB_ADDRESS = re.compile(r"https?://[\x21-\x3b\x3d\x3f-\x7e]+")
_ONE_A_LINE = {"references", "in-reply-to"}
_UNBROKEN = {"message-id", "list-unsubscribe", "list-unsubscribe-post", *_ONE_A_LINE}
LONGEST_LINE = 900
"""Of an id or a web address: a line of mail has at most 998 characters."""


class _Policy(EmailPolicy):
    """SMTP's, but ids and web addresses are never encoded, however long they are."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() not in _UNBROKEN:
            return super().fold_binary(name, value)
        if name.lower() in _ONE_A_LINE:
            value = f"{self.linesep} ".join(value.split())
        return f"{name}: {value}{self.linesep}".encode("ascii")


_ASCII = _Policy(linesep="\r\n", cte_type="7bit")
_UTF8 = _ASCII.clone(utf8=True)


@dataclass(frozen=True)
class OutgoingMail:
    """One letter to one person."""

    message_id: str
    to: str
    to_name: str | None
    sender_name: str
    sender: str
    reply_to: str | None
    subject: str
    text: str
    html: str
    date: datetime
    unsubscribe_url: str | None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    calendar: bytes | None = None
    calendar_method: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def as_bytes(mail: OutgoingMail, dkim: DkimKey | None) -> bytes:
    """The letter in the Internet message format, signed if there is a key.

    The same letter gives the same bytes, but for the time in its signature. Line breaks in names
    and subjects become spaces.

    Raises:
        ValueError: an address, an id, a web address or a header is none.
    """
    sender, to = wire_address(mail.sender), wire_address(mail.to)
    reply_to = wire_address(mail.reply_to) if mail.reply_to else None
    in_ascii = all(address.isascii() for address in (sender, to, reply_to or ""))
    message = EmailMessage(_ASCII if in_ascii else _UTF8)
    message["From"] = _named(mail.sender_name, sender)
    message["To"] = _named(mail.to_name, to)
    if reply_to:
        message["Reply-To"] = _named(None, reply_to)
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = _id(mail.message_id)
    if mail.in_reply_to:
        message["In-Reply-To"] = _id(mail.in_reply_to)
    if mail.references:
        message["References"] = " ".join(_id(reference) for reference in mail.references)
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{_web_address(mail.unsubscribe_url)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    _add_more(message, mail.headers)
    _add_body(message, mail)
    raw = message.as_bytes()
    return signed(raw, dkim) if dkim else raw


def _add_more(message: EmailMessage, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        taken = name in message or name.lower().startswith(("content-", "mime-"))
        if taken or not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a header to add")
        message[name] = _one_line(value)


def _add_body(message: EmailMessage, mail: OutgoingMail) -> None:
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    if mail.calendar is not None:
        method = {"method": mail.calendar_method} if mail.calendar_method else {}
        message.add_alternative(mail.calendar.decode(), subtype="calendar", params=method)
    message.set_boundary(f"={hashlib.sha256(mail.message_id.encode()).hexdigest()[:32]}")


def _named(name: str | None, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(_one_line(name or ""), local, domain)


def _one_line(text: str) -> str:
    r"""A text without line breaks and other control characters.

    >>> _one_line("A role\r\nBcc: all@example.org")
    'A role Bcc: all@example.org'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _id(text: str) -> str:
    whole = text if text.startswith("<") else f"<{text}>"
    if not _MESSAGE_ID.fullmatch(whole) or len(whole) > LONGEST_LINE:
        raise ValueError(f"{text!r} is not a message id")
    return whole


def _web_address(text: str) -> str:
    if not _WEB_ADDRESS.fullmatch(text) or len(text) > LONGEST_LINE:
        raise ValueError(f"{text!r} is not a web address")
    return text

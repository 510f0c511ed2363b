"""Reads a mail that came in: who answers what, in which words, or which report it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Literal

from infrastructure.mail.automatic import is_automatic
from infrastructure.mail.parts import (
    addresses,
    attachment_name,
    header,
    ids,
    leaves,
    text_of,
)
from infrastructure.mail.reply_text import html_as_text, newly_written
from infrastructure.mail.reports import Bounce, Complaint, bounce_in, complaint_in
from infrastructure.mail.server import LARGEST_MAIL

Kind = Literal["reply", "automatic", "bounce", "complaint", "unreadable"]

_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")


@dataclass(frozen=True)
class Inbound:
    """A mail that came in. Ids have their angle brackets."""

    kind: Kind
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    text: str = ""
    attachments: tuple[str, ...] = ()
    bounce: Bounce | None = None
    complaint: Complaint | None = None


def read(raw: bytes, envelope_recipients: Sequence[str] = ()) -> Inbound:
    """Read a mail, however broken it is; the envelope's recipients come first."""
    raw = raw[:LARGEST_MAIL]
    try:
        return _read(raw, envelope_recipients)
    except Exception:  # noqa: BLE001 - whatever a stranger sends must not stop the mail behind it
        return Inbound("unreadable", recipients=tuple(envelope_recipients))


def _read(raw: bytes, envelope_recipients: Sequence[str]) -> Inbound:
    message: Message = message_from_bytes(raw, policy=policy.default)
    complaint = complaint_in(message)
    bounce = None if complaint else bounce_in(message, raw)
    text, attachments = _content(message)
    answered = ids(message, "In-Reply-To")
    own = ids(message, "Message-ID")
    return Inbound(
        kind=_kind(message, complaint, bounce),
        sender=next(iter(addresses(message, "From", "Sender", "Return-Path")), ""),
        recipients=tuple(dict.fromkeys([*envelope_recipients, *addresses(message, *_RECIPIENTS)])),
        subject=header(message, "Subject"),
        message_id=own[0] if own else None,
        in_reply_to=answered[0] if answered else None,
        references=ids(message, "References"),
        text=text,
        attachments=attachments,
        bounce=bounce,
        complaint=complaint,
    )


def _kind(message: Message, complaint: Complaint | None, bounce: Bounce | None) -> Kind:
    if complaint:
        return "complaint"
    if bounce:
        return "bounce"
    if is_automatic(message):
        return "automatic"
    return "reply" if message.keys() else "unreadable"


def _content(message: Message) -> tuple[str, tuple[str, ...]]:
    plain, html, attachments = [], [], []
    for part in leaves(message):
        name = attachment_name(part)
        if name is not None:
            attachments.append(name)
        elif part.get_content_type() == "text/html":
            html.append(text_of(part))
        elif part.get_content_maintype() == "text":
            plain.append(text_of(part))
    text = "\n".join(plain)
    if not text.strip() and html:
        text = "\n".join(html_as_text(one) for one in html)
    return newly_written(text), tuple(attachments)

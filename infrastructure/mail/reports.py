"""What mail servers report: a mail that did not arrive (RFC 3464), a complaint (RFC 5965)."""

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message

from flufl.bounce import all_failures

from infrastructure.mail.automatic import is_of_a_program
from infrastructure.mail.outcomes import of_reply
from infrastructure.mail.parts import addresses, header, ids, text_of

_STATUS = re.compile(r"\b[45]\.\d{1,3}\.\d{1,3}\b")
_DIAGNOSIS = re.compile(r"[\w-]+ *; *(?:([45]\d\d)[ -])?(.*)", re.DOTALL)
_MESSAGE_ID = re.compile(r"^[> ]*Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
UNKNOWN = "5.0.0"
COMPLAINTS = {"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", ""}


@dataclass(frozen=True)
class Bounce:
    """A mail that did not arrive. `bad_address`: none ever will."""

    recipient: str
    status: str
    permanent: bool
    original_message_id: str | None
    bad_address: bool = False


@dataclass(frozen=True)
class Complaint:
    """Somebody marked a mail as spam; providers may leave out who."""

    recipient: str | None
    feedback_type: str
    original_message_id: str | None


def bounce_in(message: Message, raw: bytes) -> Bounce | None:
    """The first recipient whom a mail did not reach, if this is a report of one."""
    reports = [part for part in message.walk() if part.get_content_type() == STATUS_REPORT]
    for report in reports:
        for block in _blocks(report):
            if header(block, "Action").lower() == "failed":
                return _reported(block, _original_id(message))
    if reports or not _may_be_bounce(message):
        return None
    failed = addresses(message, "X-Failed-Recipients")
    if not failed:
        # The library reads messages of the older policy.
        _, permanent = all_failures(message_from_bytes(raw))
        failed = sorted(address.decode(errors="replace") for address in permanent)
    if not failed:
        return None
    told = "\n".join(text_of(part) for part in message.walk() if not part.is_multipart())
    found = _STATUS.search(told)
    status = found[0] if found else UNKNOWN
    return Bounce(
        failed[0],
        status,
        not status.startswith("4"),
        _original_id(message),
        bad_address=of_reply("recipient", 550, f"{status} {told[:2000]}").bad_address,
    )


STATUS_REPORT = "message/delivery-status"


def complaint_in(message: Message) -> Complaint | None:
    """The complaint that this is, if it is one."""
    for part in message.walk():
        if part.get_content_type() != "message/feedback-report":
            continue
        for block in _blocks(part):
            kind = header(block, "Feedback-Type").lower()
            if kind in COMPLAINTS:
                original = _original(message)
                to = addresses(block, "Original-Rcpt-To", "Removal-Recipient")
                to += addresses(original, "To") if original else []
                return Complaint(to[0] if to else None, kind, _original_id(message))
    return None


def _may_be_bounce(message: Message) -> bool:
    return (
        header(message, "Return-Path") == "<>"
        or header(message, "X-Failed-Recipients") != ""
        or is_of_a_program(message)
    )


def _blocks(report: Message) -> list[Message]:
    payload = report.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    return [message_from_string(block) for block in re.split(r"\r?\n\r?\n", text_of(report))]


def _reported(block: Message, original_id: str | None) -> Bounce:
    recipient = header(block, "Original-Recipient") or header(block, "Final-Recipient")
    status = (_STATUS.findall(header(block, "Status")) or [UNKNOWN])[0]
    said = _DIAGNOSIS.match(header(block, "Diagnostic-Code"))
    code, text = (said[1], said[2]) if said else (None, "")
    if not _STATUS.match(text):
        text = f"{status} {text}"
    permanent = status.startswith("5")
    return Bounce(
        recipient.rpartition(";")[2].strip().strip("<>"),
        status,
        permanent,
        original_id,
        bad_address=permanent and of_reply("recipient", int(code or 550), text).bad_address,
    )


def _original(message: Message) -> Message | None:
    """The mail that a report is about, or its headers."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            return _blocks(part)[0] if _blocks(part) else None
        if part.get_content_type() == "text/rfc822-headers":
            return message_from_string(text_of(part))
    return None


def _original_id(message: Message) -> str | None:
    original = _original(message)
    if original is not None and ids(original, "Message-ID"):
        return ids(original, "Message-ID")[0]
    for part in message.walk():
        quoted = None if part.is_multipart() else _MESSAGE_ID.search(text_of(part))
        if quoted:
            return quoted[1]
    answered = ids(message, "In-Reply-To") or ids(message, "References")[-1:]
    return answered[0] if answered else None

"""Signed links by which candidates reach their pages without an account, and signed mail addresses.

A link names one outreach, or a person invited to a team, and one purpose; an address that a
recruiter replies to, also whose it is. Nobody can guess or change one without the installation's
secret; whether it still leads anywhere is for its page to decide. Letters and pages both need it.
"""

import hmac
import re
from base64 import b32decode, b32encode
from enum import StrEnum
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infrastructure.settings import Settings

ID_BYTES, MAC_BYTES = 16, 16
TOKEN_LENGTH = 52
"""In base 32: mail servers may fold the case of an address, whose local part has at most 64."""


_TOKEN = re.compile(r"^(/[puis]/)[^/?]+")


class Purpose(StrEnum):
    """What a link is for."""

    ANSWER = "answer"
    UNSUBSCRIBE = "unsubscribe"
    REPLY = "reply"
    WRITE_BACK = "write back"
    INVITATION = "invitation"


def link_key(settings: Settings) -> bytes:
    """The key that links are signed with, derived from the secret."""
    derive = HKDF(SHA256(), length=32, salt=None, info=b"passive-candidate-sourcing/links")
    return derive.derive(settings.secret.get_secret_value().encode())


def answer_path(key: bytes, outreach_id: UUID) -> str:
    """The path of the page on which a candidate answers an outreach."""
    return f"/p/{token_of(key, outreach_id, Purpose.ANSWER)}"


def unsubscribe_path(key: bytes, outreach_id: UUID) -> str:
    """The path that stops all messages to the candidate of an outreach (RFC 8058)."""
    return f"/u/{token_of(key, outreach_id, Purpose.UNSUBSCRIBE)}"


def invitation_path(key: bytes, member_id: UUID) -> str:
    """The path of the page on which somebody accepts an invitation to a team."""
    return f"/i/{token_of(key, member_id, Purpose.INVITATION)}"


def sign_in_path(secret: str) -> str:
    """The path of the page on which a member signs in by a link."""
    return f"/s/{secret}"


def token_of(key: bytes, outreach_id: UUID, purpose: Purpose, whose: UUID | None = None) -> str:
    """The token of a link, perhaps of somebody's own.

    >>> token = token_of(b"key", UUID(int=1), Purpose.ANSWER)
    >>> outreach_of(b"key", token), outreach_of(b"key", token, Purpose.UNSUBSCRIBE)
    (UUID('00000000-0000-0000-0000-000000000001'), None)
    """
    signed = outreach_id.bytes + _mac(key, outreach_id, purpose, whose)
    return b32encode(signed).decode().rstrip("=").lower()


def outreach_of(key: bytes, token: str, purpose: Purpose = Purpose.ANSWER) -> UUID | None:
    """The outreach that a token names for this purpose; None unless we made exactly this token."""
    outreach_id = claimed_outreach(token)
    return outreach_id if outreach_id and is_ours(key, token, outreach_id, purpose) else None


def claimed_outreach(token: str) -> UUID | None:
    """The outreach that a text names, whether or not it is a token that we made."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        signed = b32decode(f"{token}====", casefold=True)
    except ValueError:
        return None
    return UUID(bytes=signed[:ID_BYTES].ljust(ID_BYTES, b"\0"))


def is_ours(
    key: bytes, token: str, outreach_id: UUID, purpose: Purpose, whose: UUID | None = None
) -> bool:
    """Whether we made exactly this token, for this purpose and for nobody else."""
    # Compared as text, since several texts decode to the same bytes.
    ours = token_of(key, outreach_id, purpose, whose)
    return hmac.compare_digest(ours, token.lower())


def without_tokens(path: str) -> str:
    """A path as a log may show it: who knows a token speaks for its candidate.

    >>> without_tokens("/p/ae3t/data?after=1"), without_tokens("/positions")
    ('/p/.../data?after=1', '/positions')
    """
    return _TOKEN.sub(r"\1...", path)


def _mac(key: bytes, outreach_id: UUID, purpose: Purpose, whose: UUID | None) -> bytes:
    said = "\n".join(str(part) for part in (purpose, outreach_id, whose) if part).encode()
    return hmac.digest(key, said, "sha256")[:MAC_BYTES]

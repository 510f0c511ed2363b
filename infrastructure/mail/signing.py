"""DKIM signatures (RFC 6376)."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import dkim
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from infrastructure.mail.addresses import domain_of
from infrastructure.mail.settings import MailSettings

_ONCE = ("mime-version", "content-type", "in-reply-to", "references", "auto-submitted")
# Named twice, so that a second header of that name breaks the signature.
_TWICE = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
SIGNED = (*_TWICE, *_TWICE, *_ONCE)


@dataclass(frozen=True)
class DkimKey:
    """The private key of a domain, and the selector under which DNS publishes its public key."""

    domain: str
    selector: str
    pem: bytes = field(repr=False)


def read_dkim_key(path: Path, domain: str, selector: str) -> DkimKey:
    """Read an RSA key in PEM, PKCS#1 or PKCS#8.

    Raises:
        ValueError: the file holds no such key.
        OSError: the file cannot be read.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("not a private key in PEM without a password") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return DkimKey(domain, selector, pem)


def dkim_key(settings: MailSettings) -> DkimKey | None:
    """The key that is set, if one is.

    Raises:
        ValueError: the file holds no RSA key.
        OSError: the file cannot be read.
    """
    if settings.dkim_key is None:
        return None
    assert settings.dkim_selector is not None, "load_settings refuses a key without one"
    domain = settings.dkim_domain or domain_of(settings.mail_from)
    return read_dkim_key(settings.dkim_key, domain, settings.dkim_selector)


def signed(raw: bytes, key: DkimKey) -> bytes:
    """A mail with its signature in front."""
    signature: bytes = _Dkim(raw).sign(
        selector=key.selector.encode("idna"),
        domain=key.domain.encode("idna"),
        privkey=key.pem,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[name.encode() for name in SIGNED],
    )
    return signature + raw


class _Dkim(dkim.DKIM):  # type: ignore[misc]
    """Signs by OpenSSL: the library's own arithmetic takes 30 ms in which nothing else runs."""

    def sign(self, *, privkey: bytes, **more: Any) -> bytes:
        self._key = _private_key(privkey)
        return cast(bytes, super().sign(privkey=privkey, **more))

    def gen_header(
        self,
        fields: Any,
        include_headers: Any,
        canon_policy: Any,
        header_name: bytes,
        pk: object,  # noqa: ARG002 - its own form of the key
        standardize: bool = False,
    ) -> bytes:
        # Of this algorithm the library lets the key sign. The header names the one that is used.
        self.signature_algorithm = b"ed25519-sha256"
        signer = _Signer(self._key)
        header = super().gen_header(
            fields, include_headers, canon_policy, header_name, signer, standardize
        )
        return cast(bytes, header)


@dataclass(frozen=True)
class _Signer:
    key: RSAPrivateKey

    def sign(self, digest: bytes) -> "_Signature":
        return _Signature(self.key.sign(digest, PKCS1v15(), Prehashed(SHA256())))


@dataclass(frozen=True)
class _Signature:
    signature: bytes


@cache
def _private_key(pem: bytes) -> RSAPrivateKey:
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, RSAPrivateKey)
    return key

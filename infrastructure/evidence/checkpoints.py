"""Signed statements of how long the log is and which tree it makes.

Formats: C2SP signed-note with Ed25519, which Go's `x/mod/sumdb/note` reads, and C2SP
tlog-checkpoint.
"""

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infrastructure.evidence.merkle import HASH_BYTES

ED25519 = b"\x01"
KEY_HASH_BYTES = 4
KEY_BYTES = 32


class BadCheckpoint(ValueError):
    """A checkpoint that is not well formed, or not signed by the log's key."""


class Checkpoint(NamedTuple):
    """A log of this name had so many events, and this was the root of their tree."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        r"""The text that is signed.

        >>> Checkpoint("log.example", 3, bytes(32)).text()
        'log.example\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n'
        """
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


class Signer:
    """Signs checkpoints of a log with a key that is derived from the secret."""

    def __init__(self, origin: str, secret: str) -> None:
        derive = HKDF(SHA256(), length=KEY_BYTES, salt=None, info=b"sourcing/checkpoints")
        self._key = Ed25519PrivateKey.from_private_bytes(derive.derive(secret.encode()))
        self.origin = origin

    @property
    def verifier(self) -> str:
        """The public key, as verifiers of signed notes are given it."""
        public = self._key.public_key().public_bytes_raw()
        return _verifier(self.origin, public)

    def sign(self, size: int, root: bytes) -> str:
        """A signed checkpoint."""
        text = Checkpoint(self.origin, size, root).text()
        signature = _key_hash(self.verifier) + self._key.sign(text.encode())
        return f"{text}\n\N{EM DASH} {self.origin} {b64encode(signature).decode()}\n"


def opened(note: str, verifier: str) -> Checkpoint:
    """The checkpoint of a signed note. Raises `BadCheckpoint`.

    Signatures of others, such as witnesses, are passed over.
    """
    text, between, signatures = note.rpartition("\n\n")
    text += "\n"
    name = verifier.partition("+")[0]
    try:
        public = Ed25519PublicKey.from_public_bytes(b64decode(verifier.split("+", 2)[2])[1:])
        for line in signatures.splitlines() if between else []:
            dash, by, encoded = line.split(" ")
            signature = b64decode(encoded, validate=True)
            of_key, signed = signature[:KEY_HASH_BYTES], signature[KEY_HASH_BYTES:]
            if (dash, by, of_key) == ("\N{EM DASH}", name, _key_hash(verifier)):
                public.verify(signed, text.encode())
                return _read(text)
    except InvalidSignature:
        raise BadCheckpoint("The checkpoint's signature is not that of its text.") from None
    except (ValueError, IndexError, BadBase64) as error:
        raise BadCheckpoint(f"The checkpoint cannot be read: {error}") from None
    raise BadCheckpoint(f"The checkpoint is not signed by {name}.")


def _read(text: str) -> Checkpoint:
    origin, size, root, *_ = text.split("\n")
    hash = b64decode(root, validate=True)
    if not (size.isascii() and size.isdigit()) or len(hash) != HASH_BYTES:
        raise BadCheckpoint("The checkpoint names no size or no root.")
    return Checkpoint(origin, int(size), hash)


def _verifier(name: str, public: bytes) -> str:
    key = ED25519 + public
    hash = sha256(f"{name}\n".encode() + key).digest()[:KEY_HASH_BYTES]
    return f"{name}+{hash.hex()}+{b64encode(key).decode()}"


def _key_hash(verifier: str) -> bytes:
    return bytes.fromhex(verifier.split("+", 2)[1])

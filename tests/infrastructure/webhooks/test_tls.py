"""A receiver is who its certificate says, or nothing is sent to it."""

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from infrastructure.webhooks.attempt import Answer, attempt, client
from infrastructure.webhooks.queue import Claimed
from infrastructure.webhooks.sender import message_id
from infrastructure.webhooks.signing import new_secret
from infrastructure.webhooks.target import Target
from tests.support.receiver import Receiver, a_receiver
from tests.support.webhooks import OURS


def certificate(folder: Path, address: str) -> Path:
    """A file with a key and its own certificate for an address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    path = folder / f"{address}.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem)
    )
    return path


def serving(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with a_receiver(serving(certificate(tmp_path, "127.0.0.1"))) as receiver:
        yield receiver


def answered(url: str) -> Answer:
    now = datetime.now(UTC)

    async def once() -> Answer:
        target = Target(url, (new_secret(),), None)
        delivery = Claimed(uuid4(), 1, 1, now)
        async with client(OURS) as http:
            return await attempt(http, target, message_id(delivery), b"{}", now, OURS)

    return asyncio.run(once())


def test_a_certificate_that_is_trusted_is_taken(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "127.0.0.1.pem"))
    assert answered(receiver.url) == Answer(204, None)


def test_a_certificate_that_nobody_vouches_for_is_refused(receiver: Receiver) -> None:
    assert answered(receiver.url) == Answer(None, "It cannot be reached (ConnectError).")
    assert receiver.received == []


def test_a_certificate_of_another_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = certificate(tmp_path, "192.0.2.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(others))
    with a_receiver(serving(others)) as receiver:
        assert answered(receiver.url).status is None
        assert receiver.received == []

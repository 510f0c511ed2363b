"""Mail servers for tests: they keep what they get, and fail as they are told to."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infrastructure.mail.outcomes import Stage
from infrastructure.mail.smtp import SmtpServer

Answer = Callable[[SMTP, Envelope], Awaitable[str]]


def says(text: str) -> Answer:
    async def answer(server: SMTP, envelope: Envelope) -> str:
        return text

    return answer


OK = says("250 OK")


async def drops(server: SMTP, envelope: Envelope) -> str:
    """Break the connection instead of answering."""
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()
    return ""


async def stalls(server: SMTP, envelope: Envelope) -> str:
    """Never answer."""
    await asyncio.Event().wait()
    return ""


@dataclass
class Mailbox:
    """Keeps what arrives; its answers can be replaced, also for one time each."""

    on_sender: Answer = OK
    on_recipient: Answer = OK
    on_data: Answer = OK
    data_answers: list[Answer] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.connections.add(session.peer)
        answer = await self.on_sender(server, envelope)
        if answer.startswith("2"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.on_recipient(server, envelope)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.mails.append(envelope.original_content or b"")
        self.recipients += envelope.rcpt_tos
        answer = self.data_answers.pop(0) if self.data_answers else self.on_data
        return await answer(server, envelope)


def answering(stage: Stage, answer: Answer) -> Mailbox:
    """A mailbox that answers so at one stage."""
    mailbox = Mailbox()
    setattr(mailbox, f"on_{stage}", answer)
    return mailbox


def at(port: int, timeout: float = 10.0) -> SmtpServer:
    return SmtpServer("127.0.0.1", port, security="none", timeout=timeout, client_name="localhost")


def knows_robin(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
) -> AuthResult:
    """Let in the user robin with the password secret."""
    return AuthResult(success=data == LoginPassword(b"robin", b"secret"), handled=False)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that its own client trusts, and the server's context with it."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, both = folder / "trusted.pem", folder / "server.pem"
    trusted.write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(private + trusted.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return trusted, context

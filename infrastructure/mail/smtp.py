"""Hands letters to a mail server over a few connections that stay open."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from infrastructure.mail.addresses import domain_of, wire_address
from infrastructure.mail.outcomes import Outcome, Stage, of_failure, of_reply
from infrastructure.mail.settings import MailSettings

MayLeave = Callable[[], Awaitable[bool]]
"""Whether a letter may still leave, asked right before it does: a server may take its time."""

CLOSING = 421
"""The server ends the connection (RFC 5321)."""


@dataclass(frozen=True)
class SmtpServer:
    """A mail server that takes letters."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Literal["none", "starttls", "tls"] = "starttls"
    timeout: float = 30.0
    client_name: str | None = None


def smtp_server(settings: MailSettings) -> SmtpServer | None:
    """The server that is set, if one is."""
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password
    return SmtpServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_user,
        password.get_secret_value() if password else None,
        settings.smtp_security,
        client_name=domain_of(settings.mail_from),
    )


async def send(server: SmtpServer, raw: bytes, sender: str, recipient: str) -> Outcome:
    """Send one letter over a connection of its own."""
    async with SmtpConnections(server, limit=1) as connections:
        return await connections.send(raw, sender, recipient)


class SmtpConnections:
    """At most `limit` connections to a server, used again and made anew when they break."""

    def __init__(self, server: SmtpServer, limit: int = 4) -> None:
        self._server = server
        self._slots = asyncio.Semaphore(limit)
        self._idle: list[SMTP] = []
        self._tls = ssl.create_default_context() if server.security != "none" else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._idle:
            await _quit(self._idle.pop())

    async def send(
        self, raw: bytes, sender: str, recipient: str, may_leave: MayLeave | None = None
    ) -> Outcome:
        """Send one letter; whatever its server does is an outcome, never an exception."""
        try:
            recipient = wire_address(recipient)
        except ValueError as error:
            return Outcome("rejected", "recipient", text=str(error), bad_address=True)
        try:
            sender = wire_address(sender)
        except ValueError as error:
            return Outcome("rejected", "sender", text=str(error))
        async with self._slots:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_connected:
                    _close(connection)
                    continue
                outcome = await self._send_over(connection, raw, sender, recipient, may_leave)
                # A server may have closed a connection that was idle.
                if outcome.stage != "sender" or outcome.code not in {None, CLOSING}:
                    return outcome
            opened = await self._connect()
            if isinstance(opened, Outcome):
                return opened
            return await self._send_over(opened, raw, sender, recipient, may_leave)

    async def _connect(self) -> SMTP | Outcome:
        server = self._server
        connection = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=False,
            tls_context=self._tls,
            timeout=server.timeout,
            local_hostname=server.client_name,
        )
        connected = False
        try:
            await connection.connect()
            await connection.ehlo()
            if server.security == "starttls":
                await connection.starttls()
                await connection.ehlo()
            if server.user is not None:
                await connection.login(server.user, server.password or "")
            connected = True
        except SMTPResponseException as error:
            return of_reply("connect", error.code, error.message)
        except (SMTPException, OSError) as error:
            return of_failure("connect", error)
        finally:
            if not connected:
                _close(connection)
        return connection

    async def _send_over(
        self,
        connection: SMTP,
        raw: bytes,
        sender: str,
        recipient: str,
        may_leave: MayLeave | None,
    ) -> Outcome:
        options: list[str] = []
        if not (sender + recipient).isascii():
            if not connection.supports_extension("smtputf8"):
                self._idle.append(connection)
                text = "The server does not support SMTPUTF8, which this address needs."
                return Outcome("rejected", "recipient", text=text)
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        stage: Stage = "sender"
        usable = False
        try:
            await connection.mail(sender, options=options, encoding="utf-8")
            stage = "recipient"
            await connection.rcpt(recipient, encoding="utf-8")
            if may_leave and not await may_leave():
                outcome = Outcome("stopped", stage)
                usable = await _reset(connection)
            else:
                stage = "data"
                reply = await connection.data(raw)
                outcome = of_reply(stage, reply.code, reply.message)
                usable = True
        except SMTPResponseException as error:
            outcome = of_reply(stage, error.code, error.message)
            usable = error.code != CLOSING and await _reset(connection)
        except (SMTPException, OSError) as error:
            outcome = of_failure(stage, error)
        finally:
            if usable:
                self._idle.append(connection)
            else:
                _close(connection)
        return outcome


async def _reset(connection: SMTP) -> bool:
    try:
        await connection.rset()
    except (SMTPException, OSError):
        return False
    return True


async def _quit(connection: SMTP) -> None:
    try:
        await connection.quit()
    except (SMTPException, OSError):
        pass
    finally:
        _close(connection)


def _close(connection: SMTP) -> None:
    # A plain close of a TLS connection goes on in the background, until the other side agrees.
    if isinstance(connection.transport, asyncio.WriteTransport):
        connection.transport.abort()
    connection.close()

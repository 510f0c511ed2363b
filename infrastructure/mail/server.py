"""A mail server in a thread of its own, for the sink and for mail that comes in."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

logger = logging.getLogger(__name__)
# The library logs addresses at the levels below.
logging.getLogger("mail.log").setLevel(logging.WARNING)

LARGEST_MAIL = 10_000_000
LONGEST_LINE = 100_000
"""RFC 5321 has 1,000, but many clients write a paragraph in one line."""

Take = Callable[[bytes, list[str]], None]
"""Takes a mail and the recipients of its envelope; raises if it is to be sent again."""


class Smtp(SMTP):
    line_length_limit = LONGEST_LINE


class Lmtp(LMTP):
    line_length_limit = LONGEST_LINE


class MailServer:
    """Serves while it is open; `port` is the one that it listens on.

    `handler` and `options` are those of aiosmtpd.
    """

    def __init__(
        self,
        handler: object,
        protocol: type[SMTP] = Smtp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        self._handler = handler
        self._protocol = protocol
        self._options: dict[str, Any] = {
            "data_size_limit": LARGEST_MAIL,
            "enable_SMTPUTF8": True,
            "hostname": "localhost",
            "ident": "ready",
            "timeout": 60,
            **options,
        }
        self._host = host
        self.port = port
        self._thread = Thread(target=self._run, name="mail-server", daemon=True)
        self._started: Future[int] = Future()
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event

    def __enter__(self) -> Self:
        """Start to listen.

        Raises:
            OSError: the port is taken or not allowed.
        """
        self._thread.start()
        self.port = self._started.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        connections: WeakSet[SMTP] = WeakSet()

        def connect() -> SMTP:
            connection = self._protocol(self._handler, loop=loop, **self._options)
            connections.add(connection)
            return connection

        server = await loop.create_server(connect, self._host, self.port)
        self._started.set_result(server.sockets[0].getsockname()[1])
        await self._stopping.wait()
        server.close()
        for connection in connections:
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        await server.wait_closed()


async def passed_on(take: Take, raw: bytes, recipients: list[str]) -> bool:
    """Whether a mail was taken; if not, the log says why, without a word of it."""
    try:
        await asyncio.to_thread(take, raw, recipients)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client sends the mail again
        logger.warning("A mail could not be taken: %s", type(error).__name__)
        return False
    return True

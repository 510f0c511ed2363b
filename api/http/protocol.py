"""HTTP connections with limits on what a client may send and on how long it may take.

uvicorn has none with its fast parser: one connection could fill the memory with a header that never
ends, and half requests could take all connections for as long as they liked.
"""

import asyncio
import json
import resource
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from api.http.admission import TooMuch
from api.http.problems import MEDIA_TYPE, Problem

MOST_HEAD_BYTES = 32 * 1024
"""In the request line and the headers."""

MOST_HEADERS = 100

HEAD_SECONDS = 10.0
"""From a connection, or the first byte of a further request on it, to the end of the headers."""

LINGER_SECONDS = 5.0
"""How long the rest of a body may come that was answered before it was read."""

BODY_SECONDS = 20.0
BODY_BYTES_A_SECOND = 16 * 1024
"""A body may take so long, and longer by what has come of it at this rate."""

SEND_SECONDS = 60.0
"""How long a client may read nothing of an answer that does not fit into the buffers."""

MOST_CONNECTIONS = 2_000
FILES_FOR_OTHERS = 128
"""Files that a process keeps for its database, mail and data, if it may not open many."""


def raise_file_limit() -> None:
    """Let this process open as many files as its user may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_connections() -> int:
    """How many connections this process takes at a time."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(8, min(MOST_CONNECTIONS, files - FILES_FOR_OTHERS))


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with these limits."""

    _timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None
    since = 0.0
    """When it was made, by the loop's clock."""
    _head_bytes: int | None = 0
    """Read of the headers so far; None while the body is read."""
    _is_head_too_large = False
    _body_bytes: int | None = None
    """Read of the body so far; None without a body that is being read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Take a connection; if there are too many, in place of the one that sends least."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self._arm(HEAD_SECONDS)
        if len(self.connections) > most_connections():
            idle = [one for one in self.connections if isinstance(one, LimitedProtocol)]
            idle = [one for one in idle if one is not self and one.is_waiting]
            if not idle:
                self._refuse(TooMuch("Too many connections; come back in a moment."))
            else:
                min(idle, key=lambda one: one.since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._disarm()
        if self._send_timer:
            self._send_timer.cancel()
        super().connection_lost(exc)

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being worked on, and the next has not come as a whole."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    # Headers --------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read on, up to the limits."""
        if self._head_bytes is not None:
            if not self._timer and self.is_waiting:  # a further request begins
                self.since = self.loop.time()
                self._arm(HEAD_SECONDS)
            self._head_bytes += len(data)
        elif self._body_bytes is not None:
            self._body_bytes += len(data)
        super().data_received(data)
        if self._head_bytes is not None and self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(_too_large_head())

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_bytes = self._head_bytes or 0

    def on_headers_complete(self) -> None:
        """Begin work on the request, unless its headers are too large."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MOST_HEAD_BYTES or len(self.headers) > MOST_HEADERS:
            self._is_head_too_large = True
            raise ValueError("too large")  # which ends in `send_400_response`
        self._head_bytes, self._body_bytes = None, 0
        self.since = self.loop.time()
        self._arm(BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is here as a whole."""
        self._disarm()
        self._head_bytes, self._body_bytes = 0, None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent."""
        super().on_response_complete()
        if self._body_bytes is not None:
            self._arm(LINGER_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with what came."""
        wrong = Problem(400, "bad-request", msg)
        self._refuse(_too_large_head() if self._is_head_too_large else wrong)

    # Time -----------------------------------------------------------------------------------------

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._on_time)

    def _disarm(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        self._timer = None
        if self.is_waiting and not self._head_bytes:  # nothing, or the rest of what was answered
            self.transport.close()
            return
        if self._body_bytes is not None:
            if self.flow.read_paused:  # we are the slow ones
                self.since = self.loop.time()
            allowed = BODY_SECONDS + self._body_bytes / BODY_BYTES_A_SECOND
            left = self.since + allowed - self.loop.time()
            if left > 0:
                self._arm(left)
                return
        self._refuse(Problem(408, "too-slow", "The request did not come in time; send it again."))

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._send_timer:
            self._send_timer.cancel()
            self._send_timer = None
        super().resume_writing()

    # Answers --------------------------------------------------------------------------------------

    def _refuse(self, problem: Problem) -> None:
        """Answer without the application, unless it answers already, and close the connection."""
        if self.transport.is_closing():
            return
        is_answering = not self.is_waiting and self.cycle.response_started
        if not self.is_waiting:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not is_answering:
            self.transport.write(_response(problem, self.server_state.default_headers))
        self.transport.close()


def _too_large_head() -> Problem:
    detail = f"More than {MOST_HEAD_BYTES} bytes or {MOST_HEADERS} headers before the body."
    return Problem(431, "headers-too-large", detail)


def _response(problem: Problem, headers: list[tuple[bytes, bytes]]) -> bytes:
    body = json.dumps(problem.details.model_dump(exclude_none=True)).encode()
    fields: list[tuple[Any, Any]] = [
        *headers,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        *((n.lower().encode(), v.encode()) for n, v in (problem.headers or {}).items()),
    ]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in fields)
    return STATUS_LINE[problem.details.status] + lines + b"\r\n" + body

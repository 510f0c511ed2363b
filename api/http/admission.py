"""What a process takes on at a time: requests at work, requests that wait, bodies in memory.

A request runs in a thread, and a thread that waits for the database does nothing else. So commands,
queries and probes each have a number of threads, and none waits for another's: queries go on while
the event log is locked, and probes under any load. Who would wait for too long is told at once when
to come back.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from anyio import CapacityLimiter, WouldBlock, move_on_after
from anyio.lowlevel import RunVar
from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import Problem

THREADS = 64
"""Of the process: those of the three lanes, and some for what else is done in threads."""

MOST_BYTES = 1024 * 1024
"""In the body of a request."""

MOST_BYTES_HELD = 64 * 1024 * 1024
"""In the bodies of all requests together."""


class Lane(NamedTuple):
    """Requests that wait for each other, but for no others."""

    name: str
    at_work: int
    waiting: int
    seconds: float
    """How long one may wait for its turn."""


COMMANDS = Lane("commands", 32, 200, 5.0)
QUERIES = Lane("queries", 24, 200, 5.0)
PROBES = Lane("probes", 4, 20, 2.0)

Answer = Callable[[Request, Exception], Response]
"""Makes the response that says what is wrong."""


class TooMuch(Problem):
    """The process has as much to do as it takes on."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, "overloaded", detail, headers={"Retry-After": "2"})


class ShuttingDown(Problem):
    """The process ends; another, or the same once it has started again, takes requests."""

    def __init__(
        self, detail: str = "This server is shutting down; try again in a moment."
    ) -> None:
        super().__init__(503, "shutting-down", detail, headers={"Retry-After": "5"})


class Admission:
    """Middleware that reads bodies, within limits, and lets requests in by their lanes.

    Requests to the paths that are `apart` limit themselves, but for the size of their body.
    """

    def __init__(self, app: ASGIApp, answer: Answer, apart: Mapping[str, int]) -> None:
        self._app = app
        self._answer = answer
        self._apart = apart
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._admit(scope, receive, sending)
        except (Problem, asyncio.CancelledError) as error:
            # The server cancels what has not finished in the time that it has to shut down.
            if not has_begun:
                why = error if isinstance(error, Problem) else ShuttingDown()
                await self._answer(Request(scope), why)(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._apart.get(scope["path"])
        if _length(scope) > (MOST_BYTES if most is None else most):
            raise _too_large(MOST_BYTES if most is None else most)
        if most is not None:
            return await self._app(scope, _counting(receive, most), send)
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self._take_turn(scope, receive, send)
        parts: list[bytes] = []
        held = 0
        try:
            counting, more = _counting(receive, MOST_BYTES), True
            while more:
                message = await counting()
                if message["type"] == "http.disconnect":
                    return None
                part = message.get("body", b"")
                held += len(part)
                self._held += len(part)
                if self._held > MOST_BYTES_HELD:
                    raise TooMuch("Too many large requests at once; come back in a moment.")
                parts.append(part)
                more = message.get("more_body", False)
            body: Message | None = {"type": "http.request", "body": b"".join(parts)}
            parts.clear()

            async def replaying() -> Message:
                nonlocal body
                message, body = body, None
                return message or await receive()

            await self._take_turn(scope, replaying, send)
        finally:
            self._held -= held

    async def _take_turn(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane = lane_of(scope)
        limiter, token = _limiter(lane), object()
        try:
            limiter.acquire_on_behalf_of_nowait(token)
        except WouldBlock:
            if limiter.statistics().tasks_waiting >= lane.waiting:
                raise TooMuch("Too many requests wait already; come back in a moment.") from None
            with move_on_after(lane.seconds) as waiting:
                await limiter.acquire_on_behalf_of(token)
            if waiting.cancelled_caught:
                raise TooMuch("The server is busy; come back in a moment.") from None
        is_at_work = True

        def leave() -> None:
            nonlocal is_at_work
            if is_at_work:
                is_at_work = False
                limiter.release_on_behalf_of(token)

        async def sending(message: Message) -> None:
            leave()  # its thread is done; the client may take the answer as slowly as it likes
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            leave()


def lane_of(scope: Scope) -> Lane:
    """Which requests this one waits with."""
    if scope["path"].startswith(("/health/", "/metrics")):
        return PROBES
    return QUERIES if scope["method"] in ("GET", "HEAD", "OPTIONS") else COMMANDS


_limiters: RunVar[dict[Lane, CapacityLimiter]] = RunVar("lanes")


def _limiter(lane: Lane) -> CapacityLimiter:
    limiters = _limiters.get(None)
    if limiters is None:
        limiters = {each: CapacityLimiter(each.at_work) for each in (COMMANDS, QUERIES, PROBES)}
        _limiters.set(limiters)
    return limiters[lane]


def _counting(receive: Receive, most: int) -> Receive:
    """Receive a body, without reading further than its limit."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise _too_large(most)
        return message

    return counting


def _length(scope: Scope) -> int:
    """The length of the body, if it is given; the server has checked that it is a number."""
    return next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)


def _too_large(most: int) -> Problem:
    return Problem(413, "too-large", f"More than {most} bytes; send them in several requests.")

"""Middleware around every request: HEAD, the size of bodies, counting for metrics."""

import time
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.metrics import Metrics

MOST_BYTES = 1024 * 1024

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""A HEAD counts as the GET that answers it."""

OTHER = "other"
"""The method or route of a request that matches none of the API's."""


class HeadAsGet:
    """Answers HEAD like GET but without content (RFC 9110, 9.3.2).

    Everything inside sees a GET; `is_head` tells them apart.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back without content if it is a HEAD."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        if head:
            # A copy, since the server looks at its own to see what it has to send.
            scope = {**scope, "method": "GET", "state": {**scope.get("state", {}), "is_head": True}}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 405:
                _allow_head(MutableHeaders(scope=message))
            elif message["type"] == "http.response.body" and head:
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, answer)


def is_head(request: HTTPConnection) -> bool:
    """Whether the request is a HEAD."""
    return getattr(request.state, "is_head", False)


def _allow_head(headers: MutableHeaders) -> None:
    allowed = headers.get("Allow", "").split(", ")
    if "GET" in allowed and "HEAD" not in allowed:
        headers["Allow"] = ", ".join([*allowed, "HEAD"])


class BodySize:
    """Answers 413 to a body that is too large, without reading further than the limit.

    A path may be `allowing` more bytes, by its end.
    """

    def __init__(self, app: ASGIApp, allowing: Mapping[str, int]) -> None:
        self._app = app
        self._allowing = allowing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting what it sends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        most = next((m for end, m in self._allowing.items() if path.endswith(end)), MOST_BYTES)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413, f"More than {most} bytes; send them in several requests.")
            return message

        await self._app(scope, counted, send)


class CountRequests:
    """Counts each request by its method, the template of its route and the answer's status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in METHODS else OTHER
                route = route_of(scope)
                self._metrics.requests.labels(method, route, message["status"]).inc()
                self._metrics.seconds.labels(method, route).observe(time.perf_counter() - begin)
            await send(message)

        await self._app(scope, receive, counted)


def route_of(scope: Scope) -> str:
    """The template of the route that a request has come to.

    A route knows its own path alone, not those of the routers it is in; what stands before it in
    the request's path is theirs.
    """
    template = getattr(scope.get("route"), "path_format", None)
    if template is None:
        return OTHER
    own = template.format(**scope["path_params"])
    path: str = scope["path"]
    return f"{path.removesuffix(own)}{template}" if path.endswith(own) else template

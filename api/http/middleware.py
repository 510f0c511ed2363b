"""Middleware around every request: HEAD, counting for metrics."""

import time

from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.metrics import Metrics
from infrastructure.telemetry import tracing

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""A HEAD counts as the GET that answers it."""

NOT_TRACED = ("/health/", "/metrics", "/static")

OTHER = "other"
"""The method or route of a request that matches none of the API's."""


def head_as_get(app: ASGIApp) -> ASGIApp:
    """Answer HEAD like GET but without content (RFC 9110, 9.3.2).

    Everything inside sees a GET; `is_head` tells them apart.
    """

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
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

        return await app(scope, receive, answer)

    return answering


def is_head(request: HTTPConnection) -> bool:
    """Whether the request is a HEAD."""
    return getattr(request.state, "is_head", False)


def _allow_head(headers: MutableHeaders) -> None:
    allowed = headers.get("Allow", "").split(", ")
    if "GET" in allowed and "HEAD" not in allowed:
        headers["Allow"] = ", ".join([*allowed, "HEAD"])


def count_requests(app: ASGIApp, metrics: Metrics) -> ASGIApp:
    """Count and trace each request by its method, its route's template and the answer's status."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        begin = time.perf_counter()
        method = scope["method"] if scope["method"] in METHODS else OTHER

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = route_of(scope)
                _tell_trace(scope, f"{method} {route}", route, message["status"])
                metrics.requests.labels(method, route, message["status"]).inc()
                metrics.seconds.labels(method, route).observe(time.perf_counter() - begin)
            await send(message)

        if scope["path"].startswith(NOT_TRACED):
            return await app(scope, receive, counted)
        parent = tracing.of_request(scope["headers"])
        with tracing.span(method, kind=SpanKind.SERVER, parent=parent):
            return await app(scope, receive, counted)

    return counting


def _tell_trace(scope: Scope, name: str, route: str, status: int) -> None:
    span = get_current_span()
    if not span.is_recording():
        return
    span.update_name(name)
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if request_id := scope.get("state", {}).get("request_id"):
        span.set_attribute("sourcing.request_id", request_id)
    if status >= 500:
        span.set_status(StatusCode.ERROR)


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

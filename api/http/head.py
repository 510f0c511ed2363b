"""HEAD wherever there is GET: the same headers, and no content (RFC 9110, 9.3.2)."""

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Has a HEAD answered as its GET would be, and leaves the content out.

    Everything inside sees a GET; who must know better asks `is_head`.
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
    """Whether only the headers of the answer are asked for."""
    return getattr(request.state, "is_head", False)


def _allow_head(headers: MutableHeaders) -> None:
    allowed = headers.get("Allow", "").split(", ")
    if "GET" in allowed and "HEAD" not in allowed:
        headers["Allow"] = ", ".join([*allowed, "HEAD"])

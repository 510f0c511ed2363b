"""How much one request may send, so that nobody fills the memory of a process."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 1024 * 1024


class BodySize:
    """Answers 413 to a body that is too large, having read no more of it than is allowed.

    Args:
        app: what is protected.
        allowing: paths, as they end, that take more.
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

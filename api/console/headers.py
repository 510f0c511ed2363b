"""Headers that every answer of the console bears, also those that no template made."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.console.rendering import HEADERS

NOT_THE_CONSOLE = ("/v1/", "/docs", "/redoc", "/openapi.json", "/static-offline-docs")


class SecurityHeaders:
    """Adds to an answer those of the pages' headers that it lacks; assets may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        if scope["type"] != "http" or scope["path"].startswith(NOT_THE_CONSOLE):
            await self._app(scope, receive, send)
            return
        is_asset = scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if not (is_asset and name == "Cache-Control"):
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)

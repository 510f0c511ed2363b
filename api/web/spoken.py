"""Lets the pages that are translated speak the language that their reader prefers."""

from collections.abc import Callable
from http.cookies import SimpleCookie

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infrastructure.languages.translation import available, preferred, speaking

COOKIE = "language"
CHOSEN_FOR_SECONDS = 365 * 24 * 3600


def speak(app: ASGIApp, *, to: Callable[[str], bool]) -> ASGIApp:
    """Answer where a path is one in the language chosen there, chosen before, or else preferred.

    A reader chooses with `?language=de`, which a cookie remembers.
    """

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not to(scope["path"]):
            await app(scope, receive, send)
            return
        request = Request(scope)
        chosen = request.query_params.get("language")
        accepted = request.headers.get("accept-language", "")
        wanted = (chosen, request.cookies.get(COOKIE))
        code = next((one for one in wanted if one in available()), None) or preferred(accepted)

        async def remembering(message: Message) -> None:
            if message["type"] == "http.response.start" and chosen == code:
                MutableHeaders(scope=message).append("Set-Cookie", _cookie(code))
            await send(message)

        with speaking(code):
            await app(scope, receive, remembering)

    return answering


def _cookie(code: str) -> str:
    cookie = SimpleCookie({COOKIE: code})
    about = {"path": "/", "max-age": str(CHOSEN_FOR_SECONDS), "samesite": "lax"}
    cookie[COOKIE].update(about)
    return cookie[COOKIE].OutputString()

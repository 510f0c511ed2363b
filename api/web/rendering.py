"""Templates, and the headers that keep other sites and scripts out of pages."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.web import words
from domain.terms import without_overrides
from infrastructure.languages import translation

HERE = Path(__file__).parent
ASSETS = "/static/"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every page. `no-store` because pages show people, and a shared computer has a back button."""


def environment(*folders: Path) -> Environment:
    """Templates in these folders and in ours, escaped, with the filters that say values."""
    made = Environment(
        loader=FileSystemLoader([*folders, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=without_overrides,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # Jinja adds this method with the extension.
    made.install_gettext_callables(translation.gettext, translation.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(words.FILTERS)
    made.globals["new_key"] = lambda: str(uuid4())
    return made


def add_headers(
    app: ASGIApp, *, to: Callable[[str], bool], headers: Mapping[str, str] = HEADERS
) -> ASGIApp:
    """Add those of the headers that an answer lacks, where its path is one; assets may be kept."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not to(scope["path"]):
            return await app(scope, receive, send)
        is_asset = scope["path"].startswith(ASSETS)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in headers.items():
                    if not (is_asset and name == "Cache-Control"):
                        present.setdefault(name, value)
            await send(message)

        return await app(scope, receive, with_headers)

    return answering


def address(path: str, **parameters: object) -> str:
    """A page's address with these parameters, save those that say nothing.

    >>> address("/events", since=5, kind=None)
    '/events?since=5'
    >>> address("/team?employer=7", after=5)
    '/team?employer=7&after=5'
    """
    given = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given)}" if given else path

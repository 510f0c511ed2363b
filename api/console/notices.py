"""What a page says once a form is done, signed for the session, so that no link can forge it."""

import hmac
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Request

from api.http.tokens import local_key

SESSION = "sourcing_session"
"""The cookie of a session."""

PARAMETER = "notice"
LENGTH = 16


def leading_to(request: Request, url: str, session: str | None = None) -> str:
    """An address whose notice is signed for this session, by default that of the request."""
    split = urlsplit(url)
    session = request.cookies.get(SESSION, "") if session is None else session
    said = [
        (name, _signed(request, session, value) if name == PARAMETER else value)
        for name, value in parse_qsl(split.query, keep_blank_values=True)
    ]
    return split._replace(query=urlencode(said)).geturl()


def given(request: Request) -> str:
    """The name of the notice that the page shows; empty without one, or if it is forged."""
    said = request.query_params.get(PARAMETER, "")
    name = said.partition(".")[0]
    is_ours = hmac.compare_digest(
        said.encode(), _signed(request, request.cookies.get(SESSION, ""), name).encode()
    )
    return name if is_ours else ""


def _signed(request: Request, session: str, name: str) -> str:
    key = local_key(request.app.state.marketplace.settings)
    mac = hmac.digest(key, f"notice/{name}/{session}".encode(), "sha256").hex()
    return f"{name}.{mac[:LENGTH]}"

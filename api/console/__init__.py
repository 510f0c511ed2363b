"""The console: server-rendered pages on the same commands and queries as the API.

A page is a route in a module of `pages`, listed in `ROUTERS` there, and a template. Pages work as
plain links and forms; htmx and a little script only make them quicker. No page contacts another
host, and none has inline script or style.
"""

from fastapi import FastAPI, Request, Response

from api.console import pages, provider
from api.console.people import People
from api.console.rendering import is_page, rendered
from api.console.session import (
    STALE_FORM,
    csrf_token,
    has_mail,
    sign_in_choices,
    signed_in,
)
from api.console.wording.field_words import of_the_address
from api.http.problems import Problem
from api.web.forms import Sent, in_plain_words
from api.web.rendering import add_headers
from infrastructure.settings import Settings

PASSING = (429, 503)
"""What is over in a moment, so that the same may be asked again."""

IN_FLIGHT, KEY_REUSED = ":request-in-flight", ":idempotency-key-reused"


def install(app: FastAPI, settings: Settings) -> None:
    """Serve the pages of the console."""
    provider.install(app, settings)
    app.add_middleware(add_headers, to=is_page)
    for router in pages.ROUTERS:
        app.include_router(router, include_in_schema=False)


def page_of(request: Request, problem: Problem) -> Response | None:
    """The page that shows a problem in a browser; None for other clients."""
    is_api = request.url.path.startswith(("/v1/", "/health/", "/metrics"))
    if is_api or "text/html" not in request.headers.get("accept", ""):
        return None
    return problem_page(request, problem)


def problem_page(request: Request, problem: Problem) -> Response:
    """A page that says what is wrong; where somebody must sign in, the one to do so.

    Whose form could not be taken for a reason outside it, such as a session that ended or a
    database that does not answer, keeps what they typed and may send it again.
    """
    if any((reason.field or "").startswith("path.") for reason in problem.details.reasons):
        problem = Problem(404, "not-found", "There is no such page; check its address.")
    details = problem.details
    headers = dict(problem.headers or {})
    if details.status == 303:
        return Response(status_code=303, headers=headers)
    headers.pop("Location", None)
    sent: Sent | None = getattr(request.state, "sent", None)
    if details.type.endswith(":sign-in"):
        response = rendered(
            request,
            "sign_in.html",
            details.status,
            next=request.url.path,
            carried=sent,
            why=details.detail,
            **sign_in_choices(request),
        )
    else:
        is_stale = details.type.endswith((f":{STALE_FORM}", KEY_REUSED))
        passes = details.status in PASSING or details.type.endswith(IN_FLIGHT)
        if sent and details.type.endswith(KEY_REUSED):
            # The page was sent before with other words: these are another request.
            sent = Sent([field for field in sent.fields if field[0] != "_key"])
        if not sent or not sent.fields:
            details.reasons = of_the_address(map(in_plain_words, details.reasons))
        response = rendered(
            request,
            "problem.html",
            details.status,
            problem=details,
            is_stale=is_stale,
            passes=passes,
            again=sent if sent and sent.fields and (passes or is_stale) else None,
            request_id=getattr(request.state, "request_id", None),
            **_visitor(request),
        )
    response.headers.update(headers)
    return response


def _visitor(request: Request) -> dict[str, object]:
    try:
        actor = signed_in(request)
        visitor = {"actor": actor, "csrf": csrf_token(request), "has_mail": has_mail(request)}
        people = People(request.app.state.marketplace, actor) if actor else str
        return {**visitor, "people": people}
    except Problem:  # whose keys cannot be read at the moment; the page says what else is wrong
        return {}

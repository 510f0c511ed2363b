"""The candidate's own pages, by a signed link, without an account.

The link names one outreach. Its holder speaks for its candidate: reads what is held about
them, answers, and decides who may write to them. To read changes nothing; only forms do.
"""

from fastapi import FastAPI, Request, Response

from api.http.access import RateLimit
from api.http.problems import Problem
from api.person import pages
from api.person.rendering import HEADERS, is_page, problem_page
from api.person.visit import LINK_RATE
from api.web.rendering import add_headers
from api.web.spoken import speak


def install(app: FastAPI) -> None:
    """Serve the candidates' pages."""
    app.state.link_rate_limit = RateLimit(LINK_RATE)
    app.add_middleware(add_headers, to=is_page, headers=HEADERS)
    app.add_middleware(speak, to=is_page)
    for router in pages.ROUTERS:
        app.include_router(router, include_in_schema=False)


def page_of(request: Request, problem: Problem) -> Response | None:
    """The page that shows a candidate a problem; None for other pages and other clients."""
    asks_for_page = "text/html" in request.headers.get("accept", "")
    return problem_page(request, problem) if asks_for_page and is_page(request.url.path) else None

"""The console: server-rendered pages on the same commands and queries as the API.

A page is a route in a module of `pages`, listed in `ROUTERS` there, and a template. Pages work as
plain links and forms; htmx and a little script only make them quicker. No page contacts another
host, and none has inline script or style.
"""

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from api.console import pages
from api.console.problem_page import problem_page
from api.console.rendering import STATIC, SecurityHeaders
from api.http.problems import Problem


def install(app: FastAPI) -> None:
    """Serve the pages of the console."""
    app.add_middleware(SecurityHeaders)
    app.mount(
        "/static", StaticFiles(directory=STATIC, packages=[("api.charts", "static")]), name="static"
    )
    for router in pages.ROUTERS:
        app.include_router(router, include_in_schema=False)


def page_of(request: Request, problem: Problem) -> Response | None:
    """The page that shows a problem in a browser; None for other clients."""
    is_api = request.url.path.startswith(("/v1/", "/health/", "/metrics"))
    if is_api or "text/html" not in request.headers.get("accept", ""):
        return None
    return problem_page(request, problem)

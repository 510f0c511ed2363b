"""The HTTP application: the API, the console and the candidates' pages."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline

from api import console, person, routes
from api.console import provider
from api.http import admission, health, metrics, problems
from api.http.access import RateLimit
from api.http.admission import Admission
from api.http.middleware import count_requests, head_as_get
from api.http.problems import Problem, ProblemDetails
from api.http.tokens import Tokens
from api.marketplace import Marketplace
from api.routes import activity
from projections.candidate_index.keeping import kept

DESCRIPTION = """
Reach former members of a hiring marketplace who fell silent, and agreed to hear from employers.

* Every request takes a bearer token; its role says what it may do, and a recruiter's sees their own
  employer's data alone.
* Every `POST` takes an `Idempotency-Key`: the same one again gives the first answer again. Only
  activity and imported lists need none, since each line counts once by itself.
* A command answers with the `log_position` of its last event. Give it to a query as `after`, and
  the answer shows what the command did.
* Errors are `application/problem+json` with a stable `type` and every reason at once.
"""

KEYLESS = ("/v1/activity", "/v1/employers/{employer_id}/do-not-contact/import")
"""Where each line counts once by itself, however often it is sent."""

LINKS_TO_AN_ADDRESS = "5/15minutes"
"""How many links to sign in may be asked for."""

APART = {
    "/v1/activity": activity.MOST_BYTES,
    "/v1/events/stream": admission.MOST_BYTES,
    provider.PATH: admission.MOST_BYTES,
    provider.DONE: admission.MOST_BYTES,
}
"""Paths with limits of their own, or that wait for others, each with the most bytes of a body."""

ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": ProblemDetails, "description": text}
    for code, text in {
        400: "a header is missing",
        401: "no valid token",
        403: "not in this role, or not in the beta",
        404: "not there, or not the caller's",
        409: "refused by the rules, or the same request is still in flight",
        412: "changed since it was read",
        413: "too large",
        422: "not valid",
        429: "too many requests",
        431: "too large an address or headers",
        503: "not caught up, or the database does not answer",
    }.items()
}

ASSETS = ("api.charts", "api.console", "api.person", "api.web")
"""The rooms that have styles and scripts."""


def page_of(request: Request, problem: Problem) -> Response | None:
    """The page that shows a problem where a person is looking."""
    return person.page_of(request, problem) or console.page_of(request, problem)


def make_app(marketplace: Marketplace, *, with_worker: bool) -> FastAPI:
    """The API over a marketplace, perhaps with a worker that keeps its read models up to date."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = admission.THREADS
        async with AsyncExitStack() as stack:
            if with_worker:
                stack.enter_context(marketplace.working())
            stack.enter_context(kept(marketplace.database_url, marketplace.now))
            yield

    app: FastAPI = FastAPIOffline(
        title="Passive Candidate Sourcing",
        version="1",
        description=DESCRIPTION,
        lifespan=running,
        generate_unique_id_function=lambda route: route.name,
        # Its spans have paths and queries; ours are in `infrastructure.telemetry.tracing`.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.marketplace = marketplace
    app.state.tokens = Tokens(marketplace.settings, marketplace.pool, marketplace.store)
    app.state.rate_limit = RateLimit(marketplace.settings.rate_limit)
    app.state.link_limit = RateLimit("300/minute")
    app.state.address_limit = RateLimit(LINKS_TO_AN_ADDRESS)
    app.state.metrics = metrics.Metrics(marketplace)
    answer = problems.install(app, page_of)
    app.add_middleware(Admission, answer=answer, apart=APART)
    app.add_middleware(count_requests, metrics=app.state.metrics)
    for router in routes.ROUTERS:
        app.include_router(router, prefix="/v1", responses=ERRORS)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.mount("/static", StaticFiles(packages=[(room, "static") for room in ASSETS]), "static")
    person.install(app)  # first: the headers of its pages are stricter
    console.install(app, marketplace.settings)
    app.add_middleware(head_as_get)
    describe = app.openapi
    app.openapi = lambda: _with_limits(_with_keys(describe()))  # type: ignore[method-assign] # FastAPI's own way
    return app


def _with_keys(document: dict[str, Any]) -> dict[str, Any]:
    """Almost every POST requires a key; the dependency that checks it cannot say."""
    for path, operations in document["paths"].items():
        if path in KEYLESS:
            continue
        for parameter in operations.get("post", {}).get("parameters", ()):
            if parameter["name"].lower() == "idempotency-key":
                parameter["required"] = True
    return document


LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def _with_limits(part: Any) -> Any:
    """Limits under the names of JSON Schema: behind a validator pydantic leaves its own."""
    if isinstance(part, list):
        return [_with_limits(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        LIMITS.get(name, name) if isinstance(value, int | float) else name: _with_limits(value)
        for name, value in part.items()
    }

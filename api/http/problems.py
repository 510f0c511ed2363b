"""Every error as RFC 9457 problem details, with a stable type and what to do about it."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from eventsourcing import persistence
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import InterfaceError, OperationalError
from psycopg.errors import DiskFull, ReadOnlySqlTransaction
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from domain.aggregate import Refused
from domain.command import NotAllowed, NotFound
from infrastructure.database.clock import ClockIsOff
from infrastructure.error_redaction import error_kind, redacted_traceback
from infrastructure.event_log.batch_writer import LogIsLocked
from infrastructure.event_log.store import Contended, VersionMismatch
from infrastructure.projecting.checkpoints import LogEndsBefore, NotCaughtUp
from infrastructure.requests.idempotency import InFlight, KeyReused
from projections.paging import BadCursor

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Reason(BaseModel):
    """One of the things that are wrong."""

    code: str = Field(description="stable; tell reasons apart by it")
    detail: str = Field(description="a sentence that says what to do")
    field: str | None = Field(None, description="the field it is about, as a path from the body")


class ProblemDetails(BaseModel):
    """What went wrong, as RFC 9457 has it, with every reason at once."""

    type: str = Field(description="stable; tell problems apart by it")
    title: str
    status: int
    detail: str
    reasons: list[Reason] = []


class Problem(Exception):
    """Something to answer a request with instead of what it asked for."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        reasons: Sequence[Reason] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = headers
        self.details = ProblemDetails(
            type=f"urn:sourcing:problem:{name}",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            reasons=list(reasons),
        )

    def response(self) -> JSONResponse:
        """As it is sent."""
        return JSONResponse(
            self.details.model_dump(exclude_none=True),
            self.details.status,
            headers=dict(self.headers or {}),
            media_type=MEDIA_TYPE,
        )


def problem_of(error: Exception) -> Problem:
    """The problem that an error of any layer is to a client."""
    kind = next(kind for kind in type(error).__mro__ if kind in _PROBLEMS)
    return _PROBLEMS[kind](error)


@contextmanager
def faults_of_the_request() -> Iterator[None]:
    """Around what is made of a request alone: what is not valid then is the request's fault."""
    try:
        yield
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from None


def etag(version: int) -> str:
    """The entity tag of an aggregate's version."""
    return f'"{version}"'


def install(
    app: FastAPI, page_of: Callable[[Request, Problem], Response | None]
) -> Callable[[Request, Exception], Response]:
    """Answer every error with its problem details, and say so in the OpenAPI document.

    Where a person is looking, `page_of` shows them a page instead. Returns what answers an error.
    """

    def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.details.status == 405:
            problem.headers = {**(problem.headers or {}), "Allow": _allowed(request)}
        response = page_of(request, problem) or problem.response()
        if request_id := getattr(request.state, "request_id", None):
            response.headers["X-Request-ID"] = request_id
        return response

    for kind in _PROBLEMS:
        app.add_exception_handler(kind, answer)
    describe = app.openapi
    app.openapi = lambda: _with_problems(describe())  # type: ignore[method-assign] # FastAPI's own way
    return answer


def _allowed(request: Request) -> str:
    """Every method that the address takes; Starlette names those of the first route alone."""
    taken = [
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        for scope in [{**request.scope, "method": method}]
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]
    return ", ".join([*taken, *(["HEAD"] if "GET" in taken else [])])


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    # FastAPI documents every answer of a route as having the media type of its success.
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400" and (content := response.get("content")):
                    response["content"] = {MEDIA_TYPE: next(iter(content.values()))}
    return document


def _reasons(refused: Refused) -> list[Reason]:
    return [Reason(code=reason.code, detail=str(reason)) for reason in refused.reasons]


def _invalid(error: RequestValidationError) -> Problem:
    reasons = [
        Reason(code=fault["type"], field=_field(fault), detail=_sentence(fault))
        for fault in error.errors()
    ]
    fields = ", ".join(dict.fromkeys(reason.field or "the body" for reason in reasons))
    return Problem(422, "invalid", f"The request is not valid: see {fields}.", reasons)


def _field(fault: Mapping[str, Any]) -> str | None:
    if fault["type"] == "json_invalid":  # which stands at a character, not in a field
        return None
    return ".".join(str(part) for part in fault["loc"] if part != "body") or None


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "json_invalid":
        return f"The body is not JSON ({fault['ctx']['error']} at character {fault['loc'][-1]})."
    name = str(fault["loc"][-1]) if fault["loc"] else "the body"
    if fault["type"] == "missing":
        return f"{name} is missing."
    if fault["type"] == "string_too_short":
        return f"{name} is blank; fill it in."
    if fault["type"] == "extra_forbidden":
        return f"{name} is not known here; leave it out."
    return f"{name}: {fault['msg'].removeprefix('Value error, ')}"


def _failed_http(error: HTTPException) -> Problem:
    name = _NAMES.get(error.status_code, f"http-{error.status_code}")
    return Problem(error.status_code, name, str(error.detail), headers=error.headers)


def _no_database(error: Exception) -> Problem:
    logger.error("the database does not answer: %s", error_kind(error))
    detail = "The database does not answer; try again in a moment."
    return Problem(503, "database-unavailable", detail, headers={"Retry-After": "5"})


def _log_is_locked(error: LogIsLocked) -> Problem:
    logger.error("the event log is locked: another session holds its row in log_head")
    return Problem(503, "log-is-locked", f"{error}; try again in a moment.", headers=_SOON)


def _disk_full(error: DiskFull) -> Problem:
    logger.error("the database's disk is full: %s", error_kind(error))
    detail = "The database's disk is full; nothing was recorded. Try again once there is room."
    return Problem(503, "disk-full", detail, headers={"Retry-After": "30"})


def _unexpected(error: Exception) -> Problem:
    logger.error("an unexpected error: %s", redacted_traceback(error))
    detail = "Something went wrong on our side; give support the request's id."
    return Problem(500, "internal", detail)


# Python changes the phrases of statuses from version to version; these stay.
_NAMES = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}

_SOON = {"Retry-After": "1"}

_PROBLEMS: dict[type, Callable[[Any], Problem]] = {
    Problem: lambda problem: problem,
    NotFound: lambda error: Problem(404, "not-found", str(error), _reasons(error)),
    NotAllowed: lambda error: Problem(403, "forbidden", str(error), _reasons(error)),
    Refused: lambda error: Problem(409, "refused", str(error), _reasons(error)),
    RequestValidationError: _invalid,
    BadCursor: lambda error: Problem(422, "bad-cursor", str(error)),
    VersionMismatch: lambda error: Problem(
        412, "version-mismatch", str(error), headers={"ETag": etag(error.current)}
    ),
    InFlight: lambda error: Problem(409, "request-in-flight", str(error), headers=_SOON),
    KeyReused: lambda error: Problem(422, "idempotency-key-reused", str(error)),
    Contended: lambda error: Problem(503, "contended", str(error), headers=_SOON),
    ClockIsOff: lambda error: Problem(503, "clock-is-off", str(error), headers=_SOON),
    LogEndsBefore: lambda error: Problem(422, "log-ends-before", str(error)),
    NotCaughtUp: lambda error: Problem(
        503, "not-caught-up", str(error), headers={"Retry-After": str(error.retry_after)}
    ),
    LogIsLocked: _log_is_locked,
    DiskFull: _disk_full,
    PoolTimeout: _no_database,
    OperationalError: _no_database,
    InterfaceError: _no_database,
    ReadOnlySqlTransaction: _no_database,  # a standby, until it is promoted
    persistence.OperationalError: _no_database,
    persistence.InterfaceError: _no_database,
    ClientDisconnect: lambda _: Problem(400, "bad-request", "The request broke off."),
    HTTPException: _failed_http,
    Exception: _unexpected,
}

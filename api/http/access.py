"""Access to routes: bearer tokens, roles, the rate of requests, and the headers of a request.

Each role dependency below is a type for a route's `caller` parameter.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Annotated
from uuid import uuid4

import psycopg
from fastapi import Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from psycopg_pool import PoolTimeout
from pydantic import Field

from api.http.caller import Caller
from api.http.middleware import is_head
from api.http.problems import Problem
from api.http.tokens import WITH_TOKENS, Tokens, unauthorized
from api.marketplace import PROBE_SECONDS, Marketplace, now
from domain.actor import Actor, Role
from domain.values import StorableText

LogPosition = Annotated[int, Field(ge=0, le=2**63 - 1)]

bearer = HTTPBearer(auto_error=False, description="`sourcing token` makes one for local use")


class RateLimit:
    """Limits requests per token over a moving window, within this process."""

    def __init__(self, rate: str) -> None:
        self._rate = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, token_owner: str) -> None:
        """Count a request. Raises a 429 with `Retry-After` when there are too many."""
        if not self._limiter.hit(self._rate, token_owner):
            reset = self._limiter.get_window_stats(self._rate, token_owner).reset_time
            seconds = max(1, round(reset - time.time()))
            detail = f"More than {self._rate} requests; come back in {seconds} seconds."
            raise Problem(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})


def enter(
    request: Request,
    response: Response,
    actor: Actor,
    roles: Sequence[Role],
    *,
    request_id: str | None = None,
    idempotency_key: str | None = None,
    after: int | None = None,
) -> Caller:
    """The caller for an authenticated actor who has one of these roles or is `admin`.

    Raises:
        ClockIsOff: this process must not decide anything.
        Problem: 403 for another role, 429 for too many requests.
    """
    request_id = request.state.request_id = request_id or str(uuid4())
    response.headers["X-Request-ID"] = request_id
    request.app.state.rate_limit.check(f"{actor.role}/{actor.employer_id or ''}/{actor.id}")
    if actor.role not in (*roles, Role.ADMIN):
        allowed_roles = ", ".join(sorted({*roles, Role.ADMIN}))
        raise Problem(403, "forbidden", f"This takes one of these roles: {allowed_roles}.")
    marketplace: Marketplace = request.app.state.marketplace
    with suppress(psycopg.Error, PoolTimeout):  # a route that needs the database says so
        marketplace.clock.check(PROBE_SECONDS)
    return Caller(
        actor=actor,
        at=now(),
        request_id=request_id,
        marketplace=marketplace,
        response=response,
        idempotency_key=idempotency_key,
        after=after,
        sees_content=not is_head(request),
    )


def allowed(*roles: Role, keyed: bool = True) -> Callable[..., Awaitable[Caller]]:
    """A dependency that authenticates the caller and admits these roles and `admin`.

    A `keyed` POST requires an idempotency key; one that is idempotent by itself does not.
    """

    async def caller(
        request: Request,
        response: Response,
        token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        idempotency_key: Annotated[
            StorableText | None,
            Header(
                min_length=1,
                max_length=200,
                description="required on every POST; a new one for each request",
            ),
        ] = None,
        x_request_id: Annotated[
            StorableText | None,
            Header(max_length=200, description="stored with every event that the request causes"),
        ] = None,
        after: Annotated[
            LogPosition | None,
            Query(description="wait until the answer includes this log position"),
        ] = None,
    ) -> Caller:
        x_request_id = request.state.request_id = x_request_id or str(uuid4())
        if token is None:
            raise unauthorized("Send a bearer token: `Authorization: Bearer …`.")
        tokens: Tokens = request.app.state.tokens

        def entered(actor: Actor | None = None) -> Caller:
            return enter(
                request,
                response,
                actor or tokens.actor(token.credentials),
                roles,
                request_id=x_request_id,
                idempotency_key=idempotency_key,
                after=after,
            )

        clock = request.app.state.marketplace.clock
        # A thread costs as much as the rest of this; it is needed only to ask the database.
        known = tokens.remembered(token.credentials) if clock.is_measured(1.0) else None
        caller = entered(known) if known else await run_in_threadpool(entered)
        if keyed and request.method == "POST" and idempotency_key is None:
            detail = "Send an Idempotency-Key header with every POST: a new one for each request."
            raise Problem(400, "idempotency-key-missing", detail)
        return caller

    return caller


Anyone = Annotated[Caller, Depends(allowed(*WITH_TOKENS))]
Recruiter = Annotated[Caller, Depends(allowed(Role.RECRUITER))]
Platform = Annotated[Caller, Depends(allowed(Role.PLATFORM))]
PlatformCaller = Annotated[Caller, Depends(allowed(Role.PLATFORM, keyed=False))]
"""The platform, where a request is idempotent by itself and needs no key."""

Delivery = Annotated[Caller, Depends(allowed(Role.DELIVERY))]
Admin = Annotated[Caller, Depends(allowed())]
Support = Annotated[Caller, Depends(allowed(Role.SUPPORT))]
SuccessManager = Annotated[Caller, Depends(allowed(Role.CSM))]
Analyst = Annotated[Caller, Depends(allowed(Role.ANALYST))]
Auditor = Annotated[Caller, Depends(allowed(Role.AUDITOR))]
Staff = Annotated[Caller, Depends(allowed(Role.SUPPORT, Role.CSM, Role.ANALYST, Role.AUDITOR))]
TeamReader = Annotated[Caller, Depends(allowed(Role.RECRUITER, Role.SUPPORT, Role.CSM))]
RecruiterOrSupport = Annotated[Caller, Depends(allowed(Role.RECRUITER, Role.SUPPORT))]
TimelineReader = Annotated[Caller, Depends(allowed(Role.RECRUITER, Role.SUPPORT, Role.AUDITOR))]
EventReader = Annotated[Caller, Depends(allowed(Role.AUDITOR, Role.RECRUITER))]
AuditReader = Annotated[Caller, Depends(allowed(Role.SUPPORT, Role.AUDITOR))]
Reader = Annotated[
    Caller, Depends(allowed(Role.RECRUITER, Role.SUPPORT, Role.CSM, Role.ANALYST, Role.AUDITOR))
]

"""Who makes a request, and what a route may do on their behalf: run a command, read, wait."""

import hmac
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID, uuid4, uuid5

from fastapi import Depends, Header, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, Field

from api.http.head import is_head
from api.http.problems import Problem, ProblemDetails, etag, faults_of_the_request, problem_of
from api.http.tokens import Tokens
from api.marketplace import Marketplace, now
from domain.actor import Actor, Role
from domain.aggregate import Aggregate, Refused
from domain.command import Command
from domain.values import StorableText
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.group_commit import Statement
from infrastructure.projecting.checkpoints import NotCaughtUp, wait_for
from infrastructure.projecting.projection import Projection
from infrastructure.requests import idempotency

NEW_IDS = UUID("0c6d1f2e-6a53-5b8e-9d3f-0c1d7a4b9e21")

At = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A position of the event log."""

bearer = HTTPBearer(auto_error=False, description="`sourcing token` makes one for local use")


class Outcome(BaseModel):
    """What became of a command."""

    id: UUID = Field(description="of what was changed")
    version: int = Field(description="of what was changed, for If-Match")
    log_position: int = Field(description="of the last event; give it to a query as `after`")


class RateLimit:
    """How often each token may ask."""

    def __init__(self, rate: str) -> None:
        self._rate: RateLimitItem = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, who: str) -> None:
        """Count a request. Raises a 429 that says when to come back."""
        if not self._limiter.hit(self._rate, who):
            reset = self._limiter.get_window_stats(self._rate, who).reset_time
            seconds = max(1, round(reset - time.time()))
            detail = f"More than {self._rate} requests; come back in {seconds} seconds."
            raise Problem(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})


@dataclass(frozen=True)
class Caller:
    """Somebody who is who they say, in a role that may do this."""

    actor: Actor
    at: datetime
    request_id: str
    marketplace: Marketplace
    response: Response
    idempotency_key: str | None
    after: int | None
    sees_content: bool

    def run(
        self,
        command: type[Command],
        *,
        if_version: int | None = None,
        attached: Mapping[str, Any] = MappingProxyType({}),
        payload: object = None,
        **asked: Any,
    ) -> Outcome:
        """Execute a command on the caller's behalf, once for each idempotency key.

        What is `attached` comes from us and may differ when the same request comes again. The
        `payload` is what tells requests apart; without one, it is all that is asked for.
        """
        request = self._request(command, if_version, payload or sorted(asked.items()))
        with faults_of_the_request():
            full = command(
                by=self.actor, at=self.at, request_id=self.request_id, **asked, **attached
            )
        if request is None:
            return self._execute(full, if_version, None)
        with self.marketplace.pool.connection() as db:
            answer = idempotency.claim(db, request, self.at)
        if answer is not None:
            return self._again(answer)
        try:
            return self._execute(full, if_version, request)
        except Exception as error:
            # Whoever took the request over, thinking that we were dead, may have answered it.
            if (answer := self._settle(request, error)) is not None:
                return self._again(answer)
            raise

    def new_id(self) -> UUID:
        """An id for something new, the same when the same request comes again."""
        return uuid5(NEW_IDS, f"{self._who}\n{self.idempotency_key}")

    @property
    def _who(self) -> str:
        """Whose idempotency keys these are: in another role or house somebody is another."""
        return f"{self.actor.role}/{self.actor.employer_id or ''}/{self.actor.id}"

    @contextmanager
    def reading(self, *projections: type[Projection]) -> Iterator[Database]:
        """A connection to read with, once these read models are where the caller wants them."""
        if self.after is not None and not projections:
            self._wait_for_log(self.after)
        elif self.after is not None:
            wanted = [p for p in self.marketplace.projections if isinstance(p, projections)]
            timeout = self.marketplace.settings.wait_timeout_seconds
            wait_for(self.after, wanted, self.marketplace.pool, timeout)
        with self.marketplace.pool.connection() as db:
            yield db

    def see(self, version: int) -> None:
        """Tell the caller the version of what they read, for If-Match."""
        self.response.headers["ETag"] = etag(version)

    def _wait_for_log(self, position: int) -> None:
        reached = self.marketplace.store.recorder.max_notification_id() or 0
        if reached < position:
            raise NotCaughtUp({"the log": reached}, position)

    def _execute(
        self, command: Command, if_version: int | None, request: idempotency.Request | None
    ) -> Outcome:
        def also(aggregate: Aggregate) -> Iterator[Statement]:
            if request:
                answer = {"id": str(aggregate.id), "version": aggregate.version}
                yield idempotency.answering(request, answer, self.at)

        try:
            recorded = self.marketplace.store.execute(command, if_version=if_version, also=also)
        except Refused as refused:
            for code in refused.codes:
                self.marketplace.refusals.labels(code).inc()
            raise
        return self._tell(Outcome.model_validate(recorded, from_attributes=True))

    def _again(self, answer: Any) -> Outcome:
        if "problem" in answer:
            raise _SameProblem(ProblemDetails.model_validate(answer["problem"]))
        id, version = UUID(answer["id"]), answer["version"]
        with self.marketplace.pool.connection() as db:
            position = queries.position_of(db, id, version)
        return self._tell(Outcome(id=id, version=version, log_position=position))

    def _tell(self, outcome: Outcome) -> Outcome:
        self.see(outcome.version)
        self.response.headers["X-Log-Position"] = str(outcome.log_position)
        return outcome

    def _request(
        self, command: type[Command], if_version: int | None, payload: object
    ) -> idempotency.Request | None:
        if self.idempotency_key is None:
            return None
        said = repr((command.__name__, if_version, payload))
        # Keyed, since what was said may be short enough to guess, and is kept for some days.
        secret = self.marketplace.settings.secret.get_secret_value()
        fingerprint = hmac.digest(secret.encode(), said.encode(), "sha256").hex()
        return idempotency.Request(self._who, self.idempotency_key, fingerprint)

    def _settle(self, request: idempotency.Request, error: Exception) -> Mapping[str, Any] | None:
        with self.marketplace.pool.connection() as db:
            if not isinstance(error, Refused):
                return idempotency.release(db, request, self.at)
            refusal = {"problem": problem_of(error).details.model_dump(exclude_none=True)}
            return idempotency.keep(db, request, refusal, self.at)


class _SameProblem(Problem):
    def __init__(self, details: ProblemDetails) -> None:
        super().__init__(details.status, "again", details.detail)
        self.details = details


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
    """Let an actor in who has one of these roles, or is `admin`, unless they come too often.

    Raises:
        Problem: 403 for another role, 429 for too many requests.
    """
    request_id = request.state.request_id = request_id or str(uuid4())
    response.headers["X-Request-ID"] = request_id
    request.app.state.rate_limit.check(f"{actor.role}/{actor.employer_id or ''}/{actor.id}")
    if actor.role not in (*roles, Role.ADMIN):
        allowed_roles = ", ".join(sorted({*roles, Role.ADMIN}))
        raise Problem(403, "forbidden", f"This takes one of these roles: {allowed_roles}.")
    return Caller(
        actor=actor,
        at=now(),
        request_id=request_id,
        marketplace=request.app.state.marketplace,
        response=response,
        idempotency_key=idempotency_key,
        after=after,
        sees_content=not is_head(request),
    )


def allowed(*roles: Role, keyed: bool = True) -> Callable[..., Caller]:
    """A dependency that lets these roles through, and `admin`.

    A POST must bring an idempotency key, unless it is idempotent by itself and so not `keyed`.
    """

    def caller(
        request: Request,
        response: Response,
        token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        idempotency_key: Annotated[
            StorableText | None,
            Header(
                min_length=1, max_length=200, description="needed on every POST: a new one each"
            ),
        ] = None,
        x_request_id: Annotated[
            StorableText | None,
            Header(max_length=200, description="kept with every event it causes"),
        ] = None,
        after: Annotated[
            At | None,
            Query(description="wait until this event position can be seen in the answer"),
        ] = None,
    ) -> Caller:
        x_request_id = request.state.request_id = x_request_id or str(uuid4())
        if token is None:
            raise Problem(
                401,
                "unauthorized",
                "Send a bearer token: `Authorization: Bearer …`.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        tokens: Tokens = request.app.state.tokens
        caller = enter(
            request,
            response,
            tokens.actor(token.credentials),
            roles,
            request_id=x_request_id,
            idempotency_key=idempotency_key,
            after=after,
        )
        if keyed and request.method == "POST" and idempotency_key is None:
            detail = "Send an Idempotency-Key header with every POST: a new one for each request."
            raise Problem(400, "idempotency-key-missing", detail)
        return caller

    return caller


ETAG = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')


def version_in(if_match: str | None) -> int | None:
    """The version that an If-Match header asks for; None for any."""
    if if_match is None or if_match == "*":
        return None
    if named := ETAG.fullmatch(if_match.strip()):
        return int(named[1])
    raise Problem(412, "version-mismatch", "If-Match is not an ETag of this resource.")


IfMatch = Annotated[
    str | None, Header(description="the ETag last read; 412 if it has changed since")
]

Anyone = Annotated[Caller, Depends(allowed(*Role))]
Recruiter = Annotated[Caller, Depends(allowed(Role.RECRUITER))]
Platform = Annotated[Caller, Depends(allowed(Role.PLATFORM))]
Feed = Annotated[Caller, Depends(allowed(Role.PLATFORM, keyed=False))]
Admin = Annotated[Caller, Depends(allowed())]
Support = Annotated[Caller, Depends(allowed(Role.SUPPORT))]
Manager = Annotated[Caller, Depends(allowed(Role.CSM))]
Analyst = Annotated[Caller, Depends(allowed(Role.ANALYST))]
Auditor = Annotated[Caller, Depends(allowed(Role.AUDITOR))]
Staff = Annotated[Caller, Depends(allowed(Role.SUPPORT, Role.CSM, Role.ANALYST, Role.AUDITOR))]
Recruiting = Annotated[Caller, Depends(allowed(Role.RECRUITER, Role.SUPPORT))]
Timekeeper = Annotated[Caller, Depends(allowed(Role.RECRUITER, Role.SUPPORT, Role.AUDITOR))]
Inspector = Annotated[Caller, Depends(allowed(Role.SUPPORT, Role.AUDITOR))]
Reader = Annotated[
    Caller,
    Depends(allowed(Role.RECRUITER, Role.SUPPORT, Role.CSM, Role.ANALYST, Role.AUDITOR)),
]

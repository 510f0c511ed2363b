"""An authenticated caller, and what a route does for them: run a command, read, wait."""

import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import Header, Response
from pydantic import BaseModel, Field

from api.http.problems import Problem, ProblemDetails, etag, faults_of_the_request, problem_of
from api.marketplace import Marketplace
from domain.actor import Actor
from domain.aggregate import Aggregate, Refused
from domain.command import Command
from infrastructure.database.postgres import Database
from infrastructure.event_log import queries
from infrastructure.event_log.statements import Statement
from infrastructure.projecting.checkpoints import check_within_log
from infrastructure.projecting.projection import Projection
from infrastructure.requests import idempotency

NEW_IDS = UUID("0c6d1f2e-6a53-5b8e-9d3f-0c1d7a4b9e21")


class CommandResult(BaseModel):
    """The aggregate that a command changed, at its new version."""

    id: UUID = Field(description="of the aggregate that was changed")
    version: int = Field(description="of the aggregate, for If-Match")
    log_position: int = Field(description="of the last event; give it to a query as `after`")


@dataclass(frozen=True)
class Caller:
    """An authenticated caller whose role may do this."""

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
        computed: Callable[[], Mapping[str, Any]] | None = None,
        payload: object = None,
        **asked: Any,
    ) -> CommandResult:
        """Execute a command on the caller's behalf, once for each idempotency key.

        `asked` are its fields as the caller sent them, and tell one request from another under the
        same key unless there is a `payload`. `computed` gives further fields, which may differ when
        the request is repeated; it is called if the command is executed, not if it is replayed.
        """
        request = self._request(command, if_version, payload or sorted(asked.items()))
        with faults_of_the_request():
            full = command(by=self.actor, at=self.at, request_id=self.request_id, **asked)
        if request is None:
            return self._execute(_with(full, computed), if_version, None)
        with self.marketplace.pool.connection() as db:
            answer = idempotency.claim(db, request, self.at)
        if answer is not None:
            return self._replay_response(answer)
        try:
            return self._execute(_with(full, computed), if_version, request)
        except Exception as error:
            # Another process may have taken the request over after a timeout, and answered it.
            if (answer := self._record_failure(request, error)) is not None:
                return self._replay_response(answer)
            raise

    def new_id(self) -> UUID:
        """An id for something new, the same when the same request comes again."""
        return uuid5(NEW_IDS, f"{self._who}\n{self.idempotency_key}")

    @property
    def _who(self) -> str:
        """Whose idempotency keys these are: in another role or house somebody is another."""
        return f"{self.actor.role}/{self.actor.employer_id or ''}/{self.actor.id}"

    @contextmanager
    def reading(
        self, *projections: type[Projection], advisory: tuple[type[Projection], ...] = ()
    ) -> Iterator[Database]:
        """A connection to read with, once these read models have reached the caller's `after`.

        `advisory` read models get a short time to catch up and are then read as they are.
        """
        if self.after is not None and not projections:
            check_within_log(self.after, self.marketplace.store.head())
        reading = self.marketplace.read_models.reading
        with reading(*projections, advisory=advisory, after=self.after) as db:
            yield db

    def set_etag(self, version: int) -> None:
        """Tell the caller the version of what they read, for If-Match."""
        self.response.headers["ETag"] = etag(version)

    def _execute(
        self, command: Command, if_version: int | None, request: idempotency.Request | None
    ) -> CommandResult:
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
        return self._respond(CommandResult.model_validate(recorded, from_attributes=True))

    def _replay_response(self, answer: Any) -> CommandResult:
        if "problem" in answer:
            details = ProblemDetails.model_validate(answer["problem"])
            problem = Problem(details.status, "again", details.detail)
            problem.details = details
            raise problem
        id, version = UUID(answer["id"]), answer["version"]
        with self.marketplace.pool.connection() as db:
            position = queries.log_position_of(db, id, version)
        return self._respond(CommandResult(id=id, version=version, log_position=position))

    def _respond(self, result: CommandResult) -> CommandResult:
        self.set_etag(result.version)
        self.response.headers["X-Log-Position"] = str(result.log_position)
        return result

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

    def _record_failure(
        self, request: idempotency.Request, error: Exception
    ) -> Mapping[str, Any] | None:
        with self.marketplace.pool.connection() as db:
            if not isinstance(error, Refused):
                return idempotency.release(db, request, self.at)
            refusal = {"problem": problem_of(error).details.model_dump(exclude_none=True)}
            return idempotency.keep(db, request, refusal, self.at)


def _with(command: Command, computed: Callable[[], Mapping[str, Any]] | None) -> Command:
    return command.model_copy(update=computed()) if computed else command


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

"""A marketplace that the tests of a module share, each with an employer and members of its own."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from uuid import UUID, uuid4

import psycopg
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import SecretStr
from starlette.routing import BaseRoute

from api.app import make_app
from api.candidates.identity import identity
from api.formats import json_resume
from api.http.tokens import make_token
from api.identifiers import of_company
from api.marketplace import Marketplace, now, open_marketplace
from domain.actor import Actor, Cause, CompanyRole, Role
from domain.command import Command
from domain.employer import (
    ApproveEmployer,
    JoinBeta,
    Manager,
    RegisterEmployer,
    ReviewAnswerRate,
)
from domain.identifier import SignUpCandidate
from domain.position import OpenPosition
from domain.sender_standing import AnswerRate
from infrastructure.projecting.checkpoints import wait_for
from infrastructure.settings import Settings
from projections.candidate_index.keeping import is_being_read
from tests.support.client import Client, done
from tests.support.concurrency import SECONDS, wait_until
from tests.support.databases import SECRET, Databases

MESSAGE: dict[str, Any] = {
    "subject": "A role for you",
    "text": "We build robots, and would like to talk.",
    "salary": {"minimum": 60_000, "maximum": 80_000, "currency": "EUR"},
    "location": "Berlin",
    "sender_name": "Robin",
    "sender_role": "Head of engineering",
}
NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass
class Stage:
    """A running marketplace with its HTTP API."""

    settings: Settings
    marketplace: Marketplace
    http: TestClient
    is_shared: bool = False

    def token(
        self,
        role: Role,
        employer_id: UUID | str | None = None,
        name: str = "",
        company_role: CompanyRole | None = None,
    ) -> str:
        employer = UUID(str(employer_id)) if employer_id else None
        id = name or f"{role}@test"
        actor = Actor(id=id, role=role, employer_id=employer, company_role=company_role)
        return make_token(self.settings, actor, now(), timedelta(hours=1))

    def as_(
        self,
        role: Role,
        employer_id: UUID | str | None = None,
        name: str = "",
        company_role: CompanyRole | None = None,
    ) -> Client:
        return Client(self.http, self.token(role, employer_id, name, company_role))

    def scene(self) -> "Scene":
        return Scene(self)

    def reached(self) -> int:
        """The position of the last event."""
        return self.marketplace.store.recorder.max_notification_id() or 0

    def catch_up(self) -> None:
        """Wait until every read model shows what has happened so far."""
        wait_for(
            self.reached(), self.marketplace.projections, self.marketplace.pool, timeout=SECONDS
        )

    def topics(self, id: UUID | str) -> list[tuple[int, str]]:
        """What happened to an aggregate, each with its place in the log."""
        with self.connection() as db:
            rows = db.execute(
                "SELECT log_position, topic FROM events WHERE originator_id = %s"
                " ORDER BY log_position",
                [str(id)],
            ).fetchall()
        return [(position, topic) for position, topic in rows]

    @contextmanager
    def connection(self) -> Iterator[Connection[TupleRow]]:
        """A session of its own on the database."""
        with psycopg.connect(self.marketplace.database_url, autocommit=True) as db:
            yield db

    @contextmanager
    def held_log(self) -> Iterator[None]:
        """While nobody can write to the log."""
        with self.connection() as db, db.transaction():
            db.execute("SELECT FROM log_head FOR UPDATE")
            yield


class Scene:
    """An employer, its positions and members, on a marketplace where others are busy too.

    On a shared stage its positions ask for a skill that only its members have, so that its lists
    show nobody else.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.own_skills = (f"Skill {uuid4().hex[:8]}",) if stage.is_shared else ()
        self.admin = stage.as_(Role.ADMIN)
        self.platform = stage.as_(Role.PLATFORM)
        self.employer_id = self.registered("Acme")
        self.recruiter = stage.as_(Role.RECRUITER, self.employer_id)
        self.owner = self.as_(CompanyRole.OWNER)

    def as_(self, company_role: CompanyRole) -> Client:
        """Somebody with a token that names their role in the company."""
        return self.stage.as_(Role.RECRUITER, self.employer_id, company_role=company_role)

    def registered(self, company: str) -> str:
        id = uuid4()
        manager = Manager(name="Casey", email="casey@example.com")
        key = of_company(self.stage.marketplace.address_key, company)
        self._execute(
            RegisterEmployer, Role.ADMIN, id, company=company, manager=manager, company_key=key
        )
        return str(id)

    def approved(self) -> Self:
        self._execute(ApproveEmployer, Role.ADMIN, UUID(self.employer_id))
        return self

    def in_beta(self) -> Self:
        self.approved()
        self._execute(JoinBeta, Role.RECRUITER, UUID(self.employer_id))
        return self

    def _execute(self, command: type[Command], role: Role, employer_id: UUID, **about: Any) -> None:
        """What a request does, which takes five times as long: nearly every test begins so."""
        own = employer_id if role is Role.RECRUITER else None
        actor = Actor(id=f"{role}@test", role=role, employer_id=own)
        cause = dict(Cause(by=actor, at=now(), request_id=str(uuid4())))
        given = command(**cause, employer_id=employer_id, **about)  # type: ignore[call-arg]
        self.stage.marketplace.store.execute(given)

    def position(self, **filters: Any) -> str:
        skills = [*filters.pop("required_skills", ()), *self.own_skills]
        if skills:
            filters = {**filters, "required_skills": skills}
        id, about = (
            uuid4(),
            {"title": "Backend developer", "location": "Berlin", "filters": filters},
        )
        self._execute(OpenPosition, Role.RECRUITER, UUID(self.employer_id), position_id=id, **about)
        return str(id)

    def member(self, name: str, *, silent_days: int, skills: tuple[str, ...] = ("Python",)) -> str:
        signed_up = (now() - timedelta(days=silent_days)).isoformat()
        document: dict[str, Any] = {
            "basics": {"name": name, "email": f"{uuid4()}@example.com"},
            "skills": [{"name": skill} for skill in (*skills, *self.own_skills)],
            "meta": {"sourcing": {"opted_in": True, "signed_up_at": signed_up}},
        }
        at, marketplace = now(), self.stage.marketplace
        profile = json_resume.to_profile(document, as_of=at.date())
        cause = Cause(by=Actor(id="platform@test", role=Role.PLATFORM), at=at, request_id="test")
        who = identity(marketplace, profile, document, uuid4)
        command = SignUpCandidate(**dict(cause), **who, **profile.signing_up())
        return str(marketplace.store.execute(command).id)

    def message(self, position: str, candidate: str, **options: Any) -> Any:
        body = {"candidate_id": candidate, "message": MESSAGE}
        return self.recruiter.post(f"/positions/{position}/messages", body, **options)

    def few_answers(self, *, days_ago: float = 0) -> None:
        """What follows once the worker has counted that 9 of 120 messages were answered."""
        at = now() - timedelta(days=days_ago)
        cause = Cause(by=Actor(id="test", role=Role.SYSTEM), at=at, request_id="test")
        rate = AnswerRate(messages=120, answered=9)
        about: dict[str, Any] = {**dict(cause), "employer_id": self.employer_id}
        self.stage.marketplace.store.execute(ReviewAnswerRate(**about, rate=rate))

    def latest(self) -> int:
        """The log position that all has happened by."""
        return self.stage.reached()

    def names(self, position: str, feed: str, **parameters: Any) -> list[str]:
        response = self.recruiter.get(
            f"/positions/{position}/{feed}", after=self.latest(), **parameters
        )
        return [card.get("candidate_name", card.get("name")) for card in done(response)["items"]]

    def tell(self, *lines: Any, **options: Any) -> Any:
        """Feed activity in."""
        body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        return self.platform("POST", "/activity", content=body, headers=NDJSON, **options)


def activity(candidate: str, **other: Any) -> dict[str, Any]:
    """One activity of a candidate, just now."""
    usual = {"kind": "signed_in", "source": "web", "occurred_at": now().isoformat()}
    return {"candidate_id": candidate, "source_id": str(uuid4()), **usual, **other}


_routes: list[BaseRoute] = []
"""Of the first app of this process. They hold no state, and preparing them takes a while."""


def _with_prepared_routes(app: FastAPI) -> FastAPI:
    if not _routes:
        _routes.extend(app.router.routes)
    app.router.routes[:] = _routes
    return app


@contextmanager
def a_stage(
    database_url: str, *, with_worker: bool = True, secret: str = SECRET, **settings: Any
) -> Iterator[Stage]:
    """A marketplace on this database, served."""
    usual = {
        "rate_limit": "100000/minute",
        "wait_timeout_seconds": SECONDS,
        "webhook_hosts": "127.0.0.1",
    }
    chosen = Settings(
        database_url=SecretStr(database_url), secret=SecretStr(secret), **{**usual, **settings}
    )
    with ExitStack() as stack:
        marketplace = stack.enter_context(open_marketplace(chosen))
        app = _with_prepared_routes(make_app(marketplace, with_worker=with_worker))
        # A server answers an unexpected error and goes on; so does this client.
        http = stack.enter_context(TestClient(app, raise_server_exceptions=False))
        with suppress(AssertionError):  # while the pool is rebuilt it cannot be read
            wait_until(lambda: not _reads_candidates(marketplace), seconds=2)
        yield Stage(chosen, marketplace, http)


def _reads_candidates(marketplace: Marketplace) -> bool:
    with marketplace.pool.connection() as db:
        return is_being_read(db)


@contextmanager
def own_stage(databases: Databases, **settings: Any) -> Iterator[Stage]:
    """A marketplace on a database of its own."""
    with databases.prepared() as url, a_stage(url, **settings) as stage:
        yield stage

"""A marketplace that the tests of a module share, each with an employer and members of its own."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

import psycopg
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import SecretStr

from api import routes
from api.app import make_app
from api.http.tokens import make_token
from api.marketplace import Marketplace, now, open_marketplace
from domain.actor import Actor, Role
from infrastructure.settings import Settings
from tests.api.conftest import Client
from tests.conftest import SECRET, new_database
from tests.support import scene as scenes

T = TypeVar("T")

NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass
class Stage:
    """A running marketplace with its HTTP API."""

    settings: Settings
    marketplace: Marketplace
    http: TestClient

    def token(self, role: Role, employer_id: UUID | str | None = None, name: str = "") -> str:
        employer = UUID(str(employer_id)) if employer_id else None
        actor = Actor(id=name or f"{role}@test", role=role, employer_id=employer)
        return make_token(self.settings, actor, now(), timedelta(hours=1))

    def as_(self, role: Role, employer_id: UUID | str | None = None, name: str = "") -> Client:
        return Client(self.http, self.token(role, employer_id, name))

    def scene(self) -> "Scene":
        return Scene(self)

    def reached(self) -> int:
        """The position of the last event."""
        return self.marketplace.store.recorder.max_notification_id() or 0

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


class Scene(scenes.Scene):
    """An employer, its positions and members, on a marketplace where others are busy too."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.as_)
        self.stage = stage

    def approved(self) -> Self:
        super().approved()
        return self

    def in_beta(self) -> Self:
        super().in_beta()
        return self

    def latest(self) -> int:
        return self.stage.reached()

    def tell(self, *lines: Any, **options: Any) -> Any:
        """Feed activity in."""
        body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        return self.platform("POST", "/activity", content=body, headers=NDJSON, **options)


def activity(candidate: str, **other: Any) -> dict[str, Any]:
    """One activity of a candidate, just now."""
    usual = {"kind": "signed_in", "source": "web", "occurred_at": now().isoformat()}
    return {"candidate_id": candidate, "source_id": str(uuid4()), **usual, **other}


@contextmanager
def own_database(postgres: str) -> Iterator[str]:
    """The address of a new database, gone afterwards."""
    with (
        psycopg.connect(postgres, autocommit=True) as administration,
        new_database(postgres, administration) as url,
    ):
        yield url


@contextmanager
def a_stage(
    database_url: str, *, with_worker: bool = True, secret: str = SECRET, **settings: Any
) -> Iterator[Stage]:
    """A marketplace on this database, served."""
    usual: dict[str, Any] = {"rate_limit": "100000/minute", **settings}
    chosen = Settings(database_url=SecretStr(database_url), secret=SecretStr(secret), **usual)
    with ExitStack() as stack:
        marketplace = stack.enter_context(open_marketplace(chosen))
        app = make_app(marketplace, with_worker=with_worker)
        # A server answers an unexpected error and goes on; so does this client.
        http = stack.enter_context(TestClient(app, raise_server_exceptions=False))
        yield Stage(chosen, marketplace, http)


@contextmanager
def shared_stage(postgres: str, **settings: Any) -> Iterator[Stage]:
    """A marketplace on a database of its own."""
    with own_database(postgres) as url, a_stage(url, **settings) as stage:
        yield stage


def at_once(*doings: Callable[[], T]) -> list[T]:
    """What comes of doing these at the same moment, in their order."""
    outcomes: list[Any] = [None] * len(doings)
    start = threading.Barrier(len(doings))

    def run(number: int, do: Callable[[], T]) -> None:
        start.wait()
        try:
            outcomes[number] = do()
        except BaseException as error:  # noqa: BLE001 - raised below, where it is seen
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(doings)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes


def statuses(responses: Sequence[Any]) -> list[int]:
    return sorted(response.status_code for response in responses)


def v1_routes() -> list[tuple[str, str]]:
    """Every method and path of the API."""
    return sorted(
        (method, route.path)
        for router in routes.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    )


def filled(path: str, **ids: str) -> str:
    """A route's path with ids in place of their names, made-up ones where none is given."""
    return re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], str(uuid4())), path)

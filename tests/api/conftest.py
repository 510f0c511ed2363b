"""A marketplace on a database of its own, its worker running, and clients in every role."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr

from api.app import make_app
from api.http.tokens import make_token
from api.marketplace import Marketplace, now, open_marketplace
from domain.actor import Actor, Role
from infrastructure.settings import Settings
from tests.conftest import SECRET


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=SecretStr(database_url), secret=SecretStr(SECRET), rate_limit="100000/minute"
    )


@pytest.fixture
def marketplace(settings: Settings) -> Iterator[Marketplace]:
    with open_marketplace(settings) as marketplace:
        yield marketplace


class Client:
    """Makes requests in a role, each with an idempotency key of its own."""

    def __init__(self, http: TestClient, token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> Response:
        headers = {**self._headers, "Idempotency-Key": str(uuid4()), **options.pop("headers", {})}
        return self._http.request(method, f"/v1{path}", json=json, headers=headers, **options)

    def get(self, path: str, **parameters: Any) -> Response:
        return self("GET", path, params=parameters)

    def post(self, path: str, json: Any = None, **options: Any) -> Response:
        return self("POST", path, json, **options)


As = Callable[..., Client]


@pytest.fixture
def http(marketplace: Marketplace) -> Iterator[TestClient]:
    with TestClient(make_app(marketplace, with_worker=True)) as client:
        yield client


@pytest.fixture
def as_(http: TestClient, settings: Settings) -> As:
    """A client in a role, for a recruiter with the employer."""

    def client(role: Role, employer_id: UUID | str | None = None, name: str = "") -> Client:
        employer = UUID(str(employer_id)) if employer_id else None
        actor = Actor(id=name or f"{role}@test", role=role, employer_id=employer)
        return Client(http, make_token(settings, actor, now(), timedelta(hours=1)))

    return client

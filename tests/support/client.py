"""Requests to the API in a role, and what came of them."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from httpx2 import Response


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


def done(response: Any) -> Any:
    """The body of a response that must be a success."""
    assert response.is_success, response.text
    return response.json()


def codes(response: Any) -> list[str]:
    """The reasons of a refusal."""
    assert response.headers["content-type"] == "application/problem+json"
    return [reason["code"] for reason in response.json()["reasons"]]


def statuses(responses: Sequence[Any]) -> list[int]:
    return sorted(response.status_code for response in responses)

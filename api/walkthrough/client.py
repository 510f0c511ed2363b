"""A small HTTP client for each of the people in the walkthrough."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2 as httpx

from domain.actor import Role

TokenFor = Callable[[Role, UUID | None], str]
"""Makes a token for a role, for a recruiter with their employer."""

SECONDS_TO_BECOME_READY = 60
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotAsItShouldBe(Exception):
    """A step had another outcome than it should have."""

    def __init__(self, what: str, expected: object, came: object) -> None:
        super().__init__(what)
        self.what, self.expected, self.came = what, expected, came


class Unreachable(Exception):
    """The server cannot be reached, or is not one of this marketplace, in a sentence."""


class AnotherSecret(Exception):
    """The server does not accept tokens that are signed with our secret, in a sentence."""


def check(right: bool, what: str, expected: object, came: object) -> None:
    """Go on only if this is as it should be."""
    if not right:
        raise NotAsItShouldBe(what, expected, came)


@dataclass(frozen=True)
class Answer:
    """What the server answered to a request."""

    request: str
    status: int
    body: Any
    headers: Mapping[str, str]

    def done(self, status: int = 200) -> Any:
        """The body of an answer that all went well."""
        check(self.status == status, self.request, f"status {status}", self._shown())
        return self.body

    def refused(self, status: int, code: str, field: str | None = None) -> str:
        """The sentence of a reason that a refusal should give."""
        check(self.status == status, self.request, f"status {status} for {code}", self._shown())
        for reason in self.body.get("reasons", ()):
            if reason["code"] == code and reason.get("field") == field:
                return str(reason["detail"])
        about = f"the reason {code}" + (f" for the field {field}" if field else "")
        raise NotAsItShouldBe(self.request, about, self._shown())

    def _shown(self) -> str:
        return f"status {self.status}: {self.body}"


class Server:
    """The marketplace's server, and how far its log is known to have come."""

    def __init__(self, url: str, token_for: TokenFor) -> None:
        # No proxy stands between us and ourselves.
        direct = urlsplit(url).hostname in LOOPBACK
        self.url = url
        self.log_position = 0
        self._token_for = token_for
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=not direct)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    def speaking_for(self, role: Role, employer_id: UUID | None = None) -> "Client":
        """A client with a token for a role."""
        return Client(self, self._token_for(role, employer_id))

    def wait_until_ready(self) -> None:
        """Wait until its read models have caught up. Raises `Unreachable` if they do not."""
        deadline = time.monotonic() + SECONDS_TO_BECOME_READY
        while True:
            answer = self.send("GET", "/health/ready")
            if not isinstance(answer.body, dict) or answer.status not in (200, 503):
                raise Unreachable(f"What answers at {self.url} is not a server of `sourcing`.")
            if answer.status == 200:
                return
            if time.monotonic() > deadline:
                raise Unreachable(f"The server at {self.url} is not ready: {answer.body}")
            time.sleep(0.2)  # it is catching up

    def send(self, method: str, path: str, **more: Any) -> Answer:
        """Send a request, and again if that was too often.

        Raises:
            Unreachable: nothing answers.
            AnotherSecret: it does not know our token.
        """
        while True:
            try:
                response = self._http.request(method, path, **more)
            except httpx.HTTPError as error:
                raise Unreachable(
                    f"Nothing answers at {self.url} ({error}): start `sourcing serve`, or say "
                    "where it listens with --url."
                ) from None
            if response.status_code != 429:
                break
            time.sleep(float(response.headers.get("Retry-After", 1)))  # as it asks
        if response.status_code == 401:
            raise AnotherSecret(
                f"The server at {self.url} does not accept our token: it runs with another secret. "
                "Run this where SOURCING_SECRET, or the data folder, is that of the server."
            )
        is_json = "json" in response.headers.get("Content-Type", "")
        body = response.json() if is_json else response.text
        if isinstance(body, dict) and isinstance(body.get("log_position"), int):
            self.log_position = max(self.log_position, body["log_position"])
        return Answer(f"{method} {path}", response.status_code, body, response.headers)


class Client:
    """Somebody with a token, who sees all that was done before unless they look at once."""

    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, *, at_once: bool = False, **query: Any) -> Answer:
        """Read; `at_once` is without waiting for what was done before to be seen."""
        after = {} if at_once else {"after": self._server.log_position}
        return self._send("GET", path, params=query | after)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        """Ask for something, with an idempotency key of its own unless one is given."""
        return self._send("POST", path, {"Idempotency-Key": key or str(uuid4())}, json=body)

    def post_lines(self, path: str, lines: str) -> Answer:
        """Hand over NDJSON."""
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/x-ndjson"}
        return self._send("POST", path, headers, content=lines)

    def put(self, path: str, body: Any, *, if_match: str) -> Answer:
        """Replace what has not changed since it was read."""
        return self._send("PUT", path, {"If-Match": if_match}, json=body)

    def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        all_headers = self._headers | dict(headers or {})
        return self._server.send(method, f"/v1{path}", headers=all_headers, **more)

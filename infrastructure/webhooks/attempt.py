"""One attempt to deliver a message: a signed request, and what came of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import datetime
from typing import NamedTuple

import httpcore2

from infrastructure.error_redaction import error_kind
from infrastructure.webhooks import schedule, signing
from infrastructure.webhooks.addresses import AddressRefused, CheckedBackend, check_url
from infrastructure.webhooks.target import Target

ATTEMPT_SECONDS = 15.0
"""How long an attempt may take from looking the name up to the status of the answer."""

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


MayLeave = Callable[[], Awaitable[bool]]
"""Whether a message may still leave."""


async def always() -> bool:
    """What was to be sent a moment ago may leave."""
    return True


class NotSent(Exception):
    """A message was held back after its receiver had been reached."""


class Answer(NamedTuple):
    """What came of a request: a status or why there is none, and what the receiver asks for."""

    status: int | None
    failure: str | None
    wait_until: datetime | None = None


def client(allowed: Collection[str]) -> httpcore2.AsyncConnectionPool:
    """What requests are made with: TLS is verified, and no proxy or address of ours is used."""
    return httpcore2.AsyncConnectionPool(
        ssl_context=httpcore2.default_ssl_context(),
        max_connections=None,
        max_keepalive_connections=0,
        network_backend=CheckedBackend(allowed),
    )


async def attempt(
    http: httpcore2.AsyncConnectionPool,
    target: Target,
    message_id: str,
    body: bytes,
    at: datetime,
    allowed: Collection[str],
    may_leave: MayLeave = always,
) -> Answer:
    """Send a message. No redirect is followed, and of the answer only its head is read.

    `may_leave` is asked once the receiver is reached, right before the body leaves.

    Raises:
        NotSent: it must not leave any more.
    """
    signed = signing.headers(message_id, at, body, target.secrets)
    headers: list[tuple[bytes | str, bytes | str]] = [
        ("content-type", CONTENT_TYPE),
        ("content-length", str(len(body))),
        ("user-agent", "passive-candidate-sourcing"),
        *signed.items(),
    ]
    try:
        check_url(target.url, allowed)
        async with (
            asyncio.timeout(ATTEMPT_SECONDS),
            http.stream(
                "POST", target.url, headers=headers, content=_leaving(body, may_leave)
            ) as response,
        ):
            return _answered(response, at)
    except AddressRefused as refused:
        return Answer(None, str(refused))
    except (TimeoutError, httpcore2.TimeoutException):
        return Answer(None, "It did not answer in time.")
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ValueError) as error:
        return Answer(None, f"It cannot be reached ({error_kind(error)}).")


async def _leaving(body: bytes, may_leave: MayLeave) -> AsyncIterator[bytes]:
    if not await may_leave():
        raise NotSent
    yield body


def _answered(response: httpcore2.Response, at: datetime) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(status, None)
    said = {name.lower(): value for name, value in response.headers}
    asked = said.get(b"retry-after")
    wait_until = schedule.retry_after(status, asked.decode("latin-1") if asked else None, at)
    return Answer(status, f"It answered {status}.", wait_until)

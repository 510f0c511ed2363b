"""What a connection may send is limited, and so is the time that it may take."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from select import select
from typing import Any

import pytest

from api.http import admission, protocol
from domain.actor import Role
from tests.support.browser import served
from tests.support.concurrency import SECONDS, wait_until
from tests.support.stage import Stage

HEAD = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
Connect = Callable[[], socket.socket]


@pytest.fixture(scope="module")
def port(stage: Stage) -> Iterator[int]:
    with served(stage.marketplace) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    with ExitStack() as stack:

        def connecting() -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", port), SECONDS)
            return stack.enter_context(connection)

        yield connecting


def said(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Everything until the server closes: status, headers, and the problem."""
    received = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, json.loads(body)


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(65536) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def is_live(port: int) -> bool:
    http = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        http.request("GET", "/health/live")
        return http.getresponse().status == 200
    finally:
        http.close()


@pytest.mark.parametrize(
    "head",
    [
        b"X-A: " + b"a" * 40_000 + b"\r\n",
        b"".join(b"X-%d: a\r\n" % number for number in range(200)),
    ],
    ids=["large", "many"],
)
def test_headers_that_are_too_large_are_refused(connect: Connect, head: bytes) -> None:
    connection = connect()
    connection.sendall(HEAD + head + b"\r\n")
    status, headers, problem = said(connection)
    assert status == 431
    assert headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:sourcing:problem:headers-too-large"


def test_an_address_that_is_too_long_is_refused(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET /health/live?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert said(connection)[0] == 431


def test_headers_without_an_end_are_not_read_on(connect: Connect) -> None:
    connection = connect()
    connection.sendall(HEAD + b"X-A: ")
    sent = 0
    with suppress(OSError):
        while sent < 64 * 2**20:
            sent += connection.send(b"a" * 65536)
    assert sent < 64 * 2**20


def test_what_is_no_http_is_refused_as_a_problem(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
    status, _, problem = said(connection)
    assert (status, problem["type"]) == (400, "urn:sourcing:problem:bad-request")


def test_half_a_request_is_closed_after_a_while(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    connection = connect()
    connection.sendall(HEAD + b"X-A: a")
    status, _, problem = said(connection)
    assert (status, problem["type"]) == (408, "urn:sourcing:problem:too-slow")


def test_headers_that_trickle_in_are_not_waited_for(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    connection = connect()
    connection.sendall(HEAD)
    began = time.monotonic()
    with suppress(OSError):
        while time.monotonic() - began < SECONDS:
            connection.sendall(b"X-A: a\r\n")
            time.sleep(0.02)
    assert time.monotonic() - began < SECONDS / 2


def test_a_connection_that_says_nothing_is_closed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    assert connect().recv(1) == b""


def posting(stage: Stage, length: int) -> bytes:
    token = stage.token(Role.ADMIN)
    return (
        f"POST /v1/employers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: slow\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def test_a_body_that_does_not_come_is_given_up(
    connect: Connect, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.2)
    connection = connect()
    connection.sendall(posting(stage, 1000) + b"{")
    status, _, problem = said(connection)
    assert (status, problem["type"]) == (408, "urn:sourcing:problem:too-slow")


def test_a_body_may_take_longer_as_long_as_it_comes(
    connect: Connect, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(protocol, "BODY_BYTES_A_SECOND", 50_000)
    connection = connect()
    connection.sendall(posting(stage, 200_000))
    for _ in range(10):
        connection.sendall(b" " * 20_000)
        time.sleep(0.05)
    assert connection.recv(65536).startswith(b"HTTP/1.1 422")


def test_bodies_are_held_up_to_a_total(
    connect: Connect, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MOST_BYTES_HELD", 1_000_000)
    first, second = connect(), connect()
    for connection in (first, second):
        connection.sendall(posting(stage, 700_000))
    with suppress(OSError):
        for connection in (first, second):
            connection.sendall(b" " * 699_999)
    (refused,), _, _ = select([first, second], [], [], SECONDS)
    assert refused.recv(65536).startswith(b"HTTP/1.1 503")
    other = second if refused is first else first
    other.sendall(b" ")
    assert other.recv(65536).startswith(b"HTTP/1.1 422")


def test_more_connections_than_are_taken_replace_those_that_say_nothing(
    connect: Connect, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 10)
    half = [connect() for _ in range(15)]
    for connection in half:
        with suppress(OSError):
            connection.sendall(HEAD)
    assert is_live(port)
    wait_until(lambda: sum(map(is_closed, half)) >= 5)
    assert not all(map(is_closed, half))


def test_a_client_that_does_not_read_its_answer_is_cut_off(
    connect: Connect, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "SEND_SECONDS", 0.2)
    connection = connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(0.1)
    asked, sent = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100, 0

    def is_cut_off() -> bool:
        nonlocal sent
        try:
            sent += connection.send(asked[sent % len(asked) :])
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    wait_until(is_cut_off)

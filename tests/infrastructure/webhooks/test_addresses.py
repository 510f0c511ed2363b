"""A webhook leads out of the network that this runs in, whatever a name server says."""

import asyncio
import socket
from typing import Any

import httpcore2
import pytest

from infrastructure.webhooks.addresses import (
    AddressRefused,
    CheckedBackend,
    check_addresses,
    check_url,
    is_public,
    resolve,
)
from tests.support.receiver import a_receiver

NOBODY: frozenset[str] = frozenset()

INSIDE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
    "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "2001::1", "2001:db8::1",
    "2002:7f00:1::", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"]

WAYS_TO_WRITE_LOOPBACK = [
    "localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "017700000001", "::1",
    "::ffff:127.0.0.1", "0", "LOCALHOST",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(AddressRefused, match="private network"):
        check_addresses("example.com", [OUTSIDE[0], address], NOBODY)


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(address)
    check_addresses("example.com", [address], NOBODY)


@pytest.mark.parametrize("host", WAYS_TO_WRITE_LOOPBACK)
def test_however_the_own_machine_is_written_it_is_refused(host: str) -> None:
    with pytest.raises(AddressRefused, match="private network"):
        asyncio.run(resolve(host, 443, NOBODY))


def test_a_host_that_is_allowed_may_be_inside() -> None:
    assert asyncio.run(resolve("localhost", 80, {"localhost"}))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://localhost/",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://exa mple.com/",
        "file:///etc/passwd",
        "",
    ],
)
def test_what_is_no_address_for_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, NOBODY)


def test_a_host_that_is_allowed_may_be_spoken_to_without_tls() -> None:
    assert check_url("http://localhost:8080/x", {"localhost"}) == ("localhost", 8080)
    assert check_url("https://example.com/x", NOBODY) == ("example.com", 443)


class FickleNames:
    """A name server that gives another address each time it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.asked = 0
        look_up = socket.getaddrinfo

        def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            if host == "fickle.example.com":
                host = answers[min(self.asked, len(answers) - 1)]
                self.asked += 1
            return look_up(host, port, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


async def asks(url: str, backend: CheckedBackend) -> int:
    async with httpcore2.AsyncConnectionPool(network_backend=backend) as http:
        return (await http.request("POST", url, content=b"{}")).status


def test_a_name_that_leads_inside_when_it_is_connected_to_reaches_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with a_receiver() as receiver:
        names = FickleNames(monkeypatch, "1.1.1.1", "127.0.0.1")
        assert asyncio.run(resolve("fickle.example.com", 443, NOBODY)) == ["1.1.1.1"]
        url = receiver.url.replace("127.0.0.1", "fickle.example.com")
        with pytest.raises(AddressRefused):
            asyncio.run(asks(url, CheckedBackend(NOBODY)))
        assert names.asked == 2
        assert receiver.received == []


def test_what_is_connected_to_is_what_was_checked_and_not_looked_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with a_receiver() as receiver:
        names = FickleNames(monkeypatch, "127.0.0.1", "192.0.2.1")
        url = receiver.url.replace("127.0.0.1", "fickle.example.com")
        assert asyncio.run(asks(url, CheckedBackend({"fickle.example.com"}))) == 204
        assert names.asked == 1
        (request,) = receiver.received
        assert request.headers["host"].startswith("fickle.example.com")

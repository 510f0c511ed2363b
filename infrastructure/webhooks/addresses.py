"""Addresses that a webhook may lead to: https, and not into the network that this runs in."""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

import httpcore2
from httpcore2 import AsyncNetworkBackend, AsyncNetworkStream

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

INSIDE = tuple(
    map(
        ipaddress.ip_network,
        (
            "100.64.0.0/10",  # carrier-grade NAT, and a metadata service
            "168.63.129.16/32",  # the metadata service of Azure, on a public address
            "192.0.0.0/24",  # protocol assignments, and a metadata service
            "192.88.99.0/24",  # relays of 6to4
            "64:ff9b:1::/48",  # NAT64 with a prefix of its own
            "2001::/23",  # protocol assignments, Teredo among them
            "2002::/16",  # 6to4, which carries an IPv4 address
            "fec0::/10",  # site-local
        ),
    )
)
"""Ranges that Python's own categories leave out."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(ValueError):
    """A webhook may not lead there; the text says why."""


def is_public(text: str) -> bool:
    """Whether an IP address lies outside every network of one's own.

    >>> [is_public(one) for one in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1")]
    [True, False, False, False]
    """
    address: IPAddress = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in INSIDE)
    )


def check_url(url: str, allowed: Collection[str]) -> tuple[str, int]:
    """The host and port that a URL names. Looks nothing up.

    Raises:
        AddressRefused: it is not https and its host is not `allowed`, or no URL for a webhook.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("The address is not a URL; check it.") from None
    if not host or any(character.isspace() for character in url):
        raise AddressRefused("The address is not a URL with a host; check it.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The address holds a user's name; leave it out, the signature proves.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in allowed):
        raise AddressRefused("The address is not https; use one that is.")
    return host, port or (443 if parts.scheme == "https" else 80)


def check_addresses(host: str, found: Iterable[str], allowed: Collection[str]) -> None:
    """Raises `AddressRefused` if any address of the host is not public and it is not `allowed`."""
    if host.lower() not in allowed and not all(map(is_public, found)):
        raise AddressRefused("The address leads into a private network; use a public one.")


async def resolve(host: str, port: int, allowed: Collection[str]) -> list[str]:
    """The IP addresses of a host, all of which may be connected to.

    Raises:
        AddressRefused: one of them may not.
        OSError: the name does not resolve.
    """
    loop = asyncio.get_running_loop()
    try:
        infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise AddressRefused("The address's host is not a name; check it.") from None
    found = [str(sockaddr[0]) for *_, sockaddr in infos]
    check_addresses(host, found, allowed)
    return list(dict.fromkeys(found))


class CheckedBackend(AsyncNetworkBackend):
    """Connects to the very IP addresses that were checked, so that a name cannot change between."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = allowed
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - the interface is not ours
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> AsyncNetworkStream:
        """A connection to the first address of the host that takes one."""
        try:
            found = await resolve(host, port, self._allowed)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        for address in found[:-1]:
            try:
                return await self._plain.connect_tcp(address, port, timeout)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._plain.connect_tcp(found[-1], port, timeout)

"""Mail addresses: their form on the wire, and tokens in their local part."""

import re

import idna

_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f\"(),:;<>@\[\\\]]+")
_ASCII_DOMAIN = re.compile(r"\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*")
LONGEST_LOCAL_PART = 64
LONGEST_ADDRESS = 254


def wire_address(address: str) -> str:
    """An address with its domain in ASCII, as SMTP takes it.

    A local part outside ASCII stays as it is: only servers with SMTPUTF8 take it.

    >>> wire_address("Jo@Bücher.example")
    'Jo@xn--bcher-kva.example'

    Raises:
        ValueError: this is no address.
    """
    local, _, domain = address.strip().rpartition("@")
    if domain and not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise ValueError("not a mail address") from error
    written = f"{local}@{domain}"
    if (
        not _LOCAL_PART.fullmatch(local)
        or not _ASCII_DOMAIN.fullmatch(domain)
        or len(local.encode()) > LONGEST_LOCAL_PART
        or len(written.encode()) > LONGEST_ADDRESS
    ):
        raise ValueError("not a mail address")
    return written


def domain_of(address: str) -> str:
    """The domain of an address.

    >>> domain_of("jo@example.org")
    'example.org'
    """
    return address.rpartition("@")[2]


def with_token(address: str, token: str) -> str:
    """An address that carries a token, to tell what a mail to it answers.

    >>> with_token("reply@example.org", "k7q2")
    'reply+k7q2@example.org'
    """
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def token_in(recipient: str, address: str) -> str | None:
    """The token that a recipient carries, "" if it is the address itself, None if it is another.

    Mail servers may change the case of an address, so tokens should not depend on theirs.

    >>> token_in("Reply+k7q2@Example.ORG", "reply@example.org")
    'k7q2'
    >>> token_in("reply@example.org", "reply@example.org")
    ''
    >>> token_in("replying@example.org", "reply@example.org") is None
    True
    """
    local, _, domain = recipient.rpartition("@")
    name, _, token = local.partition("+")
    if f"{name}@{domain}".lower() == address.lower():
        return token
    return None

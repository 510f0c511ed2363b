"""`walkthrough`: the whole purpose, played against a running server."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import typer
from rich.console import Console

from api.cli.exit_codes import CannotGoOn, Exit
from api.cli.terminal import complain
from api.console.demo_users import COOKIE as DEMO_COOKIE
from api.console.demo_users import demo_key
from api.console.session import COOKIE
from api.http.tokens import make_token
from api.marketplace import now
from api.walkthrough import (
    AnotherSecret,
    NobodyPassive,
    NotAsItShouldBe,
    Unreachable,
    walk_through,
)
from domain.actor import Actor, Role
from infrastructure.settings import Settings, load_settings

WALKTHROUGH = "walkthrough-"
"""How the ids begin of those who play, whose letters nobody else answers."""

NARROWEST = 120
"""Columns that the tables need where there is no terminal to say how many it has."""


def walkthrough(
    url: Annotated[
        str | None,
        typer.Option(
            help="Where the server listens. Default: on this machine, at the port of the settings.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Play the whole purpose against a running server.

    Over HTTP, step by step, each of them checked: an employer is approved and joins the beta, opens
    a position, gets a ranked feed of passive candidates, writes to one, undoes it, writes again.
    The person opens the link in the letter, asks back, says yes and picks a time, and the next
    ranking has learned from it. Others decline, say later, stop all messages, and erase everything.
    Where the server shows no letters, what needs them is left out.

    It changes the marketplace: it leaves a new employer, messages, one candidate who has become
    active, another who opted out and in again, and two who joined, one of them erased. Play it
    where people are made up, or your own. It may be repeated.
    """
    settings = load_settings()
    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = NARROWEST

    def token_for(role: Role, employer_id: UUID | None) -> str:
        actor = Actor(id=f"{WALKTHROUGH}{role}", role=role, employer_id=employer_id)
        return make_token(settings, actor, now(), timedelta(hours=1))

    try:
        walk_through(
            _address(url) if url else _local_address(settings),
            token_for,
            out,
            cookies=f"{COOKIE}={token_for(Role.SUPPORT, None)}; {DEMO_COOKIE}={demo_key(settings)}",
        )
    except NotAsItShouldBe as wrong:
        complain(f"Not as it should be: {wrong.what}")
        complain(f"  expected: {wrong.expected}")
        complain(f"  came:     {wrong.came}")
        raise typer.Exit(Exit.FAILED) from None
    except NobodyPassive as nobody:
        raise CannotGoOn(str(nobody)) from None
    except AnotherSecret as another:
        raise CannotGoOn(str(another), Exit.WRONG_USAGE) from None
    except Unreachable as unreachable:
        raise CannotGoOn(str(unreachable), Exit.UNREACHABLE) from None


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise typer.BadParameter(
            f"{url} is not an address such as http://127.0.0.1:8000", param_hint="--url"
        )
    return url.rstrip("/")


def _local_address(settings: Settings) -> str:
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        host = "localhost"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
